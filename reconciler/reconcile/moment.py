"""A number at a past moment: what `dnc check --at` answers with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.reconcile.files_then import LineThen
from reconciler.reconcile.reported import Look, Reported, Touch


@dataclass(frozen=True, slots=True)
class OnListThen:
    """What is known of the number on one list at the moment.

    `left`: whether the run before the moment left it live; `live`: whether it was live at the moment, None
    where runs around it tell different things, or none can tell. `seen_before` and `seen_after` are the looks
    nearest to the moment, and `there_after` what the latter found. `on_since` is the run that put it on; None
    where it was live when it was first seen. `why_not` are CXone's words where it is not live.
    """

    list_id: str
    lines: tuple[LineThen, ...]
    kept: tuple[str, ...] | None
    holds: tuple[str, ...]
    left: bool | None
    live: bool | None
    unmanaged: bool
    terms: Mapping[str, str] | None
    on_since: Touch | None
    seen_before: Look | None
    seen_after: Look | None
    there_after: bool | None
    touches: tuple[Touch, ...]
    why_not: str

    @property
    def is_wanted(self) -> bool:
        """Tell whether it was to be live here."""
        return bool(self.lines) or self.kept is not None


@dataclass(frozen=True, slots=True)
class Then:
    """A number at a past moment, on all lists, and the record that says so.

    `report` is the newest finished at or before the moment; None: the moment is before `first`. `under_way`
    is a run that had begun and not ended. `failed` are reports between that and the moment that saw nothing.
    `head` is the chain's end, `reports` how many were walked from there, each link checked. `purges` are
    those of them that continue the chain after a purge, and explain which links before them do not hold.
    `unread` says why the files of the report's revision can't be read.
    """

    tenant: str
    number: str
    moment: datetime
    asked_at: datetime
    report: Reported | None = None
    target: Mapping[str, Any] | None = None
    under_way: Reported | None = None
    failed: tuple[Reported, ...] = ()
    first: Reported | None = None
    head: Reported | None = None
    reports: int = 0
    purges: tuple[int, ...] = ()
    unread: str = ""
    lists: tuple[OnListThen, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Tell whether some list was to have it."""
        return any(one.is_wanted for one in self.lists)

    @property
    def is_protected(self) -> bool | None:
        """Tell whether it was listed, and live everywhere it should be; None where nobody can tell."""
        wanted = [one.live for one in self.lists if one.is_wanted]
        if self.report is None:
            return None
        if not wanted or False in wanted:
            return False
        return None if None in wanted else True
