"""The demo clinic as `conformance/run` started it, and apps of it made of Authlib."""

import os
import subprocess
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]
APP = os.environ["APP"]
PASSWORD = "Lanyard-demo-2026!"

# The demo speaks http on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

metadata = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()


def lanyard(*command):
    """Runs `lanyard` beside the demo, on its data."""
    config = os.path.join(os.environ["DEMO_DATA"], "lanyard.toml")
    subprocess.run([os.environ["LANYARD"], "--config", config, *command], check=True, capture_output=True)


def published_keys():
    """The keys in the JWKS at this moment."""
    return requests.get(metadata["jwks_uri"], timeout=10).json()


def calendar():
    """The demo's confidential app."""
    return OAuth2Session(
        "clinic-calendar",
        "calendar-demo-secret",
        token_endpoint_auth_method="client_secret_basic",
        redirect_uri=f"{APP}/callback",
        scope="openid profile email roles groups organization locations offline_access",
        code_challenge_method="S256",
    )


def introspect(token):
    """What the demo's API learns of a token."""
    api = OAuth2Session("resource-api", "resource-demo-secret")
    return api.introspect_token(metadata["introspection_endpoint"], token=token).json()


def reporting_token():
    """An access token of the demo's service."""
    service = OAuth2Session("reporting-service", "reporting-demo-secret")
    return service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["access_token"]


def sign_in(session, person, **wishes):
    """Signs `person` in with a browser without a screen, redeems the code and validates the ID token."""
    verifier, nonce = os.urandom(32).hex(), os.urandom(16).hex()
    address, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **wishes
    )
    answer = browse(address, session.redirect_uri, person)
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
    )
    return token, validated(token["id_token"], session.client_id, nonce)


def validated(id_token, client_id, nonce):
    """The claims of an ID token, once OpenID Connect Core §3.1.3.7 holds."""
    claims = jwt.decode(id_token, KeySet.import_key_set(published_keys()), algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(claims)
    return claims


def browse(address, redirect, person):
    """Follows redirects, fills the sign-in form and allows the app, up to the address that Lanyard sends the browser back to."""
    browser = requests.Session()
    response = browser.get(address, allow_redirects=False, timeout=10)
    for _ in range(10):
        if location := response.headers.get("location"):
            location = urljoin(response.url, location)
            if location.startswith(redirect):
                return location
            response = browser.get(location, allow_redirects=False, timeout=10)
            continue
        form = PageForm(response.text)
        if "decision" in form.fields:
            form.fields["decision"] = "allow"
        else:
            assert "password" in form.fields, f"{response.status_code} at {response.url}:\n{response.text}"
            form.fields |= {"user_name": person, "password": PASSWORD}
        action = urljoin(response.url, form.action)
        response = browser.post(action, form.fields, allow_redirects=False, timeout=10)
    raise AssertionError(f"redirected for ever at {response.url}")


class PageForm(HTMLParser):
    """The address and the fields of the form that asks for a password, or for consent."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = "", {}
        self._inside = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._inside = [attributes.get("action") or "", {}]
        elif tag in ("input", "button") and self._inside and attributes.get("name"):
            self._inside[1][attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form" and self._inside:
            if self._inside[1].keys() & {"password", "decision"}:
                self.action, self.fields = self._inside
            self._inside = []


class Api(JWTBearerTokenValidator):
    """An API that validates access tokens by RFC 9068, with the keys that it is given."""

    def __init__(self, keys):
        super().__init__(issuer=ISSUER, resource_server=ISSUER)
        self.keys = keys

    def get_jwks(self):
        return KeySet.import_key_set(self.keys() if callable(self.keys) else self.keys)

    def authenticate_token(self, token):
        claims = super().authenticate_token(token)
        for name in ("roles", "groups", "entitlements"):  # an empty list says "none"; Authlib takes it for a fault
            claims.options[name]["allow_blank"] = True
        return claims

    def accepts(self, token):
        """Fails where the token is not valid here."""
        claims = self.authenticate_token(token)
        self.validate_token(claims, scopes=[], request=None)
        return claims
