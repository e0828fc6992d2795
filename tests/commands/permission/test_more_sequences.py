"""More of the kinds of `test_sequences`: what a second look at the rules found."""

import json

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A = phone(1)
REST = [phone(n) for n in range(20, 50)]


def asked(on: str, **more):
    return entry(A, requestedOn=on, evidence="C-1", **more)


def is_on(project: Project, list_id: str = LIST) -> bool:
    return A in project.live(list_id)


@pytest.mark.parametrize("ours", [asked("2026-11-24"), entry(A, reason="NATIONAL")])
def test_an_error_of_ours_makes_no_registrys_entry_one_that_consent_lets_off(project: Project, ours):
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, "NATIONAL")
    project.apply("--attest")
    project.clock.move(days=1)
    project.list(ours, entry(*REST))
    project.apply()
    project.clock.move(days=3)
    error = release(A, on="2026-11-27", reason="ENTERED_IN_ERROR")
    project.list(entry(*REST), releases=[error])
    project.run("apply", "--yes")
    project.clock.move(days=3)
    project.list(entry(*REST), releases=[error, release(A, on="2026-11-30")])
    project.run("apply", "--yes")
    assert is_on(project)
    project.clock.move(days=2)
    removed = release(A, on="2026-12-02", reason="REGISTRY_REMOVED")
    project.list(entry(*REST), releases=[error, release(A, on="2026-11-30"), removed])
    project.run("apply", "--yes")
    assert not is_on(project)


def test_a_registrys_request_that_is_dated_back_does_not_make_an_older_release_fit(project: Project):
    for on in ("2026-11-22", "2026-01-01"):
        project.list(entry(A, reason="NATIONAL", requestedOn=on), entry(*REST))
        project.apply()
        project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-06-01", reason="REGISTRY_REMOVED")])
    project.apply(code=6)
    assert is_on(project)


@pytest.mark.parametrize("how", ["dated back", "moved out of the copy"])
def test_a_release_is_not_older_than_the_copy_that_brought_the_number(project: Project, how):
    def copy(*phones: str, on: str) -> None:
        block = {"name": "FTC", "retrievedAt": on, "areaCodes": ["200"], "sha256": "0" * 64}
        entries = [entry(*phones, reason="NATIONAL")]
        project.write(
            "dnc-lists/copy.yaml", json.dumps({"listId": LIST, "registry": block, "entries": entries})
        )

    project.list(entry(*REST), commit=False)
    copy(A, phone(2), on="2026-11-22")
    project.commit()
    project.apply()
    project.clock.move(days=1)
    if how == "dated back":
        copy(A, phone(2), on="2026-10-01")
    else:
        copy(phone(2), on="2026-11-22")
        project.list(entry(A, reason="NATIONAL", requestedOn="2020-01-01"), entry(*REST), commit=False)
    project.commit()
    project.apply()
    project.clock.move(days=1)
    copy(phone(2), on="2026-10-01" if how == "dated back" else "2026-11-22")
    removed = release(A, on="2026-11-01", reason="REGISTRY_REMOVED")
    project.list(entry(*REST), releases=[removed])
    project.apply(code=6)
    assert is_on(project)


@pytest.mark.parametrize("who", ["an agent", "people, by our permission"])
def test_what_was_off_already_when_we_let_it_go_was_taken_off_by_us(project: Project, who):
    removal = "delete" if who == "an agent" else "none"
    project.tenant(removal=removal)
    project.list(asked("2026-11-20"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    used = release(A, on="2026-11-23")
    if who == "an agent":
        project.agent("remove", A)
    project.list(entry(*REST), releases=[used])
    project.apply()
    if who != "an agent":
        project.agent("remove", A)
        project.apply()
    project.clock.move(days=20)
    project.tenant(removal="delete")
    project.list(asked("2026-11-20"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-11-24", evidence="FORM-9")])
    project.apply(code=6)
    assert is_on(project)


def test_a_new_request_takes_over_from_a_claim_that_ended(project: Project):
    """An honest flow: an agent's opt-out outlived the registry's, then the person asked us as well."""
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, "UNKNOWN")
    project.clock.move(days=1)
    project.list(entry(A, reason="NATIONAL"), entry(*REST))
    project.apply()
    project.clock.move(days=8)
    removed = release(A, on="2026-12-02", reason="REGISTRY_REMOVED")
    project.list(entry(*REST), releases=[removed])
    project.apply(code=6)
    project.clock.move(days=2)
    project.list(asked("2026-12-04"), entry(*REST))
    project.apply()
    project.clock.move(days=5)
    project.list(entry(*REST), releases=[release(A, on="2026-12-09")])
    project.apply()
    assert not is_on(project)


@pytest.mark.parametrize("what", ["an agent's entry", "a request"])
def test_files_that_move_with_their_globs_forget_nothing(project: Project, what):
    project.list(entry(*REST))
    project.apply()
    if what == "a request":
        project.list(asked("2026-11-22"), entry(*REST))
    else:
        project.agent("add", A, "UNKNOWN")
        project.clock.move(days=1)
        project.list(entry(A, reason="NATIONAL"), entry(*REST))
    project.apply()
    project.clock.move(days=8)
    (project.folder / "other-lists").mkdir()
    project.git("mv", "dnc-lists/main.yaml", "other-lists/main.yaml")
    project.tenant(lists=["other-lists/**/*.yaml"])
    project.apply()
    if what == "a request":
        project.list(asked("2026-01-01"), entry(*REST), name="../other-lists/main")
        project.apply()
    project.clock.move(days=1)
    reason, on = (
        ("CONSENT_GIVEN", "2026-06-01") if what == "a request" else ("REGISTRY_REMOVED", "2026-12-02")
    )
    project.list(entry(*REST), releases=[release(A, on=on, reason=reason)], name="../other-lists/main")
    project.apply(code=6)
    assert is_on(project)


def test_a_release_that_was_used_under_the_tenants_old_name_is_used(project: Project):
    used = release(A, on="2026-11-23")
    project.list(asked("2026-11-20"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[used])
    project.apply()
    project.list(entry(*REST))
    project.apply()
    project.clock.move(days=10)
    project.configure(
        lambda c: (
            c["tenants"].update(renamed=c["tenants"].pop("production")),
            c.update(defaultTenant="renamed"),
        )
    )
    project.apply()
    project.clock.move(days=1)
    project.list(asked("2026-11-20"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[used])
    project.apply(code=6)
    assert is_on(project)


def test_moved_dates_no_request_back(project: Project):
    project.list(asked("2026-11-22"), entry(*REST))
    project.list(entry(phone(2)), name="other", list_id="other")
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-11-24", reason="MOVED", to="other")])
    project.list(asked("2020-01-01"), entry(phone(2)), name="other", list_id="other")
    project.apply(code=6)
    assert is_on(project)
    project.list(asked("2026-11-22"), entry(phone(2)), name="other", list_id="other")
    project.apply()
    assert not is_on(project)
    assert is_on(project, "other")
