-- One form again and again: BODY, each time with another DPoP proof of the file PROOFS.
local proofs = io.lines(os.getenv("PROOFS"))
local body = os.getenv("BODY")
local headers = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("AUTHORIZATION"),
}

function request()
  headers["DPoP"] = proofs()
  return wrk.format("POST", nil, headers, body)
end
