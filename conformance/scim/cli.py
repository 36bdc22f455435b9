"""scim2-cli against the demo, as an administrator types it: people and groups from the command line."""

import json
import os
import subprocess

from case import end, example

ENVIRONMENT = os.environ | {
    "SCIM_CLI_URL": f"{os.environ['ISSUER']}/scim/v2",
    "SCIM_CLI_HEADERS": "Authorization: Bearer scim-demo-token",
}


def scim2(*arguments, given=None):
    """What `scim2` prints, read; fails with what it says is wrong."""
    done = subprocess.run(
        ["scim2", *arguments],
        env=ENVIRONMENT,
        input=json.dumps(given) if given else None,
        stdin=None if given else subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"scim2 {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


people, groups = [], []


@example("a person is created, and found by user name")
def _():
    for name in ("cli-ann", "cli-bob"):
        made = scim2("create", "user", "--user-name", f"{name}@riverside.example", "--name", json.dumps({"givenName": name}))
        people.append(made["id"])
    found = scim2("query", "user", "--filter", 'userName eq "CLI-ANN@riverside.example"')
    assert [one["id"] for one in found["Resources"]] == people[:1], found


@example("a person is changed, value by value")
def _():
    emails = json.dumps([{"value": "ann@riverside.example", "type": "work"}])
    operations = ["replace", "displayName", "Ann", "add", "emails", emails, "remove", "name.givenName"]
    scim2("modify", "user", people[0], *operations)
    ann = scim2("query", "user", people[0])
    assert ann["displayName"] == "Ann" and ann["emails"][0]["type"] == "work", ann


@example("a person is replaced")
def _():
    ann = scim2("replace", "user", "--id", people[0], "--user-name", "cli-ann@riverside.example", "--title", "Dr")
    assert ann["title"] == "Dr", ann


@example("a group gets members and loses one of them")
def _():
    groups.append(scim2("create", "group", "--display-name", "CLI")["id"])
    scim2("modify", "group", groups[0], "add", "members", json.dumps([{"value": one} for one in people]))
    scim2("modify", "group", groups[0], "remove", f'members[value eq "{people[1]}"]')
    members = scim2("query", "group", groups[0])["members"]
    assert [member["value"] for member in members] == people[:1], members


@example("everybody is listed by cursor, each once")
def _():
    seen, cursor = [], ""
    while cursor is not None:
        page = scim2("query", "user", "--count", "2", "--cursor", cursor)
        seen += [one["id"] for one in page["Resources"]]
        cursor = page.get("nextCursor")
    assert len(seen) == len(set(seen)) == page["totalResults"] and set(people) <= set(seen), seen


@example("people and groups are searched together")
def _():
    found = scim2("search", "--filter", 'displayName sw "CLI"')
    assert {one["id"] for one in found["Resources"]} >= set(groups), found


@example("people who manage each other come and go with their group, each time in one request")
def _():
    user = "urn:ietf:params:scim:schemas:core:2.0:User"
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    def person(name, manager):
        manager = {"manager": {"value": f"bulkId:{manager}"}}
        data = {"schemas": [user, enterprise], "userName": f"cli-{name}@riverside.example", enterprise: manager}
        return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}

    def bulk(operations):
        request = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
        return scim2("bulk", given=request)["Operations"]

    members = [{"value": "bulkId:cy"}, {"value": "bulkId:dee"}]
    data = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "CLI bulk", "members": members}
    group = {"method": "POST", "path": "/Groups", "bulkId": "group", "data": data}
    made = bulk([group, person("cy", "dee"), person("dee", "cy")])
    assert [int(one["status"]) for one in made] == [201, 201, 201], made
    paths = ["/".join(["", *one["location"].split("/")[-2:]]) for one in made]
    cy, dee = (scim2("query", "user", path.split("/")[-1]) for path in paths[1:])
    assert (cy[enterprise]["manager"]["value"], dee[enterprise]["manager"]["value"]) == (dee["id"], cy["id"]), (cy, dee)
    gone = bulk([{"method": "DELETE", "path": path} for path in paths])
    assert [int(one["status"]) for one in gone] == [204, 204, 204], gone


@example("what was created is taken away")
def _():
    for one in people:
        scim2("delete", "user", one)
    scim2("delete", "group", groups[0])
    assert scim2("query", "user", "--filter", 'userName sw "cli-"')["totalResults"] == 0


end()
