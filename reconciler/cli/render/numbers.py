"""How numbers are shown to people: a few samples, masked where others read along."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.phone import mask

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a number may be seen. In pipelines, whose logs many read, it is masked."""

    masked: bool = False
    samples: int = SAMPLES

    def number(self, phone: str) -> str:
        """Show one number."""
        return mask(phone) if self.masked else phone

    def sample(self, phones: Sequence[str]) -> str:
        """Show the first few of many numbers, and how many there are besides."""
        few = ", ".join(self.number(phone) for phone in phones[: self.samples])
        more = len(phones) - self.samples
        return f"{few} and {more:,} more" if more > 0 else few
