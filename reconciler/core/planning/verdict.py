"""What becomes of one claim that we hold and the files no longer have: why it may go, or what keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.model.entries import (
    FITTING,
    OF_THE_NUMBER,
    OURS_ONLY,
    REASON_RANK,
    REGISTRY_REASONS,
    Claims,
    FileClaims,
    Key,
    Policy,
    ReasonCode,
    Release,
    Terms,
)
from reconciler.core.model.entries import ReleaseReason as Why
from reconciler.core.model.live import Live
from reconciler.core.planning.change import BlockedBy, Reason
from reconciler.core.planning.inputs import Setting
from reconciler.core.planning.modifications import first_moment, last_day, touch_of
from reconciler.core.planning.ports import History, Others
from reconciler.core.planning.state import Claiming, HeldClaim


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a claim may go, or what keeps it.

    `release` is what lets it go; None where it lapsed. `left` is what goes on being held where the release
    ends our claim and no more, since somebody else asked for the number too.
    """

    reason: Reason | None = None
    blocked_by: tuple[BlockedBy, ...] = ()
    release: Release | None = None
    left: tuple[HeldClaim, ...] = ()


class Judge:
    """Judges held claims one by one. `standing` are the files' claims that stand today."""

    def __init__(
        self, setting: Setting, standing: Claims, live: Live, history: History, *, arriving: bool
    ) -> None:
        self.by_list: dict[str, list[FileClaims]] = {}
        for f in standing.files:
            self.by_list.setdefault(f.list_id, []).append(f)
        self._claiming = {list_id: Claiming(files) for list_id, files in self.by_list.items()}
        self._setting = setting
        self._holds = (*standing.holds, *setting.lingering)
        self._live = live
        self._dialect = setting.dialect
        self._history = history
        self._arriving = arriving

    def claiming(self, key: Key) -> Sequence[FileClaims]:
        """Give the files that claim the number today."""
        return self._claiming[key[0]].of(key[1]) if key[0] in self._claiming else ()

    def covered(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether a claim of today stands in for the held one: of the same kind, and at least as strong.

        It may be the same line or one in another file, so a line may move from file to file without ceremony.
        """
        return any(claim.stood_in_for(f.numbers[key[1]]) for f in self.claiming(key))

    def verdict(self, key: Key, claim: HeldClaim) -> Verdict:
        """Say why the claim may go, or all that keeps it: want of permission, of sight, and any hold.

        A hold is a reason beside the others, so that a release which waits for it alone is not spent.
        """
        found = self._permission(key, claim)
        if found.reason and self._blind(key, claim):
            found = Verdict(blocked_by=(BlockedBy.INCOMPLETE_READ,))
        if (found.reason or found.left) and not self._believed(key, claim):
            found = Verdict(blocked_by=(BlockedBy.NO_RELEASE,))
        if any(hold.names(key) for hold in self._holds):
            return Verdict(blocked_by=(*found.blocked_by, BlockedBy.HOLD))
        return found

    def _believed(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether git has what reports say was held: a report may have been added by somebody else."""
        if claim.held_at is not None and not self._history.vouched(key, claim):
            return False
        return self._history.accounted(key)

    def _permission(self, key: Key, claim: HeldClaim) -> Verdict:
        why: list[BlockedBy] = []
        only_approval = False
        ended: Release | None = None
        releases = self._setting.desired.releases.get(key, ())
        for release in releases:
            against = self._against(release, key, claim)
            if against is None and self._stays_for_others(release, key, claim):
                against = BlockedBy.LATER_OPT_OUT
                ended = release if release.reason in OURS_ONLY and claim.path else ended
            if against is None:
                return Verdict(Reason.RELEASED, release=release)
            why.append(against)
            if against is BlockedBy.APPROVAL:
                newest = all(r == release or r.released_on < release.released_on for r in releases)
                only_approval = only_approval or newest
        if not claim.ended and claim.terms.over(self._setting.as_of):
            if not self._others_keep(key, claim):
                return Verdict(Reason.LAPSED)
            why.append(BlockedBy.LATER_OPT_OUT)
        if ended is not None:
            return self._end_of_ours(ended, key, claim)
        if only_approval:  # the older ones are spent all the same: this one is later
            why = [reason for reason in why if reason is not BlockedBy.NO_RELEASE]
        if claim.ended and BlockedBy.APPROVAL not in why:  # what keeps it is the other's
            why = [BlockedBy.LATER_OPT_OUT]
        return Verdict(blocked_by=tuple(why or [BlockedBy.NO_RELEASE]))

    def _end_of_ours(self, release: Release, key: Key, claim: HeldClaim) -> Verdict:
        """Judge a claim of ours that ends while its entry stays, because others asked for the number too.

        Where theirs was a registry's entry and no more, our claim is gone, and theirs is held like a claim.
        """
        others = self._others(key, claim) or Others(touched=True)
        code = others.reason if others.reason in REGISTRY_REASONS else None
        theirs = () if code is None else (HeldClaim("", Terms(ReasonCode(code), Policy.NEVER)),)
        known = [held for held in self._setting.held.claims(key) if not held.path]
        if any(claim.covered_by(held) for claim in theirs for held in known):
            theirs = ()
        if code is not None and not others.touched:
            return Verdict(Reason.RELEASED, release=release, left=theirs)
        left = (replace(claim, ended=True), *theirs)
        return Verdict(blocked_by=(BlockedBy.LATER_OPT_OUT,), release=release, left=left)

    def _against(self, release: Release, key: Key, claim: HeldClaim) -> BlockedBy | None:
        """Say what keeps a release from ending the claim; None where it does."""
        if self._spent(release, key, claim):
            return BlockedBy.NO_RELEASE
        if not self._fits(release, key, claim):
            return BlockedBy.RELEASE_DOES_NOT_FIT
        if not self._setting.approved(release):
            return BlockedBy.APPROVAL
        return BlockedBy.LATER_OPT_OUT if self._is_older(release, key, claim) else None

    def _stays_for_others(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the entry stays although the release ends the claim: others asked for the number."""
        since = first_moment(release.released_on)
        if self._opted_out_since(key, claim, since):
            return True
        return claim.path != "" and self._ends_ours_only(release, key, claim)

    def _spent(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the release let a claim go before, or stood beside the claim at the held revision.

        A claim that is kept did not stand then: it was spent for it if it was kept for want of a release,
        and not if a guard alone kept the permission from being used. Of several releases only the one that
        is later than all others can have been that permission.
        """
        if self._history.used(release):
            return True
        held = self._setting.held
        then = held.releases.get(key, ())
        if release not in then:
            return False
        kept = held.kept.get(key)
        if kept is not None and claim in kept.claims:
            later = any(r != release and r.released_on >= release.released_on for r in then)
            return later or BlockedBy.NO_RELEASE in kept.blocked_by
        return held.stood(key)

    def _fits(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        if claim.ended:
            return release.reason in OF_THE_NUMBER
        if not claim.path:
            # A registry's entry that nobody of ours claims: only the registry lets it off, and by a release
            # that does not speak of a claim of ours. The state's registry says nothing of the national one.
            ours = any(held.path and held.registry for held in self._setting.held.claims(key))
            return release.reason is Why.REGISTRY_REMOVED and not ours
        if release.reason is Why.MOVED:
            return self._arrived(release, key, claim) is not None
        if release.reason is Why.TERM_ENDED:
            end = claim.terms.effective_end
            over = claim.terms.over(self._setting.as_of)
            return over and end is not None and end < release.released_on
        return release.reason in FITTING[claim.terms.reason_code]

    def _arrived(self, release: Release, key: Key, claim: HeldClaim) -> Terms | None:
        """Give the claim of the files on the other list that stands in for this one, once live there."""
        there = (release.to or "", key[1])
        claims = [
            HeldClaim(f.path, f.numbers[there[1]], retrieved_on=f.retrieved_on) for f in self.claiming(there)
        ]
        terms = next((c.terms for c in claims if self._says_as_much(c, key, claim)), None)
        if terms is None or self._arriving:
            return terms
        entry = self._live.get(there)
        # An entry without an id has been sent, and nobody has read it back.
        if entry is None or entry.id == "" or there in self._live.unseen:
            return None
        carried = self._dialect.carried(terms)
        return terms if self._dialect.strength(entry.terms) >= self._dialect.strength(carried) else None

    def _says_as_much(self, other: HeldClaim, key: Key, claim: HeldClaim) -> bool:
        """Tell whether a claim on another list keeps what this one keeps, and is of no earlier request."""
        if not claim.covered_by(other):
            return False
        if other.asked_on is None:
            return True
        since = None if claim.asked_on else self._history.first_claimed(key, claim)
        asked = claim.asked_on or (None if since is None else last_day(since))
        return asked is not None and other.asked_on >= asked

    def _is_older(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the release is from before what it would let off.

        That is the latest request, or the registry's copy. Where neither is told, or a permission has taken
        the number off before, it is the day on which the number was first held since.
        """
        if claim.ended:  # the modifications of others tell what it is older than
            return False
        on = release.released_on
        days = [c.asked_on for c in self._setting.held.claims(key) if c.registry == claim.registry]
        days.append(self._history.latest_request(key, on, registry=claim.registry))
        asked = max((day for day in days if day is not None), default=None)
        may_be_older = release.reason is Why.ENTERED_IN_ERROR and not claim.registry
        if asked is not None and on < asked and not may_be_older:
            return True
        since = self._history.first_claimed(key, claim)
        if since is not None and on >= last_day(since):
            return False
        return claim.asked_on is None or self._history.taken_off(key)

    def _ends_ours_only(self, release: Release, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the release speaks of our claim alone, where others asked for the number too."""
        if release.reason not in OURS_ONLY:
            return False
        others = self._others(key, claim)
        if others is None:
            return False
        if others.touched or others.reason is None:
            return True
        registry = others.reason in REGISTRY_REASONS
        if release.reason is Why.REGISTRY_REMOVED:
            return not registry
        if release.reason is Why.MOVED:
            there = self._arrived(release, key, claim)
            rank = REASON_RANK.get(others.reason, REASON_RANK[ReasonCode.UNKNOWN])
            return not (
                there is not None
                and there.registry == registry
                and there.effective_end is None
                and REASON_RANK[there.reason_code] >= rank
            )
        return True

    def _others_keep(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether our date ends nothing: others asked for the number, until nobody knows when."""
        if self._opted_out_since(key, claim, self._history.first_held(key, claim)):
            return True
        entry = self._live.get(key)
        shown = self._dialect.carried(claim.terms) if entry is None else entry.terms
        return shown.end is None and self._others(key, claim) is not None

    def _others(self, key: Key, claim: HeldClaim) -> Others | None:
        """Say what others have in the number's entry: as reports tell, and by its last modification."""
        known, entry = self._history.others(key), self._live.get(key)
        if entry is None:
            return known
        touch = touch_of(entry)
        if touch is not None and self._history.ours(key, touch.at):
            return known
        since = self._history.first_held(key, claim)
        reason = known.reason if known else entry.terms.reason_code or None
        if touch is None or since is None or touch.latest >= since or (known and known.touched):
            return Others(reason, touched=True)
        return known or Others(reason)

    def _opted_out_since(self, key: Key, claim: HeldClaim, since: datetime | None) -> bool:
        """Tell whether somebody else touched the live entry since then. What can't be told counts as yes.

        An entry that is stronger than what we hold counts as well, unless it is others' alone.
        """
        if since is not None and self._is_on_record_since(key, claim, since):
            return True
        entry = self._live.get(key)
        if entry is None:
            return False
        ours = [c.terms for c in self._setting.held.claims(key)]
        ours += [f.numbers[key[1]] for f in self.claiming(key)]
        held = max((self._dialect.strength(self._dialect.carried(terms)) for terms in ours), default=())
        if not claim.ended and self._dialect.strength(entry.terms) > held:
            return True
        touch = touch_of(entry)
        if touch is None or since is None:
            return True
        return touch.latest >= since and not self._history.ours(key, touch.at)

    def _is_on_record_since(self, key: Key, claim: HeldClaim, since: datetime) -> bool:
        """Tell whether reports know of somebody else's request since then that no entry shows any more.

        It counts whether we have restored the entry that others took off, or are about to.
        """
        others, entry = self._history.others(key), self._live.get(key)
        if others is None:
            return False
        if others.overwritten is not None:
            return others.overwritten >= since
        touch = None if entry is None else touch_of(entry)
        if touch is not None and not self._history.ours(key, touch.at):
            return False  # the entry shows it
        first = self._history.first_held(key, claim)  # theirs was there before
        return first is None or first > since

    def _blind(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether the number would be created weaker than the claim, and may be there all the same."""
        if self._live.complete or self._live.get(key) is not None:
            return False
        now = [f.numbers[key[1]] for f in self.claiming(key)]
        return bool(now) and all(terms.strength < claim.terms.strength for terms in now)
