"""Keys, values and links in the pages are real, and none is missing."""

import json
import re

import pytest

from reconciler.audit.report_content import Content
from reconciler.core.model.entries import FITTING, REGISTRY_REASONS, ReleaseReason
from reconciler.core.planning.change import BlockedBy, Direction, DriftKind, Reason
from reconciler.core.planning.plan import COUNTS, failed_plan_to_json
from reconciler.rules.rule_set import load_rules
from tests.docs.pages import PAGES, ROOT, anchors, first_cells, links, names, section

FILES = ROOT / "docs" / "reference" / "files.md"
PLAN = ROOT / "docs" / "reference" / "plan.md"
RULES = ROOT / "docs" / "reference" / "rules.md"


def schema(name):
    return json.loads((ROOT / "schema" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page):
    for target in links(page):
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        assert not heading or heading in anchors(file), target


def test_the_index_leads_to_every_page():
    folder = ROOT / "docs"
    led = {(folder / target.partition("#")[0]).resolve() for target in links(folder / "README.md")}
    decisions = {page for page in PAGES if page.parent.name == "adr" and page.name != "README.md"}
    assert {page for page in PAGES if folder in page.parents} - decisions - {folder / "README.md"} <= led


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:script|tests|docs|schema|reconciler|\.ci)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_are_named_exist(page):
    """A page may say that a test shows something: `path::test`."""
    for path, test in re.findall(r"`(tests/[\w/.-]+)::(\w+)`", page.read_text(encoding="utf-8")):
        assert re.search(rf"^def {test}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), test


def test_an_attempt_that_a_test_shows_names_it():
    """What nothing in `dnc` stops has no test; every other row has one."""
    rows = re.findall(
        r"^\| .*\|$", (ROOT / "docs" / "explain" / "security.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    cells = ([cell.strip() for cell in row[1:-1].split("|")] for row in rows)
    told = [row for row in cells if len(row) == 4 and not row[0].startswith(("attempt", "---"))]
    assert len(told) > 50
    for attempt, stops, _, test in told:
        assert ("::test_" in test) or stops.lstrip("*").startswith("nothing"), attempt


def test_every_key_of_the_configuration_is_explained():
    found = schema("dnc.schema.json")
    top = set(found["properties"])
    inner = {
        f"{name}.{key}"
        for name in ("safety", "audit", "readings")
        for key in found["properties"][name]["properties"]
    }
    said = section(FILES, "Configuration: `dnc.yaml`")
    assert set(names(first_cells(said, "key"))) == top | inner
    tenant = found["$defs"]["tenant"]["properties"]
    coverage = {f"coverage.{key}" for key in tenant["coverage"]["properties"]}
    assert set(names(first_cells(said, "key of a tenant"))) == tenant.keys() | coverage
    profile = dict(found["$defs"]["profile"]["properties"])
    inner = {f"{name}.{key}" for name in ("ignore", "registry") for key in profile.pop(name)["properties"]}
    assert set(names(first_cells(said, "key of an import profile"))) == set(profile) | inner


def test_every_key_of_a_list_is_explained():
    found = schema("dnc-list.schema.json")
    said = section(FILES, "A list: `dnc-lists/**/*.yaml`")
    assert set(names(first_cells(said, "key"))) == set(found["properties"])
    for kind in ("entry", "release"):
        head = f"key of {'an' if kind == 'entry' else 'a'} {kind}"
        assert set(names(first_cells(said, head))) == set(found["$defs"][kind]["properties"])


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("value of `direction`", Direction),
        ("value of `reason`", Reason),
        ("value of `blocked_by`", BlockedBy),
        ("value of `kind`", DriftKind),
    ],
)
def test_every_value_of_a_plan_is_explained(head, values):
    assert names(first_cells(PLAN.read_text(encoding="utf-8"), head)) == [v.value for v in values]


def test_every_key_of_a_plan_is_explained(heading):
    said = section(PLAN, "The plan")
    assert set(names(first_cells(said, "key"))) == set(failed_plan_to_json(heading, ()))
    assert set(COUNTS) <= set(re.findall(r"`(\w+)`", said))


def test_every_key_of_a_report_is_explained():
    links = {"format_version", "seq", "previous", "plan_sha256"}
    said = names(first_cells(section(PLAN, "The audit report"), "key"))
    assert set(said) == set(Content.__annotations__) | links


def test_every_rule_has_a_row():
    packaged = {rule.id for rule in load_rules({}).regulations}
    rows = re.findall(r"^\| `([A-Z]+-[A-Z0-9-]+)` \|", RULES.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(packaged)


def test_the_files_page_says_which_release_fits():
    table = section(FILES, "Which release fits")
    rows = re.findall(r"^\| ([A-Z_]+) \| ([^|]+) \|", table, re.MULTILINE)
    told = {release: set(re.findall("registry|company", fits.partition(",")[0])) for release, fits in rows}
    kinds = {
        release.value: {
            "registry" if reason in REGISTRY_REASONS else "company"
            for reason, fitting in FITTING.items()
            if release in fitting
        }
        for release in ReleaseReason
    }
    conditional = {ReleaseReason.MOVED.value, ReleaseReason.TERM_ENDED.value}  # by more than the entry's kind
    assert told.keys() == kinds.keys()
    assert {name: told[name] for name in told.keys() - conditional} == {
        name: kinds[name] for name in kinds.keys() - conditional
    }
