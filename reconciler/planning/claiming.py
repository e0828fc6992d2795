"""Which of a list's files claim a number, found without asking every file for every number."""

from collections.abc import Sequence

from reconciler.model.claims import FileClaims

_FEW = 4  # files that are asked one after the other


class Claiming:
    """A list's files, in their order.

    A number or two are looked for in one file after the other. When that has taken as many looks as the files
    have numbers, it is written down who claims what: a list may be cut into a thousand files, all at once.
    """

    def __init__(self, files: Sequence[FileClaims] = ()) -> None:
        self.files = files
        self._looks = 0
        self._first: dict[str, FileClaims] = {}
        self._others: dict[str, list[FileClaims]] = {}

    def of(self, phone: str) -> Sequence[FileClaims]:
        """Give the files that claim the number."""
        if not self._first:
            self._looks += len(self.files)
            if len(self.files) <= _FEW or self._looks <= sum(len(f.numbers) for f in self.files):
                return [f for f in self.files if phone in f.numbers]
            self._write_down()
        first = self._first.get(phone)
        return () if first is None else (first, *self._others.get(phone, ()))

    def _write_down(self) -> None:
        for f in self.files:
            for phone in f.numbers:
                if self._first.setdefault(phone, f) is not f:
                    self._others.setdefault(phone, []).append(f)
