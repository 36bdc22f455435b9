-- Requests of the file LINES, one after the other and then again from the first: method, path and body, set apart by tabs.
local requests, n = {}, 0
function init()
  local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/scim+json" }
  for line in io.lines(os.getenv("LINES")) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t?(.*)$")
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
