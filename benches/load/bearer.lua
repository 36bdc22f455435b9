-- GET with the bearer token TOKEN.
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
