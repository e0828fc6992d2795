"""The laws of planning and apply: each is a function that takes what hypothesis generates, and asserts.

The function's name is the name of the law.
"""

import math
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.entries import (
    DeclaredEntries,
    Key,
    Policy,
    ReasonCode,
    Release,
    ReleaseReason,
    Terms,
    strongest_terms,
)
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.chunks import split_into_chunks, upserts_of
from reconciler.core.planning.deadlines import Deadline
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.plan import make_plan, plan_digest
from reconciler.core.planning.state import LastApplied
from reconciler.cxone.entries.dialect import EntriesDialect
from tests.properties.oracle import Oracle
from tests.properties.story import KEYS, Act, Chapter, Moment, play
from tests.properties.world import Fortnight, Past, World
from tests.support.fake_cxone import TARGET, Clock

DIALECT = EntriesDialect()
Story = tuple[Chapter, ...]


def _setting(desired: DeclaredEntries, held: LastApplied) -> PlanFacts:
    as_of = Clock().now.date()
    return PlanFacts(desired, held, DIALECT, Past(()), as_of, Limits(removable=True), deadlines=Fortnight())


def _files(story: Story) -> DeclaredEntries:
    """Give the files as a story leaves them."""
    world = World()
    for chapter in story:
        for edit in chapter.edits:
            edit.do(world)
    return world.files.claims()


def a_state_does_not_differ_from_itself(story: Story) -> None:
    """A state does not differ from itself."""
    claims = _files(story)
    state = strongest_terms(claims.files)
    lists = {
        list_id: {p: LiveEntry(DIALECT.project(t), "1", None) for p, t in numbers.items()}
        for list_id, numbers in state.items()
    }
    plan = make_plan(_setting(claims, LastApplied(claims.files, claims.releases)), Live(lists))
    assert plan.changes == ()
    assert plan.drift == ()
    assert plan.unchanged == sum(map(len, state.values()))


def applying_converges(story: Story) -> None:
    """Applying a plan converges: the next plan is empty."""
    for moment in play(story):
        world = moment.world
        plan, _, _ = world.plan()
        assert plan.pending_count == 0, "the next plan is not empty"
        missing = [d for d in plan.drift if d.kind == "removed"]
        assert not missing
        _as_declared(moment)


def _as_declared(moment: Moment) -> None:
    """What stands in the files is live, whatever else is."""
    standing = moment.world.files.claims().active_on(moment.world.as_of)
    for list_id, numbers in strongest_terms(standing.files).items():
        for phone, terms in numbers.items():
            there = moment.after.get((list_id, phone))
            assert there is not None
            # What is kept may end later, and be weaker in all that the wire carries.
            assert (list_id, phone) in moment.world.held.retained or DIALECT.strength(
                there
            ) >= DIALECT.strength(DIALECT.project(terms))


def chunks_are_the_plan(phones: Sequence[Key], size: int, largest: int, refused: set[str]) -> None:
    """Chunks are the plan cut up: each change once, at most `size`, no phone twice in one."""
    terms = Terms(ReasonCode.LOCAL, Policy.NEVER)
    world = World()
    world.files.lines = {("p.yaml", *key): terms for key in phones}
    world.cxone.faults.largest, world.cxone.faults.refused = largest, refused
    run = world.run(chunk_size=size)
    chunks = split_into_chunks(run.plan.allowed_changes(Direction.PROTECTIVE), size)
    sent = [c.writes for c in world.cxone.calls if c.kind == "upsert"]
    assert all(len(c) <= size and len({w.phone for w in c}) == len(c) for c in sent)
    assert [w for c in sent if len(c) <= largest for w in c] == [w for chunk in chunks for w in chunk]
    assert {k for k in phones if k[1] not in refused} == set(world.cxone.stored)


def chunks_are_few(keys: Sequence[Key], size: int, days: int) -> None:
    """Each chunk takes what waits by deadline, passes over phones that it has, and there are few of them.

    `days` is how many deadlines there are.
    """
    groups: dict[tuple[int, str], list[str]] = {}
    for n, (list_id, phone) in enumerate(keys):
        groups.setdefault((n % days, list_id), []).append(phone)
    changes = [
        Change(
            *(Action.CREATE, list_id, Direction.PROTECTIVE, Reason.DECLARED, None),
            *(Terms(ReasonCode.LOCAL, Policy.NEVER), tuple(sorted(numbers))),
            due=Deadline(date(2026, 11, 1 + day), date(2026, 11, 1 + day), "R"),
        )
        for (day, list_id), numbers in sorted(groups.items())
    ]
    day_of = {(c.list_id, phone): c.due.due for c in changes for phone in c.phones if c.due}
    most = max(Counter(phone for _, phone in keys).values(), default=0)
    least = math.ceil(len(keys) / size)
    for one_list in (False, True):
        cut = list(split_into_chunks(changes, size, one_list=one_list))
        assert sorted(w.key for chunk in cut for w in chunk) == sorted(keys)
        for chunk in cut:
            assert 0 < len(chunk) <= size
            assert len({w.phone for w in chunk}) == len(chunk)
            assert not one_list or len({w.list_id for w in chunk}) == 1
        if one_list:
            assert len(cut) == sum(
                math.ceil(count / size) for count in Counter(list_id for list_id, _ in keys).values()
            )
            assert [day_of[c[0].key] for c in cut] == sorted(day_of[c[0].key] for c in cut)
            continue
        assert len(cut) <= (max(least, most) if days == 1 else max(0, least + most - 1))
        left = [w.key for chunk in cut for w in chunk]
        for chunk in cut:
            # Nothing that could go is nearer to its deadline than what does.
            taken, last = {w.key for w in chunk}, max(day_of[w.key] for w in chunk)
            left = [key for key in left if key not in taken]
            passed = {w.phone for w in chunk}
            assert all(day_of[key] >= last or key[1] in passed for key in left)


def digest_ignores_order(story: Story, seed: int) -> None:
    """The digest does not depend on the order of files or entries."""
    dice = Random(seed)
    claims = _files(story)

    def shuffled(claims: DeclaredEntries) -> DeclaredEntries:
        files = []
        for f in claims.files:
            numbers = list(f.numbers.items())
            dice.shuffle(numbers)
            files.append(replace(f, numbers=dict(numbers)))
        dice.shuffle(files)
        return replace(claims, files=tuple(files))

    def told(claims: DeclaredEntries, held: DeclaredEntries) -> str:
        plan = make_plan(_setting(claims, LastApplied(held.files, held.releases)), Live())
        return plan_digest(plan.changes, DIALECT, "production", TARGET)

    nothing = replace(claims, files=())
    assert told(claims, nothing) == told(shuffled(claims), nothing)
    assert told(nothing, claims) == told(nothing, shuffled(claims))
    if claims.files:
        assert told(claims, nothing) != told(nothing, nothing)


def a_failed_apply_is_recovered(story: Story) -> None:
    """After an apply that failed anywhere, planning again reaches the desired state."""
    moment = list(play(story))[-1]
    world = moment.world
    for _ in range(2):
        world.clock.tick(8 * 86400)  # the budget of a week
        world.run()
    assert world.plan()[0].pending_count == 0
    _as_declared(moment)


def held_and_desired_is_never_absent(story: Story) -> None:
    """A number in both held and desired is never absent from live in between."""
    world = World()
    both: set[Key] = set()

    def begin() -> None:
        both.clear()
        standing = world.files.claims().active_on(world.as_of)
        now = {(f.list_id, phone) for f in standing.files for phone in f.numbers}
        both.update(k for k in now if k in world.held and k in world.cxone.stored)

    for moment in play(story, world=world, before_run=begin):
        for call in moment.calls:
            assert both <= call.before.keys(), f"absent at a {call.kind}"
        assert both <= moment.after.keys()


def every_change_has_one_outcome(story: Story) -> None:
    """Every change ends in exactly one of applied, rejected, unknown, not attempted."""
    for moment in play(story):
        run = moment.run
        planned = [(c.action, *key) for c in run.plan.changes if c.is_allowed for key in c.keys]
        decided = [
            (c.action, *key) for c in run.final_plan.allowed_changes(Direction.EXPOSING) for key in c.keys
        ]
        assert len(set(planned)) == len(planned)
        assert set(planned) <= run.tally.results.keys() <= {*planned, *decided}
        assert all(result.outcome in Outcome for result in run.tally.results.values())
        _truthful(moment)


def _truthful(moment: Moment) -> None:
    """Applied is there, and what was never sent is not called applied."""
    attempted = {w.key for c in moment.calls for w in c.writes} | {c.key for c in moment.calls if c.key}
    terms = {
        (change.action, *w.key): w.terms
        for change in (*moment.run.plan.changes, *moment.run.final_plan.changes)
        for w in upserts_of([change])
    }
    blind = {phone for name, phone in moment.chapter.faults if name in {"missed", "unseen"}}
    for change, result in moment.run.tally.results.items():
        action, *key = change
        there = moment.after.get((key[0], key[1]))
        if result.outcome is Outcome.NOT_ATTEMPTED:
            assert (key[0], key[1]) not in attempted or moment.chapter.faults
        if result.outcome is Outcome.APPLIED and key[1] not in blind:
            if action is Action.DELETE:
                assert there is None
            elif moment.run.read_back == "full" and change not in moment.run.final_plan.exposing_keys:
                assert there is not None
                assert DIALECT.strength(there) >= DIALECT.strength(DIALECT.project(terms[change]))
        if result.outcome is Outcome.REJECTED and action is Action.CREATE:
            wanted = DIALECT.strength(DIALECT.project(terms[change]))
            assert there is None or DIALECT.strength(there) < wanted or moment.chapter.faults


def nothing_goes_without_permission(story: Story) -> None:
    """No fitting release and no lapse of the term as held: no delete and no weaker terms."""
    for moment in play(story):
        nothing_exposed(moment, set(KEYS))


def nothing_exposed(moment: Moment, keys: AbstractSet[Key]) -> None:
    """None of these numbers comes off or gets weaker, but by a fault of CXone."""
    missed = {key for key in KEYS if ("missed", key[1]) in moment.chapter.faults}
    for call in moment.calls:
        assert call.key not in keys, "a number comes off"
        for write in call.writes:
            there = call.before.get(write.key)
            if write.key in keys - missed and there is not None:
                assert DIALECT.strength(DIALECT.project(write.terms)) >= DIALECT.strength(there)
    weak = {key for key in KEYS if ("weakened", key[1]) in moment.chapter.faults}
    for key in (moment.before.keys() & keys) - weak - missed:
        assert key in moment.after
        assert DIALECT.strength(moment.after[key]) >= DIALECT.strength(moment.before[key])


def what_is_not_ours_is_untouched(story: Story) -> None:
    """What we do not hold is never touched, but to be made stronger by a claim."""
    world = World()
    claimed: set[Key] = set()
    standing: set[Key] = set()

    def begin() -> None:
        now = world.files.claims().active_on(world.as_of)
        standing.clear()
        standing.update((f.list_id, phone) for f in now.files for phone in f.numbers)

    for moment in play(story, world=world, before_run=begin):
        missed = {key for key in KEYS if ("missed", key[1]) in moment.chapter.faults}
        for call in moment.calls:
            assert call.key is None or call.key in claimed, "it takes off what was never held"
            for write in call.writes:
                assert write.key in standing | claimed, "it writes what nobody claimed"
                there = call.before.get(write.key)
                if there is not None and write.key not in claimed | missed:
                    new = DIALECT.strength(DIALECT.project(write.terms))
                    assert new >= DIALECT.strength(there), "it weakens what it does not hold"
        claimed |= standing


def exposing_after_protective(story: Story) -> None:
    """Nothing exposing before everything protective; a refusal holds its phone, an unknown holds all."""
    for moment in play(story):
        run = moment.run
        protective = {
            (c.action, *key) for c in run.plan.allowed_changes(Direction.PROTECTIVE) for key in c.keys
        }
        exposing = {key for c in run.final_plan.allowed_changes(Direction.EXPOSING) for key in c.keys}
        writes = [_kinds(c, exposing) for c in moment.calls]
        first = next((n for n, kinds in enumerate(writes) if "exposing" in kinds), None)
        if first is None:
            continue
        assert all("protective" not in kinds for kinds in writes[first:]), "protective after exposing"
        last = max((n for n, kinds in enumerate(writes) if "protective" in kinds), default=0)
        assert any(c.kind == "read" for c in moment.calls[last + 1 : first]), "exposing without a read-back"
        outcomes = {key: run.tally.results[key].outcome for key in protective}
        assert not {Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED} & set(outcomes.values()), (
            "exposing beside an unknown"
        )
        refused = {phone for (_, _, phone), o in outcomes.items() if o is Outcome.REJECTED}
        assert not refused & {phone for _, phone in exposing}, "exposing a phone that was refused"
        unseen = {p for name, p in moment.chapter.faults if name in {"unseen", "missed"}}
        assert not unseen & {phone for _, phone in exposing}, "exposing what the latest look did not see"


def _kinds(call, exposing: set[Key]) -> set[str]:
    if call.kind == "remove":
        return {"exposing"}
    return {"exposing" if w.key in exposing else "protective" for w in call.writes}


def later_opt_out_wins(
    *, said: Terms, act: str, why: ReleaseReason, days: int, age: int, path: str, quiet: int
) -> None:
    """A later opt-out always wins: over a release, and over a lapse where `age` is negative."""
    world = World()
    key = KEYS[0]
    world.files.lines["p.yaml", *key] = said
    world.run()
    world.clock.tick(3600 + days * 86400)
    if not Act(act, key).do(world):
        return
    touched = world.clock.now
    world.clock.tick(3600)
    for _ in range(quiet):
        world.run()
        world.clock.tick(86400)
    if path != "p.yaml":  # the line moves to another file, and a run takes note
        world.files.lines = {(path, *key): said}
        world.run()
        world.clock.tick(3600)
    if age >= 0:
        world.files.lines = {}
        on = (touched + timedelta(hours=14)).date() - timedelta(days=age)
        world.files.releases = [Release(*key, on, why, "FORM-1")]
    else:
        world.clock.tick(30 * 86400)
    for _ in range(3):
        world.run()
        assert key in world.cxone.stored, "an opt-out was overruled"
        assert key in world.held
        world.clock.tick(86400)


def live_from_first_entry_to_last_permission(story: Story) -> None:
    """Every number stays live from its first claim until its last permission."""
    world = World()
    oracle = Oracle(world)
    for moment in play(story, world=world, acted=oracle.acted, before_run=oracle.begin):
        oracle.end(moment)


def an_early_write_hides_no_request(story: Story) -> None:
    """What others asked for stays asked for where a line of ours was written over it before the read."""
    live_from_first_entry_to_last_permission(story)


def a_registrys_entry_beside_ours_hides_no_request(story: Story) -> None:
    """What others asked for stays asked for while a registry's entry lies over it, or takes its place."""
    live_from_first_entry_to_last_permission(story)
