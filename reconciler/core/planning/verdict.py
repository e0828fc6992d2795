"""What becomes of one claim that we hold and the files no longer have: why it may go, or what keeps it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.model.entries import (
    FITTING,
    NUMBER_RELEASES,
    OWN_ENTRY_RELEASES,
    REASON_RANK,
    REGISTRY_REASONS,
    DeclaredEntries,
    FileEntries,
    Key,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Release,
    Terms,
)
from reconciler.core.model.entries import ReleaseReason as Why
from reconciler.core.model.live import Live
from reconciler.core.planning.change import BlockedBy, Reason
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.modifications import first_moment, last_day, modification_of
from reconciler.core.planning.ports import ForeignEntry, History
from reconciler.core.planning.state import AppliedEntry, FilesByNumber


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    """Why a claim may go, or what keeps it.

    `release` is what lets it go; None where it lapsed. `remaining` is what goes on being held where the
    release ends our claim and no more, since somebody else asked for the number too.
    """

    reason: Reason | None = None
    blocked_by: tuple[BlockedBy, ...] = ()
    release: Release | None = None
    remaining: tuple[AppliedEntry, ...] = ()


class EntryJudge:
    """Judges held claims one by one. `standing` are the files' claims that stand today."""

    def __init__(
        self, inputs: PlanFacts, active: DeclaredEntries, live: Live, history: History, *, is_arriving: bool
    ) -> None:
        self.by_list: dict[str, list[FileEntries]] = {}
        for file in active.files:
            self.by_list.setdefault(file.list_id, []).append(file)
        self._files_by_list = {list_id: FilesByNumber(files) for list_id, files in self.by_list.items()}
        self._inputs = inputs
        self._holds = (*active.holds, *inputs.lingering_holds)
        self._live = live
        self._dialect = inputs.dialect
        self._history = history
        self._is_arriving = is_arriving

    def declaring_files(self, key: Key) -> Sequence[FileEntries]:
        """Give the files that claim the number today."""
        return self._files_by_list[key[0]].of(key[1]) if key[0] in self._files_by_list else ()

    def is_covered(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether a claim of today stands in for the held one: of the same kind, and at least as strong.

        It may be the same line or one in another file, so a line may move from file to file without ceremony.
        """
        return any(entry.is_covered_by_terms(file.numbers[key[1]]) for file in self.declaring_files(key))

    def verdict(self, key: Key, entry: AppliedEntry) -> EntryVerdict:
        """Say why the claim may go, or all that keeps it: want of permission, of sight, and any hold.

        A hold is a reason beside the others, so that a release which waits for it alone is not spent.
        """
        verdict = self._authorization(key, entry)
        if verdict.reason and self._is_unseen_weakening(key, entry):
            verdict = EntryVerdict(blocked_by=(BlockedBy.INCOMPLETE_READ,))
        if (verdict.reason or verdict.remaining) and not self._is_confirmed(key, entry):
            verdict = EntryVerdict(blocked_by=(BlockedBy.NO_RELEASE,))
        if any(hold.covers(key) for hold in self._holds):
            return EntryVerdict(blocked_by=(*verdict.blocked_by, BlockedBy.HOLD))
        return verdict

    def _is_confirmed(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether git has what reports say was held: a report may have been added by somebody else."""
        if entry.last_revision is not None and not self._history.is_confirmed_by_git(key, entry):
            return False
        return self._history.is_accounted_for(key)

    def _authorization(self, key: Key, entry: AppliedEntry) -> EntryVerdict:
        blocks: list[BlockedBy] = []
        is_only_unapproved = False
        ended: Release | None = None
        releases = self._inputs.declared.releases.get(key, ())
        for release in releases:
            objection = self._objection(release, key, entry)
            if objection is None and self._is_needed_by_others(release, key, entry):
                objection = BlockedBy.LATER_OPT_OUT
                ended = release if release.reason in OWN_ENTRY_RELEASES and entry.path else ended
            if objection is None:
                return EntryVerdict(Reason.RELEASED, release=release)
            blocks.append(objection)
            if objection is BlockedBy.APPROVAL:
                is_newest = all(r == release or r.released_on < release.released_on for r in releases)
                is_only_unapproved = is_only_unapproved or is_newest
        if not entry.is_own_ended and entry.terms.is_expired(self._inputs.as_of):
            if not self._is_kept_for_others(key, entry):
                return EntryVerdict(Reason.LAPSED)
            blocks.append(BlockedBy.LATER_OPT_OUT)
        if ended is not None:
            return self._end_own_entry(ended, key, entry)
        if is_only_unapproved:  # the older ones are spent all the same: this one is later
            blocks = [reason for reason in blocks if reason is not BlockedBy.NO_RELEASE]
        if entry.is_own_ended and BlockedBy.APPROVAL not in blocks:  # what keeps it is the other's
            blocks = [BlockedBy.LATER_OPT_OUT]
        return EntryVerdict(blocked_by=tuple(blocks or [BlockedBy.NO_RELEASE]))

    def _end_own_entry(self, release: Release, key: Key, entry: AppliedEntry) -> EntryVerdict:
        """Judge a claim of ours that ends while its entry stays, because others asked for the number too.

        Where theirs was a registry's entry and no more, our claim is gone, and theirs is held like a claim.
        """
        foreign_entry = self._foreign_entry(key, entry) or ForeignEntry(is_modified=True)
        code = foreign_entry.reason_code if foreign_entry.reason_code in REGISTRY_REASONS else None
        registry_entries = () if code is None else (AppliedEntry("", Terms(ReasonCode(code), Policy.NEVER)),)
        is_known = [applied for applied in self._inputs.last_applied.entries(key) if not applied.path]
        if any(entry.is_covered_by(applied) for entry in registry_entries for applied in is_known):
            registry_entries = ()
        if code is not None and not foreign_entry.is_modified:
            return EntryVerdict(Reason.RELEASED, release=release, remaining=registry_entries)
        remaining = (replace(entry, is_own_ended=True), *registry_entries)
        return EntryVerdict(blocked_by=(BlockedBy.LATER_OPT_OUT,), release=release, remaining=remaining)

    def _objection(self, release: Release, key: Key, entry: AppliedEntry) -> BlockedBy | None:
        """Say what keeps a release from ending the claim; None where it does."""
        if self._is_already_used(release, key, entry):
            return BlockedBy.NO_RELEASE
        if not self._is_fitting(release, key, entry):
            return BlockedBy.RELEASE_DOES_NOT_FIT
        if not self._inputs.is_approved(release):
            return BlockedBy.APPROVAL
        return BlockedBy.LATER_OPT_OUT if self._is_older(release, key, entry) else None

    def _is_needed_by_others(self, release: Release, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether the entry stays although the release ends the claim: others asked for the number."""
        since = first_moment(release.released_on)
        if self._was_modified_since(key, entry, since):
            return True
        return entry.path != "" and self._is_own_entry_release(release, key, entry)

    def _is_already_used(self, release: Release, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether the release let a claim go before, or stood beside the claim at the held revision.

        A claim that is kept did not stand then: it was spent for it if it was kept for want of a release,
        and not if a guard alone kept the permission from being used. Of several releases only the one that
        is later than all others can have been that permission.
        """
        if self._history.is_used(release):
            return True
        last_applied = self._inputs.last_applied
        applied_releases = last_applied.releases.get(key, ())
        if release not in applied_releases:
            return False
        retained = last_applied.retained.get(key)
        if retained is not None and entry in retained.entries:
            has_later = any(r != release and r.released_on >= release.released_on for r in applied_releases)
            return has_later or BlockedBy.NO_RELEASE in retained.blocked_by
        return last_applied.was_declared(key)

    def _is_fitting(self, release: Release, key: Key, entry: AppliedEntry) -> bool:
        if entry.is_own_ended:
            return release.reason in NUMBER_RELEASES
        if not entry.path:
            # A registry's entry that nobody of ours claims: only the registry lets it off, and by a release
            # that does not speak of a claim of ours. The state's registry says nothing of the national one.
            has_own_entry = any(
                applied.path and applied.is_registry for applied in self._inputs.last_applied.entries(key)
            )
            return release.reason is Why.REGISTRY_REMOVED and not has_own_entry
        if release.reason is Why.MOVED:
            return self._moved_terms(release, key, entry) is not None
        if release.reason is Why.TERM_ENDED:
            end = entry.terms.effective_end
            is_expired = entry.terms.is_expired(self._inputs.as_of)
            return is_expired and end is not None and end < release.released_on
        return release.reason in FITTING[entry.terms.reason_code]

    def _moved_terms(self, release: Release, key: Key, entry: AppliedEntry) -> Terms | None:
        """Give the claim of the files on the other list that stands in for this one, once live there."""
        moved_key = (release.to or "", key[1])
        candidates = [
            AppliedEntry(file.path, file.numbers[moved_key[1]], retrieved_on=file.retrieved_on)
            for file in self.declaring_files(moved_key)
        ]
        terms = next((c.terms for c in candidates if self._is_equivalent(c, key, entry)), None)
        if terms is None or self._is_arriving:
            return terms
        live_entry = self._live.get(moved_key)
        # An entry without an id has been sent, and nobody has read it back.
        if live_entry is None or live_entry.id == "" or moved_key in self._live.unseen:
            return None
        projected = self._dialect.project(terms)
        return (
            terms if self._dialect.strength(live_entry.terms) >= self._dialect.strength(projected) else None
        )

    def _is_equivalent(self, other: AppliedEntry, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether a claim on another list keeps what this one keeps, and is of no earlier request."""
        if not entry.is_covered_by(other):
            return False
        if other.request_day is None:
            return True
        since = None if entry.request_day else self._history.covered_since(key, entry)
        requested = entry.request_day or (None if since is None else last_day(since))
        return requested is not None and other.request_day >= requested

    def _is_older(self, release: Release, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether the release is from before what it would let off.

        That is the latest request, or the registry's copy. Where neither is told, or a permission has taken
        the number off before, it is the day on which the number was first held since.
        """
        if entry.is_own_ended:  # the modifications of others tell what it is older than
            return False
        released_on = release.released_on
        days = [
            c.request_day
            for c in self._inputs.last_applied.entries(key)
            if c.is_registry == entry.is_registry
        ]
        days.append(self._history.latest_request(key, released_on, registry=entry.is_registry))
        requested = max((day for day in days if day is not None), default=None)
        may_be_older = release.reason is Why.ENTERED_IN_ERROR and not entry.is_registry
        if requested is not None and released_on < requested and not may_be_older:
            return True
        since = self._history.covered_since(key, entry)
        if since is not None and released_on >= last_day(since):
            return False
        return entry.request_day is None or self._history.was_removed(key)

    def _is_own_entry_release(self, release: Release, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether the release speaks of our claim alone, where others asked for the number too."""
        if release.reason not in OWN_ENTRY_RELEASES:
            return False
        foreign_entry = self._foreign_entry(key, entry)
        if foreign_entry is None:
            return False
        if foreign_entry.is_modified or foreign_entry.reason_code is None:
            return True
        is_registry = foreign_entry.reason_code in REGISTRY_REASONS
        if release.reason is Why.REGISTRY_REMOVED:
            return not is_registry
        if release.reason is Why.MOVED:
            moved_terms = self._moved_terms(release, key, entry)
            rank = REASON_RANK.get(foreign_entry.reason_code, REASON_RANK[ReasonCode.UNKNOWN])
            return not (
                moved_terms is not None
                and moved_terms.is_registry == is_registry
                and moved_terms.effective_end is None
                and REASON_RANK[moved_terms.reason_code] >= rank
            )
        return True

    def _is_kept_for_others(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether our date ends nothing: others asked for the number, until nobody knows when."""
        if self._was_modified_since(key, entry, self._history.applied_since(key, entry)):
            return True
        live_entry = self._live.get(key)
        shown = self._dialect.project(entry.terms) if live_entry is None else live_entry.terms
        return shown.end is None and self._foreign_entry(key, entry) is not None

    def _foreign_entry(self, key: Key, entry: AppliedEntry) -> ForeignEntry | None:
        """Say what others have in the number's entry: as reports tell, and by its last modification."""
        reported, live_entry = self._history.foreign_entry(key), self._live.get(key)
        if live_entry is None:
            return reported
        modification = modification_of(live_entry)
        if modification is not None and self._history.is_ours(key, modification.at):
            return reported
        since = self._history.applied_since(key, entry)
        reason = reported.reason_code if reported else live_entry.terms.reason_code or None
        if (
            modification is None
            or since is None
            or modification.latest >= since
            or (reported and reported.is_modified)
        ):
            return ForeignEntry(reason, is_modified=True)
        return reported or ForeignEntry(reason)

    def _was_modified_since(self, key: Key, entry: AppliedEntry, since: datetime | None) -> bool:
        """Tell whether somebody else touched the live entry since then. What can't be told counts as yes.

        An entry that is stronger than what we hold counts as well, unless it is others' alone.
        """
        if since is not None and self._is_on_record_since(key, entry, since):
            return True
        live_entry = self._live.get(key)
        if live_entry is None:
            return False
        own_terms = [c.terms for c in self._inputs.last_applied.entries(key)]
        own_terms += [file.numbers[key[1]] for file in self.declaring_files(key)]
        own_strength = max(
            (self._dialect.strength(self._dialect.project(terms)) for terms in own_terms), default=()
        )
        is_stronger = self._dialect.strength(live_entry.terms) > own_strength
        if not entry.is_own_ended and is_stronger and not self._is_as_sent(live_entry.terms, own_terms):
            return True
        modification = modification_of(live_entry)
        if modification is None or since is None:
            return True
        return modification.latest >= since and not self._history.is_ours(key, modification.at)

    def _is_as_sent(self, shown: ProjectedTerms, own_terms: Iterable[Terms]) -> bool:
        """Tell whether a read may show one of ours like this."""
        projected = map(self._dialect.project, own_terms)
        return any(self._dialect.shape.is_as_sent(shown, own) for own in projected)

    def _is_on_record_since(self, key: Key, claim: AppliedEntry, since: datetime) -> bool:
        """Tell whether reports know of somebody else's request since then that no entry shows any more.

        It counts whether we have restored the entry that others took off, or are about to.
        """
        others, entry = self._history.foreign_entry(key), self._live.get(key)
        if others is None:
            return False
        if others.overwritten_at is not None:
            return others.overwritten_at >= since
        touch = None if entry is None else modification_of(entry)
        if touch is not None and not self._history.is_ours(key, touch.at):
            return False  # the entry shows it
        first = self._history.applied_since(key, claim)  # theirs was there before
        return first is None or first > since

    def _is_unseen_weakening(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether the number would be created weaker than the claim, and may be there all the same."""
        if self._live.complete or self._live.get(key) is not None:
            return False
        current_terms = [file.numbers[key[1]] for file in self.declaring_files(key)]
        return bool(current_terms) and all(terms.strength < entry.terms.strength for terms in current_terms)
