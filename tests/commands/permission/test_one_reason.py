"""For each guard and each outcome, every output gives the same reason and the same number."""

import re
from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from reconciler.cli.commands import apply as apply_command
from reconciler.cli.render.apply_text import apply_result_text
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.note import Section
from reconciler.cli.render.plan_text import drift_text, plan_text
from reconciler.core.planning.change import BlockedBy
from reconciler.use_cases.reconcile.apply import ApplyResult
from tests.commands.permission.situations import SITUATIONS, A, B, Blocks, Situation
from tests.site.test_command import page, tables
from tests.support.groups_project import grouped
from tests.support.project import Project, entry
from tests.support.result import Result

BLOCKED = "Blocked: no longer in the files, kept in CXone"
BY_HAND = "To remove by hand: dnc removes nothing from this tenant"
LEFT_OUT = "Not added, and not protected"
REASONS = frozenset(BlockedBy)
Counts = Counter[tuple[str, ...]]


def counts(blocks: Blocks) -> Counts:
    """Count the numbers by all that keeps them."""
    return Counter(blocks.values())


def counted(pairs: Iterator[tuple[tuple[str, ...], int]]) -> Counts:
    found: Counts = Counter()
    for reasons, number in pairs:
        found[reasons] += number
    return found


def part(text: str, title: str) -> str:
    """Give the part of a text below a title, up to the next empty line."""
    found = re.search(rf"^{re.escape(title)}.*?\n(.*?)(\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def in_lines(text: str) -> Counts:
    """Count in a text with a head line for each group, and a line for each reason below it."""
    groups = re.split(r"^ *(?:= )?(?:blocked on )?[\w-]+: (?=[\d,]+ number)", text, flags=re.MULTILINE)[1:]
    names = (re.findall(r"^ {4,6}([a-z-]+): ", group, re.MULTILINE) for group in groups)
    return counted(
        (tuple(filter(REASONS.__contains__, found)), int(group.split()[0]))
        for found, group in zip(names, groups, strict=True)
    )


def in_json(rows: list[dict]) -> Counts:
    """Count the numbers of a JSON's rows, each once; a number has a row for each entry of it."""
    numbers = {(row["list_id"], phone): tuple(row["blocked_by"]) for row in rows for phone in row["phones"]}
    return Counter(numbers.values())


def in_markdown(text: str, word: str) -> int:
    return sum(int(number) for number in re.findall(rf"^\| {word} \| [\w-]+ \| (\d+): ", text, re.MULTILINE))


def in_html(text: str, word: str) -> int:
    rows = re.findall(r"<tr( class=\"\w+\")?><td>([\w ]+)</td>.*?<td class=\"long\">(\d+)<br>", text)
    assert all(bool(edge) == (action == "delete") for edge, action, _ in rows if action == word)
    return sum(int(number) for _, action, number in rows if action == word)


def in_note(text: str, word: str) -> int:
    return sum(
        int(number) for number in re.findall(rf"^- `[\w-]+`: (\d+) numbers?, {word},", text, re.MULTILINE)
    )


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_output_says_the_same(project: Project, name, monkeypatch):
    results: list[ApplyResult] = []
    to_json = apply_command.apply_result_json
    monkeypatch.setattr(
        apply_command, "apply_result_json", lambda result: results.append(result) or to_json(result)
    )
    situation = SITUATIONS[name]
    situation.prepare(project)
    says_the_plan(project, situation)
    situation.before_apply(project)
    done = project.apply(*situation.arguments, code=situation.codes[1], **situation.environ)
    project.sandbox.faults.clear()
    project.on_read.clear()
    says_the_run(project, situation, done, apply_result_text(results[-1], NumberFormat()))
    says_the_record(project, situation)


def says_the_plan(project: Project, situation: Situation) -> None:
    files = {kind: project.folder.parent / f"plan.{kind}" for kind in ("markdown", "html")}
    reports = [word for kind, file in files.items() for word in ("--report", f"{kind}={file}")]
    document = project.plan(*reports, code=situation.codes[0], **situation.environ).json
    blocked, by_hand = len(situation.planned), len(situation.by_hand)
    assert (document["summary"]["blocked"], document["summary"]["by_hand"]) == (blocked, by_hand)
    kept = [change for change in document["changes"] if change["blocked_by"]]
    assert in_json([c for c in kept if c["blocked_by"] != ["unsupported"]]) == counts(situation.planned)
    markdown, html = files["markdown"].read_text(), files["html"].read_text()
    text, note = plan_text(document, NumberFormat()), Section(document, None).text(60_000)
    assert in_lines(part(text, BLOCKED)) == counts(situation.planned)
    assert (f" {blocked} blocked" in text) == bool(blocked)
    assert (in_markdown(markdown, "blocked"), in_markdown(markdown, "by hand")) == (blocked, by_hand)
    assert (in_html(html, "blocked"), in_html(html, "by hand")) == (blocked, by_hand)
    assert (in_note(note, "blocked"), in_note(note, "by hand")) == (blocked, by_hand)
    going = [c for c in document["changes"] if c["action"] == "delete" and not c["blocked_by"]]
    number = sum(len(change["phones"]) for change in going)
    found = {in_markdown(markdown, "delete"), in_html(html, "delete"), in_note(note, "delete")}
    assert found == {number}
    assert len(re.findall(r"^  - ", text, re.MULTILINE)) == len(going)
    says_drift(project, situation)


def says_drift(project: Project, situation: Situation) -> None:
    """What drift says, before the run: blocked numbers are in CXone and in no file."""
    blocked, by_hand = len(situation.planned), len(situation.by_hand)
    situation.before_drift(project)
    document = project.run("drift", "--format", "json", **situation.environ).json
    text = "\n".join((drift_text(document, {}, NumberFormat()), document["verdict"]))
    assert in_lines(part(text, BLOCKED)) == counts(situation.planned)
    assert (f" {blocked} blocked" in text) == bool(blocked)
    assert (f" {by_hand} to remove by hand" in text) == bool(by_hand)
    assert (document["summary"]["blocked"], document["summary"]["by_hand"]) == (blocked, by_hand)
    kept = [change for change in document["kept"] if change["blocked_by"] != ["unsupported"]]
    assert in_json(kept) == counts(situation.planned)


def says_the_run(project: Project, situation: Situation, done: Result, text: str) -> None:
    """What the run says, its report, and what it printed."""
    printed = text[text.index("= blocked on") :].partition("\n\n")[0] if situation.blocked else ""
    assert in_lines(printed) == counts(situation.blocked)
    assert ("= blocked on" in text) == bool(situation.blocked)
    assert in_json(done.json["blocked"]) == counts(situation.blocked)
    report = project.newest
    assert report["summary"]["blocked"] == len(situation.blocked)
    stays = {**situation.blocked, **dict.fromkeys(situation.by_hand, ("unsupported",))}
    for row in report["actors"]["exposing"]:
        assert {tuple(row["blocked_by"])} == {stays.get(phone, ()) for phone in row["phones"]}
    rows = {kind: [row for row in report["kept"] if row["kind"] == kind] for kind in KINDS}
    assert in_json(rows["blocked"]) == counts(situation.blocked)
    assert {phone for row in rows["by-hand"] for phone in row["phones"]} == set(situation.by_hand)
    assert {phone for row in rows["not-removed"] for phone in row["phones"]} == set(situation.not_removed)
    assert set(situation.removed).isdisjoint(phone for row in report["kept"] for phone in row["phones"])


KINDS = ("blocked", "by-hand", "not-removed", "listed")


def says_the_record(project: Project, situation: Situation) -> None:
    blocked, by_hand = len(situation.blocked), len(situation.by_hand)
    document = project.run("blocked", "--format", "json").json
    assert document["counts"]["newest_run"] == blocked
    assert in_json([row for row in document["kept"] if row["kind"] == "blocked"]) == counts(situation.blocked)
    text = project.run("blocked").out
    assert f"in the newest run: {blocked}; in your files, not applied yet: 0" in text
    assert in_lines(part(text, f"In the newest run: {blocked}")) == counts(situation.blocked)
    (standing,) = project.run("status", "--format", "json").json["tenants"]
    assert (standing["blocked"], standing["by_hand"]) == (blocked, by_hand)
    assert f" {blocked} blocked," in project.run("status").out
    shown = project.run("audit", "show").out
    assert f"{blocked} blocked, {by_hand} by hand" in shown
    for number, reasons in situation.blocked.items():
        lists = project.run("check", number, "--format", "json").json["lists"]
        assert [row["kept"] for row in lists if row["kept"] is not None] == [list(reasons)], number
        break
    assert project.run("site", "public").code in {0, 4}
    rows = tables(page(project)).get("Stays live, although the files no longer ask for it", [])
    assert sum(int(row[1]) for row in rows) == blocked
    assert tables(page(project, "index.html"))["Every tenant"][0][8] == str(blocked)


def test_every_guard_has_a_situation():
    reasons = {reason for s in SITUATIONS.values() for blocks in s.blocked.values() for reason in blocks}
    # over-ceiling is of an addition, and of the other dialect: see below.
    assert reasons == {reason.value for reason in BlockedBy} - {"over-ceiling"}


# Of an addition: what CXone has no room for is neither removed nor kept, and not protected.


def test_what_cxone_has_no_room_for_is_called_not_added_everywhere(tmp_path):
    full = patch("reconciler.cxone.groups.group_read.CEILING", 1)
    with grouped(tmp_path) as project, full:
        project.list(entry(A))
        project.apply()
        project.list(entry(A, B))
        files = {kind: tmp_path / f"plan.{kind}" for kind in ("markdown", "html")}
        reports = [word for kind, file in files.items() for word in ("--report", f"{kind}={file}")]
        document = project.plan(*reports).json
        text, note = plan_text(document, NumberFormat()), Section(document, None).text(60_000)
        markdown, html = files["markdown"].read_text(), files["html"].read_text()
        assert "1 not added" in text
        assert "blocked" not in text
        assert in_lines(part(text, LEFT_OUT).replace("  ! ", "  = ")) == {("over-ceiling",): 1}
        for count, output in ((in_markdown, markdown), (in_html, html), (in_note, note)):
            assert (count(output, "not added"), count(output, "blocked"), count(output, "create")) == (
                1,
                0,
                0,
            )
        done = project.apply(code=8)
        assert done.json["blocked"] == []
        assert project.newest["summary"]["blocked"] == 0
        listed = project.run("blocked", "--format", "json").json
        assert (listed["counts"]["newest_run"], [row["phone"] for row in listed["not_added"]]) == (0, [B])
        assert f"{LEFT_OUT}: 1 number" in project.run("blocked").out
        assert "1 not live, 0 blocked," in project.run("status").out
