"""The sandbox's dialect `dnc-groups` on the wire: as published, and never more lenient."""

import base64

import orjson
import pytest

from reconciler.sandbox.groups.skills import Skill
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, ORGANISATION, running

ROOT = "/incontactapi/services/v30.0/dnc-groups"
PHONE = 2125550123


@pytest.fixture
def tenant():
    with running() as server:
        sign_in(server)
        server.group = server.sandbox.groups.make("Company DNC")
        yield server


def sign_in(server, **changes):
    body = {"accessKeyId": CLIENT_ID, "accessKeySecret": CLIENT_SECRET, **changes}
    answer = server.call("POST", "/authentication/v1/token/access-key", json=body)
    if answer.ok:
        server.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return answer


def records(server, **query):
    return server.call("GET", f"{ROOT}/{server.group}/records", params=query)


def add(server, *phones, **fields):
    body = {"dncGroupRecords": [{"phoneNumber": phone, **fields} for phone in phones]}
    return server.call("POST", f"{ROOT}/{server.group}/records", json=body)


def expire(server, *phones):
    body = {"dncGroupRecords": [{"phoneNumber": phone} for phone in phones]}
    return server.call("DELETE", f"{ROOT}/{server.group}/records", json=body)


def search(server, phone=PHONE):
    return server.call("POST", f"{ROOT}/search", params={"phoneNumber": phone})


def test_tokens_name_the_tenant_and_discovery_its_api(tenant):
    answer = sign_in(tenant).json()
    claims = answer["id_token"].split(".")[1]
    tenant_id = orjson.loads(base64.urlsafe_b64decode(claims + "=="))["tenantId"]
    assert (tenant_id, answer["expires_in"]) == (ORGANISATION, 3600)
    found = tenant.call("GET", "/.well-known/cxone-configuration", params={"tenantId": tenant_id})
    assert found.json()["api_endpoint"] == tenant.url
    other = tenant.call("GET", "/.well-known/cxone-configuration", params={"tenantId": "other"})
    assert other.status_code == 404


def test_a_wrong_sign_in(tenant):
    assert sign_in(tenant, accessKeySecret="wrong").status_code == 401
    assert sign_in(tenant, scope="all").status_code == 400
    assert tenant.call("POST", "/authentication/v1/token/access-key", data="{").status_code == 400


@pytest.mark.parametrize(
    ("grant", "basic", "form", "status"),
    [
        ("both", True, False, 200),
        ("both", False, True, 200),
        ("basic", True, False, 200),
        ("basic", False, True, 401),
        ("form", True, False, 401),
        ("form", False, True, 200),
        ("both", False, False, 401),
    ],
)
def test_the_password_grant(tenant, grant, basic, form, status):
    tenant.sandbox.groups.quirks.grant = grant
    user = {"grant_type": "password", "username": CLIENT_ID, "password": CLIENT_SECRET}
    client = {"client_id": "reader", "client_secret": "r"} if form else {}
    headers = {"Authorization": "Basic " + base64.b64encode(b"reader:r").decode() if basic else ""}
    answer = tenant.call("POST", "/auth/token", data=user | client, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "client_credentials"}, 400),
        ({"grant_type": "password", "client_id": "reader", "client_secret": "wrong"}, 401),
        ({"grant_type": "password", "client_id": "reader", "client_secret": "r", "username": "x"}, 401),
    ],
)
def test_a_wrong_password_grant(tenant, form, status):
    assert tenant.call("POST", "/auth/token", data=form).status_code == status
    assert tenant.call("POST", "/auth/token", json=form).status_code == 400


def test_the_published_shapes(tenant):
    group = tenant.call("GET", ROOT).json()["resultSet"]["dncGroups"][0]
    assert (group["dncGroupId"], group["dncGroupName"], group["validRecords"]) == (1, "Company DNC", 0)
    assert add(tenant, PHONE, expiredDate="2027-01-02").json() == {
        "resultSet": {
            "errorCount": 0,
            "recordResults": [{"success": True, "error": "", "formattedPhone": "(212) 555-0123"}],
        }
    }
    found = records(tenant).json()["resultSet"]
    assert found["totalRecords"] == 1
    assert found["dncRecords"][0]["phoneNumber"] == "2125550123"
    assert found["dncRecords"][0]["expiredDate"] == "2027-01-02T00:00:00.000Z"
    assert search(tenant).json()["searchResults"][0]["dncGroupName"] == "Company DNC"
    assert expire(tenant, str(PHONE)).json()["recordResults"][0]["success"] is True
    assert records(tenant).json()["resultSet"]["dncRecords"][0]["expiredDate"] == "2026-11-23T00:00:00.000Z"
    assert tenant.call("GET", ROOT).json()["resultSet"]["dncGroups"][0]["validRecords"] == 0
    skills = tenant.call("GET", f"{ROOT}/1/scrubbed-skills").json()
    assert skills["scrubbedSkills"] == [{"skillId": 1, "skillName": "Outbound"}]


def test_an_integer_on_post_and_text_on_delete(tenant):
    assert add(tenant, str(PHONE)).status_code == 400
    add(tenant, PHONE)
    assert expire(tenant, PHONE).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        "{",
        [],
        {},
        {"dncGroupRecords": []},
        {"dncGroupRecords": [{}]},
        {"dncGroupRecords": [{"phoneNumber": PHONE, "reason": "x"}]},
        {"dncGroupRecords": [{"phoneNumber": PHONE, "expiredDate": "tomorrow"}]},
        {"dncGroupRecords": [{"phoneNumber": PHONE}], "more": 1},
    ],
)
def test_a_body_that_cannot_be_taken(tenant, body):
    told = {"data": body} if isinstance(body, str) else {"json": body}
    assert tenant.call("POST", f"{ROOT}/1/records", **told).status_code == 400
    assert records(tenant).json()["resultSet"]["totalRecords"] == 0


def test_what_is_no_number_fails_inside_200(tenant):
    answer = add(tenant, 12, PHONE).json()["resultSet"]
    assert [item["success"] for item in answer["recordResults"]] == [False, True]
    assert answer["errorCount"] == 1
    assert expire(tenant, "9995550100").json()["recordResults"][0]["error"] == "no such record"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ROOT}/9/records", 404),
        (ROOT.replace("30.0", "11.0"), 404),
        (f"{ROOT}/1/records?skip=x", 400),
        (f"{ROOT}/1/records?page=1", 400),
        (f"{ROOT}/1/records/", 404),
    ],
)
def test_a_path_or_a_query_that_there_is_not(tenant, path, status):
    assert tenant.call("GET", path).status_code == status


def test_who_may_not(tenant):
    assert sign_in(tenant, accessKeyId="reader", accessKeySecret="r").ok
    assert records(tenant).status_code == 200
    assert add(tenant, PHONE).status_code == 403
    tenant.session.headers["Authorization"] = "Bearer a.b.c"
    assert records(tenant).status_code == 401


def test_errors_only_in_the_header(tenant):
    tenant.sandbox.groups.quirks.errors_in_header = True
    answer = records(tenant, skip="x")
    assert (answer.content, answer.headers["icStatusDescription"]) == (b"", "skip and top are numbers")


@pytest.mark.parametrize(
    ("again", "success", "expiries"),
    [
        ("update", True, [None]),
        ("fail", False, ["2027-01-02T00:00:00.000Z"]),
        ("duplicate", True, ["2027-01-02T00:00:00.000Z", None]),
    ],
)
def test_a_second_post(tenant, again, success, expiries):
    tenant.sandbox.groups.quirks.second_post = again
    add(tenant, PHONE, expiredDate="2027-01-02")
    assert add(tenant, PHONE).json()["resultSet"]["recordResults"][0]["success"] is success
    found = records(tenant).json()["resultSet"]["dncRecords"]
    assert [record["expiredDate"] for record in found] == expiries


@pytest.mark.parametrize(
    ("form", "stored"),
    [("as-sent", "2125550123"), ("national", "2125550123"), ("international", "12125550123")],
)
def test_how_numbers_are_stored(tenant, form, stored):
    tenant.sandbox.groups.quirks.form = form
    add(tenant, PHONE)
    assert records(tenant).json()["resultSet"]["dncRecords"][0]["phoneNumber"] == stored
    hits = [len(search(tenant, phone).json()["searchResults"]) for phone in (PHONE, 10_000_000_000 + PHONE)]
    assert hits == ([1, 0] if form == "as-sent" else [1, 1])
    tenant.sandbox.groups.quirks.exact_search = True
    assert len(search(tenant, stored).json()["searchResults"]) == 1


def test_groups_are_made_and_may_be_gone(tenant):
    made = tenant.call("POST", ROOT, json={"dncGroupName": "New"}).json()["dncGroups"][0]
    assert (made["dncGroupId"], made["dncGroupName"]) == (2, "New")
    assert tenant.call("POST", ROOT, json={}).status_code == 400
    assert tenant.call("POST", ROOT, data="x").status_code == 400
    gone = tenant.sandbox.groups.make("Gone", removed=True)
    assert tenant.call("GET", f"{ROOT}/{gone}/records").status_code == 404


def test_groups_outlast_the_server_and_are_no_entries(tmp_path):
    for seen in (0, 1):
        with running(tmp_path / "cxone.sqlite") as server:
            sign_in(server)
            server.group = 1
            if not seen:
                server.sandbox.groups.make("Company DNC")
                add(server, PHONE)
            assert records(server).json()["resultSet"]["totalRecords"] == 1
            assert server.sandbox.entries() == []


def test_the_control_api_sets_quirks_and_plays_agents(tenant):
    def control(method, path, body=None):
        return tenant.call(method, f"/_sandbox/{path}", json=body)

    quirks = {"secondPost": "duplicate", "mostRecords": 1, "idsAsText": True, "ignored": ["2125550199"]}
    assert control("PUT", "quirks", quirks).status_code == 204
    assert tenant.sandbox.groups.quirks.ignored == {"2125550199"}
    assert control("POST", "groups", {"name": "idle", "active": False}).json() == {"dncGroupId": 2}
    assert control("POST", "groups", {"title": "x"}).status_code == 400
    act = {"group": "idle", "phoneNumber": "2125550123"}
    assert control("POST", "records", {"act": "add", **act, "expiredDate": "2027-01-02"}).status_code == 200
    assert control("GET", "records").json()[0]["expiredDate"] == "2027-01-02"
    assert control("POST", "records", {"act": "expire", **act}).json() == {"done": 1, "missing": 0}
    assert control("GET", "records").json()[0]["expiredDate"] == "2026-11-23"
    nobody = {"act": "expire", "group": "idle", "phoneNumber": "2125550100"}
    assert control("POST", "records", nobody).status_code == 404
    assert control("POST", "records", {"act": "add", "group": "none", "phoneNumber": "1"}).status_code == 400
    assert control("PUT", "quirks", {}).status_code == 204
    assert tenant.sandbox.groups.quirks.most_records == 1000


@pytest.mark.parametrize(
    "body", [[], {"nonsense": 1}, {"mostRecords": "1"}, {"secondPost": "explode"}, {"idsAsText": 1}]
)
def test_quirks_that_cannot_be_read(tenant, body):
    assert tenant.call("PUT", "/_sandbox/quirks", json=body).status_code == 400


SKILLS = ROOT.replace("dnc-groups", "skills")


def test_skills_are_listed_page_by_page_and_by_kind(tenant):
    skills = tenant.sandbox.groups.store.skills
    skills.add(Skill(0, "By hand", strategy="Manual"))
    skills.add(Skill(0, "Inbound", strategy="", outbound=False))
    skills.add(Skill(0, "Mail", media=1))
    first = tenant.call("GET", SKILLS, params={"mediaTypeId": 4, "skip": 0, "top": 2}).json()
    assert (first["totalRecords"], len(first["skills"])) == (3, 2)
    assert first["skills"][1] == {
        "skillId": 2,
        "skillName": "By hand",
        "mediaTypeId": 4,
        "mediaTypeName": "Phone Call",
        "isActive": True,
        "isOutbound": True,
        "outboundStrategy": "Manual",
        "isRunning": True,
        "campaignName": "",
    }
    manual = tenant.call("GET", SKILLS, params={"outboundStrategy": "Manual"}).json()
    assert [one["skillName"] for one in manual["skills"]] == ["By hand"]
    tenant.sandbox.groups.quirks.reads_skills = False
    assert tenant.call("GET", SKILLS).status_code == 403


def test_a_skill_is_assigned_to_a_group_and_taken_away(tenant):
    skills = tenant.sandbox.groups.store.skills
    number, manual = skills.add(Skill(0, "Winback")), skills.add(Skill(0, "By hand", strategy="Manual"))
    path = f"{ROOT}/{tenant.group}/scrubbed-skills"
    assert tenant.call("POST", f"{path}/{number}").ok
    assert tenant.call("POST", f"{path}/{number}").ok
    assert [one["skillName"] for one in tenant.call("GET", path).json()["scrubbedSkills"]] == [
        "Outbound",
        "Winback",
    ]
    assert tenant.call("POST", f"{path}/{manual}").status_code == 400
    assert tenant.call("POST", f"{path}/99").status_code == 404
    assert tenant.call("DELETE", f"{path}/{number}").ok
    assert tenant.call("DELETE", f"{path}/{number}").status_code == 404
    feeding = path.replace("scrubbed", "contributing")
    assert tenant.call("POST", f"{feeding}/{manual}").ok
    assert tenant.call("GET", feeding).json()["contributingSkills"] == [
        {"skillId": manual, "skillName": "By hand"}
    ]


def test_skills_are_set_over_the_control_api(tenant):
    added = {"name": "Winback", "strategy": "Manual", "running": False, "contributesTo": ["Company DNC"]}
    assert tenant.call("POST", "/_sandbox/skills", json=added).json() == {"skillId": 2}
    told = tenant.call("GET", "/_sandbox/skills").json()
    assert [(one["name"], one["scrubbedBy"], one["contributesTo"]) for one in told] == [
        ("Outbound", ["Company DNC"], []),
        ("Winback", [], ["Company DNC"]),
    ]
    for wrong in ({}, {"name": "x", "odd": 1}, {"name": "x", "scrubbedBy": ["nowhere"]}):
        assert tenant.call("POST", "/_sandbox/skills", json=wrong).status_code == 400


# What NICE leaves open, as quirks.


def test_a_search_may_be_blind_want_the_other_form_or_lag(tenant):
    quirks = tenant.sandbox.groups.quirks
    add(tenant, PHONE)

    def in_body():
        return tenant.call("POST", f"{ROOT}/search", json={"phoneNumber": str(PHONE)})

    assert in_body().json()["searchResults"]
    quirks.search = "blind"
    assert search(tenant).json() == {"searchResults": []}
    quirks.search = "wants-body"
    assert (search(tenant).status_code, len(in_body().json()["searchResults"])) == (400, 1)
    quirks.search = "wants-query"
    assert (in_body().status_code, len(search(tenant).json()["searchResults"])) == (400, 1)
    quirks.search_lag = 2
    add(tenant, PHONE + 1)
    found = [len(search(tenant, PHONE + 1).json()["searchResults"]) for _ in range(3)]
    assert found == [0, 0, 1]


def test_an_expiry_may_add_a_record_or_take_some_days_only(tenant):
    quirks = tenant.sandbox.groups.quirks
    add(tenant, PHONE)

    def expire_on(day):
        record = {"phoneNumber": str(PHONE), **({"expiredDate": day} if day else {})}
        return tenant.call("DELETE", f"{ROOT}/{tenant.group}/records", json={"dncGroupRecords": [record]})

    quirks.expire, quirks.expire_days, quirks.wraps_expiry = "new-record", "not-past", True
    assert expire_on("2026-11-22").json()["resultSet"]["errorCount"] == 1
    assert expire_on("2026-11-23").json()["resultSet"]["errorCount"] == 0
    shown = records(tenant).json()["resultSet"]["dncRecords"]
    assert [record["expiredDate"] for record in shown] == [None, "2026-11-23T00:00:00.000Z"]
    quirks.expire_days = "none"
    assert expire_on("2026-11-23").json()["resultSet"]["errorCount"] == 1
    assert expire_on(None).json()["resultSet"]["errorCount"] == 0


def test_values_may_be_text_and_what_is_empty_left_out(tenant):
    quirks = tenant.sandbox.groups.quirks
    quirks.text_values = quirks.omits_empty = True
    assert records(tenant).json() == {"resultSet": {"totalRecords": "0"}}
    assert search(tenant).json() == {}
    assert add(tenant, PHONE).json()["resultSet"]["recordResults"][0]["success"] == "True"
    assert tenant.call("GET", ROOT).json()["resultSet"]["dncGroups"][0]["isActive"] == "True"


@pytest.mark.parametrize(
    ("hours", "dates", "shown"),
    [
        (-10, "time", "2026-12-30T14:00:00.000Z"),
        (5, "time", "2026-12-31T05:00:00.000Z"),
        (-10, "day", "2026-12-30"),
        (-10, "american", "12/30/2026 02:00:00 PM"),
    ],
)
def test_a_day_may_be_shown_shifted(tenant, hours, dates, shown):
    tenant.sandbox.groups.quirks.shift_hours, tenant.sandbox.groups.quirks.dates = hours, dates
    add(tenant, PHONE, expiredDate="2026-12-31")
    assert records(tenant).json()["resultSet"]["dncRecords"][0]["expiredDate"] == shown


def test_the_order_the_ceiling_and_unlisted_groups(tenant):
    quirks = tenant.sandbox.groups.quirks
    add(tenant, PHONE, PHONE + 1, PHONE + 2)

    def ids(**query):
        return [one["recordId"] for one in records(tenant, **query).json()["resultSet"]["dncRecords"]]

    quirks.order = "loose"
    assert ids() != ids()
    assert ids(orderBy="recordId") == [1, 2, 3]
    quirks.order_by = "refused"
    assert records(tenant, orderBy="recordId").status_code == 400
    quirks.ceiling = 3
    assert add(tenant, PHONE + 3).json()["resultSet"]["recordResults"][0]["success"] is False
    quirks.unlisted_groups = 2
    assert tenant.call("GET", ROOT).json()["resultSet"]["totalGroups"] == 3
