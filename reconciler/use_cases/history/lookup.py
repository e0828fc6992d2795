"""`dnc check`: where a number is listed, since when and by whom, and whether it is live there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.core.model.entries import Carried, Claims, Key, Terms
from reconciler.core.model.live import Live
from reconciler.core.planning.state import Kept
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.phone_input import read_numbers
from reconciler.rules.evaluation import Judge
from reconciler.rules.numbering import head_of
from reconciler.use_cases.reconcile.last_applied import Past, known_past
from reconciler.use_cases.reconcile.report.authors import merge_request_in
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import Desk

if TYPE_CHECKING:
    from reconciler.core.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Line:
    """One claim: where it stands, its terms, the rules that concern it, and the commit that brought it."""

    file: str
    line: int
    terms: Terms
    rules: tuple[str, ...]
    commit: Commit | None
    merge_request: str | None


@dataclass(frozen=True, slots=True)
class OnList:
    """What is known of the number on one list.

    `live`: as the newest report tells it, or as CXone says; None where neither is known. `entry` is what
    CXone has, where it was asked. `kept` is why it stays without a line. `confirmed` is when a run last saw
    it live.
    """

    list_id: str
    lines: tuple[Line, ...]
    live: bool | None
    entry: Carried | None
    kept: Kept | None
    holds: tuple[str, ...]
    confirmed: datetime | None

    @property
    def is_wanted(self) -> bool:
        """Tell whether it is to be live here."""
        return bool(self.lines) or self.kept is not None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A number on all lists, and how old that knowledge is. `read_at` is set where CXone was asked."""

    tenant: str
    number: str
    lists: tuple[OnList, ...]
    report: str | None
    seq: int | None
    verified: bool
    told_at: datetime | None
    asked_at: datetime
    read_at: str | None

    @property
    def is_listed(self) -> bool:
        """Tell whether some list is to have it."""
        return any(one.is_wanted for one in self.lists)

    @property
    def is_protected(self) -> bool:
        """Tell whether it is listed, and live everywhere it should be."""
        return self.is_listed and all(one.live for one in self.lists if one.is_wanted)


def whereabouts(ctx: CommandContext, text: str, *, live: bool) -> Whereabouts:
    """Look a number up. Raises InvalidInput for one that can't be read."""
    desk = Desk.open(ctx)
    (number,) = read_numbers([text], desk.tenant.region, "nothing was looked up")
    if not live:
        past = known_past(desk)
        return _found(desk, past, number, None)
    from reconciler.use_cases.reconcile.prepared_plan import prepare_plan  # noqa: PLC0415  (it loads what speaks to CXone)

    with prepare_plan(ctx) as prepared:
        return _found(desk, prepared.state.last_applied, number, (prepared.state.live, prepared.plan))


def _found(desk: Desk, past: Past, number: str, seen: "tuple[Live, Plan] | None") -> Whereabouts:
    newest = None if past.other_target else past.newest
    list_ids = _lists_of(desk.lists.claims, past, number)
    if seen:
        list_ids |= {list_id for list_id, entries in seen[0].lists.items() if number in entries}
    confirmed = _confirmed(past, number, list_ids)
    lists = tuple(_on_list(desk, past, (list_id, number), seen, confirmed) for list_id in sorted(list_ids))
    return Whereabouts(
        tenant=desk.tenant.name,
        number=number,
        lists=lists,
        report=newest.path if newest else None,
        seq=newest.report.seq if newest else None,
        verified=bool(newest and newest.report.is_verified),
        told_at=newest.report.finished_at if newest else None,
        asked_at=desk.ctx.clock(),
        read_at=seen[0].read_at if seen else None,
    )


def _lists_of(claims: Claims, past: Past, number: str) -> set[str]:
    found = {file.list_id for file in (*claims.files, *past.held.files) if number in file.numbers}
    return found | {list_id for list_id, other in past.held.kept if other == number}


def _on_list(
    desk: Desk,
    past: Past,
    key: Key,
    seen: "tuple[Live, Plan] | None",
    confirmed: Mapping[str, datetime],
) -> OnList:
    standing = desk.lists.claims.standing(desk.today.as_of)
    lines = tuple(_lines(desk, past.repository, standing, key))
    entry = seen[0].get(key) if seen else None
    if seen:
        weaker = any(key in change.keys for change in seen[1].changes if not change.exposing)
        live: bool | None = entry is not None and not weaker
    else:
        strongest = max((line.terms.strength for line in lines), default=None)
        held = [claim.terms.strength for claim in past.held.claims(key)]
        live = None if past.newest is None else bool(held) and (strongest is None or max(held) >= strongest)
    return OnList(
        list_id=key[0],
        lines=lines,
        live=live,
        entry=entry.terms if entry else None,
        kept=_kept(past, key, lines, seen),
        holds=tuple(hold.matter for hold in standing.holds if hold.names(key)),
        confirmed=confirmed.get(key[0]),
    )


def _kept(past: Past, key: Key, lines: Sequence[Line], seen: "tuple[Live, Plan] | None") -> Kept | None:
    """Say what keeps it on the list without a line: today's plan where there is one, else the report."""
    if seen:
        return seen[1].wanted.kept.get(key)
    kept = past.held.kept.get(key)
    if kept is None and not lines and (claims := tuple(past.held.claims(key))):
        return Kept(claims, ())  # its line has gone since: the next plan decides
    return None if lines else kept


def _lines(desk: Desk, repository: Repository | None, standing: Claims, key: Key) -> Iterator[Line]:
    data = {source.path: source.data for source in desk.sources}
    for file in standing.files:
        if file.list_id != key[0] or key[1] not in file.numbers:
            continue
        terms = file.numbers[key[1]]
        commit = (
            repository.introducing_commit(file.path, key[1]) if repository and repository.head() else None
        )
        yield Line(
            file.path,
            lines_of(file.path, data[file.path], [key[1]]).get(key[1], 0),
            terms,
            _rules(desk, key[1], terms),
            commit,
            _merge_request(repository, commit) if repository and commit else None,
        )


def _rules(desk: Desk, number: str, terms: Terms) -> tuple[str, ...]:
    """Name the rules that such an entry for such a number can fail."""
    said: dict[str, object] = {
        "reasonCode": terms.reason_code.value,
        "expirationPolicy": terms.expiration_policy.value,
        "source": terms.source,
    }
    said |= {"end": terms.end.isoformat()} if terms.end else {}
    said |= {"requestedOn": terms.requested_on.isoformat()} if terms.requested_on else {}
    said |= {"jurisdiction": terms.jurisdiction} if terms.jurisdiction else {}
    judge = Judge(desk.project.rules.regulations, desk.today.as_of)
    heads = frozenset({head_of(number)})
    return tuple(sorted(r.id for r in judge.of_entries if judge.heads_concerned(r, said, heads)))


def _merge_request(repository: Repository, commit: Commit) -> str | None:
    """Name the merge request of a commit, by the merge that brought it."""
    merge = repository.merge_bringing(commit.sha)
    return merge_request_in(merge.message if merge else commit.message)


def _confirmed(past: Past, number: str, list_ids: set[str]) -> dict[str, datetime]:
    """Say when a run last saw the number live, list by list; the last reports are looked at."""
    found: dict[str, datetime] = {}
    for stored in past.recent_verified:
        if list_ids <= found.keys():
            break
        report = stored.report
        missing = {row.list_id for row in report.not_live if number in row.phones}
        there = {f.list_id for f in past.claims_at(report.revision).files if number in f.numbers}
        there |= {row.list_id for row in report.kept if number in row.phones}
        for list_id in there - missing - found.keys():
            found[list_id] = report.finished_at
    return found
