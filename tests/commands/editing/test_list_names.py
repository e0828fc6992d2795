"""The name of a list that nothing names yet is a typing error, until somebody says that the list is new."""

import pytest

from tests.support.project import LIST, Project, entry

TERMS = ("--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER")
ENTRY = '  - {phone: "+12125550101", reasonCode: LOCAL, expirationPolicy: NEVER}\n'
TYPED = [
    ("custmers", "did you mean customers?"),
    ("Customers", "did you mean customers?"),
    ("CUSTOMERS", "did you mean customers?"),
    ("customer", "did you mean customers?"),
    ("cusotmers", "did you mean customers?"),
    ("customers-", "did you mean customers?"),
    ("sms", "there is customers, dnc-list-01"),
]


@pytest.fixture
def lists(folder):
    folder.write("dnc-lists/customers.yaml", f"listId: customers\nentries:\n{ENTRY}")
    folder.entries("dnc-list-01", ENTRY)
    return folder


def add(folder, name, *options):
    return folder.dnc("add", "2125550124", "--list", name, *TERMS, *options)


def import_(folder, name, *options):
    (folder.path.parent / "n.csv").write_text("phone\n2125550124\n")
    return folder.dnc("import", str(folder.path.parent / "n.csv"), "--list", name, *TERMS, *options)


@pytest.mark.parametrize("call", [add, import_])
@pytest.mark.parametrize(("name", "said"), TYPED)
def test_a_new_name_is_refused_with_the_one_that_is_meant(lists, call, name, said):
    before = lists.files()
    done = call(lists, name)
    assert done.code == 4
    assert f"--list: no file of tenant toy is part of a list {name}: {said}" in done.err
    assert "if it is a new list, add --new-list" in done.err
    assert lists.files() == before


@pytest.mark.parametrize("call", [add, import_])
@pytest.mark.parametrize("name", ["custmers", "Customers", "sms"])
def test_new_list_means_it(lists, call, name):
    assert call(lists, name, "--new-list").code == 0
    assert [path for path in lists.files() if path.startswith(f"dnc-lists/{name}")]
    assert call(lists, name).code == 0  # now there is one


def test_a_list_that_is_new_is_said_to_be(lists):
    done = add(lists, "sms", "--new-list")
    assert "sms is a new list: no file named it. The others: customers, dnc-list-01" in done.err


@pytest.mark.parametrize("call", [add, import_])
def test_the_first_list_of_a_project_needs_no_word(folder, call):
    assert call(folder, "customers").code == 0
    assert call(folder, "customers").code == 0
    assert call(folder, "custmers").code == 4


@pytest.mark.parametrize("call", [add, import_])
def test_an_empty_list_as_init_writes_it_is_one(tmp_path, folder, call):
    folder.path = tmp_path / "new"
    folder.path.mkdir()
    assert folder.dnc("init", ".").code == 0
    assert call(folder, "dnc-list-1").code == 4
    assert call(folder, "dnc-list-01").code == 0


def test_a_name_that_the_configuration_maps_is_known(lists):
    text = lists.read("dnc.yaml").replace("embedded: true", "embedded: true, listIds: {sms: Text DNC}")
    lists.write("dnc.yaml", text)
    assert add(lists, "sms").code == 0


def test_a_profiles_list_is_looked_at_too(lists):
    lists.write("dnc.yaml", lists.read("dnc.yaml") + "imports:\n  vendor: {listId: custmers}\n")
    lists.write("n.csv", "phone\n2125550124\n")
    done = lists.dnc("import", "n.csv", "--profile", "vendor", *TERMS)
    assert done.code == 4
    assert "imports.vendor.listId: no file of tenant toy is part of a list custmers" in done.err
    assert "did you mean customers?" in done.err


def test_a_snapshot_is_looked_at_too(lists):
    lists.write("202.txt", "202,5550101\n202,5550102\n")
    options = ("--reason", "NATIONAL", "--policy", "NEVER", "--source", "ftc-registry")
    taken = ("--snapshot", "--retrieved-at", "2026-11-20")
    done = lists.dnc("import", "202.txt", "--list", "dnc-lst-01", *options, *taken)
    assert done.code == 4
    assert "did you mean dnc-list-01?" in done.err


def test_the_first_list_of_a_second_tenant_is_new(lists):
    tenant = 'other: {dialect: entries, embedded: true, lists: ["other/**/*.yaml"]}'
    lists.write("dnc.yaml", lists.read("dnc.yaml") + f"  {tenant}\n")
    done = lists.dnc("--tenant", "other", "add", "2125550124", "--list", "custmers", *TERMS)
    assert done.code == 4
    assert "no file of tenant other is part of a list custmers: did you mean customers?" in done.err
    done = lists.dnc("--tenant", "other", "add", "2125550124", "--list", "theirs", *TERMS, "--new-list")
    assert done.code == 0
    assert "other/theirs.yaml" in lists.files()


# Other commands that a list is named to.


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry("+12125550101"), name="customers", list_id="customers")
    project.apply()
    return project


def test_pull_takes_no_list_that_nothing_names(applied):
    applied.agent("add", "+12125550150", list_id="Customers")
    for name in ("Customers", "custmers"):
        done = applied.run("pull", "--list", name)
        assert done.code == 4
        assert f"is part of a list {name}: did you mean customers?" in done.err
        assert "add --new-list" in done.err
    assert not (applied.folder / "dnc-lists/adopted").exists()
    assert applied.run("pull", "--list", "Customers", "--new-list").code == 0
    assert (applied.folder / "dnc-lists/adopted/production/Customers.yaml").is_file()


def test_pull_says_which_list_of_cxone_may_be_meant(applied):
    applied.agent("add", "+12125550150", list_id="winback")
    done = applied.run("pull", "--list", "winbak", "--new-list")
    assert "CXone has nothing on winbak; it has winback; did you mean winback?" in done.err


def test_the_first_list_of_a_tenant_that_moves_in_needs_no_word(project):
    project.agent("add", "+12125550150", list_id="old")
    project.agent("add", "+12125550151", list_id="other")
    assert project.run("pull", "--list", "old").code == 0
    assert project.run("pull", "--list", "other").code == 4
    assert project.run("pull", "--all-lists").code == 0
    assert (project.folder / "dnc-lists/adopted/production/other.yaml").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ("release", "+12125550101", "--reason", "CONSENT_GIVEN", "--evidence", "F-1"),
        ("release", "+12125550101", "--list", "customers", "--reason", "CONSENT_GIVEN", "--evidence", "F-1"),
        ("restore",),
        ("restore", "+12125550101"),
        ("export",),
    ],
)
def test_a_list_that_is_not_there_is_refused_by_others(applied, arguments):
    done = applied.run(*arguments, "--list", "custmers", CI="")
    assert done.code == 4
    assert "list custmers: did you mean customers?" in done.err or "no such list: did you mean" in done.err
    assert applied.git("status", "--porcelain") == ""


def test_a_move_to_a_list_that_is_not_there_says_which_is_meant(applied):
    applied.list(entry("+12125550102"), name="winback", list_id="winback")
    options = ("--list", "winback", "--reason", "MOVED", "--evidence", "T-1")
    done = applied.run("release", "+12125550102", "--to", "custmers", *options, CI="")
    assert done.code == 4
    assert "did you mean customers? Else add it there first" in done.err


# Files.


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("custmers", True),
        ("Customers", True),
        ("customer", True),
        ("dnc-list-1", True),
        ("DNC-LIST-01", True),
        ("dnc-lst-01", True),
        ("dnc-list-02", False),
        ("dnc-list-11", False),
        ("customers-eu", False),
        ("sms", False),
    ],
)
def test_two_lists_that_look_alike_are_a_warning(lists, name, said):
    lists.write("dnc-lists/x.yaml", f"# new\nlistId: {name}\nentries:\n{ENTRY}")
    done = lists.dnc("validate")
    assert done.code == 0
    assert (f"dnc-lists/x.yaml:2:9: warning: the list {name} looks like " in done.out) is said
    assert ("[LIST-09]" in done.out) is said
    part = lists.dnc("validate", "dnc-lists/x.yaml")
    assert ("[LIST-09]" in part.out) is said
    assert "dnc-lists/customers.yaml:1" not in part.out


def test_both_names_may_be_meant(lists):
    lists.write("dnc-lists/x.yaml", f"listId: customer\nentries:\n{ENTRY}")
    assert "[LIST-09]" in lists.dnc("validate").out
    names = "listIds: {customer: customer, customers: customers}"
    lists.write("dnc.yaml", lists.read("dnc.yaml").replace("embedded: true", f"embedded: true, {names}"))
    assert "[LIST-09]" not in lists.dnc("validate").out


def test_a_plan_says_it_too(applied):
    applied.list(entry("+12125550102"), name="new", list_id="custmers")
    found = [one for one in applied.plan().json["findings"] if one["rule"] == "LIST-09"]
    assert sorted(one["file"] for one in found) == ["dnc-lists/customers.yaml", "dnc-lists/new.yaml"]
    assert LIST not in str(found)


def test_what_changed_is_judged_by_all_names(applied):
    applied.git("switch", "-qc", "work")
    applied.list(entry("+12125550102"), name="new", list_id="custmers")
    done = applied.run("validate", "--changed-since", "main")
    assert "dnc-lists/new.yaml:2:12: warning: the list custmers looks like customers" in done.out
    assert "dnc-lists/customers.yaml:" not in done.out
