"""What a report tells of what its run read in CXone, how, and when it wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.audit.report_format import REPEATS
from reconciler.audit.report_rows import ListCount, ReadBack, Window, window_from_json


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """The part of a report that tells what was read and when. `fields` are the report's own."""

    fields: Mapping[str, Any]

    @property
    def is_repeat(self) -> bool:
        """Tell whether it only repeats what the one before told: its run failed, or there was none."""
        return self.fields["status"] in REPEATS

    @property
    def status(self) -> str:
        """How the run ended: complete, partial, interrupted, in-sync, failed, reanchored."""
        return str(self.fields["status"])

    @property
    def finished_text(self) -> str:
        """When the run was over, on our clock, as it is written."""
        return str(self.fields["finished_at"])

    @property
    def unmanaged(self) -> int | None:
        """How many numbers others had added; None: the run has not looked."""
        return None if self.is_repeat or self.is_counted else self._counts("unmanaged")["unmanaged"]

    @property
    def unmanaged_after(self) -> int | None:
        """How many numbers others had added by the end; None: not all was read then, or it is not told."""
        count: int | None = None if self.is_repeat else self.fields.get("unmanaged_after")
        return count

    @property
    def registry_twins(self) -> tuple[str, ...]:
        """The lists on which a number had several entries at the end, a registry's among them."""
        return tuple(self.fields.get("registry_twins", ()))

    @property
    def modified_counts(self) -> Mapping[str, int] | None:
        """By list how many entries somebody else had modified; None: not all was read."""
        touched: Mapping[str, int] | None = self.fields.get("touched")
        return touched

    @property
    def read_back(self) -> ReadBack | None:
        """The verification read; None: there was none."""
        fields = self.fields["read_back"]
        return ReadBack(fields) if fields else None

    @property
    def is_counted(self) -> bool:
        """Whether counts verified the run: it read no list."""
        return self.read_back is not None and bool(self.read_back.fields["how"] == "counts")

    @property
    def is_full_reading(self) -> bool:
        """Whether the run read everything without a gap, and saw what it left."""
        how = self.read_back.fields["how"] if self.read_back else "none"
        is_whole = not self.is_repeat and self.status != "interrupted" and self.modified_counts is not None
        return is_whole and how in {"full", "none"}

    @property
    def is_verified(self) -> bool:
        """Whether the run saw CXone as it left it: it read it back, or had nothing to send."""
        if self.is_repeat or self.status == "interrupted":
            return False
        read_back = self.read_back
        return self.status == "in-sync" if read_back is None else read_back.is_full

    @property
    def is_verified_without_gaps(self) -> bool:
        """Whether it saw every number as it left it."""
        read_back = self.read_back
        return self.is_verified and (read_back is None or read_back.is_complete)

    @property
    def verified_text(self) -> str:
        """When a verified run looked, as it is written: at its read-back, or at its end."""
        read_back = self.read_back
        return read_back.at if read_back else self.finished_text

    @property
    def live_after(self) -> Mapping[str, ListCount]:
        """What was live afterwards, by list; empty where the run read nothing."""
        after = (self.fields.get("live") or {}).get("after") or {}
        return {list_id: ListCount(fields) for list_id, fields in after.items()}

    @property
    def reasons(self) -> Mapping[str, Mapping[str, int]]:
        """How many numbers were live afterwards, by list and reason code."""
        return dict(self.fields.get("reasons") or {})

    @property
    def write_window(self) -> Window | None:
        """When the run can have written after its read, on CXone's clock; None: it wrote nothing then."""
        return window_from_json(self.fields)

    @property
    def early_window(self) -> Window | None:
        """When the run can have written before its read, on CXone's clock; None: it wrote nothing then."""
        return window_from_json(self.fields.get("early") or {}, "window")

    @property
    def has_written(self) -> bool:
        """Whether the run wrote anything, before its read or after."""
        return self.write_window is not None or self.early_window is not None

    def _counts(self, *names: str) -> dict[str, int]:
        summary = self.fields["summary"]
        return {name: summary.get(name, 0) for name in names}
