"""Rules that need all files: about a release and the claim that it lets off, and about the whole company."""

from collections.abc import Iterator, Mapping

from reconciler.core.model.entries import query_date
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.reading_state import Reading, ReleaseNode
from reconciler.rules.evaluation import find_violations
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.rule import Rule, Scope
from reconciler.yaml_tree.nodes import plain


def release_rule_findings(reading: Reading) -> Iterator[Finding]:
    """Judge each release, with when its numbers had asked, as far as a claim of its list still says so."""
    for rule in reading.judge.rules_of_scope(Scope.RELEASE):
        for release in reading.release_nodes:
            fields = _release_fields(release)
            if _is_judged(reading, rule, release, fields):
                yield from _findings_of_release(
                    reading, rule, release, with_query_date(fields) | _latest_request(reading, release)
                )


def company_findings(reading: Reading) -> Iterator[Finding]:
    """Judge the company: on how many lists people's own requests are kept, where the rule holds."""
    for rule in reading.judge.rules_of_scope(Scope.COMPANY):
        requests = [
            request
            for request in reading.request_lists
            if rule.applies_to(request.jurisdiction, request.place)
        ]
        lists = sorted({request.list_id for request in requests})
        for verdict in find_violations(rule, {"requestLists": lists}):
            last_request = max(requests, key=lambda request: (request.list_id, request.file), default=None)
            finding = verdict.to_finding(
                last_request.file if last_request else "", last_request.mark if last_request else 0, "/listId"
            )
            if verdict.severity is Severity.ERROR:
                reading.add_regulation_error(finding, None, ())
            yield finding


def may_depend_on_other_files(reading: Reading) -> bool:
    """Tell whether these rules may find something else where more files are read."""
    has_release_rule = any(
        _is_judged(reading, rule, release, _release_fields(release))
        for rule in reading.judge.rules_of_scope(Scope.RELEASE)
        for release in reading.release_nodes
    )
    return has_release_rule or any(
        rule.applies_to(request.jurisdiction, request.place)
        for rule in reading.judge.rules_of_scope(Scope.COMPANY)
        for request in reading.request_lists
    )


def with_query_date(fields: Mapping[str, object]) -> dict[str, object]:
    """Put `queriedOn` to a release: when the Reassigned Numbers Database was asked, as the evidence says."""
    evidence = fields.get("evidence")
    queried = query_date(evidence) if isinstance(evidence, str) else None
    return dict(fields) if queried is None else {**fields, "queriedOn": queried}


def _findings_of_release(
    reading: Reading, rule: Rule, release: ReleaseNode, fields: dict[str, object]
) -> Iterator[Finding]:
    for verdict in find_violations(rule, fields):
        key = "evidence" if verdict.key == "queriedOn" else verdict.key
        has_it = key in release.node.values
        pointer = f"{release.path}/{key}" if has_it else release.path
        finding = verdict.to_finding(
            release.file, release.node.value_mark(key) if has_it else release.node.mark, pointer
        )
        if verdict.severity is Severity.ERROR:
            reading.add_regulation_error(finding, release.list_id, release.block.texts)
        yield finding


def _release_fields(release: ReleaseNode) -> dict[str, object]:
    return {key: plain(v) for key, v in release.node.values.items() if key not in {"phone", "phones"}}


def _is_judged(reading: Reading, rule: Rule, release: ReleaseNode, fields: Mapping[str, object]) -> bool:
    return _applies_to_release(rule, release) and reading.judge.can_fail(rule, fields)


def _applies_to_release(rule: Rule, release: ReleaseNode) -> bool:
    return not rule.jurisdictions or any(
        rule.applies_to(None, place_at(head)) for head in release.block.heads
    )


def _latest_request(reading: Reading, release: ReleaseNode) -> dict[str, object]:
    """Give the latest request of its numbers on its list."""
    files = [file for file in reading.files if file.list_id == release.list_id]
    terms = (file.numbers.get(phone) for file in files for phone in release.block.texts)
    request_days = [
        entry_terms.requested_on for entry_terms in terms if entry_terms and entry_terms.requested_on
    ]
    return {"requestedOn": max(request_days).isoformat()} if request_days else {}
