"""What `apply` sends before it reads CXone: new opt-outs that can weaken nothing.

In doubt about anything here nothing is sent early: the read and the plan come first then, as for all else.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.audit.journal import Journal, JournalledProvider
from reconciler.audit.ledger import Ledger
from reconciler.core.apply.early import Absence, EarlySender, EarlyWrites, before_early, settle_by_read
from reconciler.core.apply.outcomes import Tally
from reconciler.core.apply.sender import Applier
from reconciler.core.apply.unread_run import UNREAD
from reconciler.core.model.entries import REGISTRY_REASONS
from reconciler.core.model.errors import CxoneUnreadable, DncError
from reconciler.core.model.live import Live
from reconciler.core.model.provider import ClockOffset, Dialect, Provider
from reconciler.core.planning.chunks import Chunk
from reconciler.core.planning.early import early_chunks, new_keys
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.lists.reader import Source
from reconciler.rules.honour_by import RuleDeadlines
from reconciler.use_cases.reconcile.doubt import chain_doubts
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.live_read import discard_saved_read
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.unreported_runs import journal_of, run_introduction_json
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import Project
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value

_FIRST_SEEN = "firstSeenOn"


@dataclass(frozen=True, slots=True)
class EarlyRun:
    """A run that has begun to write before its read: since when, its journal, and what became of it.

    `total` is what CXone counted after it; `rose_enough`: totals rose by what was new, at least.
    """

    started_at: datetime
    journal: Journal
    tally: Tally
    writes: EarlyWrites
    offset: ClockOffset | None  # as answers told it until then: a clock may be set while all is read
    total: int | None = None
    rose_enough: bool = False

    def after_read(self, live: Live, dialect: Dialect) -> "EarlyRun":
        """Settle what the read that followed shows."""
        return replace(self, writes=settle_by_read(self.writes, live, self.tally, dialect))


def may_write_early(project: Project, tenant: str, sources: Iterable[Source], ledger: Ledger | None) -> bool:
    """Tell, before any list is read, whether anything can be new since the newest report.

    Where nothing can, CXone may be read while large files are judged.
    """
    newest = ledger.newest(tenant) if ledger else None
    if newest is None:
        return False
    return bool(newest.report.absent) or newest.report.hashes != project.content_hashes(sources)


@contextmanager
def writing_early(
    ctx: CommandContext, inputs: PlanInputs, past: Past, provider: Provider, now: datetime
) -> Iterator[EarlyRun | None]:
    """Send what may go before the read, and keep the journal open; None where nothing was sent.

    Raises what the read would raise where CXone cannot be asked at all, and RepositoryProblem where there is
    no room for the record of what is sent.
    """
    early = _write_early(ctx, inputs, past, provider, now)
    try:
        yield early
    finally:
        if early is not None:
            early.journal.close()


def read_live(
    provider: Provider, list_ids: frozenset[str], early: EarlyRun | None, *, goes_on: bool
) -> tuple[Live, DncError | None, EarlyRun | None]:
    """Read live, without what went early. Where that fails and signing in works, apply goes on, and says why.

    A run that has written goes on whatever the read says: its report must tell of that.
    """
    try:
        live = provider.read(list_ids)
    except DncError as error:
        if early is None and not (goes_on and isinstance(error, CxoneUnreadable)):
            raise
        return UNREAD, error, early
    if early is None:
        return live, None, None
    settled = early.after_read(live, provider.dialect)
    return before_early(settled.writes), None, settled


def _write_early(
    ctx: CommandContext, inputs: PlanInputs, past: Past, provider: Provider, now: datetime
) -> EarlyRun | None:
    as_of = Today.at(now, ctx.options.as_of).as_of
    declared = inputs.lists.declared_entries
    facts = past.plan_facts(declared, provider.dialect, as_of=as_of, now=now, limits=Limits())
    facts = replace(facts, deadlines=RuleDeadlines(inputs.project.rules, as_of))
    chunks = _chunks(ctx, inputs, past, facts)
    if not chunks or past.ledger is None or inputs.repository is None:
        return None
    was_absent = _absence(past)
    if chain_doubts(inputs.project.configuration.audit, past.ledger, inputs.tenant.name):
        return None
    started_at = ctx.clock()
    past.ledger.check_writable(started_at)
    waiting = len({(file.list_id, phone) for file, phone in new_keys(facts)})
    sending = EarlySender(provider, chunks, waiting, was_absent, past.counted)
    sending.look()
    if not sending.has_room:
        return None
    journal = journal_of(inputs.repository, inputs.project.configuration.audit, inputs.tenant.name, ctx.clock)
    revision = inputs.repository.head() or ""
    discard_saved_read(ctx.folder, inputs.tenant, keeps_copy=True)
    writes = tuple(write for chunk in chunks for write in chunk)
    journal.begin(run_introduction_json(None, revision, provider.target, started_at), numbers=len(writes))
    applier = Applier(
        JournalledProvider(
            provider, journal, overwrites=frozenset(write.key for write in writes), exposing=frozenset()
        ),
        chunk_size=inputs.tenant.connection.chunk_size,
        concurrency=1,
        is_stopped=ctx.run.stop.is_set,
        is_out_of_time=ctx.run.budget.is_over if ctx.run.budget else lambda: False,
    )
    try:
        own = sending.send(applier)
    except BaseException:
        journal.close()
        raise
    tally = applier.tally
    tally.error = None  # whether CXone can be used is for the read to say
    if not tally.sent_requests:
        journal.forget()
        journal.close()
        return None
    if own:
        journal.record_own(own)
    early = EarlyWrites(writes, len(tally.sent_requests), own)
    return EarlyRun(
        *(started_at, journal, tally, early, provider.clock_offset()),
        total=sending.total,
        rose_enough=sending.rose_enough,
    )


def _absence(past: Past) -> Absence | None:
    """Give what tells that the last full reading lacked a number that is not held; None where nothing does.

    It had what the report of that run counts and its plan names as others', and what the run removed then.
    """
    counted = past.counted
    full = next((stored for stored in past.reports if not stored.report.is_counted), None)
    if full is None or full.report.unmanaged_after is None:
        return None
    if full.report.unmanaged_after == 0 and not full.report.removed:
        return lambda key: key not in counted
    plan_facts = past.history.walk.plan_facts(full)
    was_live = plan_facts["unmanaged"] | plan_facts["off"] | counted
    return lambda key: key not in was_live


def _chunks(ctx: CommandContext, inputs: PlanInputs, past: Past, facts: PlanFacts) -> list[Chunk]:
    """Choose what goes early. Nothing does where what is held is in doubt, or where CXone was not named."""
    tenant = inputs.tenant
    is_named = not (tenant.embedded and ctx.pipeline.is_running and ctx.options.tenant is None)
    newest = past.newest
    if newest is None or past.has_other_target or not is_named:
        return []
    list_ids = {file.list_id for file in past.last_applied.files}
    if facts.dialect.name == "entries":
        list_ids -= _lists_with_unclaimed_registry_entries(past, list_ids)
    new = {(file.path, file.list_id, phone) for file, phone in new_keys(facts) if file.list_id in list_ids}
    if not new:
        return []
    adopted = _adopted(inputs.sources, {path for path, _, _ in new})
    keys = {(list_id, phone) for path, list_id, phone in new if phone in adopted.get(path, ())}
    live_keys = keys | past.put_back_last  # our own word is the last on what went back on for this revision
    return early_chunks(
        facts,
        tenant.connection.chunk_size,
        list_ids=list_ids,
        known_live=live_keys,
        counted=past.counted,
    )


def _lists_with_unclaimed_registry_entries(past: Past, list_ids: Collection[str]) -> set[str]:
    """Name the lists on which the last full reading showed a registry's entry that no file claims.

    In doubt a list is one. A list without any registry's entry is not. Where CXone has nothing that the files
    do not claim, only what a claim of ours took the place of is one, and that is kept without a file's path.
    """
    full_read = next(
        (stored.report for stored in past.reports if stored.report.modified_counts is not None), None
    )
    if full_read is None:
        return set(list_ids)
    newest_rows = past.newest.report.retained if past.newest else ()
    retained = {row.list_id for row in (*full_read.retained, *newest_rows) if not row.entry.path}
    has_registry = {
        list_id
        for list_id, counts in full_read.reasons.items()
        if any(counts.get(reason.value) for reason in REGISTRY_REASONS)
    }
    has_others = full_read.unmanaged != 0 or full_read.unmanaged_after not in {0, None}
    retained |= set(full_read.registry_twins)
    return retained | (has_registry if has_others else set())


def _adopted(sources: Iterable[Source], paths: Collection[str]) -> dict[str, frozenset[str]]:
    """Name by file the numbers that somebody had added in CXone, and `dnc pull` took over: they are live."""
    return {
        source.path: frozenset(_adopted_in(read_document(source.path, source.data).root))
        for source in sources
        if source.path in paths and _FIRST_SEEN.encode() in source.data
    }


def _adopted_in(root: Value) -> Iterator[str]:
    if not isinstance(root, MapNode):
        return
    defaults, entries = root.values.get("defaults"), root.values.get("entries")
    is_default = isinstance(defaults, MapNode) and _FIRST_SEEN in defaults.values
    for entry in entries.items if isinstance(entries, ListNode) else ():
        if isinstance(entry, MapNode) and (is_default or _FIRST_SEEN in entry.values):
            phones = entry.values.get("phones")
            for phone in (
                entry.values.get("phone"),
                *(phones.items if isinstance(phones, ListNode) else ()),
            ):
                if isinstance(phone, str):
                    yield phone
