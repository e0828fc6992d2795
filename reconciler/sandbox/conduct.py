"""How this CXone behaves for as long as it is told to, where it does not behave as one would wish."""

from dataclasses import dataclass, field


@dataclass
class Conduct:
    """Lasting oddities, changed at any time; the faults of single requests are `Fault`s.

    `refused` maps a number to the `errorCode` that it is refused with, on whatever list. The terms sent for a
    number in `ignored` count as a success, and are not stored. `deletes` False answers every removal with 405
    (the seed shows no removal). `most_items` is the largest chunk before a 413, below the contract's 500.
    """

    refused: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    deletes: bool = True
    most_items: int | None = None
