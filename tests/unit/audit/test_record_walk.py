"""What the reports tell of a release's use, across a change of CXone."""

from datetime import date
from types import SimpleNamespace

from reconciler.audit.report import Report, StoredReport
from reconciler.core.model.entries import Release, ReleaseReason
from reconciler.core.model.provider import Target
from reconciler.rules.rule_set import load_rules
from reconciler.use_cases.reconcile.number_history import RecordedHistory
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk

KEY = ("dnc-list-01", "+12125550101")
USED = Release(*KEY, date(2026, 11, 23), ReleaseReason.CONSENT_GIVEN, "FORM-1")
ROW = {"list_id": KEY[0], "phones": [KEY[1]]}


def stored(day: int, host: str, **more: object) -> StoredReport:
    at = f"2026-11-{day:02}T12:00:00+00:00"
    target = {"dialect": "entries", "organisation": "acme", "host": host}
    told = {
        "revision": "0" * 40,
        "as_of": at[:10],
        "finished_at": at,
        "started_at": at,
        "target": target,
        "removed": {},
        "kept": [],
        "not_live": [],
    }
    return StoredReport(f"audit/production/{day}.json", "", Report({**told, **more}))


def history(*reports: StoredReport, plan: dict[str, object]) -> RecordedHistory:
    ledger = SimpleNamespace(plan=lambda _: {"changes": [], **plan})
    here = Target("entries", "acme", "new.example")
    return RecordedHistory(
        RecordWalk(ledger, iter(reports)),
        None,
        load_rules({}),
        lambda _: [],
        here,
        (),
        lambda report: report.report.target.host == here.host,
        lambda *_: True,
    )


def test_a_release_that_was_used_in_another_cxone_is_used():
    used = {
        "releases_used": [
            {**ROW, "released_on": "2026-11-23", "reason": "CONSENT_GIVEN", "evidence": "FORM-1"}
        ]
    }
    past = history(stored(26, "new.example"), stored(24, "old.example", releases_used={KEY[0]: 1}), plan=used)
    assert past.is_used(USED)
    other = Release(*KEY, USED.released_on, USED.reason, "FORM-2")
    assert not past.is_used(other)


def test_a_number_that_was_taken_off_in_another_cxone_was_off():
    off = {"changes": [{**ROW, "action": "delete", "outcome": "applied"}]}
    past = history(stored(26, "new.example"), stored(24, "old.example", removed={KEY[0]: 1}), plan=off)
    assert past.was_removed(KEY)
    assert not past.was_removed((KEY[0], "+12125550199"))
