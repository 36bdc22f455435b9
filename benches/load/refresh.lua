-- Refreshes in chains: begins with the tokens in the file TOKENS, and uses each new one that comes back.
local waiting, first, last = {}, 1, 0
for line in io.lines(os.getenv("TOKENS")) do
  last = last + 1
  waiting[last] = line
end
local headers = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("AUTHORIZATION"),
}

function request()
  local token = waiting[first]
  if not token then return wrk.format("GET", "/no-token-left") end
  waiting[first] = nil
  first = first + 1
  return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. token)
end

function response(_, _, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if token then
    last = last + 1
    waiting[last] = token
  end
end
