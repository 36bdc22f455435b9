-- One form again and again: BODY, with AUTHORIZATION where it is set.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
wrk.body = os.getenv("BODY")
