"""When a number may be called again: the rules of permission, in words, and who asked for what.

This oracle knows what truly happened: every line of the files that any run had, every act of an agent or a
script in CXone, and every release's use. It shares no rule with the code, which has only reports and CXone's
times to go by and may therefore keep more than is owed here, but never less.

The rules:

1. *Whoever asked is owed silence.* A line of ours that a run had, and an entry that somebody else wrote in
   CXone, is each a request of its own. A number comes off only when every one of them has ended; it is
   weakened only to what every request that has not ended asks for.
2. *A line stands in for another* only if both are of one kind (registries' requests, or the company's own)
   and it asks for at least as much. A registry's request has no end.
3. *A dated request of the company's own ends* when its last day is over everywhere on Earth. What somebody
   else asked for has no end that we know.
4. *A release ends one of our requests* if its reason fits the request's kind, if it was not there while the
   line stood, if it is not older than what it ends, and if it has not ended another request before.
5. *A release ends somebody else's request* only if it is about the person or the number (consent,
   reassigned; the end of the term where ours was over) and later than what they asked.
   A registry's entry that no line of ours asks for as strongly ends only by that registry's word, and not
   by the word that ends another registry's request of ours.
   Whoever takes an entry off that a run of ours has seen may be anybody, so what was asked for by it does not
   end when we put the number back; a registry's entry goes on to end only by its registry's word. What no
   run has seen is taken back by whoever takes it off. What a release has ended stays ended.
6. *While a hold names the number, nothing ends*, nor within a day after the first run that missed the hold.
7. *In doubt nothing comes off*: while two clocks are apart, nothing at all; while nobody can tell who
   approved a release, nothing by a release.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from reconciler.core.model.entries import Hold, Key, ProjectedTerms, Release, Terms
from tests.properties.requests import (
    COMPANY_RELEASES,
    NEVER,
    OF_THE_PERSON,
    RANKS,
    REGISTRY_RELEASES,
    Held,
    Line,
    Theirs,
    asks,
    begins,
    is_over,
    kind,
    latest_day,
    names,
    on_hold,
    stands_in,
)
from tests.properties.story import Act, Moment
from tests.properties.world import World
from tests.support.fake_cxone import Call


@dataclass
class Oracle:
    """Watches one world. Every mapping is replaced and never changed, so a copy is cheap."""

    world: World
    owed: dict[Key, dict[Line, Held]] = field(default_factory=dict)
    waiting: dict[Key, dict[Line, Held]] = field(default_factory=dict)  # lines that CXone did not take yet
    theirs: dict[Key, tuple[Theirs, ...]] = field(default_factory=dict)
    asked: dict[Key, date] = field(default_factory=dict)  # the latest day of a request of ours, ever
    let_off: frozenset[Key] = frozenset()  # numbers that a permission took off before
    used: frozenset[Release] = frozenset()
    beside: frozenset[tuple[Release, Line]] = frozenset()  # releases that were there while the line stood
    holds: dict[tuple[Key, Hold], datetime | None] = field(default_factory=dict)  # since when it is missed
    doubtful: frozenset[Key] = frozenset()
    known: frozenset[Key] = frozenset()  # numbers live now for which any line of ours ever asked
    forged: frozenset[Key] = frozenset()  # numbers that somebody's report says we keep
    robbed: frozenset[Key] = frozenset()  # numbers of which somebody's report hides what we keep
    standing: dict[Key, dict[str, Terms]] = field(default_factory=dict)
    there: frozenset[Key] = frozenset()
    started: datetime = NEVER

    def __post_init__(self) -> None:
        self.world.cxone.watchers.append(self.witness)

    def copy(self, world: World) -> "Oracle":
        """Watch a copy of the world from here on."""
        return replace(self, world=world)

    # What others do.

    def acted(self, key: Key, act: Act, touched: bool) -> None:
        """Note an agent's act. Who takes an entry off takes back what others asked for, if no run saw it."""
        said = self.world.cxone.at(key)
        if act.kind == "forge":
            self.forged |= {key} if touched else set()
        elif act.kind == "omit":
            self.robbed |= {key} if touched else set()
        elif act.kind == "rename":
            self.begin_chain()
        elif act.kind == "remove" or said is None:
            self._forget(key, seen=False)
        elif touched:
            registry = kind(said.reason_code) and not self._explained(key, said)
            new = Theirs(self.world.clock.now, said, not self.owed.get(key), registry)
            # Their last word counts, unless a run of ours was in between and saw what they said before.
            earlier = [t for t in self.theirs.get(key, ()) if t.at < self.started]
            self.theirs = {**self.theirs, key: (*earlier, new)}

    def _explained(self, key: Key, said: ProjectedTerms) -> bool:
        """Tell whether a line of ours asks for as much of a registry as others entered."""
        rank = RANKS.index(said.reason_code)
        lines = [terms for _, terms in self.owed.get(key, {})]
        return any(kind(t.reason_code) and RANKS.index(t.reason_code) >= rank for t in lines)

    def begin_chain(self) -> None:
        """A chain of reports begins: what is in CXone may be anybody's, each entry since it was written."""
        rows = {row.key: row for row in self.world.cxone.rows.values()}
        self.owed, self.waiting, self.asked = {}, {}, {}
        self.let_off, self.known = frozenset(), frozenset()
        self.used, self.beside, self.holds = frozenset(), frozenset(), {}
        self.theirs = {
            key: (Theirs(row.modified or self.world.clock.now, row.terms, first=True),)
            for key, row in rows.items()
        }

    # Rule 6.

    def held_back(self, key: Key) -> bool:
        """Tell whether a hold keeps the number: one that stands, or one that was missed less than a day.

        In a run in which the clocks are apart nothing may end at all.
        """
        if self.world.doubt == "apart":
            return True
        today = self.world.as_of
        return on_hold(self.world, key) or any(
            (missed is None or self.started - missed < timedelta(hours=24))
            and (hold.until is None or today <= hold.until)
            and not self._again(hold, key)
            for (named, hold), missed in self.holds.items()
            if named == key
        )

    def _again(self, hold: Hold, key: Key) -> bool:
        """Tell whether the files have a hold of the same matter on the number that lasts as long."""
        return any(
            h.matter == hold.matter
            and names(h, key)
            and (h.until is None or (hold.until is not None and h.until >= hold.until))
            for h in self.world.files.holds
        )

    # Rules 3 to 5.

    def may_go(self, key: Key, line: Line) -> bool:
        """Tell whether one line of ours that is gone may be forgotten."""
        if self.held_back(key):
            return False
        return is_over(line[1], self.world.as_of) or any(self.releasing(key, line))

    def releasing(self, key: Key, line: Line) -> Iterator[Release]:
        """Rule 4: give the releases that end our request."""
        for release in self._unused(key):
            beside = (release, line) in self.beside
            if not beside and self._fits(release, line[1]) and not self._is_older(release, key, line):
                yield release

    def _unused(self, key: Key) -> Iterator[Release]:
        releases = () if self.world.doubt == "silent" else self.world.files.releases  # rule 7
        for release in releases:
            if (release.list_id, release.phone) == key and release not in self.used:
                yield release

    def _fits(self, release: Release, terms: Terms) -> bool:
        registry = kind(terms.reason_code)
        if release.reason == "MOVED":
            return self._arrived(release, terms) is not None
        if release.reason == "TERM_ENDED":
            return (
                is_over(terms, self.world.as_of) and terms.end is not None and terms.end < release.released_on
            )
        return release.reason in (REGISTRY_RELEASES if registry else COMPANY_RELEASES)

    def _arrived(self, release: Release, terms: Terms) -> Terms | None:
        """Give the line on the other list that stands in for this one, and is live there by now."""
        there = (release.to or "", release.phone)
        live, dialect = self.world.cxone.at(there), self.world.cxone.dialect
        for line in self.standing.get(there, {}).values():
            carried = dialect.project(line)
            if stands_in(line, terms) and live and dialect.strength(live) >= dialect.strength(carried):
                return line
        return None

    def _is_older(self, release: Release, key: Key, line: Line) -> bool:
        """Tell whether a release is older than the request that it is to end.

        That is the day of the latest request; of a registry's entry, the day when the registry was asked.
        Where neither is told, or a permission let the number off before, it is the day since which we have
        asked for at least as much without a gap. An entry made in error may be let off from before its day.
        """
        on, terms = release.released_on, line[1]
        held = self.owed[key][line]
        asked = terms.requested_on if kind(terms.reason_code) else self.asked.get(key)
        if asked is not None and on < asked and release.reason != "ENTERED_IN_ERROR":
            return True
        if held.retrieved is not None and on < held.retrieved:
            return True
        told = held.retrieved or terms.requested_on
        return (told is None or key in self.let_off) and on < latest_day(held.since)

    def may_be_overruled(self, key: Key, their: Theirs, by: Collection[Release] | None = None) -> bool:
        """Rule 5: tell whether what somebody else asked for has ended, by these releases or by any."""
        if self.held_back(key):
            return False
        unused = (release for release in self._unused(key) if by is None or release in by)
        later = [r for r in unused if begins(r.released_on) > their.at]
        return any(self._ends_theirs(r, key, their) for r in later)

    def _ends_theirs(self, release: Release, key: Key, their: Theirs) -> bool:
        lines = [terms for _, terms in self.owed.get(key, {})]
        if release.reason == "MOVED":
            there = [line for terms in lines if (line := self._arrived(release, terms))]
            return their.first and any(
                kind(t.reason_code) == kind(their.said.reason_code)
                and asks(t) >= (date.max, RANKS.index(their.said.reason_code))
                for t in there
            )
        if their.registry:  # a release of a registry's entry of ours says nothing of another registry
            other = any(kind(t.reason_code) for t in lines) and not self._explained(key, their.said)
            return release.reason == "REGISTRY_REMOVED" and not other
        if release.reason == "REGISTRY_REMOVED":
            return their.first and kind(their.said.reason_code)
        if release.reason == "TERM_ENDED":
            return any(self._fits(release, terms) for terms in lines)
        return release.reason in OF_THE_PERSON

    def _covered(self, key: Key, terms: Terms) -> bool:
        return any(stands_in(line, terms) for line in self.standing.get(key, {}).values())

    def kept(self, key: Key) -> dict[Line, Held]:
        """Give our lines that are gone, that no line stands in for, and that nothing has ended."""
        owed = self.owed.get(key, {}).items()
        return {
            line: held
            for line, held in owed
            if not self._covered(key, line[1]) and not self.may_go(key, line)
        }

    # Around a run, and at every call of it.

    def begin(self) -> None:
        """Note what the files say at the beginning of a run."""
        world = self.world
        self.started = world.clock.now
        self.standing = {}
        for (path, *key), terms in world.files.lines.items():
            if not is_over(terms, world.as_of):
                self.standing.setdefault((key[0], key[1]), {})[path] = terms
        self.there = frozenset(world.cxone.stored)
        missed = dict(self.holds)
        for key, hold in self.holds:
            if not self._again(hold, key):
                missed[key, hold] = self.holds[key, hold] or self.started
            else:
                missed[key, hold] = None
        self.holds = missed

    def witness(self, call: Call) -> None:
        """Rule 1, at every call: who is owed is there, and nothing comes off or weaker that may not."""
        for key in self.there:
            if key in self.standing or self.kept(key):
                assert key in call.before, f"{key} is not live at a {call.kind}"
        if call.key is not None:
            self._may_expose(call.key, None)
        strength = self.world.cxone.dialect.strength
        for write in call.writes:
            new, there = self.world.cxone.dialect.project(write.terms), call.before.get(write.key)
            if self.world.is_early:
                self._overlook(write.key)
            ours = write.key in {*self.standing, *self.owed, *self.forged}
            assert ours, f"{write.key} is not ours to write"
            unread = write.key in self.world.cxone.faults.missed  # what no look saw is created as held
            if there is not None and strength(new) < strength(there) and not unread:
                self._may_expose(write.key, new)

    def _overlook(self, key: Key) -> None:
        """Forget that an entry was a registry's which no run has seen: a write before the read hides that."""
        known = self.theirs.get(key, ())
        self.theirs = {**self.theirs, key: tuple(t if t.seen else replace(t, registry=False) for t in known)}

    def _may_expose(self, key: Key, new: ProjectedTerms | None) -> None:
        strength, carried = self.world.cxone.dialect.strength, self.world.cxone.dialect.project
        how = f"{key} comes off" if new is None else f"{key} gets weaker"

        def is_enough(asked: ProjectedTerms) -> bool:
            return new is not None and strength(asked) <= strength(new)

        assert self.world.doubt != "apart", f"{how} while the clocks are apart"  # rule 7
        assert key in self.known, f"{how}, and was never held"
        for path, terms in self.kept(key):
            assert is_enough(carried(terms)), f"{how}: nothing has ended the line of {path}"
        for their in self.theirs.get(key, ()):
            ended = is_enough(their.said) or self.may_be_overruled(key, their)
            assert ended, f"{how}: somebody else asked for it"
        for terms in self.standing.get(key, {}).values():
            assert is_enough(carried(terms)), f"{how} while a line stands"

    def end(self, moment: Moment) -> None:
        """Draw the balance of a run: what is owed from now on, what was used, and whether all is live."""
        after = moment.after
        for key in {*self.owed, *self.standing}:
            self._doubt(key, moment)
            self._see(key, moment)
            self._end_theirs(key)
            self._settle(key, moment)
            if key not in after:
                self._forget(key, seen=key not in self.standing and not self.kept(key))
        self.let_off |= {call.key for call in moment.calls if call.key is not None and call.key not in after}
        beside = {
            (release, line)
            for release in self.world.files.releases
            for line in self.standing.get((release.list_id, release.phone), {}).items()
        }
        here = set(self.world.files.releases)
        self.beside = frozenset({known for known in self.beside if known[0] in here} | beside)
        self._note_holds()

    def _see(self, key: Key, moment: Moment) -> None:
        """Note what this run read of others' requests for a number of ours."""
        if key in self.theirs and key not in self.doubtful and moment.run.live_before.get(key) is not None:
            self.theirs = {**self.theirs, key: tuple(replace(t, seen=True) for t in self.theirs[key])}

    def _end_theirs(self, key: Key) -> None:
        """Forget what others asked for and a release has ended that the run used: nothing revives it."""
        used, theirs = self.world.reports[-1].used, self.theirs.get(key, ())
        left = tuple(t for t in theirs if not (used and self.may_be_overruled(key, t, used)))
        self.theirs = {k: v for k, v in {**self.theirs, key: left}.items() if v}

    def _forget(self, key: Key, *, seen: bool) -> None:
        """Forget what others asked for, as far as no run has seen it, or all of it."""
        left = () if seen else tuple(t for t in self.theirs.get(key, ()) if t.seen)
        self.theirs = {k: v for k, v in {**self.theirs, key: left}.items() if v}

    def _settle(self, key: Key, moment: Moment) -> None:
        before, after, today = self.owed.get(key, {}), moment.after, self.standing.get(key, {})
        kept = self.kept(key)
        left: dict[Line, Held] = {}
        for path, terms in today.items():
            registry = kind(terms.reason_code)
            retrieved = self.world.files.retrieved.get(path) if registry else None
            earlier = {**self.waiting.get(key, {}), **before}.items()
            as_much = [held.since for (_, old), held in earlier if stands_in(old, terms)]
            left[path, terms] = Held(min(as_much, default=self.started), retrieved)
        for line, held in before.items():
            if line in left or self._covered(key, line[1]):
                continue
            if line in kept or self._still(line, key, moment):
                left[line] = held
            else:
                self._use(key, line)
        is_counted = key in self.world.reports[-1].counted
        assert not is_counted or key in after
        mine = [claim.terms for claim in self.world.held.entries(key) if not claim.is_own_ended]
        for terms in [*today.values(), *(line[1] for line in kept)]:
            if key not in self.doubtful and not is_counted:
                assert any(stands_in(other, terms) for other in mine), f"{key} is owed and not held"
        self.waiting = {k: v for k, v in self.waiting.items() if k != key}
        if is_counted or (key not in after and not self._untold(key, moment)):
            self.waiting[key] = left  # we ask for it since then, whenever CXone takes it
            left = kept  # what never went live is not held, and its line may go freely
        days = [t.requested_on for t in today.values() if t.requested_on and not kind(t.reason_code)]
        if days:
            self.asked = {**self.asked, key: max(*days, self.asked.get(key, date.min))}
        self.owed = {**self.owed, key: left}
        self.known = self.known | {key} if key in after else self.known - {key}
        if moment.chapter.clean and key not in self.doubtful and left:
            self._is_live(key, left, after)

    def _still(self, line: Line, key: Key, moment: Moment) -> bool:
        """Tell whether the run goes on holding a line that it might have let go: nothing is used up then."""
        held = {(c.path, c.terms) for c in self.world.held.entries(key) if not c.is_own_ended}
        return line in held or self._untold(key, moment)

    def _untold(self, key: Key, moment: Moment) -> bool:
        """Tell whether the run could not know that the number is off."""
        gone = ("removals", "gone") in moment.chapter.faults and key in moment.before
        return key not in moment.after and (gone or moment.run.read_back == "failed")

    def _use(self, key: Key, line: Line) -> None:
        """Rule 4: note the release that ended a line. Where it may have been one of several, ask for none."""
        if is_over(line[1], self.world.as_of):
            return
        fitting = list(dict.fromkeys(self.releasing(key, line)))
        if len(fitting) == 1:
            self.used |= {fitting[0]}

    def _is_live(self, key: Key, left: dict[Line, Held], after: dict[Key, ProjectedTerms]) -> None:
        strength, carried = self.world.cxone.dialect.strength, self.world.cxone.dialect.project
        best = max((terms for _, terms in left), key=asks)
        assert key in after, f"{key} is owed and not live after a run that could write it"
        assert strength(after[key]) >= strength(carried(best)), f"{key} is weaker than owed"

    def _note_holds(self) -> None:
        """Note which hold named which number in this run; one that has been missed for a day is forgotten."""
        keys = {*self.owed, *self.standing}
        now = {
            (key, hold): None
            for key in keys
            for hold in self.world.files.holds
            if names(hold, key) and (hold.until is None or self.world.as_of <= hold.until)
        }
        day = timedelta(hours=24)
        old = {k: m for k, m in self.holds.items() if m is not None and self.started - m < day}
        self.holds = {**old, **now}

    def _doubt(self, key: Key, moment: Moment) -> None:
        """A run may take a number for not live that it could not read, or that it could not restore."""
        missed = any(name == "missed" and phone == key[1] for name, phone in moment.chapter.faults)
        blind = moment.run.read_back == "failed" and key not in moment.before
        owed = {terms for _, terms in self.owed.get(key, {})}
        more = not owed <= set(self.standing.get(key, {}).values())
        if key not in moment.after or missed or blind or key in self.robbed:
            self.doubtful |= {key}
        elif moment.chapter.clean and not more:
            self.doubtful -= {key}
