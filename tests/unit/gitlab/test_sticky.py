"""One note a merge request, edited in place, whoever else edits it at the same time."""

import threading

import pytest

from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.notes import LARGEST_NOTE, MARKER, ROUNDS, Notes, Sticky, build_note, split_sections
from tests.support.gitlab_api import BOT, PROJECT, TOKEN

STRANGER = BOT + 1


def put(api, tenant, text, *, pause=lambda _: None, token=TOKEN):
    with GitLab(api.url, PROJECT, token) as gitlab:
        Sticky(Notes(gitlab, 3), pause=pause, uniform=lambda low, _: low).write_section(
            tenant, lambda _: text
        )


def test_a_first_plan_makes_the_note_and_the_next_edits_it_in_place(api):
    put(api, "production", "#### one")
    put(api, "production", "#### two")
    assert api.bodies == [build_note({"production": "#### two"})]
    assert "POST" not in api.methods()[api.methods().index("PUT") :]


def test_the_same_text_is_not_written_again(api):
    put(api, "production", "#### one")
    put(api, "production", "#### one")
    assert "PUT" not in api.methods()


def test_each_tenant_has_its_own_section_and_they_stand_in_order_of_name(api):
    put(api, "production", "#### p")
    put(api, "admin-api", "#### a")
    assert list(split_sections(api.bodies[0])) == ["admin-api", "production"]
    assert len(api.bodies) == 1


def test_the_note_is_found_behind_many_others(api):
    put(api, "production", "#### one")
    for number in range(5):
        api.add(f"comment {number}", STRANGER)
    api.page_size = 2
    put(api, "production", "#### two")
    assert sum(body.startswith(MARKER) for body in api.bodies) == 1


def test_what_somebody_else_marked_as_ours_is_left_alone(api):
    forged = api.add(f"{MARKER}\nnothing to see", STRANGER)
    put(api, "production", "#### one")
    assert api.notes[forged]["body"] == f"{MARKER}\nnothing to see"
    assert len(api.notes) == 2


def test_a_token_that_may_not_know_itself_still_writes(api):
    api.knows_me = False
    put(api, "production", "#### one")
    assert len(api.notes) == 1


def test_a_section_that_another_job_wrote_over_is_written_again(api):
    put(api, "production", "#### p")
    number = next(iter(api.notes))

    def overwrite(_seconds):
        # The other job looked before our write and wrote after it.
        if split_sections(api.notes[number]["body"]).get("production") == "#### new" and not overwritten:
            overwritten.append(True)
            api.notes[number]["body"] = build_note({"production": "#### p", "other": "#### o"})

    overwritten = []
    put(api, "production", "#### new", pause=overwrite)
    assert overwritten
    assert split_sections(api.bodies[0]) == {"production": "#### new", "other": "#### o"}


def test_two_jobs_that_make_the_note_at_once_end_with_one(api):
    meet = threading.Barrier(2, timeout=5)
    first = threading.Semaphore(2)

    def together(method, _path):
        if method == "POST" and first.acquire(blocking=False):
            meet.wait()

    api.before = together
    failed = []

    def job(tenant):
        try:
            put(api, tenant, f"#### {tenant}")
        except GitLabProblem as problem:
            failed.append(problem)

    jobs = [threading.Thread(target=job, args=(tenant,)) for tenant in ("production", "admin-api")]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert not failed
    assert len(api.notes) == 1
    assert split_sections(api.bodies[0]) == {"production": "#### production", "admin-api": "#### admin-api"}


def test_what_passes_is_tried_again(api):
    api.faults.extend([0, 503, 0, 0, 429])
    put(api, "production", "#### one")
    assert len(api.notes) == 1


def test_what_does_not_pass_ends_after_some_rounds(api):
    api.before = lambda method, _: api.faults.append(502) if method == "POST" else None
    waits = []
    with pytest.raises(GitLabProblem, match="502"):
        put(api, "production", "#### one", pause=waits.append)
    assert len(waits) == ROUNDS


def test_a_wrong_token_is_said_at_once_and_never_shown(api):
    with pytest.raises(GitLabProblem, match="401") as caught:
        put(api, "production", "#### one", token="wrong-and-secret")
    assert "GITLAB_TOKEN" in str(caught.value)
    assert "wrong-and-secret" not in str(caught.value)


def test_a_token_does_not_travel_in_the_open():
    with pytest.raises(GitLabProblem, match="https"):
        GitLab("http://gitlab.example.com/api/v4", PROJECT, TOKEN)


def test_the_note_stays_below_the_limit_however_many_tenants_there_are(api):
    def greedy(limit):
        return "x" * limit

    with GitLab(api.url, PROJECT, TOKEN) as gitlab:
        sticky = Sticky(Notes(gitlab, 3), pause=lambda _: None, uniform=lambda low, _: low)
        sticky.write_section("b", lambda limit: "y" * (limit // 2))
        sticky.write_section("a", greedy)
    assert len(api.bodies[0]) <= LARGEST_NOTE
    assert set(split_sections(api.bodies[0])) == {"a", "b"}
