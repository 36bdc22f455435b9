"""Validates access tokens of Lanyard in an API, with PyJWT and requests.

    python validate.py ISSUER AUDIENCE

For each line `TOKEN` or `TOKEN ORGANIZATION ROLE LOCATION` of the input it prints `accepted`, `forbidden` or
`refused: …`. In an API, one `Validator` is made at start and `refused` is answered with 401, `forbidden` with 403.
"""

import sys
import threading
import time

import jwt
import requests


class Validator:
    """Answers the claims of a token, or raises `jwt.InvalidTokenError`."""

    ALGORITHMS = ["ES256", "EdDSA", "RS256"]  # chosen here, not by the token
    REQUIRED = ["iss", "aud", "exp", "iat", "jti", "sub", "client_id", "org_id"]

    def __init__(self, issuer, audience):
        self.issuer, self.audience = issuer, audience
        metadata = self._fetch(f"{issuer}/.well-known/openid-configuration")
        if metadata["issuer"] != issuer:
            raise ValueError(f"{issuer} calls itself {metadata['issuer']}")
        self._jwks_uri = metadata["jwks_uri"]
        self._keys, self._fetched_at, self._lock = {}, float("-inf"), threading.Lock()

    def validate(self, token):
        header = jwt.get_unverified_header(token)
        if header.get("typ", "").lower() not in ("at+jwt", "application/at+jwt"):
            raise jwt.InvalidTokenError("it is not an access token")  # an ID token, for example
        return jwt.decode(
            token,
            self._key(header.get("kid")),
            algorithms=self.ALGORITHMS,
            issuer=self.issuer,
            audience=self.audience,
            leeway=60,
            options={"require": self.REQUIRED},
        )

    def _key(self, kid):
        """Keys are kept for ten minutes; an unknown id fetches them again, at most once in 30 seconds."""
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if age > 600 or (kid not in self._keys and age > 30):
                self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(self._fetch(self._jwks_uri)).keys}
                self._fetched_at = time.monotonic()
            if kid not in self._keys:
                raise jwt.InvalidTokenError("its key is not one of the issuer's")
            return self._keys[kid]

    @staticmethod
    def _fetch(address):
        response = requests.get(address, timeout=5)
        response.raise_for_status()
        return response.json()


def holds(claims, organization, role, location):
    """Whether the role holds at the location; `roles` and `locations` must never be combined for this."""

    def is_there(one):
        """`None` is the whole organization; an assignment at a region lists the places below it."""
        return one["location"] in (None, location) or location in one.get("locations", [])

    return claims["org_id"] == organization and any(
        one["role"] == role and is_there(one) for one in claims.get("assignments", [])
    )


if __name__ == "__main__":
    validator = Validator(*sys.argv[1:])
    for line in sys.stdin:
        token, *wanted = line.split()
        try:
            claims = validator.validate(token)
            answer = "accepted" if not wanted or holds(claims, *wanted) else "forbidden"
        except jwt.InvalidTokenError as fault:
            answer = f"refused: {fault}"
        print(answer, flush=True)
