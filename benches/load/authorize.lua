-- Somebody who has a session gets a code.
local authorize = { ["Cookie"] = os.getenv("COOKIE") }

function request()
  return wrk.format("GET", os.getenv("AUTHORIZE"), authorize)
end
