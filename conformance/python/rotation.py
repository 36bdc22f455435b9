"""Signing keys rotate three times, and no API made of Authlib notices."""

import time

from case import end, example
from demo import Api, calendar, lanyard, published_keys, reporting_token, sign_in

issued = [reporting_token()]

for turn in ("first", "second", "third"):
    before = Api(published_keys())

    @example(f"{turn} rotation: another key signs")
    def _():
        lanyard("keys", "rotate")
        kid = issued[-1].split(".")[0]
        end_of_wait = time.monotonic() + 5
        while issued[-1].split(".")[0] == kid:
            assert time.monotonic() < end_of_wait, "not within five seconds"
            issued.append(reporting_token())

    @example(f"{turn} rotation: an API with the keys from before it validates the new token")
    def _():
        before.accepts(issued[-1])

    @example(f"{turn} rotation: an API that started after it validates every token so far")
    def _():
        after = Api(published_keys())
        for token in issued:
            after.accepts(token)

    @example(f"{turn} rotation: an app signs its people in")
    def _():
        token, _ = sign_in(calendar(), "priya@riverside.example")
        issued.append(token["access_token"])


end()
