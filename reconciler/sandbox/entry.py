"""One entry as the sandbox holds it, and the moments on it."""

from datetime import UTC, datetime
from typing import NamedTuple

# Stands for the sandbox's own clock, wherever a `lastModifiedTime` can be given.
NOW = "now"


class Entry(NamedTuple):
    """One number on one list. `modified` is the wire's `lastModifiedTime`; None leaves the field out.

    `id` is given by the store, and empty before. `source` is kept, but no read of the API brings it back
    (contract as given by the seed).
    """

    phone: str
    reason_code: str
    expiration_policy: str
    list_id: str
    source: str = "sandbox"
    modified: str | None = NOW
    id: str = ""

    def wire(self) -> dict[str, str]:
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


def wire_time(moment: datetime) -> str:
    """Write a moment as the wire has it: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
