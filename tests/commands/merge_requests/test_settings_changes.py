"""What differs in rules and configuration, key by key: in every form of a plan, and in `dnc rules`."""

import json

import pytest

from tests.commands.merge_requests.test_authorizations_shown import forms
from tests.support.project import ROOT, Project, dated, entry, merge_request
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))


@pytest.fixture(autouse=True)
def _fast(monkeypatch) -> None:
    monkeypatch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry(A))
    project.apply()
    return project


def regulations(name: str, change) -> str:
    """Give a packaged rule file, changed."""
    content = json.loads((ROOT / f"schema/regulations/{name}.json").read_text())
    change({rule["id"]: rule for rule in content["allOf"]}, content)
    return json.dumps(content)


def changes(document) -> dict[tuple[str, str | None, str], tuple]:
    return {
        (row["file"], row["rule"], row["key"]): (row.get("before"), row.get("after"))
        for row in document["settings"]["changes"]
    }


def test_the_configuration_of_a_merge_request_is_compared_with_its_target(applied: Project, tmp_path):
    applied.git("switch", "-qc", "work")
    applied.configure(
        lambda c: (
            c["safety"].update(maxRemovals=5000),
            c["tenants"]["production"].update(chunkSize=400, lists=["dnc-lists/**/*.yaml", "more/*.yaml"]),
        )
    )
    for kind, text in forms(applied, tmp_path).items():
        assert "safety.maxRemovals 500 → 5000" in text, kind
        assert "tenants.production.chunkSize added: 400" in text, kind
    document = merge_request(applied).json
    assert document["settings"]["compared_with"] == "main"
    assert changes(document)["dnc.yaml", None, "safety.maxRemovals"] == ("500", "5000")
    text = applied.run("plan", "--onto", "origin/main").out
    assert "Rules and configuration that differ from main:" in text


def test_an_item_that_a_list_gains_is_told_alone(applied: Project):
    applied.tenant(lists=["dnc-lists/**/*.yaml", "one/*.yaml"])
    applied.apply()
    applied.tenant(lists=["new/*.yaml", "dnc-lists/**/*.yaml"])
    found = [row for row in applied.plan().json["settings"]["changes"] if row["key"].endswith("lists")]
    assert sorted((row.get("before"), row.get("after")) for row in found if "before" not in row) == [
        (None, "new/*.yaml")
    ]
    assert [row["before"] for row in found if "after" not in row] == ["one/*.yaml"]


def test_a_plan_of_main_compares_with_what_was_applied_last(applied: Project):
    last = applied.head[:12]
    assert applied.plan().json["settings"] is None
    applied.tenant(requestsPerMinute=60)
    document = applied.plan().json
    assert document["settings"]["compared_with"] == last
    assert list(changes(document).values()) == [("1000000", "60")]
    applied.apply()
    assert applied.plan().json["settings"] is None


def test_a_rule_is_told_key_by_key(applied: Project, tmp_path):
    def change(rules, _):
        rules["US-FED-03"]["severity"] = "warning"
        rules["US-FED-03"]["effectiveTo"] = "2027-01-01"
        del rules["US-FED-04"]["example"]["passes"]["expirationPolicy"]

    applied.git("switch", "-qc", "work")
    applied.write("schema/regulations/us.json", regulations("us", change))
    applied.commit()
    for kind, text in forms(applied, tmp_path).items():
        assert "schema/regulations/us.json, US-FED-03: severity error → warning" in text, kind
        assert "US-FED-03: effectiveTo null → 2027-01-01" in text, kind
        assert "US-FED-04: example.passes.expirationPolicy removed: NEVER" in text, kind


def test_a_rule_that_is_gone_or_new_is_told_by_its_statement(applied: Project):
    def change(rules, content):
        content["allOf"] = [rule for rule in content["allOf"] if rule["id"] != "US-FED-03"]
        content["allOf"].append({**rules["US-FED-04"], "id": "OWN-01", "statement": "Our own."})

    applied.write("schema/regulations/us.json", regulations("us", change))
    applied.commit()
    told = changes(applied.plan().json)
    assert told["schema/regulations/us.json", "OWN-01", ""] == (None, "Our own.")
    before, after = told["schema/regulations/us.json", "US-FED-03", ""]
    assert (bool(before), after) == (True, None)


def test_dnc_rules_says_how_own_rules_differ_from_the_packaged(applied: Project):
    assert "Differs" not in applied.run("rules").out
    assert applied.run("rules", "--format", "json").json["differs"] == []
    applied.write(
        "schema/regulations/us.json",
        regulations("us", lambda rules, _: rules["US-FED-03"].update(severity="warning")),
    )
    line = "schema/regulations/us.json, US-FED-03: severity error → warning"
    assert f"Differs from the packaged rules:\n  {line}\n" in applied.run("rules").out
    assert (
        "differs from the packaged rule:\n  severity error → warning\n"
        in applied.run("rules", "show", "US-FED-03").out
    )
    assert "differs" not in applied.run("rules", "show", "US-FED-04").out
    (told,) = applied.run("rules", "show", "US-FED-03", "--format", "json").json["differs"]
    assert (told["key"], told["before"], told["after"]) == ("severity", "error", "warning")


def test_a_secret_that_was_written_out_is_not_shown(applied: Project):
    """The configuration refuses it today; what stood before may have had one."""
    configuration = (applied.folder / "dnc.yaml").read_text()
    applied.write("dnc.yaml", configuration.replace("${CXONE_CLIENT_SECRET}", "hunter2-hunter2"))
    bad = applied.commit()
    applied.write("dnc.yaml", configuration)
    applied.commit()
    done = applied.plan("--onto", bad)
    assert "hunter2" not in done.out + done.err + applied.run("plan", "--onto", bad).out
    assert changes(done.json)["dnc.yaml", None, "tenants.production.clientSecret"] == (
        "(hidden)",
        "${CXONE_CLIENT_SECRET}",
    )


def test_a_plan_without_cxone_says_what_differs(applied: Project):
    applied.git("switch", "-qc", "work")
    applied.tenant(requestsPerMinute=60, baseUrl="https://elsewhere.example")
    document = merge_request(applied).json
    assert document["live"]["from"] == "none"
    told = changes(document)
    assert told["dnc.yaml", None, "tenants.production.baseUrl"] == (
        "${CXONE_BASE_URL}",
        "https://elsewhere.example",
    )
    text = applied.run("plan", "--onto", "origin/main", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main").out
    assert "tenants.production.baseUrl ${CXONE_BASE_URL} → https://elsewhere.example" in text


def test_very_many_differences_are_cut_and_counted(applied: Project, tmp_path):
    applied.git("switch", "-qc", "work")
    applied.tenant(listIds={f"list-{n}": f"Group {n}" for n in range(600)})
    document = merge_request(applied).json
    (change,) = document["settings"]["changes"]
    assert change["key"] == "tenants.production.listIds"
    applied.git("switch", "-q", "main")
    applied.tenant(listIds={f"list-{n}": f"Group {n}" for n in range(600)})
    applied.git("switch", "-qc", "other")
    applied.tenant(listIds={f"list-{n}": f"Other {n}" for n in range(600)})
    document = merge_request(applied).json
    assert (len(document["settings"]["changes"]), document["settings"]["more"]) == (500, 100)
    for kind, text in forms(applied, tmp_path).items():
        assert "list-0 Group 0 → Other 0" in text, kind
        assert text.count("Group") <= 61, kind
    assert (
        "580 more differences: see settings in the plan as JSON"
        in applied.run("plan", "--onto", "origin/main").out
    )


def test_whole_numbers_of_a_rules_examples_are_masked_in_what_travels(applied: Project, tmp_path):
    def change(rules, _):
        rules["US-FED-03"]["example"]["passes"]["phone"] = "+12125550177"

    applied.git("switch", "-qc", "work")
    applied.write("schema/regulations/us.json", regulations("us", change))
    applied.commit()
    for kind, text in forms(applied, tmp_path).items():
        assert "example.passes.phone" in text, kind
        assert "2125550177" not in text, kind


def test_what_is_equal_loads_nothing_for_it(applied: Project, monkeypatch):
    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr("reconciler.use_cases.workspace.settings_changes.nested_changes", never)
    applied.list(entry(A, B))
    assert applied.plan().json["settings"] is None
    assert merge_request(applied).json["settings"] is None


# Terms.


def test_terms_that_change_in_git_alone_are_told_key_by_key(project: Project, tmp_path):
    old = entry(A, B, requestedOn="2026-11-01", evidence="CALL-1")
    project.list(old, dated(C))
    project.apply()
    project.git("switch", "-qc", "work")
    project.list({**old, "requestedOn": "2026-11-02", "jurisdiction": "US-IN"}, dated(C))
    for kind, text in forms(project, tmp_path).items():
        assert (
            "dnc-list-01: 2 numbers, jurisdiction none → US-IN, requestedOn 2026-11-01 → 2026-11-02" in text
        ), kind
        assert A not in text
    (row,) = merge_request(project).json["terms_changes"]
    assert (row["file"], row["count"], row["phones"]) == ("dnc-lists/main.yaml", 2, [A, B])
    assert (row["before"]["requestedOn"], row["after"]["requestedOn"]) == ("2026-11-01", "2026-11-02")


def test_what_cxone_gets_is_told_by_its_change_alone(project: Project):
    project.list(dated(A), dated(B, until="2027-01-01"))
    project.apply()
    project.list(entry(A, reason="COMPANY_POLICY"), dated(B, until="2027-02-01"))
    (row,) = project.plan().json["terms_changes"]
    assert row["phones"] == [B]
    text = project.run("plan", CI="").out
    assert "expirationPolicy ABSOLUTE → NEVER" in text
    assert f"dnc-list-01: 1 number, end 2027-01-01 → 2027-02-01: {B}" in text


def test_a_weakening_that_is_blocked_and_that_cxone_does_not_carry_is_told(project: Project):
    project.list(dated(A, until="2027-06-30"))
    project.apply()
    project.list(dated(A, until="2027-01-31"))
    project.plan(code=6)
    assert "dnc-list-01: 1 number, end 2027-06-30 → 2027-01-31" in project.run("plan").out


def test_many_terms_are_cut_and_counted(project: Project):
    def each(month: int) -> list[dict]:
        return [entry(phone(n), requestedOn=f"2026-{month:02}-{n % 28 + 1:02}") for n in range(60)]

    project.list(*each(9))
    project.apply()
    project.list(*each(10))
    document = project.plan().json
    assert sum(row["count"] for row in document["terms_changes"]) == 60
    text = project.run("plan").out
    assert text.count(" → 2026-10-") == 20
    assert "more numbers: see terms_changes in the plan as JSON" in text
