"""`dnc pull --merge-request`: drift comes back as one merge request, made by push options, never by force."""

import json

import pytest

from reconciler.git.remote import Remote
from tests.support.project import LIST, Project, entry, making
from tests.support.sandbox import phone

BRANCH = "dnc-adopt-production"
FILE = f"dnc-lists/adopted/production/{LIST}.yaml"


@pytest.fixture
def project(tmp_path):
    """A list that is applied, at an origin that takes push options as GitLab does, and writes them down."""
    with making(tmp_path) as made:
        made.git("-C", str(made.origin), "config", "receive.advertisePushOptions", "true")
        hook = made.origin / "hooks" / "pre-receive"
        hook.write_text(
            '#!/bin/sh\nwhile read old new ref; do echo "$ref $old $new"; done >> "$GIT_DIR/pushes"\n'
            'i=0; while [ "$i" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do\n'
            '  eval "echo \\"\\$GIT_PUSH_OPTION_$i\\""; i=$((i+1)); done >> "$GIT_DIR/options"\n'
        )
        hook.chmod(0o755)
        made.list(entry(phone(1)))
        made.apply()
        (made.origin / "options").unlink(missing_ok=True)
        yield made


def options(project: Project) -> dict[str, str]:
    """Give the options of the newest merge request push."""
    found = {}
    for line in (project.origin / "options").read_text().splitlines():
        name, _, value = line.partition("=")
        found[name] = value
    return found


def pull(project: Project, *arguments: str):
    done = project.run("pull", "--merge-request", *arguments)
    assert done.code == 0, done.err
    project.git("fetch", "-q", "origin")
    return done


def shown(project: Project, rev: str = f"origin/{BRANCH}") -> str:
    return project.git("show", f"{rev}:{FILE}")


def numbers(project: Project) -> list[str]:
    return [line.split('"')[1] for line in shown(project).splitlines() if '"+1' in line]


def test_drift_becomes_a_merge_request(project):
    project.agent("add", phone(2), "LOCAL", modified="2026-11-22T08:00:00Z")
    project.agent("add", phone(3), "odd", modified="2026-11-23T09:30:00Z")
    before = project.git("status", "--porcelain"), project.head
    done = pull(project)
    asked = options(project)
    assert {"merge_request.create", "merge_request.target", "merge_request.title"} <= set(asked)
    assert asked["merge_request.target"] == "main"
    assert asked["merge_request.title"] == "Adopt 2 numbers that only CXone has (production)"
    said = asked["merge_request.description"]
    assert f"{LIST}: 2 (1 LOCAL, 1 UNKNOWN)" in said
    assert "modified between 2026-11-22 08:00 UTC and 2026-11-23 09:30 UTC" in said
    assert phone(2) not in said
    assert "ci.skip" not in asked
    assert numbers(project) == [phone(2), phone(3)]
    assert (
        project.git("log", "-1", "--format=%an %ae %P", f"origin/{BRANCH}")
        == f"dnc dnc@localhost {before[1]}"
    )
    assert (project.git("status", "--porcelain"), project.head) == before
    assert f"pushed {BRANCH}, with a merge request to main" in done.err


def test_the_branch_is_valid_and_its_plan_creates_nothing(project):
    project.agent("add", phone(2))
    pull(project)
    project.git("checkout", "-q", f"origin/{BRANCH}")
    assert project.run("validate").code == 0
    done = project.plan(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main").json
    assert done["changes"] == done["drift"] == []


def test_the_same_call_twice_pushes_nothing(project):
    project.agent("add", phone(2))
    pull(project)
    pushes = (project.origin / "pushes").read_text()
    done = pull(project)
    assert f"{BRANCH} has them already: merge it" in done.err
    assert (project.origin / "pushes").read_text() == pushes


def test_without_drift_there_is_no_branch(project):
    assert "nothing to adopt" in pull(project).err
    assert BRANCH not in project.git("ls-remote", "origin")


def test_more_numbers_are_a_commit_on_top_and_keep_the_day_they_were_first_seen(project):
    project.agent("add", phone(2))
    pull(project)
    first = project.git("rev-parse", f"origin/{BRANCH}")
    project.clock.move(days=2)
    project.agent("add", phone(3))
    pull(project)
    assert project.git("rev-parse", f"origin/{BRANCH}^@") == first
    assert "firstSeenOn: 2026-11-23" in shown(project)
    assert "firstSeenOn: 2026-11-25" in shown(project)
    assert options(project)["merge_request.title"].startswith("Adopt 2 numbers")


def test_what_a_reviewer_wrote_on_the_branch_stays(project):
    project.agent("add", phone(2))
    pull(project)
    project.git("checkout", "-q", "-b", "review", f"origin/{BRANCH}")
    project.write(FILE, (project.folder / FILE).read_text().replace("UNKNOWN", "LOCAL") + "# seen by Ann\n")
    project.git("commit", "-qam", "seen")
    project.git("push", "-q", "origin", f"HEAD:{BRANCH}")
    project.git("checkout", "-q", "main")
    project.agent("add", phone(3))
    pull(project)
    assert "# seen by Ann" in shown(project)
    assert numbers(project) == [phone(2), phone(3)]


def test_a_target_that_moved_is_merged_and_nothing_is_forced(project):
    project.agent("add", phone(2))
    pull(project)
    tip = project.git("rev-parse", f"origin/{BRANCH}")
    head = project.list(entry(phone(9)), name="more")
    project.agent("add", phone(3))
    pull(project)
    assert project.git("rev-parse", f"origin/{BRANCH}^@").split() == [tip, head]
    assert numbers(project) == [phone(2), phone(3)]
    changed = project.git("diff", "--name-only", "main", f"origin/{BRANCH}")
    assert changed == FILE


def test_a_branch_that_conflicts_is_built_anew_on_top_of_both(project):
    project.agent("add", phone(2))
    pull(project)
    tip = project.git("rev-parse", f"origin/{BRANCH}")
    project.write(FILE, f"listId: {LIST}\nentries: []\n")
    head = project.commit()
    project.agent("add", phone(3))
    done = pull(project)
    assert "built anew" in done.err
    assert project.git("rev-parse", f"origin/{BRANCH}^@").split() == [tip, head]
    assert numbers(project) == [phone(2), phone(3)]


def test_after_the_merge_the_next_one_begins_at_the_target(project):
    project.agent("add", phone(2))
    pull(project)
    project.git("merge", "-q", "--no-ff", "-m", "merged", f"origin/{BRANCH}")
    project.git("push", "-q", "origin", "main")
    assert "nothing to adopt" in pull(project).err
    project.agent("add", phone(3))
    pull(project)
    assert project.git("rev-parse", f"origin/{BRANCH}^@") == project.head


def test_the_branch_does_not_say_where_the_credentials_go(project):
    """Anybody may push to it: configuration and rules are the target's."""
    project.agent("add", phone(2))
    pull(project)
    project.git("checkout", "-q", "-b", "evil", f"origin/{BRANCH}")
    evil = json.loads((project.folder / "dnc.yaml").read_text())
    evil["tenants"]["production"]["baseUrl"] = "http://127.0.0.1:1"
    project.write("dnc.yaml", json.dumps(evil))
    project.git("commit", "-qam", "evil")
    project.git("push", "-q", "origin", f"HEAD:{BRANCH}")
    project.git("checkout", "-q", "main")
    project.agent("add", phone(3))
    assert numbers(project) == [phone(2)]
    pull(project)
    assert numbers(project) == [phone(2), phone(3)]


def test_a_push_that_loses_a_race_is_made_again_on_top(project, monkeypatch):
    project.agent("add", phone(2))
    other = project.clone("other")
    push, lost = Remote.push, []

    def late(self, branch, sha, **more):
        if branch == BRANCH and not lost:
            lost.append(sha)
            other.write("note.txt", "theirs")
            other.git("add", "-A")
            other.git("commit", "-qm", "theirs")
            other.git("push", "-q", "origin", f"HEAD:{BRANCH}")
        return push(self, branch, sha, **more)

    monkeypatch.setattr(Remote, "push", late)
    pull(project)
    assert lost
    assert project.git("show", f"origin/{BRANCH}:note.txt") == "theirs"
    assert numbers(project) == [phone(2)]


def test_without_push_options_there_is_a_branch_and_it_is_said(project):
    project.git("-C", str(project.origin), "config", "receive.advertisePushOptions", "false")
    project.agent("add", phone(2))
    done = pull(project)
    assert "no merge request was opened" in done.err
    assert numbers(project) == [phone(2)]


def test_without_a_remote_nothing_is_done(tmp_path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(phone(1)))
        done = project.run("pull", "--merge-request")
        assert done.code == 4
        assert "no remote" in done.err
