"""What a report must look like: a changed field is either still one, or a broken chain (S15, S19)."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.audit.report import parse_report
from reconciler.audit.report_content import build_report
from reconciler.audit.report_files import pack_plan, parse_plan, unpack_plan
from reconciler.core.model.errors import BrokenChain
from tests.unit.audit.builders import REVISION, content

TERMS = {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "ABSOLUTE", "end": "2027-01-01",
         "requestedOn": "2026-11-01", "source": "dnc", "jurisdiction": None}  # fmt: skip
KEPT = {"list_id": "l", "path": "a.yaml", "since": "2026-11-01T00:00:00Z", "blocked_by": ["no-release"],
        "phones": ["+12125550101"], "terms": TERMS}  # fmt: skip
GOOD: dict[str, Any] = orjson.loads(
    build_report(
        content(
            kept=[KEPT],
            not_live=[{"list_id": "l", "phones": ["+12125550102"]}],
            failures=[{"action": "create", "list_id": "l", "phone": "+12125550102", "outcome": "rejected",
                       "code": "X", "message": ""}],
            write_window={"from": "2026-11-23T10:15:00Z", "to": "2026-11-23T10:15:01Z"},
            removed={"l": 1},
            clock={"ours": "2026-11-23T10:15:00Z", "cxone": None, "offset_seconds": [-0.5, 0.5]},
            interrupted=[{"revision": REVISION, "started_at": "2026-11-22T00:00:00Z", "last_at": "x",
                          "target": {"dialect": "entries", "organisation": "acme", "host": "h"},
                          "chunks": {"sent": 1, "unanswered": 0}, "numbers": 1, "write_window": None,
                          "removed": {}}],
            requests={"open": [{"rule": "r", "list_id": "l", "due": "2026-12-01", "past": False,
                                "phones": ["+12125550102"]}], "took": {"3": 1}, "late": []},
        ),
        seq=2,
        previous={"path": "audit/production/x.json", "sha256": "a" * 64},
        plan_sha256="b" * 64,
    )
)  # fmt: skip
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.just([[]]), st.just([{"x": 1}]), st.sampled_from([10**30, -1, "2027-01-01", "9999-12-31T23:59:59Z"]),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every field of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield (*path, name)
        yield from places(item, (*path, name))


def test_the_good_one_is_good():
    assert parse_report(orjson.dumps(GOOD), "x").report.seq == 2


@given(st.sampled_from(list(places(GOOD))), JUNK, st.booleans())
def test_any_field_may_be_anything(place, junk, gone):
    report = json.loads(json.dumps(GOOD))
    holder = report
    for step in place[:-1]:
        holder = holder[step]
    if gone:
        del holder[place[-1]]
    else:
        holder[place[-1]] = junk
    try:
        read = parse_report(json.dumps(report).encode(), "x").report
    except BrokenChain as error:
        assert error.where == "x"  # noqa: PT017  (most are broken, some are not)
        return
    dict(read.retained_entries)
    assert read.earliest_start.tzinfo is not None
    assert read.finished_at.tzinfo is not None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            "kept",
            [{**KEPT, "terms": {**TERMS, "expirationPolicy": "NEVER"}}],
            "kept[0].terms.end: the",
        ),
        ("kept", [{**KEPT, "terms": {**TERMS, "end": None}}], "kept[0].terms.end: missing"),
        ("kept", [{**KEPT, "since": "2027-01-01T00:00:00Z"}], "kept[0].since: after finished_at"),
        ("kept", [{**KEPT, "since": "2026-01-01T00:00:00"}], "kept[0].since: not a time with a time zone"),
        ("kept", [{**KEPT, "phones": ["12"]}], "kept[0].phones: not a list of E.164 numbers"),
        ("kept", [{**KEPT, "blocked_by": ["mood"]}], "kept[0].blocked_by[0]: a word"),
        ("as_of", "2020-01-01", "as_of: not the day of started_at"),
        ("started_at", "2026-12-30T00:00:00Z", "started_at: after finished_at"),
        ("finished_at", "9999-12-31T23:59:59Z", "finished_at: not a time"),
        ("previous", None, "previous: only the report with number 1"),
        ("seq", True, "seq: not a number from 1 on"),
        ("removed", {"l": -1}, "removed.l: not a count"),
        ("safety", {}, "safety.max_removals: missing"),
        ("clock", {"offset_seconds": "abc"}, "clock.offset_seconds: not two numbers"),
        ("clock", {"offset_seconds": [-1e11, 5]}, "clock.offset_seconds: not two numbers"),
        ("clock", {"offset_seconds": [1]}, "clock.offset_seconds: not two numbers"),
        ("status", "reanchored", "reanchor: missing, and the status is reanchored"),
        ("revision", "--output=x", "revision: not the whole name"),
    ],
)
def test_the_file_and_the_field_are_named(field, value, said):
    with pytest.raises(BrokenChain) as caught:
        parse_report(orjson.dumps({**GOOD, field: value}), "audit/production/x.json")
    assert said in caught.value.fact
    assert caught.value.where == "audit/production/x.json"


@pytest.mark.parametrize(
    ("as_of", "planned", "good"),
    [
        ("2026-10-01", "2026-10-01T15:00:00Z", True),
        ("2026-10-01", "2026-09-01T15:00:00Z", False),
        ("2026-12-24", "2026-12-24T15:00:00Z", False),
    ],
)
def test_a_day_before_the_run_is_that_of_its_plan(as_of, planned, good):
    """B17: a clock set forward since the plan; by a later day less would be held, so none is believed."""
    report = {**GOOD, "as_of": as_of, "clock": {**GOOD["clock"], "planned": planned}}
    if good:
        assert parse_report(orjson.dumps(report), "x").report.as_of.isoformat() == as_of
        return
    with pytest.raises(BrokenChain):
        parse_report(orjson.dumps(report), "x")


def test_what_later_versions_add_is_kept():
    assert parse_report(orjson.dumps({**GOOD, "news": [1]}), "x").report.fields["news"] == [1]


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"changes": [0], "drift": []}', b'{"changes": {}}'])
def test_a_plan_that_is_none(data):
    with pytest.raises(BrokenChain):
        parse_plan(data, "x")


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip at all",
        gzip.compress(bytes(30_000_000), 1),
        gzip.compress(b"x" * 500)[:-4] + b"\xff\x00\x00\x00",
        gzip.compress(b"x" * 500)[:-4] + b"\xff\x0f\x00\x00",
        pack_plan(b"{}") + pack_plan(b"{}"),
    ],
    ids=["empty", "junk", "bomb", "says less", "says more", "two"],
)
def test_a_plan_is_unpacked_within_limits(packed):
    with pytest.raises(BrokenChain):
        unpack_plan(packed, "x")


def test_a_plan_of_very_many_numbers_is_within_them():
    plan = b"[" + b",".join(b'"+1%d"' % n for n in range(2_000_000_000, 2_000_400_000)) + b"]"
    assert unpack_plan(pack_plan(plan)) == plan
