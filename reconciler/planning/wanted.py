"""desired*: what the files ask for, and what has no permission to come off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.claims import FileClaims, Key, Release
from reconciler.model.terms import Terms
from reconciler.planning.change import Reason
from reconciler.planning.held import HeldClaim, Kept


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission for one number to come off or to weaken: why, and the held claims that it lets go.

    `releases` are those that gave it, for a record of who let whom off; a claim that lapsed needs none.
    """

    reason: Reason
    claims: tuple[HeldClaim, ...]
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """desired*: what is to be live, once everything without permission to come off has been added.

    `declared` is what the files alone ask for; it differs from `lists` only at `kept` numbers. `standing`
    are the files' claims that stand, by list: every one of them is a request with a clock of its own.
    `registry` are registries' entries that CXone has and nobody claims, where one of ours takes their place:
    they are kept like a claim. `ended` are the releases that ended our claim on a number whose entry stays,
    because somebody else asked for it too.
    """

    lists: Mapping[str, Mapping[str, Terms]]
    declared: Mapping[str, Mapping[str, Terms]]
    kept: Mapping[Key, Kept]
    granted: Mapping[Key, Grant]
    list_ids: frozenset[str]
    standing: Mapping[str, Sequence[FileClaims]]
    registry: Mapping[Key, HeldClaim] = field(default_factory=dict)
    ended: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)

    def get(self, key: Key) -> Terms | None:
        """Look one key up."""
        return self.lists.get(key[0], {}).get(key[1])
