"""From held to desired*: who may come off, and who stays although the files no longer say so.

Every exception of the reconcile table lives here and in `verdict`, so that the diff needs none.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain, compress

from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    DeclaredEntries,
    Key,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Release,
    Terms,
    strongest_terms,
)
from reconciler.core.model.entry_table import terms_by_phone
from reconciler.core.model.live import Live
from reconciler.core.planning.change import BlockedBy, Reason, in_block_order
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.ports import History
from reconciler.core.planning.state import AppliedEntry, Authorization, LastApplied, Retained, TargetState
from reconciler.core.planning.verdict import EntryJudge


def resolve_target_state(
    inputs: PlanFacts, live: Live, history: History, *, is_arriving: bool, block_for: Callable[[str], object]
) -> TargetState:
    """Make desired* of desired, held and live.

    `is_arriving`: what the files claim is about to be sent, so a MOVED release may count on it; a decision
    after the read-back may not. `history` knows what this run has written, besides what the reports tell.
    `block_for` tells of a phone whether this run may end none of its claims.
    """
    active = inputs.declared.active_on(inputs.as_of)
    declared = strongest_terms(active.files)
    judge = EntryJudge(inputs, active, live, history, is_arriving=is_arriving)
    entry_partition = _EntryPartition(inputs.last_applied, live, judge, block_for)
    for key in _candidate_keys(active, inputs.last_applied):
        entry_partition.partition(key)
    retained = entry_partition.retained
    for key, entry in _overwritten_registry_entries(inputs, live, _with_retained(declared, retained), judge):
        entry_partition.retain_registry_entry(key, entry)
    return TargetState(
        _with_retained(declared, retained),
        declared,
        retained,
        entry_partition.authorizations,
        inputs.declared.list_ids | inputs.last_applied.list_ids,
        judge.by_list,
        entry_partition.registry_entries,
        entry_partition.ending_releases,
    )


def _candidate_keys(active: DeclaredEntries, last_applied: LastApplied) -> Iterator[Key]:
    """Give the held numbers of which some claim may be gone or weaker, each once, cheaply for whole files."""
    current = {(file.list_id, file.path): file.numbers for file in active.files}
    seen: set[Key] = set(last_applied.retained)
    yield from last_applied.retained
    for file in last_applied.files:
        numbers = current.get((file.list_id, file.path), {})
        if numbers == file.numbers:
            continue
        for phone, terms in file.numbers.items():
            key = (file.list_id, phone)
            if numbers.get(phone) != terms and key not in seen:
                seen.add(key)
                yield key


class _EntryPartition:
    """Held claims, number by number: those that stay and those that may go."""

    def __init__(
        self, last_applied: LastApplied, live: Live, judge: EntryJudge, block_for: Callable[[str], object]
    ) -> None:
        self.retained: dict[Key, Retained] = {}
        self.authorizations: dict[Key, Authorization] = {}
        self.registry_entries: dict[Key, AppliedEntry] = {}
        self.ending_releases: dict[Key, tuple[Release, ...]] = {}
        self._last_applied = last_applied
        self._live = live
        self._judge = judge
        self._block_for = block_for

    def partition(self, key: Key) -> None:
        """Sort one number's claims. An entry of a registry's that nobody claims is one of them."""
        entries = tuple(self._last_applied.entries(key))
        undeclared = undeclared_registry_entry(key, self._live, self._last_applied, self._judge)
        retained: list[AppliedEntry] = []
        authorized: list[AppliedEntry] = []
        blocked: list[BlockedBy] = []
        reasons: list[Reason] = []
        releases: list[Release] = []
        ended: list[Release] = []
        entry: AppliedEntry
        for entry in (*entries, *((undeclared,) if entries and undeclared else ())):
            if self._judge.is_covered(key, entry):
                continue
            verdict = self._judge.verdict(key, entry)
            if verdict.reason is not None:
                authorized.append(entry)
                reasons.append(verdict.reason)
                releases += [verdict.release] if verdict.release else []
                retained += verdict.remaining
                blocked += [BlockedBy.NO_RELEASE] * bool(verdict.remaining)
                continue
            is_waiting = BlockedBy.HOLD in verdict.blocked_by or self._block_for(key[1])
            if verdict.remaining and verdict.release and not is_waiting:
                ended.append(verdict.release)
                retained += verdict.remaining
            else:
                retained.append(entry)
            blocked.extend(verdict.blocked_by)
            if entry is undeclared:
                self.registry_entries[key] = entry
        if BlockedBy.LATER_OPT_OUT in blocked and self._weakens_others(key, authorized, retained):
            retained += authorized
            authorized = []
        if retained:
            self.retained[key] = Retained(tuple(retained), in_block_order(blocked))
        if ended:
            self.ending_releases[key] = tuple(dict.fromkeys(ended))
        if authorized:
            reason = Reason.RELEASED if Reason.RELEASED in reasons else Reason.LAPSED
            self.authorizations[key] = Authorization(
                reason, tuple(authorized), tuple(dict.fromkeys(releases))
            )

    def _weakens_others(self, key: Key, going: list[AppliedEntry], staying: list[AppliedEntry]) -> bool:
        """Tell whether an entry that is not ours would get our weaker terms, and others asked for the number.

        The registry's word ends a registry's entry, and nobody knows for how long the others asked.
        """
        left = [claim.terms for claim in staying]
        left += [f.numbers[key[1]] for f in self._judge.declaring_files(key)]
        best = max((terms.strength for terms in left), default=())
        return any(not claim.path and claim.terms.strength > best for claim in going)

    def retain_registry_entry(self, key: Key, entry: AppliedEntry) -> None:
        """Keep a registry's entry that one of our claims takes the place of."""
        previous = self.retained.get(key)
        self.registry_entries[key] = entry
        self.retained[key] = (
            Retained((*previous.entries, entry), previous.blocked_by)
            if previous
            else Retained((entry,), (BlockedBy.NO_RELEASE,))
        )


def undeclared_registry_entry(
    key: Key, live: Live, last_applied: LastApplied, judge: EntryJudge
) -> AppliedEntry | None:
    """Give the claim that a registry's entry stands for which CXone shows and no claim explains.

    A claim explains it that a registry's is as strong: the state's says nothing of the national registry.
    """
    live_codes = live.reasons(key)
    code = next((code for code in (ReasonCode.NATIONAL, ReasonCode.STATE) if code in live_codes), None)
    if code is None:
        return None
    registry_terms = Terms(code, Policy.NEVER)
    declared = (file.numbers[key[1]] for file in judge.declaring_files(key))
    # Also by a claim of ours that has ended: its entry stays for somebody else, and shows what we wrote.
    own_terms = chain(declared, (entry.terms for entry in last_applied.entries(key)))
    if any(terms.is_registry and terms.strength >= registry_terms.strength for terms in own_terms):
        return None
    return AppliedEntry("", registry_terms)


def _overwritten_registry_entries(
    inputs: PlanFacts, live: Live, lists: Mapping[str, Mapping[str, Terms]], judge: EntryJudge
) -> Iterator[tuple[Key, AppliedEntry]]:
    """Find registries' entries that nobody claims, of numbers that a claim is about which explains them not.

    Also where the claim is weaker and is not written over it: somebody else may change the entry later.
    """
    for list_id, files in sorted(judge.by_list.items()):  # what is kept has been sorted
        declared = frozenset().union(*(file.distinct for file in files))
        open_codes = {code for code in REGISTRY_REASONS if not all(_explains(t, code) for t in declared)}
        if not open_codes:
            continue
        target_terms, entries = lists.get(list_id, {}), terms_by_phone(live.lists.get(list_id, {}))
        codes = {id(c) for c in _distinct(entries.values()) if c.reason_code in open_codes}
        registry_phones = (
            compress(entries, map(codes.__contains__, map(id, entries.values()))) if codes else ()
        )
        twins = (
            phone
            for (code_list, phone), reason_codes in live.duplicate_codes.items()
            if code_list == list_id and reason_codes & REGISTRY_REASONS and phone in entries
            if entries[phone].reason_code not in open_codes
        )
        for phone in chain(registry_phones, twins):
            terms = target_terms.get(phone)
            if terms is None or _explains(terms, ReasonCode.NATIONAL):
                continue
            if entry := undeclared_registry_entry((list_id, phone), live, inputs.last_applied, judge):
                yield (list_id, phone), entry


_REGISTRY_STRENGTHS = {code: Terms(code, Policy.NEVER).strength for code in REGISTRY_REASONS}


def _explains(terms: Terms, code: ReasonCode) -> bool:
    """Tell whether a claim explains an entry with a registry's reason: it is a registry's, and as strong."""
    return terms.is_registry and terms.strength >= _REGISTRY_STRENGTHS[code]


def _distinct(terms: Collection[ProjectedTerms]) -> Collection[ProjectedTerms]:
    """Give each object once, without hashing what it says."""
    return dict(zip(map(id, terms), terms, strict=True)).values()


def _with_retained(
    declared: Mapping[str, Mapping[str, Terms]], retained: Mapping[Key, Retained]
) -> Mapping[str, Mapping[str, Terms]]:
    lists: dict[str, Mapping[str, Terms]] = dict(declared)
    copied: dict[str, dict[str, Terms]] = {}
    for (list_id, phone), retention in retained.items():
        if list_id not in copied:
            copied[list_id] = dict(lists.get(list_id, {}))
            lists[list_id] = copied[list_id]
        best = max((entry.terms for entry in retention.entries), key=lambda terms: terms.precedence)
        other = copied[list_id].get(phone)
        if other is None or best.strength > other.strength:
            copied[list_id][phone] = best
    return lists
