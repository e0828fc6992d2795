"""What holds of a number on a list, and which of two holds more."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a number may not be called; the names of the CXone wire, strongest first."""

    CUSTOMER_REQUESTED = "CUSTOMER_REQUESTED"
    NATIONAL = "NATIONAL"
    STATE = "STATE"
    LOCAL = "LOCAL"
    COMPANY_POLICY = "COMPANY_POLICY"
    UNKNOWN = "UNKNOWN"


class Policy(StrEnum):
    """How an entry ends: never, on a date, or a period after the request."""

    NEVER = "NEVER"
    RELATIVE = "RELATIVE"
    ABSOLUTE = "ABSOLUTE"


# A higher rank is stronger. Anything that is not in the table ranks as UNKNOWN does.
REASON_RANK: dict[str, int] = {code: rank for rank, code in enumerate(reversed(ReasonCode))}

# A registry's entry never lapses by a date of ours: a renewal is invisible in a list of bare numbers.
REGISTRY_REASONS = frozenset({ReasonCode.NATIONAL, ReasonCode.STATE})


@dataclass(frozen=True, slots=True)
class Terms:
    """What one claim says of a number. Frozen, and shared by every number that it holds of.

    `end` is the last day (None: no end). RELATIVE terms carry the end that was computed at reading.
    """

    reason_code: ReasonCode
    expiration_policy: Policy
    end: date | None = None
    requested_on: date | None = None
    source: str = "dnc"
    jurisdiction: str | None = None

    @property
    def registry(self) -> bool:
        """Tell a registry's claim (NATIONAL, STATE) from a company's: neither stands in for the other."""
        return self.reason_code in REGISTRY_REASONS

    @property
    def effective_end(self) -> date | None:
        """Give the last day that counts. A registry's claim has none, whatever date its entry states."""
        return None if self.registry else self.end

    def over(self, as_of: date) -> bool:
        """Tell whether the last day is over, `as_of` being the date at UTC-12. A registry's never is."""
        end = self.effective_end
        return end is not None and end < as_of

    @property
    def strength(self) -> tuple[date, int]:
        """Order terms: NEVER over a later end over an earlier end, then by reason. Higher is stronger."""
        return (self.effective_end or date.max, REASON_RANK[self.reason_code])


@dataclass(frozen=True, slots=True)
class Carried:
    """What a dialect's wire can carry of some terms, and so all that live can be compared by.

    Codes are plain text: CXone may answer with one that we do not know.
    """

    reason_code: str = ""
    expiration_policy: str = ""
    end: date | None = None


def terms_json(terms: Terms) -> dict[str, str | None]:
    """Say terms as a report keeps them."""
    return {
        "reasonCode": terms.reason_code.value,
        "expirationPolicy": terms.expiration_policy.value,
        "end": terms.end.isoformat() if terms.end else None,
        "requestedOn": terms.requested_on.isoformat() if terms.requested_on else None,
        "source": terms.source,
        "jurisdiction": terms.jurisdiction,
    }
