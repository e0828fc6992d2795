"""What planning asks of the world outside: the past of single numbers, and the approval of releases.

Both are asked while a plan is made, not before: which questions there are is known only once a permission is
looked for, few of the numbers have any, and an answer may mean reading reports, git's history or GitLab. An
answer is a fact about what has been, so the same question gets the same answer for as long as a run goes on.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from reconciler.core.model.entries import Key, Release
from reconciler.core.planning.state import AppliedEntry


@dataclass(frozen=True, slots=True)
class ForeignEntry:
    """What somebody else has in an entry that we claim as well.

    `reason_code` is the code of an entry that was there before our first claim; None where the dialect tells
    none, or there was no such entry. `is_modified`: somebody else has modified the entry since our first
    claim. `overwritten_at`: when theirs was that no entry shows any more: the latest that a run saw (on
    CXone's clock), or that one wrote over (the start of that run, on our clock).
    """

    reason_code: str | None = None
    is_modified: bool = False
    overwritten_at: datetime | None = None


class History(Protocol):
    """What the ledger and git know of the past of one number; `use_cases.reconcile.number_history` has it."""

    def is_ours(self, key: Key, modified_at: datetime) -> bool:
        """Tell whether a run that reports having written this number was writing at that moment.

        Asked with the last modification of a live entry: of a claim that something permits to end, and of an
        entry that is to be written over.
        """
        ...

    def applied_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Tell since when this number has been held for the list without a gap; None if that can't be told.

        Asked of a claim whose term is over, and where others may have asked for the number too.
        """
        ...

    def covered_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Tell since when a claim of the same kind, as strong or stronger, has been held without a gap.

        None if that can't be told. Asked of a release that fits, and of a claim without a day of request
        that is to move to another list.
        """
        ...

    def is_used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go: then it permits nothing more.

        The first question about each release of a number whose claim may end.
        """
        ...

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        """Give the latest request, or registry's copy, under which reports since that day held the number.

        None without any. Asked of a release that fits, since its own day.
        """
        ...

    def was_removed(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off.

        Asked of a release that is older than the claim that it would end.
        """
        ...

    def foreign_entry(self, key: Key) -> ForeignEntry | None:
        """Give what others have in the number's entry, as reports since our first claim tell; None: nothing.

        Asked of a claim that a release or the end of its term would end.
        """
        ...

    def is_confirmed_by_git(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether git has a kept claim as the report says, where the number last stood in the files.

        Asked last, of a kept claim that has permission to end.
        """
        ...

    def is_accounted_for(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits.

        Asked last, of a claim that has permission to end.
        """
        ...


class ApprovalCheck(Protocol):
    """Whether a release was approved: git's history or GitLab tells; `use_cases.reconcile.safety` asks."""

    def __call__(self, release: Release, /) -> bool:
        """Tell whether somebody besides its author approved the release.

        Asked of a release that is unused and fits the claim that it would end.
        """
        ...


def unasked(_: Release) -> bool:
    """Take every release as approved: where nobody besides its author must look."""
    return True
