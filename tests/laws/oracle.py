"""An oracle of what is owed to every number, kept apart from the code: the whole past, told simply.

A claim is owed from the first run that it stands in, until a run finds a permission for it and has used it.
It knows every agent's act, where the code has only CXone's times to go by.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from reconciler.apply.tally import Outcome
from reconciler.model.claims import Key, Release
from reconciler.model.terms import Carried, Terms
from reconciler.planning.change import Action
from tests.laws.story import Act, Moment
from tests.laws.world import World
from tests.support.fake_cxone import Call

REGISTRY = {"NATIONAL", "STATE"}
COMPANY_RELEASES = {"CONSENT_GIVEN", "NUMBER_REASSIGNED", "ENTERED_IN_ERROR"}
REGISTRY_RELEASES = {"REGISTRY_REMOVED", "ENTERED_IN_ERROR"}
FITS = {
    "CUSTOMER_REQUESTED": COMPANY_RELEASES,
    "COMPANY_POLICY": COMPANY_RELEASES,
    "LOCAL": COMPANY_RELEASES,
    "UNKNOWN": COMPANY_RELEASES,
    "NATIONAL": REGISTRY_RELEASES,
    "STATE": REGISTRY_RELEASES,
}
Paths = dict[str, set[Terms]]


def midnight_at_14(release: Release) -> datetime:
    return datetime.combine(release.released_on, time(), UTC) - timedelta(hours=14)


def on_hold(world: World, key: Key) -> bool:
    """Tell whether a hold that stands today names the number of that list."""
    return any(
        (hold.everything or hold.list_id == key[0] or key[1] in hold.phones)
        and (hold.until is None or world.as_of <= hold.until)
        for hold in world.files.holds
    )


def _stands_in(others: Iterable[Terms], terms: Terms) -> bool:
    """Tell whether one of them holds as much, and is let go by the same releases."""
    registry = terms.reason_code in REGISTRY
    return any(o.strength >= terms.strength and (o.reason_code in REGISTRY) == registry for o in others)


@dataclass
class Oracle:
    world: World
    owed: dict[Key, Paths] = field(default_factory=dict)
    since: dict[Key, datetime] = field(default_factory=dict)
    touched: dict[Key, datetime] = field(default_factory=dict)
    spent: set[tuple[Release, str, Terms]] = field(default_factory=set)
    doubtful: set[Key] = field(default_factory=set)
    standing: dict[Key, dict[str, Terms]] = field(default_factory=dict)
    there: set[Key] = field(default_factory=set)
    started: datetime | None = None

    def __post_init__(self) -> None:
        self.world.cxone.watchers.append(self.witness)

    def acted(self, key: Key, act: Act, touched: bool) -> None:
        if act.kind == "remove":
            self.touched.pop(key, None)
        elif touched:
            self.touched[key] = self.world.clock.now

    # Permission.

    def _last(self, key: Key) -> datetime:
        return self.touched.get(key, datetime.min.replace(tzinfo=UTC))

    def permitted(self, key: Key, path: str, terms: Terms) -> bool:
        if on_hold(self.world, key):
            return False
        lapsed = terms.end is not None and terms.end < self.world.as_of
        if lapsed and terms.reason_code not in REGISTRY and self._last(key) < self.since[key]:
            return True
        return any(
            self._fits(release, terms) and self._last(key) < midnight_at_14(release)
            for release in self.world.files.releases
            if (release.list_id, release.phone) == key and (release, path, terms) not in self.spent
        )

    def _fits(self, release: Release, terms: Terms) -> bool:
        if release.reason == "MOVED":
            return (release.to, release.phone) in self.world.cxone.stored
        return release.reason in FITS[terms.reason_code]

    def _covered(self, key: Key, path: str, terms: Terms) -> bool:
        standing = self.standing.get(key, {})
        own = standing.get(path)
        return (own is not None and own.strength >= terms.strength) or _stands_in(standing.values(), terms)

    def _kept(self, key: Key) -> Paths:
        """Give the owed claims that neither stand nor have a permission right now."""
        return {
            path: left
            for path, claims in self.owed.get(key, {}).items()
            if (
                left := {
                    t for t in claims if not self._covered(key, path, t) and not self.permitted(key, path, t)
                }
            )
        }

    # Around a run, and at every call of it.

    def begin(self) -> None:
        self.started = self.world.clock.now
        self.standing = {}
        for (path, *key), terms in self.world.files.lines.items():
            over = terms.end is not None and terms.end < self.world.as_of
            if not over or terms.reason_code in REGISTRY:
                self.standing.setdefault((key[0], key[1]), {})[path] = terms
        self.there = set(self.world.cxone.stored)

    def witness(self, call: Call) -> None:
        for key in self.there:
            if key in self.standing or self._kept(key):
                assert key in call.before, f"{key} is not live at a {call.kind}"
        if call.key is not None:
            self._may_expose(call.key, None, call)
        strength = self.world.cxone.dialect.strength
        for write in call.writes:
            new, there = self.world.cxone.dialect.carried(write.terms), call.before.get(write.key)
            assert write.key in self.standing or write.key in self.owed, f"{write.key} is not ours to write"
            unread = write.key in self.world.cxone.faults.missed  # what no look saw is created as held
            if there is not None and strength(new) < strength(there) and not unread:
                self._may_expose(write.key, new, call)

    def _may_expose(self, key: Key, new: Carried | None, call: Call) -> None:
        strength, carried = self.world.cxone.dialect.strength, self.world.cxone.dialect.carried
        assert self.owed.get(key), f"{key} comes off or weaker, and was never held"
        held = max(strength(carried(t)) for claims in self.owed[key].values() for t in claims)
        there = call.before.get(key)
        assert there is None or strength(there) <= held, f"{key} was made stronger by somebody else"
        if new is None:
            assert key not in self.standing, f"{key} comes off while a claim stands"
            assert not self._kept(key), f"{key} comes off without permission"
        else:
            for claims in self._kept(key).values():
                assert all(strength(carried(t)) <= strength(new) for t in claims), f"{key} gets weaker"

    def end(self, moment: Moment) -> None:
        after, held = moment.after, self.world.held
        strength, carried = self.world.cxone.dialect.strength, self.world.cxone.dialect.carried
        for key in {*self.owed, *self.standing}:
            left: Paths = {path: {terms} for path, terms in self.standing.get(key, {}).items()}
            for path, claims in self._kept(key).items():
                left.setdefault(path, set()).update(claims)
            must = {t for claims in left.values() for t in claims}
            best = max(
                (t for claims in left.values() for t in claims), key=lambda t: t.strength, default=None
            )
            unknown = ("removals", "gone") in moment.chapter.faults  # nor does a run know that it is used
            weakened = (Action.UPDATE, *key) in moment.run.final.exposing
            taken = weakened and moment.run.tally.results[Action.UPDATE, *key].outcome is Outcome.APPLIED
            if (unknown and key not in after) or (
                key in after and not taken and self._unused(key, left, after[key])
            ):
                for path, claims in self.owed.get(key, {}).items():
                    left.setdefault(path, set()).update(t for t in claims if not self._covered(key, path, t))
            self._doubt(key, moment)
            if key not in self.doubtful:
                mine = [c.terms for c in held.claims(key)]
                assert all(_stands_in(mine, t) for t in must), f"{key} is owed and not held"
            untold = (unknown and key in moment.before) or moment.run.read_back == "failed"
            if key not in after and not untold:
                left = self._kept(key)  # what never went live is not held, and its line may go freely
            self.owed[key] = left
            if not left:
                self.since.pop(key, None)
            elif self.started is not None:
                self.since.setdefault(key, self.started)
            if moment.chapter.clean and best is not None and key not in self.doubtful:
                assert key in after, f"{key} is owed and not live after a run that could write it"
                assert strength(after[key]) >= strength(carried(best)), f"{key} is weaker than owed"
        beside = {
            (release, path, terms)
            for release in self.world.files.releases
            for path, terms in self.standing.get((release.list_id, release.phone), {}).items()
        }
        self.spent = {known for known in self.spent if known[0] in self.world.files.releases} | beside

    def _unused(self, key: Key, left: Paths, there: Carried) -> bool:
        strength, carried = self.world.cxone.dialect.strength, self.world.cxone.dialect.carried
        return all(strength(carried(t)) < strength(there) for claims in left.values() for t in claims)

    def _more(self, key: Key) -> bool:
        """Tell whether more is owed than the files say today."""
        owed = {t for claims in self.owed.get(key, {}).values() for t in claims}
        return not owed <= set(self.standing.get(key, {}).values())

    def _doubt(self, key: Key, moment: Moment) -> None:
        """A run may take a number for not live that it could not read, or that it could not restore."""
        missed = any(name == "missed" and phone == key[1] for name, phone in moment.chapter.faults)
        blind = moment.run.read_back == "failed" and key not in moment.before
        if key not in moment.after or missed or blind:
            self.doubtful.add(key)
        elif moment.chapter.clean and not self._more(key):
            self.doubtful.discard(key)
