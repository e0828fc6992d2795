"""Rules that need all files: about a release and the claim that it lets off, and about the whole company."""

from collections.abc import Iterator, Mapping

from reconciler.core.model.entries import query_date
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.reading_state import Reading, ReleaseNode
from reconciler.rules.evaluation import judged_by
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.rule import Rule, Scope
from reconciler.yaml_tree.nodes import plain


def release_rule_findings(reading: Reading) -> Iterator[Finding]:
    """Judge each release, with when its numbers had asked, as far as a claim of its list still says so."""
    for rule in reading.judge.of_scope(Scope.RELEASE):
        for release in reading.release_nodes:
            said = _said(release)
            if _is_judged(reading, rule, release, said):
                yield from _of_release(reading, rule, release, with_query(said) | _asked_on(reading, release))


def company_findings(reading: Reading) -> Iterator[Finding]:
    """Judge the company: on how many lists people's own requests are kept, where the rule holds."""
    for rule in reading.judge.of_scope(Scope.COMPANY):
        found = [asked for asked in reading.asked if rule.applies(asked.stated, asked.place)]
        lists = sorted({asked.list_id for asked in found})
        for verdict in judged_by(rule, {"requestLists": lists}):
            last = max(found, key=lambda asked: (asked.list_id, asked.file), default=None)
            finding = verdict.finding(last.file if last else "", last.mark if last else 0, "/listId")
            if verdict.severity is Severity.ERROR:
                reading.refuse(finding, None, ())
            yield finding


def looks_beyond(reading: Reading) -> bool:
    """Tell whether these rules may find something else where more files are read."""
    released = any(
        _is_judged(reading, rule, release, _said(release))
        for rule in reading.judge.of_scope(Scope.RELEASE)
        for release in reading.release_nodes
    )
    return released or any(
        rule.applies(asked.stated, asked.place)
        for rule in reading.judge.of_scope(Scope.COMPANY)
        for asked in reading.asked
    )


def with_query(said: Mapping[str, object]) -> dict[str, object]:
    """Put `queriedOn` to a release: when the Reassigned Numbers Database was asked, as the evidence says."""
    evidence = said.get("evidence")
    queried = query_date(evidence) if isinstance(evidence, str) else None
    return dict(said) if queried is None else {**said, "queriedOn": queried}


def _of_release(
    reading: Reading, rule: Rule, release: ReleaseNode, said: dict[str, object]
) -> Iterator[Finding]:
    for verdict in judged_by(rule, said):
        key = "evidence" if verdict.key == "queriedOn" else verdict.key
        has_it = key in release.node.values
        pointer = f"{release.path}/{key}" if has_it else release.path
        finding = verdict.finding(
            release.file, release.node.value_mark(key) if has_it else release.node.mark, pointer
        )
        if verdict.severity is Severity.ERROR:
            reading.refuse(finding, release.list_id, release.block.texts)
        yield finding


def _said(release: ReleaseNode) -> dict[str, object]:
    return {key: plain(v) for key, v in release.node.values.items() if key not in {"phone", "phones"}}


def _is_judged(reading: Reading, rule: Rule, release: ReleaseNode, said: Mapping[str, object]) -> bool:
    return _reaches(rule, release) and reading.judge.concerns(rule, said)


def _reaches(rule: Rule, release: ReleaseNode) -> bool:
    return not rule.jurisdictions or any(rule.applies(None, place_at(head)) for head in release.block.heads)


def _asked_on(reading: Reading, release: ReleaseNode) -> dict[str, object]:
    """Give the latest request of its numbers on its list."""
    files = [file for file in reading.files if file.list_id == release.list_id]
    terms = (file.numbers.get(phone) for file in files for phone in release.block.texts)
    asked = [found.requested_on for found in terms if found and found.requested_on]
    return {"requestedOn": max(asked).isoformat()} if asked else {}
