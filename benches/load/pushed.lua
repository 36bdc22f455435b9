-- Somebody who has a session gets a code: the request BODY is pushed, then opened by its reference.
local references = {}
local push = os.getenv("PUSH")
local client = os.getenv("CLIENT")
local body = os.getenv("BODY")
local authorize = { ["Cookie"] = os.getenv("COOKIE") }
local pushed = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("AUTHORIZATION"),
}

function request()
  local reference = table.remove(references)
  if reference then
    return wrk.format("GET", os.getenv("AUTHORIZE") .. "?client_id=" .. client .. "&request_uri=" .. reference, authorize)
  end
  return wrk.format("POST", push, pushed, body)
end

function response(_, _, body)
  local reference = body:match('"request_uri":"([^"]+)"')
  if reference then references[#references + 1] = reference end
end
