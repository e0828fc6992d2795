"""From held to desired*: who may come off, and who stays although the files no longer say so.

Every exception of the reconcile table lives here, so that the diff needs none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

from reconciler.model.claims import FITTING, Claims, FileClaims, Key, Release, ReleaseReason
from reconciler.model.live import Live
from reconciler.model.provider import Dialect
from reconciler.model.terms import REGISTRY_REASONS, Terms
from reconciler.planning.change import BlockedBy, Reason, blocks
from reconciler.planning.claiming import Claiming
from reconciler.planning.held import Held, HeldClaim, Kept
from reconciler.planning.touch import History, first_moment, touch_of
from reconciler.planning.wanted import Grant, Wanted

Approved = Callable[[Release], bool]
"""Tells whether as many people approved a release as must; asked only of one that would permit something."""


def unasked(_: Release) -> bool:
    """Take every release as approved: where nobody besides its author must look."""
    return True


def strongest(files: tuple[FileClaims, ...]) -> dict[str, Mapping[str, Terms]]:
    """Join the files' claims: each number of each list with the strongest terms that any file claims."""
    lists: dict[str, Mapping[str, Terms]] = {}
    copied: dict[str, dict[str, Terms]] = {}
    for f in files:
        if f.list_id not in lists:
            lists[f.list_id] = f.numbers
            continue
        if f.list_id not in copied:
            lists[f.list_id] = copied[f.list_id] = dict(lists[f.list_id])
        joined = copied[f.list_id]
        for phone, terms in f.numbers.items():
            other = joined.get(phone)
            # Between equals the later path must not win by chance of order, so the terms' text decides.
            if other is None or (terms.strength, repr(terms)) > (other.strength, repr(other)):
                joined[phone] = terms
    return lists


def want(  # noqa: PLR0913  (the sets that meet, and the three things that judge them)
    desired: Claims,
    held: Held,
    live: Live,
    *,
    dialect: Dialect,
    history: History,
    as_of: date,
    arriving: frozenset[Key] = frozenset(),
    approved: Approved = unasked,
) -> Wanted:
    """Make desired* of desired, held and live.

    `as_of` is the date at UTC-12. `arriving` are the numbers that this run is about to put on: a MOVED
    release fits once the number is live on `to`, and a plan may count on what it sends first.
    """
    standing = desired.standing(as_of)
    judge = _Judge(standing, held, live, dialect, history, as_of, arriving, approved)
    declared = strongest(standing.files)
    kept: dict[Key, Kept] = {}
    granted: dict[Key, Grant] = {}
    for key in _doubtful(standing, held):
        judge.judge(key, kept, granted)
    lists = _with_kept(declared, kept)
    return Wanted(lists, declared, kept, granted, desired.list_ids | held.list_ids, judge.by_list)


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


def _with_kept(
    declared: Mapping[str, Mapping[str, Terms]], kept: Mapping[Key, Kept]
) -> Mapping[str, Mapping[str, Terms]]:
    lists: dict[str, Mapping[str, Terms]] = dict(declared)
    copied: dict[str, dict[str, Terms]] = {}
    for (list_id, phone), keeping in kept.items():
        if list_id not in copied:
            copied[list_id] = dict(lists.get(list_id, {}))
            lists[list_id] = copied[list_id]
        best = max((claim.terms for claim in keeping.claims), key=lambda terms: (terms.strength, repr(terms)))
        other = copied[list_id].get(phone)
        if other is None or best.strength > other.strength:
            copied[list_id][phone] = best
    return lists


class _Judge:
    """Decides for one number after another which held claims may go."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        standing: Claims,
        held: Held,
        live: Live,
        dialect: Dialect,
        history: History,
        as_of: date,
        arriving: frozenset[Key],
        approved: Approved,
    ) -> None:
        self._standing = standing
        self.by_list: dict[str, list[FileClaims]] = {}
        for f in standing.files:
            self.by_list.setdefault(f.list_id, []).append(f)
        self._claiming = {list_id: Claiming(files) for list_id, files in self.by_list.items()}
        self._held = held
        self._live = live
        self._dialect = dialect
        self._history = history
        self._as_of = as_of
        self._arriving = arriving
        self._approved = approved

    def judge(self, key: Key, kept: dict[Key, Kept], granted: dict[Key, Grant]) -> None:
        """Sort the number's held claims into those that stay and those that may go."""
        claims = tuple(self._held.claims(key))
        staying: list[HeldClaim] = []
        going: list[HeldClaim] = []
        blocked: list[BlockedBy] = []
        reasons: list[Reason] = []
        permits: list[Release] = []
        strongest_held = max(
            (self._dialect.strength(self._dialect.carried(c.terms)) for c in claims), default=()
        )
        for claim in claims:
            if self._covered(key, claim):
                continue
            verdict = self._verdict(key, claim, strongest_held)
            if isinstance(verdict, Reason):
                going.append(claim)
                reasons.append(verdict)
                permits += self._permits(key, claim, strongest_held)
            else:
                staying.append(claim)
                blocked.extend(verdict)
        if staying:
            kept[key] = Kept(tuple(staying), blocks(blocked))
        if going:
            reason = Reason.RELEASED if Reason.RELEASED in reasons else Reason.LAPSED
            granted[key] = Grant(reason, tuple(going), tuple(dict.fromkeys(permits)))

    def _claim(self, key: Key) -> Sequence[FileClaims]:
        """Give the files that claim the number today."""
        return self._claiming[key[0]].of(key[1]) if key[0] in self._claiming else ()

    def _covered(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the claim still stands at least as strong, or another file's claim stands in for it.

        A stand-in must let nothing go that the held claim would keep: at least as strong, and released by
        the same kinds of release. So a line may move from file to file without ceremony.
        """
        for f in self._claim(key):
            terms = f.numbers[key[1]]
            if terms.strength < claim.terms.strength:
                continue
            same_kind = (terms.reason_code in REGISTRY_REASONS) == (
                claim.terms.reason_code in REGISTRY_REASONS
            )
            if f.path == claim.path or same_kind:
                return True
        return False

    def _verdict(self, key: Key, claim: HeldClaim, held: tuple[int, ...]) -> Reason | list[BlockedBy]:
        """Say why the claim may go, or all that keeps it: want of permission, of sight, and any hold.

        A hold is a reason beside the others, so that a release which waits for it alone is not spent.
        """
        verdict = self._permission(key, claim, held)
        if isinstance(verdict, Reason) and self._blind(key, claim):
            verdict = [BlockedBy.INCOMPLETE_READ]
        if any(hold.names(key) for hold in self._standing.holds):
            return [BlockedBy.HOLD] if isinstance(verdict, Reason) else [*verdict, BlockedBy.HOLD]
        return verdict

    def _permission(self, key: Key, claim: HeldClaim, held: tuple[int, ...]) -> Reason | list[BlockedBy]:
        why: list[BlockedBy] = []
        only_approval = False
        releases = self._standing.releases.get(key, ())
        for release in releases:
            against = self._against(release, key, claim, held)
            if against is None:
                return Reason.RELEASED
            why.append(against)
            if against is BlockedBy.APPROVAL:
                newest = all(r == release or r.released_on < release.released_on for r in releases)
                only_approval = only_approval or newest
        if claim.terms.over(self._as_of):
            since = claim.since or self._history.first_held(key, claim)
            if not self._opted_out_since(key, since, held):
                return Reason.LAPSED
            why.append(BlockedBy.LATER_OPT_OUT)
        if only_approval:  # the older ones are spent all the same: this one is later
            why = [reason for reason in why if reason is not BlockedBy.NO_RELEASE]
        return why or [BlockedBy.NO_RELEASE]

    def _permits(self, key: Key, claim: HeldClaim, held: tuple[int, ...]) -> list[Release]:
        """Give the release that lets the claim go; none where it lapsed."""
        releases = self._standing.releases.get(key, ())
        return [r for r in releases if self._against(r, key, claim, held) is None][:1]

    def _against(
        self, release: Release, key: Key, claim: HeldClaim, held: tuple[int, ...]
    ) -> BlockedBy | None:
        """Say what keeps a release from letting the claim go; None where it does."""
        if self._spent(release, key, claim):
            return BlockedBy.NO_RELEASE
        if not self._fits(release, claim):
            return BlockedBy.RELEASE_DOES_NOT_FIT
        if not self._approved(release):
            return BlockedBy.APPROVAL
        touched = self._opted_out_since(key, first_moment(release.released_on), held)
        return BlockedBy.LATER_OPT_OUT if touched else None

    def _spent(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the release already stood beside the claim, at the held revision or before.

        A claim that is kept did not stand then: it was spent for it if it was kept for want of a release,
        and not if a guard alone kept the permission from being used. Of several releases only the one that
        is later than all others can have been that permission.
        """
        then = self._held.releases.get(key, ())
        if release not in then:
            return False
        kept = self._held.kept.get(key)
        if kept is not None and claim in kept.claims:
            later = any(r != release and r.released_on >= release.released_on for r in then)
            return later or BlockedBy.NO_RELEASE in kept.blocked_by
        return self._held.stood(key)

    def _blind(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the number would be created weaker than the claim, and may be there all the same."""
        if self._live.complete or self._live.get(key) is not None:
            return False
        now = [f.numbers[key[1]] for f in self._claim(key)]
        return bool(now) and all(terms.strength < claim.terms.strength for terms in now)

    def _fits(self, release: Release, claim: HeldClaim) -> bool:
        if release.reason is ReleaseReason.MOVED:
            return self._arrived((release.to or "", release.phone))
        return release.reason in FITTING[claim.terms.reason_code]

    def _arrived(self, there: Key) -> bool:
        """Tell whether the number has been read on the other list, and is not itself about to leave it."""
        if there in self._arriving:
            return True
        stays = there not in self._held or bool(self._claim(there))
        entry = self._live.get(there)
        # An entry without an id has been sent, and nobody has read it back.
        return stays and entry is not None and entry.id != "" and there not in self._live.unseen

    def _opted_out_since(self, key: Key, since: datetime | None, held: tuple[int, ...]) -> bool:
        """Tell whether somebody else touched the live entry since then. What can't be told counts as yes."""
        entry = self._live.get(key)
        if entry is None:
            return False
        if self._dialect.strength(entry.terms) > held:
            return True
        touch = touch_of(entry)
        if touch is None or since is None:
            return True
        return touch.latest >= since and not self._history.ours(key, touch.at)
