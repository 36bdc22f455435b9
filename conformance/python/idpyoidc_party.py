"""idpyoidc, the library behind the test suites of the OpenID Foundation, as a relying party."""

import os
import tempfile
from urllib.parse import parse_qs, urlparse

from idpyoidc.client.rp_handler import RPHandler

from case import end, example
from demo import APP, ISSUER, browse

# idpyoidc writes keys of its own beside the program.
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)

PRIYA = "priya@riverside.example"
SCOPE = ["openid", "profile", "email", "roles", "organization", "offline_access"]


def relying_party():
    """The demo's confidential app, made of idpyoidc."""
    offers = {
        "response_types_supported": ["code"],
        "scopes_supported": SCOPE,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
    pkce = {
        "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
        "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
    }
    app = {
        "issuer": ISSUER,
        "client_id": "clinic-calendar",
        "client_secret": "calendar-demo-secret",
        "client_type": "oidc",
        "redirect_uris": [f"{APP}/callback"],
        "scope": SCOPE,
        "preference": offers,
        "client_authn_methods": {"client_secret_basic": "idpyoidc.client.client_auth.ClientSecretBasic"},
        "add_ons": {"pkce": pkce},
    }
    return RPHandler(APP, client_configs={"lanyard": app})


def sign_in(party):
    """What the app knows of Priya once she has signed in."""
    begun = party.begin("lanyard")
    address = begun["url"] if isinstance(begun, dict) else begun
    answer = urlparse(browse(address, f"{APP}/callback", PRIYA)).query
    known = party.finalize(ISSUER, {name: values[0] for name, values in parse_qs(answer).items()})
    assert "error" not in known, known
    return known


@example("discovery, code, ID token and userinfo fit together")
def _():
    known = sign_in(relying_party())
    userinfo = known["userinfo"].to_dict()
    assert userinfo["email"] == PRIYA and userinfo["roles"] == ["practitioner", "supervisor"], userinfo
    assert known["id_token"]["sub"] == userinfo["sub"], known


@example("an answer with a state of somebody else is refused")
def _():
    party = relying_party()
    begun = party.begin("lanyard")
    address = begun["url"] if isinstance(begun, dict) else begun
    answer = {name: values[0] for name, values in parse_qs(urlparse(browse(address, f"{APP}/callback", PRIYA)).query).items()}
    try:
        known = party.finalize(ISSUER, answer | {"state": "another"})
    except Exception:
        return
    raise AssertionError(f"it was accepted: {known}")


@example("tokens are refreshed")
def _():
    party = relying_party()
    known = sign_in(party)
    renewed = party.refresh_access_token(known["state"])
    assert renewed["access_token"] != known["token"], renewed


end()
