"""For each moment `check --at` tells what CXone really had after the run before it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.project import Project, entry, making, release

NUMBERS = ("+12125550101", "+12125550102", "+12125550103")

# Before a run: which numbers the files claim, which others are released, who acts in CXone
# on what, and what CXone refuses.
_some = st.sets(st.sampled_from(NUMBERS))
_deeds = st.lists(st.tuples(st.sampled_from(("add", "remove")), st.sampled_from(NUMBERS)), max_size=2)
_steps = st.tuples(_some, _some, _deeds, st.sampled_from((None, *NUMBERS)))


@settings(max_examples=3, deadline=None)
@given(st.lists(_steps, min_size=2, max_size=4))
def test_each_moment_is_told_as_it_was(history):
    with TemporaryDirectory() as folder, making(Path(folder)) as project:
        moments = [_step(project, *step) for step in history]
        exported = project.run("audit", "export")  # the sums of all runs are what their reports say
        assert exported.code == 0, exported.err
        for moment, live in moments:
            for number in NUMBERS:
                found = project.run("check", number, "--at", moment, "--format", "json").json
                left = any(one["left_live"] for one in found["lists"])
                assert left == (number in live), (moment, number, found)
                # What is said of the moment itself is that, or that nobody knows.
                assert all(one["live"] in {None, one["left_live"]} for one in found["lists"])


def _step(project: Project, claimed, released, deeds, refused) -> tuple[str, set[str]]:
    """Let all this happen, and a run; give a moment after it, and what was live then."""
    project.clock.move(hours=12)
    for deed, number in deeds:
        if (number in project.live()) == (deed == "remove"):
            project.agent(deed, number)
    project.clock.move(hours=36)
    off = sorted(released - claimed)
    on = f"{project.clock():%Y-%m-%d}"
    project.list(
        *([entry(*sorted(claimed))] if claimed else []), releases=[release(*off, on=on)] if off else ()
    )
    project.sandbox.conduct.refused = {refused: "NOT_NOW"} if refused else {}
    done = project.run("apply", CI_PIPELINE_SOURCE="schedule")
    assert done.code in {0, 6, 8}, done.err
    project.clock.move(hours=1)
    return project.clock().isoformat(), set(project.live())
