"""`dnc pull` from a tenant of dialect `dnc-groups`: it tells ends, and no reasons."""

from datetime import date, timedelta

import pytest

from tests.support.groups_project import grouped
from tests.support.project import LIST, entry
from tests.support.sandbox import phone

FILE = f"dnc-lists/adopted/production/{LIST}.yaml"


@pytest.fixture
def project(tmp_path):
    with grouped(tmp_path) as made:
        made.list(entry(phone(1)))
        made.apply()
        yield made


def test_an_end_that_cxone_tells_is_adopted(project):
    until = date(2026, 11, 23) + timedelta(days=100)
    project.acts("add", phone(2), expired=until.isoformat())
    project.acts("add", phone(3))
    done = project.run("pull")
    assert done.code == 0, done.err
    text = (project.folder / FILE).read_text()
    assert "expirationPolicy: ABSOLUTE" in text
    assert "expirationPolicy: NEVER" in text
    assert text.count("reasonCode: UNKNOWN") == 2
    assert project.run("validate").code == 0
    made = project.plan().json
    assert made["changes"] == made["drift"] == []


def test_a_group_that_is_not_there_is_said(project):
    done = project.run("pull", "--list", "nowhere")
    assert done.code == 4
    assert "there is no DNC group nowhere" in done.err
