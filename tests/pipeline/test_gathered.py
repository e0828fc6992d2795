"""Many tenants' plans in one report."""

import json

import pytest

from reconciler.cli.render.note import MAX_NOTE_CHARACTERS, read_plan, render_plans_report

PHONE = "+12125550123"


def change(direction="protective", phones=1, blocked_by=(), list_id="main") -> dict:
    return {
        "action": "create" if direction == "protective" else "delete",
        "list_id": list_id,
        "direction": direction,
        "reason": "declared" if direction == "protective" else "released",
        "before": {"reasonCode": "STATE", "expirationPolicy": "NEVER"},
        "after": None,
        "blocked_by": list(blocked_by),
        "phones": [PHONE] * phones,
    }


def plan(*changes, errored=False, **more) -> dict:
    names = ("create", "update", "delete", "unchanged", "unmanaged", "blocked", "by_hand")
    summary = dict.fromkeys(names, 0)
    for one in changes:
        summary["blocked" if one["blocked_by"] else one["action"]] += len(one["phones"])
    findings = [{"message": "it *broke*", "rule": "CXONE-01"}] if errored else []
    cost = {"requests": 2, "seconds": 1.2}
    return {"errored": errored, "summary": summary, "cost": cost, "changes": list(changes),
            "findings": findings, **more}  # fmt: skip


@pytest.fixture
def report(tmp_path):
    """Give the report of plans by tenant; text is written as it is, None is no file."""

    def make(**plans) -> str:
        paths = []
        for tenant, said in plans.items():
            paths.append(tmp_path / f"{tenant}.json")
            if said is not None:
                paths[-1].write_text(said if isinstance(said, str) else json.dumps(said))
        return render_plans_report([read_plan(path) for path in paths])

    return make


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (None, "its job left no plan"),
        ("", "its job left half a plan"),
        ('{"errored": fal', "its job left half a plan"),
        ("[]", "its job left something else than a plan"),
        ("{}", "its job left something else than a plan"),
        (plan(errored=True), r"it \*broke\* \[CXONE-01\]"),
    ],
)
def test_a_tenant_without_a_plan_comes_first(report, left, told):
    text = report(a=plan(change()), b=left)
    assert text.splitlines()[2] == "**1 tenant without a plan; 1 to add**"
    assert f"- **b**: {told}" in text
    assert text.index("**b**") < text.index("| a |")


def test_what_comes_off_stands_before_the_counts(report):
    text = report(
        a=plan(change()), b=plan(change("exposing")), c=plan(change("exposing", blocked_by=["budget"]))
    )
    assert "**1 to add, 1 to remove, 1 blocked**" in text
    assert text.index("| b | main | 1: ") < text.index("| c | main | 1: ") < text.index("| a | 1 |")
    assert "stays: over the removal budget of its list" in text


def test_what_stays_has_its_ways_out(report):
    told = report(a=plan(change("exposing", blocked_by=("no-release",), list_id="main")))
    assert "`dnc restore NUMBER --list main`" in told.replace("\\", "")
    assert "`dnc release NUMBER --list main --reason REASON --evidence EVIDENCE`" in told.replace("\\", "")


def test_numbers_are_masked(report):
    text = report(a=plan(change("exposing", phones=9)))
    assert PHONE not in text
    assert "+1 212" in text


def test_an_apply_that_did_not_do_everything_is_told(report):
    text = report(
        a=plan(change(), status="partial"), b=plan(status="in-sync"), c=plan(change(), status="complete")
    )
    assert text.splitlines()[2] == "**1 tenant not applied in full; 2 to add**"
    assert "- **a**: partial" in text
    assert "In sync: b." in text


def test_who_can_still_be_called_after_an_apply_is_told(report):
    sentences = [
        "NOT VERIFIED: 2 on main",
        "NOT PROTECTED: 1 number on main can still be called",
    ]
    text = report(a=plan(status="partial", protection={"sentences": sentences}), b=plan(status="in-sync"))
    assert (
        "- **a**: partial: NOT PROTECTED: 1 number on main can still be called: NOT VERIFIED: 2 on main"
        in text
    )


def test_what_was_planned_on_a_saved_reading_is_told(report):
    saved, read = ({**made, "read_at": "2026-11-23T12:00:00+00:00"} for made in ({"from": "saved"}, {}))
    text = report(a=plan(change(), live=saved), b=plan(live=read))
    assert text.endswith("Planned on saved readings, while apply reads CXone anew: a (2026-11-23T12:00Z).\n")
    assert "saved" not in report(b=plan(live=read))


@pytest.mark.parametrize("room", [0, 30, 200, 5_000])
def test_it_fits_into_what_room_there_is(tmp_path, room):
    paths = []
    for n in range(40):
        paths.append(tmp_path / f"t{n:02}.json")
        paths[-1].write_text(json.dumps(plan(change("exposing"))))
    assert len(render_plans_report([read_plan(path) for path in paths], room)) <= room


def test_all_in_sync(report):
    assert report(b=plan(), a=plan()) == "### dnc: 2 tenants\n\n**nothing to do**\n\nIn sync: a, b.\n"


def test_five_hundred_busy_tenants_stay_within_a_note(report):
    busy = plan(*[change("exposing", list_id=f"list-{n}") for n in range(30)], change())
    down = {f"d{n:03}": plan(errored=True) for n in range(100)}
    text = report(**{f"t{n:03}": busy for n in range(400)}, **down)
    assert len(text) <= MAX_NOTE_CHARACTERS
    assert text.splitlines()[2].startswith("**100 tenants without a plan; 400 to add, 12,000 to remove")
    assert all(f"**{tenant}**" in text for tenant in down)
    assert "more lines" in text


def test_a_tenant_whose_text_is_markup_breaks_no_table(report):
    text = report(a=plan(change("exposing", list_id="x|y<b>")))
    assert "x\\|y\\<b\\>" in text


def test_what_a_run_kept_although_its_plan_let_it_go_is_shown_as_blocked(report):
    kept = {"list_id": "main", "action": "delete", "reason": "released", "blocked_by": ["superseded"]}
    done = plan(change("exposing"), status="complete", blocked=[{**kept, "phones": [PHONE]}])
    text = report(a=done)
    assert "**1 blocked**" in text
    assert "stays: a newer revision or an earlier plan replaces it" in text
    assert "removed or weakened" not in text


def test_what_cxone_has_no_room_for_is_counted_apart(report):
    text = report(a=plan(change(blocked_by=["over-ceiling"]), change("exposing", blocked_by=["no-release"])))
    assert "**1 blocked, 1 not added**" in text
    assert "left out: CXone takes no more entries" in text
