"""Signing keys rotate three times, and no API made of Authlib notices.

`conformance/run` has the demo publish a key five seconds before it signs, so that a rotation takes no longer.
"""

import re
import time

import requests

from case import end, example
from demo import Api, calendar, lanyard, metadata, published_keys, reporting_token, sign_in

issued = []


class KeptAsLongAsAllowed:
    """Keys as an API has them that reads them only when `max-age` is over, and never for an unknown key."""

    def __init__(self):
        self.keys, self.until = None, 0

    def __call__(self):
        if time.monotonic() >= self.until:
            response = requests.get(metadata["jwks_uri"], timeout=10)
            age = re.search(r"max-age=(\d+)", response.headers.get("cache-control", ""))
            self.until = time.monotonic() + (int(age[1]) if age else 0)
            self.keys = response.json()
        return self.keys


def issue():
    issued.append(reporting_token())
    return issued[-1]


def head(token):
    return token.split(".")[0]


stale = Api(KeptAsLongAsAllowed())

for turn in ("first", "second", "third"):

    @example(f"{turn} rotation: no token fails while another key takes over, not even with stale keys")
    def _():
        before = head(issue())
        lanyard("keys", "rotate")
        end_of_wait = time.monotonic() + 30
        while head(issued[-1]) == before:
            assert time.monotonic() < end_of_wait, "the other key does not sign"
            time.sleep(0.05)
            stale.accepts(issue())

    @example(f"{turn} rotation: an API that started after it validates every token so far")
    def _():
        fresh = Api(published_keys())
        for token in issued:
            fresh.accepts(token)

    @example(f"{turn} rotation: an app signs its people in")
    def _():
        token, _ = sign_in(calendar(), "priya@riverside.example")
        issued.append(token["access_token"])
        stale.accepts(token["access_token"])


end()
