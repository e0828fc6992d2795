"""Two tenants of one CXone, written in two ways (S13): the second one is refused, whatever the spelling."""

from collections.abc import Callable

import pytest

from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import Project, dated, entry
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))


def port(project: Project) -> str:
    return project.url.rpartition(":")[2]


SPELLINGS: dict[str, Callable[[Project], dict[str, str]]] = {
    "localhost": lambda p: {"baseUrl": f"http://localhost:{port(p)}"},
    "capitals and a slash": lambda p: {"baseUrl": f"HTTP://LOCALHOST:{port(p)}/"},
    "IPv6": lambda p: {"baseUrl": f"http://[::1]:{port(p)}"},
    "another loopback address": lambda p: {"baseUrl": f"http://127.0.0.2:{port(p)}"},
    "a path of dots": lambda p: {"baseUrl": f"{p.url}/./x/../"},
    "as it is": lambda p: {"baseUrl": p.url},
    "another variable": lambda _: {"baseUrl": "${CXONE_SECOND_URL}"},
    "a part in a variable": lambda p: {"baseUrl": f"http://${{CXONE_HOST}}:{port(p)}"},
    "organisation as it is": lambda p: {"orgId": "sandbox", "baseUrl": p.url},
    "organisation in capitals": lambda p: {"orgId": "SANDBOX", "baseUrl": p.url},
    "organisation in another variable": lambda p: {"orgId": "${CXONE_SECOND_ORG}", "baseUrl": p.url},
}


def second(project: Project, **settings: str) -> None:
    """Add a tenant with a list folder that has a list in common with the first one's."""
    project.environ |= {
        "CXONE_SECOND_URL": project.url.replace("127.0.0.1", "localhost"),
        "CXONE_HOST": "localhost",
        "CXONE_SECOND_ORG": "sandbox",
    }
    project.configure(
        lambda c: c["tenants"].update(
            second={**c["tenants"]["production"], **settings, "lists": ["second/*.yaml"]}
        )
    )
    project.list(dated(A, until="2026-11-26"), entry(B), name="../second/main")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_second_tenant_of_the_same_cxone_is_refused(project: Project, spelling: str):
    """S13."""
    project.list(dated(A, until="2028-06-30"), entry(B, C))
    project.apply()
    second(project, **SPELLINGS[spelling](project))
    for call in ("plan", "apply"):
        for tenant in ("second", "production"):
            done = project.run(call, "--tenant", tenant)
            assert (done.code, "[CONF-07]" in done.err) == (4, True), (call, tenant, done.err)
    project.clock.move(days=10)
    assert project.run("apply", "--tenant", "second").code == 4
    assert A in project.live()


def test_one_whose_variables_are_not_set_is_compared_as_it_is_written(project: Project):
    project.list(entry(B, C))
    second(project, orgId="${CXONE_NOT_SET}", baseUrl="${CXONE_NOT_SET_EITHER}")
    project.apply("--tenant", "production")


@pytest.mark.parametrize(
    "settings",
    [{"orgId": "another"}, {"baseUrl": "https://example.com"}, {"listIds": {"dnc-list-01": "second"}}],
)
def test_another_cxone_or_list_is_another(project: Project, settings: dict[str, str]):
    project.list(entry(B, C))
    second(project, **settings)
    project.apply("--tenant", "production")


def test_groups_of_one_cxone_too(tmp_path):
    with grouped(tmp_path) as project:
        project.list(entry(B))
        _second_groups(project)
        done = project.run("plan", "--tenant", "second")
        assert (done.code, "[CONF-07]" in done.err) == (4, True), done.err


def _second_groups(project: GroupsProject) -> None:
    urls = {"discoveryUrl": project.url.replace("127.0.0.1", "localhost"), "accessKeyId": "dnc-tests"}
    project.configure(
        lambda c: c["tenants"].update(
            second={**c["tenants"]["production"], **urls, "lists": ["second/*.yaml"]}
        )
    )
    project.list(entry(B), name="../second/main")
