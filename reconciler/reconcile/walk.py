"""A tenant's chain of reports, walked from its head to a moment, and on from there."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.reconcile.reported import Reported, Told, told_of

_REMEMBERED = 100  # reports after the moment, of which the first that read CXone is looked for


class Walk:
    """The chain, walked from its head to the moment; `older` goes on from there."""

    def __init__(self, ledger: Ledger, tenant: str, moment: datetime) -> None:
        self.ledger = ledger
        self.moment = moment
        self.count = 0
        self.head: Reported | None = None
        self.newest: StoredReport | None = None
        self.later: deque[StoredReport] = deque(maxlen=_REMEMBERED)  # the nearest to the moment last
        self.failed: list[StoredReport] = []
        self.purges: list[
            int
        ] = []  # reports that continue the chain after one: links before it hold as it says
        self._reports = ledger.reports(tenant)
        for stored in self._reports:
            self._count(stored)
            self.head = self.head or Reported.of(stored)
            if stored.report.finished_at > moment:
                self.later.append(stored)
            elif stored.report.repeats:
                self.failed.append(stored)
            else:
                self.newest = stored
                break

    def older(self) -> Iterator[StoredReport]:
        """Go on, while it is the same CXone as that of the report at the moment."""
        for stored in self._reports:
            self._count(stored)
            if self.newest is None or not same_target(stored, self.newest):
                return
            yield stored

    def _count(self, stored: StoredReport) -> None:
        self.count += 1
        if stored.report.get("reanchor"):
            self.purges.append(stored.report.seq)

    def next_look(self, number: str) -> tuple[StoredReport, Told] | None:
        """Find the first report after the moment whose run read CXone, and what it says of the number."""
        for stored in reversed(self.later):
            if self.newest is None or not same_target(stored, self.newest):
                return None
            if stored.report.repeats:
                continue
            told = told_of(self.ledger, stored, number)
            if told.read_at is not None:
                return stored, told
        return None


def same_list(one: StoredReport, other: StoredReport, list_id: str) -> bool:
    """Tell whether a list was the same group of CXone, where lists are groups."""
    ids = [stored.report["target"].get("groups", {}).get(list_id) for stored in (one, other)]
    return ids[0] == ids[1] or None in ids


def same_target(one: StoredReport, other: StoredReport) -> bool:
    """Tell whether two reports are of one CXone."""
    names = ("dialect", "organisation", "host")
    return all(one.report["target"][name] == other.report["target"][name] for name in names)
