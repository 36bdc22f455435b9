"""Authlib as a relying party, and as an API by RFC 9068."""

from authlib.oauth2.rfc6750 import InvalidTokenError

from case import end, example
from demo import Api, calendar, introspect, metadata, published_keys, reporting_token, sign_in

PRIYA = "priya@riverside.example"


@example("an app learns who signed in, and what she may do where")
def _():
    _, claims = sign_in(calendar(), PRIYA)
    assert claims["roles"] == ["practitioner", "supervisor"], claims
    assert claims["locations"] == ["harbour-quay", "main-street"], claims


@example("userinfo says the same as the ID token")
def _():
    app = calendar()
    _, claims = sign_in(app, PRIYA)
    userinfo = app.get(metadata["userinfo_endpoint"]).json()
    assert {name: claims[name] for name in ("sub", "name", "email", "roles")}.items() <= userinfo.items(), userinfo


@example("tokens are refreshed")
def _():
    app = calendar()
    first, _ = sign_in(app, PRIYA)
    second = app.refresh_token(metadata["token_endpoint"], refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]


@example("tokens are introspected and revoked")
def _():
    app = calendar()
    token, _ = sign_in(app, PRIYA)
    seen = introspect(token["access_token"])
    assert seen["active"] and seen["client_id"] == "clinic-calendar", seen
    answer = app.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"])
    assert answer.status_code == 200, answer.text
    for ended in ("refresh_token", "access_token"):
        assert introspect(token[ended]) == {"active": False}, ended


@example("an API validates the token of a person and of a service")
def _():
    api = Api(published_keys())
    token, claims = sign_in(calendar(), PRIYA)
    assert api.accepts(token["access_token"])["sub"] == claims["sub"]
    assert api.accepts(reporting_token())["sub"] == "reporting-service"


@example("an API refuses an ID token and a changed token")
def _():
    api = Api(published_keys())
    token, _ = sign_in(calendar(), PRIYA)
    head, body, signature = token["access_token"].split(".")
    for wrong in (token["id_token"], f"{head}.{body}.{signature[::-1]}"):
        try:
            api.accepts(wrong)
        except InvalidTokenError:
            continue
        raise AssertionError("accepted")


end()
