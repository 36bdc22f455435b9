"""Lanyard pushes the demo's Riverside to scim2-server: an app that can do everything, and one that cannot PATCH."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time

import requests
from scim2_server.utils import load_default_service_provider_config

from case import end, example

TOKEN = "token-of-the-app"
ENVIRONMENT = os.environ | {
    "LANYARD_CONFIG": os.path.join(os.environ["DEMO_DATA"], "lanyard.toml"),
    "LANYARD_ORGANIZATION": "riverside",
}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def lanyard(*arguments, given=None, code=0):
    """What a command prints as JSON; fails with what it says is wrong."""
    done = subprocess.run(
        [os.environ["LANYARD"], *arguments, "--json"], env=ENVIRONMENT, input=given, capture_output=True, text=True
    )
    assert done.returncode == code, f"lanyard {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


class App:
    """A server of its own, with what it holds."""

    def __init__(self, *options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = ["scim2-server", "--port", str(port), "--bearer-token", TOKEN, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(self.url, timeout=5)
                return
            time.sleep(0.1)
        raise AssertionError("scim2-server does not answer")

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        answer = requests.request(method, self.url + path, headers=headers, json=body, timeout=10)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def users(self):
        return {one["userName"].split("@")[0]: one for one in self.ask("GET", "/Users?count=1000")["Resources"]}

    def groups(self):
        names = {one["id"]: name for name, one in self.users().items()}
        listed = self.ask("GET", "/Groups?count=1000")["Resources"]
        return {one["displayName"]: sorted(names[each["value"]] for each in one.get("members", [])) for one in listed}

    def until(self, what, longest=20):
        """Waits until it is so, as far as the server pushes by itself; how long that took."""
        began = time.monotonic()
        while not what():
            assert time.monotonic() - began < longest, (self.users(), self.groups())
            time.sleep(0.1)
        return time.monotonic() - began


def target(name, app, *options):
    made = ["scim-target", "create", name, "--url", app.url, "--token-file", "-", *options]
    lanyard(*made, given=TOKEN)


without_patch = load_default_service_provider_config()
without_patch.patch.supported = False
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as config:
    config.write(without_patch.model_dump_json())

app, old = App(), App("--service-provider-config", config.name)


@example("scim2-server: the app says what it can do")
def _():
    target("app", app, "--group", "gps", "--map", "title={kind}")
    target("old", old, "--group", "gps")
    assert lanyard("scim-target", "test", "app")["patch"] is True
    assert lanyard("scim-target", "test", "old")["patch"] is False


@example("scim2-server: a preview changes nothing")
def _():
    found = lanyard("scim-target", "preview", "app")
    assert found["create"] > 5 and found["problem"] is None and found["steps"][0]["differences"], found
    assert app.users() == {}


@example("scim2-server: everybody is pushed, whoever is there already is adopted")
def _():
    known = app.ask("POST", "/Users", {"schemas": [USER], "userName": "priya@riverside.example", "nickName": "Pri"})
    for name, one in (("app", app), ("old", old)):
        done = lanyard("scim-target", "sync", name)
        assert done["failed"] == 0 and done["problem"] is None, (done, lanyard("scim-target", "errors", name))
        people = one.users()
        assert {"olivia", "max", "priya", "bill", "sam"} <= set(people), sorted(people)
        assert all(person["active"] and person["externalId"].startswith("mem_") for person in people.values())
        assert list(one.groups().values()) == [["priya"]], one.groups()
    priya = app.users()["priya"]
    assert (priya["id"], priya["nickName"], priya["title"]) == (known["id"], "Pri", "practitioner"), priya


@example("scim2-server: changes follow by themselves, a leaver within seconds")
def _():
    for name in ("app", "old"):
        lanyard("scim-target", "resume", name)
    lanyard("membership", "disable", "sam@riverside.example")
    try:
        took = max(one.until(lambda one=one: one.users()["sam"]["active"] is False) for one in (app, old))
        print(f"        a leaver is out after {took:.1f} s")
    finally:
        lanyard("membership", "enable", "sam@riverside.example")
    lanyard("group", "add", "gps", "sam@riverside.example")
    for one in (app, old):
        one.until(lambda one=one: one.users()["sam"]["active"] and ["priya", "sam"] in one.groups().values())
    lanyard("group", "drop", "gps", "sam@riverside.example")
    for one in (app, old):
        one.until(lambda one=one: ["priya"] in one.groups().values())


@example("scim2-server: drift is found and repaired")
def _():
    people = app.users()
    operations = [{"op": "replace", "path": "displayName", "value": "Nobody"}]
    app.ask("PATCH", f"/Users/{people['max']['id']}", {"schemas": [PATCH], "Operations": operations})
    app.ask("DELETE", f"/Users/{people['bill']['id']}")
    app.ask("POST", "/Users", {"schemas": [USER], "userName": "ghost"})
    done = lanyard("scim-target", "reconcile", "app")
    assert (done["drift"], done["created"], done["strangers"]) == (2, 1, ["ghost"]), done
    assert app.users()["max"]["displayName"] != "Nobody" and "bill" in app.users()
    again = lanyard("scim-target", "reconcile", "app")
    assert (again["drift"], again["changed"], again["failed"]) == (0, 0, 0), again


@example("scim2-server: a wrong token is told with what to do")
def _():
    lanyard("scim-target", "pause", "old")
    lanyard("scim-target", "change", "old", "--token-file", "-", given="wrong")
    assert lanyard("scim-target", "sync", "old", code=1)["problem"]["trouble"] == "token"
    assert "--token-file" in lanyard("scim-target", "errors", "old")[0]["what_to_do"]


for name in ("app", "old"):
    lanyard("scim-target", "remove", name)
for one in (app, old):
    one.process.terminate()
os.unlink(config.name)
end()
