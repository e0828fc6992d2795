"""One entry as the sandbox stores it, and how this CXone treats entries where told to misbehave."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

# Stands for the sandbox's own clock, wherever a `lastModifiedTime` can be given.
NOW = "now"


class Entry(NamedTuple):
    """One number on one list. `modified` is the wire's `lastModifiedTime`; None leaves the field out.

    `id` is given by the store, and empty before. `source` is kept, but no read of the API brings it back
    (customer-supplied specification).
    """

    phone: str
    reason_code: str
    expiration_policy: str
    list_id: str
    source: str = "sandbox"
    modified: str | None = NOW
    id: str = ""

    def to_json(self) -> dict[str, str]:
        """Write the entry as a read answers it."""
        fields = {
            "id": self.id,
            "phone": self.phone,
            "reasonCode": self.reason_code,
            "expirationPolicy": self.expiration_policy,
            "listId": self.list_id,
        }
        if self.modified is not None:
            fields["lastModifiedTime"] = self.modified
        return fields


def format_time(moment: datetime) -> str:
    """Write a moment as the wire has it: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Conduct:
    """Lasting oddities, changed at any time; the faults of single requests are `Fault`s.

    `refused` maps a number to the `errorCode` that it is refused with, on whatever list. The terms sent for a
    number in `ignored` count as a success, and are not stored. `deletes` False answers every removal with 405
    (the specification has no removal). `most_items` is the largest chunk before a 413, below the contract's
    500.
    """

    refused: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    deletes: bool = True
    most_items: int | None = None
