"""The report as bytes, and its names."""

import json
from datetime import timedelta, timezone

import pytest

from reconciler.audit import report as reports
from reconciler.audit.report import parse_report
from reconciler.audit.report_content import build_report, relink
from reconciler.audit.report_files import (
    pack_plan,
    plan_path,
    report_path,
    report_path_of,
    tenant_of_path,
    unpack_plan,
)
from reconciler.audit.report_rows import Link
from reconciler.core.model.errors import BrokenChain
from tests.unit.audit.builders import AT, REVISION, content

LINK = {"path": "audit/production/x.json", "sha256": "e" * 64}


def test_the_same_report_gives_the_same_bytes_and_comes_back():
    data = build_report(content(), seq=2, previous=LINK, plan_sha256="f" * 64)
    shuffled = dict(reversed(content().items()))
    assert build_report(shuffled, seq=2, previous=LINK, plan_sha256="f" * 64) == data
    stored = parse_report(data, "audit/production/y.json")
    assert (stored.report.seq, stored.report.tenant, stored.report.revision) == (2, "production", REVISION)
    assert stored.report.previous == Link(**LINK)
    assert stored.report.plan_sha256 == "f" * 64
    assert stored.report.finished_at == AT
    assert stored.report.hashes["rules"] == "b"
    assert "later-key" not in stored.report.fields
    assert stored.plan_path == "audit/production/y.plan.json.gz"
    assert data.endswith(b"}\n")
    assert list(json.loads(data))[:4] == ["format_version", "tool_version", "seq", "previous"]


def test_every_field_of_the_content_is_written():
    written = json.loads(build_report(content(), seq=1, previous=None, plan_sha256=""))
    assert set(content()) < set(written)


def test_relinking_changes_the_place_only_and_keeps_what_a_later_version_added():
    data = build_report(content(), seq=2, previous=LINK, plan_sha256="f" * 64)
    newer = reports.Report({**json.loads(data), "added_later": [1]})
    moved = json.loads(relink(newer, seq=7, previous=None))
    assert moved == {**newer.fields, "seq": 7, "previous": None}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"null",
        build_report(content(), seq=0, previous=None, plan_sha256=""),
        build_report(content(finished_at="2026-11-23T10:15:00"), seq=1, previous=None, plan_sha256=""),
        build_report(content(finished_at=""), seq=1, previous=None, plan_sha256=""),
        build_report(content(), seq=1, previous={"path": "x"}, plan_sha256=""),
    ],
)
def test_what_is_no_report_breaks_the_chain(data):
    with pytest.raises(BrokenChain, match="no audit report") as caught:
        parse_report(data, "audit/production/bad.json")
    assert caught.value.where == "audit/production/bad.json"


def test_a_later_format_asks_for_a_newer_tool():
    data = json.loads(build_report(content(), seq=1, previous=None, plan_sha256=""))
    with pytest.raises(BrokenChain) as caught:
        parse_report(json.dumps(data | {"format_version": 99}).encode(), "x")
    assert caught.value.fix == "install a newer dnc"


def test_a_plan_packs_to_the_same_bytes():
    assert pack_plan(b"plan") == pack_plan(b"plan")
    assert unpack_plan(pack_plan(b"plan" * 1000)) == b"plan" * 1000


def test_a_file_is_named_by_moment_revision_and_chance():
    local = AT.astimezone(timezone(timedelta(hours=-5)))
    path = report_path("/audit/", "eu-1", local, REVISION, "89abcdef")
    assert path == "audit/eu-1/20261123T101500.123456Z-0123456789ab-89abcdef.json"
    assert tenant_of_path(path, "audit") == "eu-1"
    assert tenant_of_path(path, "other") is None
    assert tenant_of_path(path.replace(".json", ".plan.json.gz"), "audit") is None
    assert tenant_of_path(path.replace("eu-1", "EU"), "audit") is None
    assert tenant_of_path(path + "\n", "audit") is None
    assert report_path_of(plan_path(path)) == path == report_path_of(path)


@pytest.mark.parametrize("tenant", ["", "../x", "a/b", "A", "a\n"])
def test_a_tenant_can_not_leave_its_folder(tenant):
    with pytest.raises(ValueError, match="not a tenant"):
        report_path("audit", tenant, AT, REVISION, "89abcdef")
