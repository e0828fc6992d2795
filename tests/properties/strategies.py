"""How stories are made up: what happens, how often, and what meets."""

from dataclasses import replace

from hypothesis import strategies as st

from reconciler.core.model.entries import ReasonCode, ReleaseReason
from tests.properties.story import ENTRIES, KEYS, PATHS, PHONES, Act, Chapter, Edit, Said
from tests.properties.world import LISTS, Line
from tests.support.fake_cxone import RAISE

# Every reason, without an end and with one: an edit in place goes from any of them to any other.
SAID = st.sampled_from(
    [
        Said(ReasonCode.CUSTOMER_REQUESTED),
        Said(ReasonCode.CUSTOMER_REQUESTED, 3),
        Said(ReasonCode.CUSTOMER_REQUESTED, 12, asked=9),
        Said(ReasonCode.CUSTOMER_REQUESTED, None, asked=1),
        Said(ReasonCode.NATIONAL),
        Said(ReasonCode.NATIONAL, 2),
        Said(ReasonCode.STATE),
        Said(ReasonCode.STATE, 3),
        Said(ReasonCode.LOCAL),
        Said(ReasonCode.LOCAL, 8),
        Said(ReasonCode.LOCAL, None, "registry"),
        Said(ReasonCode.COMPANY_POLICY),
        Said(ReasonCode.COMPANY_POLICY, 5, asked=2),
        Said(ReasonCode.UNKNOWN),
        Said(ReasonCode.UNKNOWN, 1),
    ]
)
# One number meets most of what happens: two things that never meet tell nothing.
OFTEN = (KEYS[0], KEYS[0], KEYS[0], *KEYS)
LINES: st.SearchStrategy[Line] = st.builds(
    lambda path, key: (path, *key), st.sampled_from(PATHS), st.sampled_from(OFTEN)
)
PUTS = st.builds(Edit, st.just("put"), LINES, SAID)
DROPS = st.builds(Edit, st.sampled_from(["drop", "cut"]), LINES)
MOVES = st.builds(Edit, st.just("move"), LINES, path=st.sampled_from(PATHS))
RELEASES = st.builds(
    Edit,
    st.just("release"),
    LINES,
    release=st.sampled_from([*ReleaseReason, ReleaseReason.CONSENT_GIVEN]),
    days=st.sampled_from([0, 0, 0, 1, 2, 6, 20]),
)
FORGETS = st.builds(Edit, st.sampled_from(["forget", "revert"]), LINES)
# What belongs together more often than chance has it: a line goes, with a release or to the other list.
GOES = LINES.flatmap(
    lambda line: st.builds(
        lambda why, days: (Edit("drop", line), Edit("release", line, release=why, days=days)),
        st.sampled_from(ReleaseReason),
        st.sampled_from([0, 0, 1, 6]),
    )
)
MOVED = st.builds(
    lambda line, said: (
        Edit("drop", line),
        Edit("release", line, release=ReleaseReason.MOVED),
        Edit("put", (line[0], next(i for i in sorted(LISTS) if i != line[1]), line[2]), said),
    ),
    LINES,
    st.one_of(st.just(Said(ReasonCode.CUSTOMER_REQUESTED)), SAID),
)
# A release beside a line that stands, which it is spent on.
BESIDE = st.builds(
    lambda line, said, why: (Edit("put", line, said), Edit("release", line, release=why)),
    LINES,
    SAID,
    st.sampled_from(ReleaseReason),
)
FREE_EDITS = st.one_of(
    st.lists(st.one_of(PUTS, PUTS, DROPS, MOVES, RELEASES, FORGETS), max_size=3).map(tuple), GOES, MOVED
)
HOLDS = st.builds(
    Edit,
    st.just("hold"),
    LINES,
    scope=st.sampled_from(["phone", "phone", "list", "all"]),
    until=st.sampled_from([None, 0, 3, 9]),
)
LIFTS = st.builds(Edit, st.sampled_from(["lift", "lift", "shorten", "narrow"]), LINES)
# Now and then only: under a hold nothing comes off, and what may come off is most of what can go wrong.
EDITS = st.builds(
    lambda edits, held: (*edits, *held),
    FREE_EDITS,
    st.one_of(*[st.just(())] * 4, HOLDS.map(lambda hold: (hold,)), *[LIFTS.map(lambda lift: (lift,))] * 2),
)
AGENTS = st.builds(
    Act, st.sampled_from(["add", "touch", "remove", *ENTRIES]), st.sampled_from(OFTEN), enter=st.booleans()
)
# Now and then a report is forged, or the chain begins anew.
ACTS = st.one_of(
    *[AGENTS] * 9, st.builds(Act, st.sampled_from(["forge", "omit", "rename"]), st.sampled_from(OFTEN))
)
PHONE = st.sampled_from([KEYS[0][1], *PHONES])
FAULTS = st.one_of(
    st.tuples(st.sampled_from(["refused", "dropped", "weakened", "unseen", "missed"]), PHONE),
    st.tuples(
        st.just("upserts"),
        st.sampled_from(["ambiguous", "stored", "refused", "not-sent", "too-large", RAISE, ""]),
    ),
    st.tuples(
        st.just("removals"),
        st.sampled_from(["ambiguous", "gone", "refused", "unsupported", "not-sent", RAISE]),
    ),
    st.just(("reads", RAISE)),
)
FIRST = st.builds(Chapter, st.lists(PUTS, min_size=1, max_size=4).map(tuple))
CHAPTERS = st.builds(
    Chapter,
    EDITS,
    st.lists(ACTS, max_size=1).map(tuple),
    st.sampled_from([0, 0, 1, 4, 9]),
    st.one_of(st.just(()), st.just(()), st.lists(FAULTS, min_size=1, max_size=2).map(tuple)),
    st.sampled_from([None, None, None, None, None, 1, 2, 3, 4]),
    st.sampled_from([*[""] * 8, "apart", "silent"]),
)
# Chapters in which something comes off while something else goes on, and wrong.
PERMITTED = st.lists(LINES, min_size=1, max_size=2).map(
    lambda lines: tuple(
        edit
        for line in lines
        for edit in (Edit("drop", line), Edit("release", line, release=ReleaseReason.ENTERED_IN_ERROR))
    )
)
TROUBLE = st.builds(
    Chapter,
    st.builds(lambda off, on: off + on, st.one_of(PERMITTED, MOVED), st.lists(PUTS, max_size=2).map(tuple)),
    st.just(()),
    st.sampled_from([2, 9]),
    st.lists(FAULTS, min_size=1, max_size=2).map(tuple),
    st.sampled_from([None, None, None, 1, 2]),
)


def stories(chapters: st.SearchStrategy[Chapter] = CHAPTERS) -> st.SearchStrategy[tuple[Chapter, ...]]:
    """Give stories that begin with claims and a run that nothing disturbs."""
    rest = st.lists(chapters, min_size=1, max_size=5)
    return st.builds(lambda first, then: (first, *then), FIRST, rest)


def _quiet(chapter: Chapter) -> Chapter:
    return replace(chapter, faults=(), stop=None)


# Chapters in which everything is permitted that a hold may forbid.
OFF = LINES.flatmap(
    lambda line: st.builds(
        lambda said, why: (
            Edit("drop", line),
            *([] if said is None else [Edit("put", line, said)]),
            Edit("release", line, release=why),
        ),
        st.one_of(st.none(), SAID),
        st.sampled_from([ReleaseReason.CONSENT_GIVEN, ReleaseReason.ENTERED_IN_ERROR]),
    )
)
HOLDING = st.builds(
    Chapter,
    st.builds(
        lambda off, held: (*off, *held), st.one_of(OFF, OFF, MOVED, st.just(())), st.lists(HOLDS, max_size=1)
    ),
    st.lists(ACTS, max_size=1).map(tuple),
    st.sampled_from([0, 1, 4, 9]),
)
# Chapters in which nothing but permission is at stake.
ASKING_LEAVE = st.builds(
    Chapter,
    st.one_of(BESIDE, GOES, MOVED, OFF, *[st.one_of(DROPS, PUTS, MOVES).map(lambda edit: (edit,))] * 2),
    days=st.sampled_from([0, 0, 1, 4]),
)
# Requests of many days at once.
ASKED = st.builds(
    Edit,
    st.just("put"),
    st.builds(lambda path, key: (path, *key), st.sampled_from(PATHS), st.sampled_from(KEYS)),
    st.builds(
        Said,
        st.sampled_from([ReasonCode.CUSTOMER_REQUESTED, ReasonCode.CUSTOMER_REQUESTED, ReasonCode.LOCAL]),
        st.sampled_from([None, 12]),
        asked=st.sampled_from([None, 1, 2, 9, 20]),
    ),
)
ASKING = st.builds(
    Chapter,
    st.lists(ASKED, min_size=2, max_size=7).map(tuple),
    st.lists(ACTS, max_size=1).map(tuple),
    st.sampled_from([0, 1, 9]),
)


def _taken_off(line: Line, said: Said, act: str, days: int) -> tuple[Chapter, ...]:
    """Let others modify an entry of ours and a run see it, and others take it off and a run restore it."""
    key = (line[1], line[2])
    return (
        Chapter((Edit("put", line, said),)),
        Chapter(acts=(Act(act, key),), days=days),
        Chapter(acts=(Act("remove", key),)),
    )


TAKEN_OFF = st.builds(
    _taken_off,
    st.builds(lambda path: (path, *KEYS[0]), st.sampled_from(PATHS)),
    SAID,
    st.sampled_from(["touch", *ENTRIES]),
    st.sampled_from([0, 1]),
)


def _meeting(said: Said, order: tuple[str, ...], days: int) -> tuple[Chapter, ...]:
    """Let entries of others and a line of ours (`""`) meet in an order; a run sees each as it comes."""
    line = (PATHS[0], *KEYS[0])
    ours = Chapter((Edit("put", line, said),))
    entered = (Chapter(acts=(Act(kind, KEYS[0], enter=True),)) if kind else ours for kind in order)
    return (*entered, Chapter(days=days))


def _going(why: ReleaseReason, days: int, acts: tuple[Act, ...]) -> Chapter:
    """Let the line of ours go by a release, while others may take the entry off."""
    line = (PATHS[0], *KEYS[0])
    return Chapter((Edit("drop", line), Edit("release", line, release=why, days=days)), acts)


REGISTRY_MEETINGS = st.builds(
    _meeting,
    st.one_of(st.sampled_from([Said(ReasonCode.CUSTOMER_REQUESTED, 3), Said(ReasonCode.STATE)]), SAID),
    st.builds(
        lambda registry, other, places: tuple([registry, other, ""][place] for place in places),
        st.sampled_from(["national", "national", "state"]),
        st.sampled_from(["add", "date", "policy", "remove"]),
        st.sampled_from([(1, 2, 0), (0, 2, 1), (2, 0, 1), (2, 1, 0)]),
    ),
    st.sampled_from([0, 9]),
)
REGISTRY_GOES = st.builds(
    _going,
    st.sampled_from([ReleaseReason.CONSENT_GIVEN, ReleaseReason.REGISTRY_REMOVED, *ReleaseReason]),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([(), (), (Act("remove", KEYS[0]),)]),
)

CLAIMED = st.lists(PUTS, max_size=10).map(lambda puts: (Chapter(tuple(puts)),))
STORIES = stories()
TROUBLED_STORIES = stories(TROUBLE)
LEAVE_STORIES = stories(ASKING_LEAVE)
HELD_STORIES = stories(HOLDING)
TAKEN_OFF_STORIES = st.builds(
    lambda begin, then: (*begin, *then),
    TAKEN_OFF,
    st.lists(st.one_of(CHAPTERS, ASKING_LEAVE), min_size=1, max_size=3),
)
REGISTRY_STORIES = st.builds(
    lambda begin, then: (*begin, *then),
    REGISTRY_MEETINGS,
    st.lists(st.one_of(REGISTRY_GOES, REGISTRY_GOES, CHAPTERS), min_size=1, max_size=2),
)
_LINE: Line = (PATHS[0], *KEYS[0])
_ENTERS = st.builds(Act, st.sampled_from(sorted(ENTRIES)), st.just(KEYS[0]), st.just(True))
# Somebody enters a number, or nobody does, a line of ours for it goes before the read, and then it goes.
EARLY_STORIES = st.builds(
    lambda acts, said, why, age, days, faults, counts: (
        Chapter((Edit("put", (PATHS[0], *KEYS[1]), Said(ReasonCode.LOCAL)),), days=2),
        Chapter((Edit("put", _LINE, said),), acts if counts < 2 else (), faults=faults, counts=counts > 0),
        *((Chapter((), acts, counts=True), Chapter()) if counts > 1 else ()),
        Chapter((Edit("drop", _LINE), Edit("release", _LINE, release=why, days=age)), days=days),
        Chapter(days=days, counts=counts > 0),
    ),
    st.one_of(st.just(()), st.tuples(_ENTERS)),
    st.one_of(st.just(Said(ReasonCode.CUSTOMER_REQUESTED)), SAID),
    st.sampled_from(ReleaseReason),
    st.sampled_from([0, 0, 1, 3]),
    st.sampled_from([0, 2, 4]),
    st.sampled_from([(), (), (("upserts", "stored"),), (("refused", KEYS[0][1]),)]),
    st.sampled_from([0, 1, 2]),
)
ASKING_STORIES = st.lists(ASKING, min_size=1, max_size=3).map(tuple)
CLEAN_STORIES = stories(CHAPTERS.map(_quiet))
UNPERMITTED_STORIES = stories(
    CHAPTERS.map(lambda c: replace(c, days=0, edits=tuple(e for e in c.edits if e.kind != "release")))
)
