-- Wrong passwords of people who do not exist, each from another network.
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Cookie"] = os.getenv("COOKIE") }
local number = tonumber(os.getenv("FIRST"))

function request()
  number = number + 1
  local address = string.format("20.%d.%d.%d", number % 250, math.floor(number / 250) % 250, math.floor(number / 62500) % 250)
  headers["X-Forwarded-For"] = address
  return wrk.format("POST", nil, headers, os.getenv("BODY") .. "&user_name=nobody" .. number .. "@riverside.example&password=wrong-wrong-wrong")
end
