"""`dnc export`: a list for affiliates, vendors and other dialers, with a manifest that says what it is."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from reconciler import __version__
from reconciler.core.model.entries import Claims, Key, Terms, is_list_id, strongest_terms
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.planning.state import Held, Kept
from reconciler.git.repository import Repository
from reconciler.use_cases.reconcile.last_applied import Past, known_past
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.files import write_table
from reconciler.use_cases.workspace.opening import demand_committed
from reconciler.use_cases.workspace.tenant_lists import Desk

COLUMNS = ("phone", "listId", "reasonCode", "expirationPolicy", "end", "jurisdiction")


@dataclass(frozen=True, slots=True)
class Exported:
    """The table as bytes, and what its manifest says."""

    data: bytes
    manifest: Mapping[str, Any]


def export(ctx: CommandContext, list_id: str, since: str | None) -> Exported:
    """Write a list as the commit has it, and with `since` only what differs from that revision.

    What is held or kept in CXone without a line is on it too: who may not be called here may not be called
    there. Raises InvalidInput for a list that there is not, RepositoryProblem where the files are not
    committed.
    """
    desk = Desk.open(ctx)
    past = known_past(desk)
    repository = past.repository
    head = repository.head() if repository else None
    if repository is None or head is None:
        raise RepositoryProblem("there is no commit to export", "commit the lists first")
    demand_committed(desk.project, repository)
    now = _numbers(desk.lists.claims.standing(desk.today.as_of), past.held, list_id)
    rows: list[tuple[str, ...]]
    columns: tuple[str, ...]
    if since is None:
        columns, rows = COLUMNS, [_row(list_id, number, terms) for number, terms in sorted(now.items())]
    else:
        columns, rows = ("action", *COLUMNS), list(_changes(list_id, *_then(past, list_id, since), now))
    known = is_list_id(list_id) and (list_id in desk.lists.claims.list_ids or now or rows)
    if not known:
        lists = ", ".join(sorted(desk.lists.claims.list_ids))
        raise InvalidInput("there is no such list", f"name one of: {lists}", where="--list")
    data = _csv(columns, rows)
    manifest = {
        "format_version": "1.0",
        "tool_version": __version__,
        "tenant": desk.tenant.name,
        "list": list_id,
        "revision": head,
        "since": repository.describe(since).sha if since else None,
        "columns": list(columns),
        "count": len(rows),
        "sha256": sha256(data).hexdigest(),
        "created_at": iso(ctx.clock()),
        "as_of": desk.today.as_of.isoformat(),
    }
    return Exported(data, manifest)


def _numbers(standing: Claims, held: Held, list_id: str) -> dict[str, Terms]:
    """Give all that is to be, or still is, live on the list, each with its strongest terms."""
    found = dict(strongest_terms(standing.files).get(list_id, {}))
    for number, terms in _held(held, list_id):
        known = found.get(number)
        if known is None or (known != terms and terms.strength > known.strength):
            found[number] = terms
    return found


def _held(held: Held, list_id: str) -> Iterator[tuple[str, Terms]]:
    for file in held.files:
        if file.list_id == list_id:
            yield from ((n, t) for n, t in file.numbers.items() if (list_id, n) not in held.not_live)
    for key, kept in held.kept.items():
        if key[0] == list_id:
            yield from ((key[1], claim.terms) for claim in kept.claims)


def _then(past: Past, list_id: str, since: str) -> tuple[dict[str, Terms], dict[str, Terms]]:
    """Give what the files claimed at a revision, on its date, and what was kept then without a line."""
    if past.repository is None or not past.repository.has_commit(since):
        raise InvalidInput(
            "there is no such revision here", "name a commit, a tag or a branch", where="--since"
        )
    commit = past.repository.describe(since)
    standing = past.claims_at(commit.sha).standing(Today.at(commit.when).as_of)
    kept = dict(_held(Held(kept=_kept_at(past, past.repository, commit.sha)), list_id))
    return _numbers(standing, Held(), list_id), kept


def _kept_at(past: Past, repository: Repository, revision: str) -> dict[Key, Kept]:
    """Give what the reports listed as kept once a revision, or the last before it, had been applied."""
    kept: dict[Key, Kept] = {}
    found = ""
    for stored in past.reports:
        at = stored.report.revision
        if found and at != found:
            break
        if found or (repository.has_commit(at) and repository.is_ancestor(at, revision)):
            found = at
            kept |= stored.report.kept_claims
    return kept


def _changes(
    list_id: str, then: Mapping[str, Terms], kept: Mapping[str, Terms], now: Mapping[str, Terms]
) -> Iterator[tuple[str, ...]]:
    """Say what differs. What was kept then may not have been exported: it can be removed, never left out."""
    had = {**kept, **then}
    for number in sorted(had.keys() | now.keys()):
        if number not in now:
            yield "remove", *_row(list_id, number, had[number])
        elif number not in then:
            yield "add", *_row(list_id, number, now[number])
        elif _row(list_id, number, then[number]) != _row(list_id, number, now[number]):
            yield "change", *_row(list_id, number, now[number])


def _row(list_id: str, number: str, terms: Terms) -> tuple[str, ...]:
    end = terms.end.isoformat() if terms.end else ""
    codes = (terms.reason_code.value, terms.expiration_policy.value)
    return (number, list_id, *codes, end, terms.jurisdiction or "")


def _csv(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    written = io.StringIO()
    write_table(written, columns, rows)
    return written.getvalue().encode()
