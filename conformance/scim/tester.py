"""scim2-tester asks the demo for everything that it says it can do: each check by its outcome, the counts at the end."""

import os
from collections import Counter, defaultdict

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from case import end, example

ISSUER = os.environ["ISSUER"]

GOOD = {"SUCCESS", "SUCCESS (added to a list)", "COMPLIANT", "ACCEPTABLE"}


def is_added(result):
    """The tester adds an extension as a whole, then a value to a list in it, and takes the first one there for a fault: the
    values of a list are joined by those that are added (RFC 7644 §3.5.2.1)."""
    if result.title != "check_add_attribute" or not isinstance(result.data, dict):
        return False
    wanted, there = result.data.get("expected"), result.data.get("modify_actual")
    is_joined = isinstance(wanted, list) and isinstance(there, list) and there[-len(wanted) :] == wanted
    return ":extension:" in result.data["urn"] and is_joined


def outcome(result):
    return "SUCCESS (added to a list)" if result.status == Status.ERROR and is_added(result) else result.status.name


client = httpx2.Client(base_url=f"{ISSUER}/scim/v2", headers={"Authorization": "Bearer scim-demo-token"})
checks = defaultdict(list)
for result in check_server(SyncSCIMClient(client)):
    checks[" ".join(filter(None, [result.resource_type, result.title]))].append(result)

for name, results in checks.items():

    @example(f"{name}: {len(results)}")
    def _():
        bad = [f"{outcome(result)}: {result.reason}" for result in results if outcome(result) not in GOOD]
        assert not bad, "\n".join(bad)


@example("people and groups are checked, each attribute by itself")
def _():
    for kind in ("User", "Group"):
        for check in ("object_creation", "object_replacement", "object_deletion", "check_add_attribute"):
            assert checks[f"{kind} {check}"], f"{kind} {check} did not run"
    assert len(checks["User check_replace_attribute"]) > 20


counts = Counter(outcome(result) for results in checks.values() for result in results)
print("scim2-tester: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
end()
