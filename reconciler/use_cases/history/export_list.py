"""`dnc export`: a list for affiliates, vendors and other dialers, with a manifest that says what it is."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from reconciler import __version__
from reconciler.core.model.entries import DeclaredEntries, Key, Terms, is_list_id, strongest_terms
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.planning.state import LastApplied, Retained
from reconciler.git.repository import Repository
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.files import write_table
from reconciler.use_cases.workspace.opening import demand_committed
from reconciler.use_cases.workspace.tenant_lists import TenantLists, unknown_list

COLUMNS = ("phone", "listId", "reasonCode", "expirationPolicy", "end", "jurisdiction")


@dataclass(frozen=True, slots=True)
class ListExport:
    """The table as bytes, and what its manifest says."""

    data: bytes
    manifest: Mapping[str, Any]


def export(ctx: CommandContext, list_id: str, since: str | None) -> ListExport:
    """Write a list as the commit has it, and with `since` only what differs from that revision.

    What is held or kept in CXone without a line is on it too: who may not be called here may not be called
    there. Raises InvalidInput for a list that there is not, RepositoryProblem where the files are not
    committed.
    """
    tenant_lists = TenantLists.open(ctx)
    past = load_past(tenant_lists)
    repository = past.repository
    head = repository.head() if repository else None
    if repository is None or head is None:
        raise RepositoryProblem("there is no commit to export", "commit the lists first")
    demand_committed(tenant_lists.project, repository)
    if past.newest is None:
        ctx.say(
            f"warning: there is no report of tenant {tenant_lists.tenant.name}, so this is what its files "
            "say: a number that CXone keeps without a line is not in it; if there was a report, run "
            "`dnc audit verify`"
        )
    current_terms = _current_terms(
        tenant_lists.lists.declared_entries.active_on(tenant_lists.today.as_of), past.last_applied, list_id
    )
    rows: list[tuple[str, ...]]
    columns: tuple[str, ...]
    if since is None:
        columns, rows = (
            COLUMNS,
            [_row(list_id, number, terms) for number, terms in sorted(current_terms.items())],
        )
    else:
        columns, rows = (
            ("action", *COLUMNS),
            list(_change_rows(list_id, *_past_terms(past, list_id, since), current_terms)),
        )
    is_known = is_list_id(list_id) and (
        list_id in tenant_lists.lists.declared_entries.list_ids or current_terms or rows
    )
    if not is_known:
        known = tenant_lists.known_list_ids | past.last_applied.list_ids
        raise unknown_list(list_id, known, tenant_lists.tenant.name, "--list", fact="there is no such list")
    data = _csv(columns, rows)
    manifest = {
        "format_version": "1.0",
        "tool_version": __version__,
        "tenant": tenant_lists.tenant.name,
        "list": list_id,
        "revision": head,
        "since": repository.describe(since).sha if since else None,
        "columns": list(columns),
        "count": len(rows),
        "sha256": sha256(data).hexdigest(),
        "created_at": iso(ctx.clock()),
        "as_of": tenant_lists.today.as_of.isoformat(),
    }
    return ListExport(data, manifest)


def _current_terms(active: DeclaredEntries, last_applied: LastApplied, list_id: str) -> dict[str, Terms]:
    """Give all that is to be, or still is, live on the list, each with its strongest terms."""
    found = dict(strongest_terms(active.files).get(list_id, {}))
    for number, terms in _last_applied_terms(last_applied, list_id):
        known_terms = found.get(number)
        if known_terms is None or (known_terms != terms and terms.strength > known_terms.strength):
            found[number] = terms
    return found


def _last_applied_terms(last_applied: LastApplied, list_id: str) -> Iterator[tuple[str, Terms]]:
    for file in last_applied.files:
        if file.list_id == list_id:
            yield from (
                (number, terms)
                for number, terms in file.numbers.items()
                if (list_id, number) not in last_applied.not_live
            )
    for key, retained in last_applied.retained.items():
        if key[0] == list_id:
            yield from ((key[1], entry.terms) for entry in retained.entries)


def _past_terms(past: Past, list_id: str, since: str) -> tuple[dict[str, Terms], dict[str, Terms]]:
    """Give what the files claimed at a revision, on its date, and what was kept then without a line."""
    if past.repository is None or not past.repository.has_commit(since):
        raise InvalidInput(
            "there is no such revision here", "name a commit, a tag or a branch", where="--since"
        )
    commit = past.repository.describe(since)
    active = past.declarations_at(commit.sha).active_on(Today.at(commit.when).as_of)
    retained = dict(
        _last_applied_terms(LastApplied(retained=_retained_at(past, past.repository, commit.sha)), list_id)
    )
    return _current_terms(active, LastApplied(), list_id), retained


def _retained_at(past: Past, repository: Repository, revision: str) -> dict[Key, Retained]:
    """Give what the reports listed as kept once a revision, or the last before it, had been applied."""
    retained: dict[Key, Retained] = {}
    applied_revision = ""
    for stored_report in past.reports:
        report_revision = stored_report.report.revision
        if applied_revision and report_revision != applied_revision:
            break
        if applied_revision or (
            repository.has_commit(report_revision) and repository.is_ancestor(report_revision, revision)
        ):
            applied_revision = report_revision
            retained |= stored_report.report.retained_entries
    return retained


def _change_rows(
    list_id: str,
    past_terms: Mapping[str, Terms],
    past_retained: Mapping[str, Terms],
    current_terms: Mapping[str, Terms],
) -> Iterator[tuple[str, ...]]:
    """Say what differs. What was kept then may not have been exported: it can be removed, never left out."""
    had = {**past_retained, **past_terms}
    for number in sorted(had.keys() | current_terms.keys()):
        if number not in current_terms:
            yield "remove", *_row(list_id, number, had[number])
        elif number not in past_terms:
            yield "add", *_row(list_id, number, current_terms[number])
        elif _row(list_id, number, past_terms[number]) != _row(list_id, number, current_terms[number]):
            yield "change", *_row(list_id, number, current_terms[number])


def _row(list_id: str, number: str, terms: Terms) -> tuple[str, ...]:
    end = terms.end.isoformat() if terms.end else ""
    codes = (terms.reason_code.value, terms.expiration_policy.value)
    return (number, list_id, *codes, end, terms.jurisdiction or "")


def _csv(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO()
    write_table(buffer, columns, rows)
    return buffer.getvalue().encode()
