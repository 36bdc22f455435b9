-- An app signs in somebody who has a session: an authorization request, the code for tokens, userinfo.
local codes, tokens = {}, {}
local redeem, userinfo = os.getenv("REDEEM"), os.getenv("USERINFO")
local authorize = { ["Cookie"] = os.getenv("COOKIE") }
local exchange = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("AUTHORIZATION"),
}

function request()
  local token = table.remove(tokens)
  if token then return wrk.format("GET", userinfo, { ["Authorization"] = "Bearer " .. token }) end
  local code = table.remove(codes)
  if code then return wrk.format("POST", redeem, exchange, os.getenv("EXCHANGE") .. "&code=" .. code) end
  return wrk.format("GET", os.getenv("AUTHORIZE"), authorize)
end

function response(_, headers, body)
  local location = headers["Location"] or headers["location"]
  local code = location and location:match("[?&]code=([^&]+)")
  if code then codes[#codes + 1] = code end
  local token = body:match('"access_token":"([^"]+)"')
  if token then tokens[#tokens + 1] = token end
end
