"""From held to desired*: who may come off, and who stays although the files no longer say so.

Every exception of the reconcile table lives here and in `verdict`, so that the diff needs none.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain, compress

from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    Carried,
    Claims,
    FileClaims,
    Key,
    Policy,
    ReasonCode,
    Release,
    Terms,
    strongest_terms,
)
from reconciler.core.model.entry_table import terms_of
from reconciler.core.model.live import Live
from reconciler.core.planning.change import BlockedBy, Reason, blocks
from reconciler.core.planning.inputs import Setting
from reconciler.core.planning.ports import History
from reconciler.core.planning.state import Grant, Held, HeldClaim, Kept, Wanted
from reconciler.core.planning.verdict import Judge


def want(
    setting: Setting, live: Live, history: History, *, arriving: bool, holds_back: Callable[[str], object]
) -> Wanted:
    """Make desired* of desired, held and live.

    `arriving`: what the files claim is about to be sent, so a MOVED release may count on it; a decision after
    the read-back may not. `history` knows what this run has written, besides what the reports tell.
    `holds_back` tells of a phone whether this run may end none of its claims.
    """
    standing = setting.desired.standing(setting.as_of)
    declared = strongest_terms(standing.files)
    judge = Judge(setting, standing, live, history, arriving=arriving)
    sorted_claims = _Sorted(setting.held, live, judge, holds_back)
    for key in _doubtful(standing, setting.held):
        sorted_claims.sort(key)
    kept = sorted_claims.kept
    for key, claim in _overwritten(setting, live, _with_kept(declared, kept), judge):
        sorted_claims.keep_registry(key, claim)
    return Wanted(
        _with_kept(declared, kept),
        declared,
        kept,
        sorted_claims.granted,
        setting.desired.list_ids | setting.held.list_ids,
        judge.by_list,
        sorted_claims.registry,
        sorted_claims.ended,
    )


def _doubtful(standing: Claims, held: Held) -> Iterator[Key]:
    """Give the held numbers of which some claim may be gone or weaker, each once, cheaply for whole files."""
    now = {(f.list_id, f.path): f.numbers for f in standing.files}
    seen: set[Key] = set(held.kept)
    yield from held.kept
    for f in held.files:
        numbers = now.get((f.list_id, f.path), {})
        if numbers == f.numbers:
            continue
        for phone, terms in f.numbers.items():
            key = (f.list_id, phone)
            if numbers.get(phone) != terms and key not in seen:
                seen.add(key)
                yield key


class _Sorted:
    """Held claims, number by number: those that stay and those that may go."""

    def __init__(self, held: Held, live: Live, judge: Judge, holds_back: Callable[[str], object]) -> None:
        self.kept: dict[Key, Kept] = {}
        self.granted: dict[Key, Grant] = {}
        self.registry: dict[Key, HeldClaim] = {}
        self.ended: dict[Key, tuple[Release, ...]] = {}
        self._held = held
        self._live = live
        self._judge = judge
        self._holds_back = holds_back

    def sort(self, key: Key) -> None:
        """Sort one number's claims. An entry of a registry's that nobody claims is one of them."""
        claims = tuple(self._held.claims(key))
        unclaimed = unclaimed_registry(key, self._live, self._held, self._judge)
        staying: list[HeldClaim] = []
        going: list[HeldClaim] = []
        blocked: list[BlockedBy] = []
        reasons: list[Reason] = []
        releases: list[Release] = []
        ended: list[Release] = []
        claim: HeldClaim
        for claim in (*claims, *((unclaimed,) if claims and unclaimed else ())):
            if self._judge.covered(key, claim):
                continue
            verdict = self._judge.verdict(key, claim)
            if verdict.reason is not None:
                going.append(claim)
                reasons.append(verdict.reason)
                releases += [verdict.release] if verdict.release else []
                staying += verdict.left
                blocked += [BlockedBy.NO_RELEASE] * bool(verdict.left)
                continue
            waits = BlockedBy.HOLD in verdict.blocked_by or self._holds_back(key[1])
            if verdict.left and verdict.release and not waits:
                ended.append(verdict.release)
                staying += verdict.left
            else:
                staying.append(claim)
            blocked.extend(verdict.blocked_by)
            if claim is unclaimed:
                self.registry[key] = claim
        if BlockedBy.LATER_OPT_OUT in blocked and self._weakens_others(key, going, staying):
            staying += going
            going = []
        if staying:
            self.kept[key] = Kept(tuple(staying), blocks(blocked))
        if ended:
            self.ended[key] = tuple(dict.fromkeys(ended))
        if going:
            reason = Reason.RELEASED if Reason.RELEASED in reasons else Reason.LAPSED
            self.granted[key] = Grant(reason, tuple(going), tuple(dict.fromkeys(releases)))

    def _weakens_others(self, key: Key, going: list[HeldClaim], staying: list[HeldClaim]) -> bool:
        """Tell whether an entry that is not ours would get our weaker terms, and others asked for the number.

        The registry's word ends a registry's entry, and nobody knows for how long the others asked.
        """
        left = [claim.terms for claim in staying]
        left += [f.numbers[key[1]] for f in self._judge.claiming(key)]
        best = max((terms.strength for terms in left), default=())
        return any(not claim.path and claim.terms.strength > best for claim in going)

    def keep_registry(self, key: Key, claim: HeldClaim) -> None:
        """Keep a registry's entry that one of our claims takes the place of."""
        before = self.kept.get(key)
        self.registry[key] = claim
        self.kept[key] = (
            Kept((*before.claims, claim), before.blocked_by)
            if before
            else Kept((claim,), (BlockedBy.NO_RELEASE,))
        )


def unclaimed_registry(key: Key, live: Live, held: Held, judge: Judge) -> HeldClaim | None:
    """Give the claim that a registry's entry stands for which CXone shows and no claim explains.

    A claim explains it that a registry's is as strong: the state's says nothing of the national registry.
    """
    found = live.reasons(key)
    code = next((code for code in (ReasonCode.NATIONAL, ReasonCode.STATE) if code in found), None)
    if code is None:
        return None
    shown = Terms(code, Policy.NEVER)
    declared = (f.numbers[key[1]] for f in judge.claiming(key))
    # Also by a claim of ours that has ended: its entry stays for somebody else, and shows what we wrote.
    ours = chain(declared, (claim.terms for claim in held.claims(key)))
    if any(terms.registry and terms.strength >= shown.strength for terms in ours):
        return None
    return HeldClaim("", shown)


def _overwritten(
    setting: Setting, live: Live, lists: Mapping[str, Mapping[str, Terms]], judge: Judge
) -> Iterator[tuple[Key, HeldClaim]]:
    """Find registries' entries that nobody claims, of numbers that a company's claim is about.

    Also where the claim is weaker and is not written over it: somebody else may change the entry later.
    """
    company = {f.list_id for files in judge.by_list.values() for f in files if not _registry_alone(f)}
    for list_id in sorted(company):  # what is kept has been sorted
        wanted, entries = lists.get(list_id, {}), terms_of(live.lists.get(list_id, {}))
        codes = {id(c) for c in _distinct(entries.values()) if c.reason_code in REGISTRY_REASONS}
        shown = compress(entries, map(codes.__contains__, map(id, entries.values()))) if codes else ()
        twins = (
            phone
            for (of, phone), every in live.codes.items()
            if of == list_id and every & REGISTRY_REASONS and phone in entries
            if entries[phone].reason_code not in REGISTRY_REASONS
        )
        for phone in chain(shown, twins):
            terms = wanted.get(phone)
            if terms is None or terms.registry:
                continue
            if claim := unclaimed_registry((list_id, phone), live, setting.held, judge):
                yield (list_id, phone), claim


def _registry_alone(file: FileClaims) -> bool:
    """Tell whether all that a file claims is a registry's, which takes no registry's entry away."""
    return all(terms.registry for terms in file.distinct)


def _distinct(terms: Collection[Carried]) -> Collection[Carried]:
    """Give each object once, without hashing what it says."""
    return dict(zip(map(id, terms), terms, strict=True)).values()


def _with_kept(
    declared: Mapping[str, Mapping[str, Terms]], kept: Mapping[Key, Kept]
) -> Mapping[str, Mapping[str, Terms]]:
    lists: dict[str, Mapping[str, Terms]] = dict(declared)
    copied: dict[str, dict[str, Terms]] = {}
    for (list_id, phone), keeping in kept.items():
        if list_id not in copied:
            copied[list_id] = dict(lists.get(list_id, {}))
            lists[list_id] = copied[list_id]
        best = max((claim.terms for claim in keeping.claims), key=lambda terms: terms.precedence)
        other = copied[list_id].get(phone)
        if other is None or best.strength > other.strength:
            copied[list_id][phone] = best
    return lists
