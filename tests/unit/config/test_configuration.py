"""`dnc.yaml`: defaults, ranges, references, secrets, and two tenants with one target."""

from pathlib import Path

import pytest

from reconciler.config.configuration import (
    AuditSettings,
    Safety,
    read_configuration,
    resolve,
    shared_target_findings,
    uncovered_files,
)
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.outbound_skills import CoverageSettings
from reconciler.rules.rule_set import load_rules

ENVIRON = {"ORG": "acme", "ID": "me", "SECRET": "a&b=c+d"}
TENANT = "{orgId: '${ORG}', clientId: '${ID}', clientSecret: '${SECRET}', %s}"


@pytest.fixture
def conf(rules):
    def reading(text, default="t"):
        return read_configuration("dnc.yaml", f"defaultTenant: {default}\n{text}".encode(), rules)

    return reading


@pytest.fixture
def wrong(conf):
    def reading(text, default="t"):
        with pytest.raises(InvalidInput) as caught:
            conf(text, default)
        return [(f.line, f.column, f.rule) for f in caught.value.findings]

    return reading


def tenant(conf, keys=""):
    return conf(f"tenants:\n  t: {TENANT % keys}").tenants["t"]


def test_this_repositorys_own_configuration(rules):
    data = (Path(__file__).parents[3] / "dnc.yaml").read_bytes()
    configuration = read_configuration("dnc.yaml", data, rules)
    assert configuration.default_tenant == "sandbox"
    sandbox, production = configuration.tenants["sandbox"], configuration.tenants["production"]
    assert resolve(sandbox, {}) == sandbox
    names = {f"CXONE_{name}": name.lower() for name in ("ORG_ID", "CLIENT_ID", "CLIENT_SECRET")}
    assert resolve(production, names).connection.base_url == "https://org_id.my.cxone.com"
    assert (
        shared_target_findings(configuration, {name: ["dnc-list-01"] for name in configuration.tenants}) == ()
    )


def test_defaults(conf):
    configuration = conf("tenants: {t: {embedded: true}}")
    found = configuration.tenants["t"]
    reached = found.connection
    assert (found.dialect, found.embedded, found.lists) == ("entries", True, ("dnc-lists/**/*.yaml",))
    assert (reached.requests_per_minute, reached.chunk_size, reached.concurrency) == (60_000, 500, 4)
    assert (found.removal, found.read_back, reached.wire_policy, found.region) == (
        "none",
        "auto",
        "as-written",
        "US",
    )
    assert configuration.safety == Safety(500, 1.0)
    assert configuration.audit == AuditSettings("dnc-audit", "audit", "auto")


def test_the_pace_of_a_real_tenant(conf):
    assert tenant(conf).connection.requests_per_minute == 100
    fast = tenant(conf, "requestsPerMinute: 200, chunkSize: 1, concurrency: 32")
    assert fast.connection.requests_per_minute == 200


def test_every_key_is_read(conf):
    configuration = conf(
        "tenants:\n  t:\n    dialect: dnc-groups\n    accessKeyId: ${ID}\n    accessKeySecret: ${SECRET}\n"
        "    clientId: ${ID}\n    clientSecret: ${SECRET}\n    apiUrl: https://api.example.org/\n"
        "    apiVersion: 31.0\n    listIds: {dnc-list-01: Company DNC, b: 12}\n"
        "    numberForm: international\n    daysAfter: 1\n    pageSize: 10000\n"
        "    chunkSize: 1000\n    removal: expire\n    readBack: full\n    region: GB\n"
        "    lists: [a/*.yml, b.yaml]\n"
        "safety: {maxRemovals: 0, maxRemovalPercent: 0.5}\n"
        "audit: {branch: dnc/audit, path: a/b, push: never}\n"
    )
    found = resolve(configuration.tenants["t"], ENVIRON)
    reached = found.connection
    assert (reached.access_key_id, reached.access_key_secret) == ("me", "a&b=c+d")
    assert reached.client_secret == "a&b=c+d"
    assert (reached.api_url, reached.api_version) == ("https://api.example.org", "31.0")
    assert (reached.auth_url, reached.discovery_url) == ("https://cxone.niceincontact.com",) * 2
    assert (found.own_list_id("dnc-list-01"), found.own_list_id("b"), found.own_list_id("c")) == (
        "Company DNC",
        "12",
        "c",
    )
    assert (reached.number_form, reached.chunk_size, found.removal) == ("international", 1000, "expire")
    assert (reached.days_after, reached.page_size) == (1, 10_000)
    assert (found.read_back, found.region, found.lists) == ("full", "GB", ("a/*.yml", "b.yaml"))
    assert configuration.safety == Safety(0, 0.5)
    assert configuration.audit == AuditSettings("dnc/audit", "a/b", "never")


def test_groups_have_their_own_defaults(conf):
    found = conf("tenants: {t: {dialect: dnc-groups, accessKeyId: a, accessKeySecret: '${SECRET}'}}").tenants[
        "t"
    ]
    reached = found.connection
    assert (reached.chunk_size, reached.api_version, reached.number_form) == (100, "30.0", "national")
    assert (reached.days_after, reached.page_size) == (2, 1000)
    assert resolve(found, ENVIRON).connection.auth_url == "https://na1.nice-incontact.com"


GLOBAL, KEY_HOST = "https://cxone.niceincontact.com", "https://na1.nice-incontact.com"


@pytest.mark.parametrize(
    ("said", "auth", "discovery"),
    [
        ("", KEY_HOST, GLOBAL),
        ("environment: global", KEY_HOST, GLOBAL),
        ("environment: global, clientId: c, clientSecret: '${SECRET}'", GLOBAL, GLOBAL),
        (
            "environment: fedramp",
            "https://cxone-gov.niceincontact.com",
            "https://cxone-gov.niceincontact.com",
        ),
        ("environment: au", "https://nicecxone-sov1.au", "https://nicecxone-sov1.au"),
        ("environment: eu", "https://nicecxone-sov1.eu", "https://nicecxone-sov1.eu"),
        ("environment: uk", "https://nicecxone-sov1.uk", "https://nicecxone-sov1.uk"),
        ("environment: au, authUrl: https://a.example", "https://a.example", "https://nicecxone-sov1.au"),
        ("authUrl: https://a.example/", "https://a.example", "https://a.example"),
        ("authUrl: https://eu1.nice-incontact.com", "https://eu1.nice-incontact.com", GLOBAL),
        (
            "authUrl: https://a.example, discoveryUrl: https://b.example",
            "https://a.example",
            "https://b.example",
        ),
    ],
)
def test_an_environment_sets_both_hosts_and_discovery_follows_the_sign_in(conf, said, auth, discovery):
    keys = "dialect: dnc-groups, accessKeyId: a, accessKeySecret: '${SECRET}'"
    found = conf(f"tenants: {{t: {{{keys}{', ' if said else ''}{said}}}}}").tenants["t"]
    reached = resolve(found, ENVIRON).connection
    assert (reached.auth_url, reached.discovery_url) == (auth, discovery)
    assert reached.address[2] == found.connection.address[2]


def test_an_environment_that_there_is_not_is_refused(conf):
    for said in ("dialect: dnc-groups, environment: mars", "environment: eu"):
        with pytest.raises(InvalidInput):
            conf(f"tenants: {{t: {{{said}, accessKeyId: a, accessKeySecret: '${{SECRET}}'}}}}")


def test_which_skills_must_honour_the_lists(conf):
    groups = "tenants: {t: {dialect: dnc-groups, embedded: true%s}}"
    assert conf(groups % "").tenants["t"].coverage == CoverageSettings()
    said = "skills: [Main, 12], lists: {dnc-2: none}, except: {Test dialer: TICKET-88, 7: 8}, assign: true"
    found = conf(groups % f", coverage: {{{said}}}").tenants["t"].coverage
    assert found == CoverageSettings(
        ("Main", "12"), {"dnc-2": "none"}, {"Test dialer": "TICKET-88", "7": "8"}, assign=True
    )
    assert list(found.names) == ["Main", "12", "Test dialer", "7"]


@pytest.mark.parametrize(
    "said",
    [
        "skills: some",
        "skills: []",
        "lists: {a: some}",
        "except: {a: ''}",
        "except: [a]",
        "assign: maybe",
        "x: 1",
    ],
)
def test_a_wrong_coverage_is_found(wrong, said):
    rules = wrong(f"tenants: {{t: {{dialect: dnc-groups, embedded: true, coverage: {{{said}}}}}}}")
    assert len(rules) == 1


def test_without_a_file_the_way_out_is_said(rules):
    with pytest.raises(InvalidInput, match=r"no dnc\.yaml in this folder") as caught:
        read_configuration("dnc.yaml", None, rules)
    assert "--config" in caught.value.fix


@pytest.mark.parametrize(
    ("keys", "column_of", "rule"),
    [
        ("requestsPerMinute: 0", "0", "CONF-01"),
        ("requestsPerMinute: 1000001", "1000001", "CONF-01"),
        ("requestsPerMinute: fast", "fast", "CONF-01"),
        ("chunkSize: 501", "501", "CONF-01"),
        ("chunkSize: 0", "0", "CONF-01"),
        ("concurrency: 33", "33", "CONF-01"),
        ("concurrency: 4.5", "4.5", "CONF-01"),
        ("concurrency: \uff14", "\uff14", "CONF-01"),
        ("removal: expire", "expire", "CONF-01"),
        ("dialect: soap", "soap", "CONF-01"),
        ("readBack: never", "never", "CONF-01"),
        ("wirePolicy: NEVER", "NEVER", "CONF-01"),
        ("region: us", "us", "CONF-01"),
        ("numberForm: national", "national", "CONF-01"),
        ("daysAfter: 2", "2", "CONF-01"),
        ("pageSize: 500", "500", "CONF-01"),
        ("lists: []", "[]", "CONF-01"),
        ("lists: [../a.yaml]", "../a", "CONF-05"),
        ("lists: [/a.yaml]", "/a.yaml", "CONF-05"),
        ('lists: ["a\\\\b.yaml"]', '"a', "CONF-05"),
        ("listIds: {a: '${LIST}'}", "'${LIST", "CONF-01"),
        ("listIds: {a: ' '}", "' '", "CONF-01"),
        ("baseUrl: 'http://example.org'", "'http", "CONF-04"),
        ("baseUrl: 'ftp://example.org'", "'ftp", "CONF-04"),
        ("baseUrl: 'https://me:pass@example.org'", "'https", "CONF-04"),
        ("baseUrl: 'https://[::1'", "'https", "CONF-04"),
        ("baseUrl: 'https://a:99999'", "'https", "CONF-04"),
        ("baseUrl: example.org", "example", "CONF-04"),
        ("chunksize: 5", "chunksize", "CONF-02"),
    ],
)
def test_a_wrong_value_is_found_at_its_place(wrong, keys, column_of, rule):
    line = f"  t: {TENANT % keys}"
    assert wrong(f"tenants:\n{line}") == [(3, line.rindex(column_of) + 1, rule)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tenants: {T: {embedded: true}, t: {embedded: true}}", {"CONF-02"}),
        ("tenants: {}", {"CONF-01", "CONF-06"}),
        ("tenants: []", {"CONF-01"}),
        ("tenants: {a: {embedded: true}}", {"CONF-06"}),
        ("tenants: {t: {}}", {"CONF-01"}),
        ("tenants: {t: {embedded: maybe}}", {"CONF-01"}),
        ("tenants: {t: {dialect: dnc-groups}}", {"CONF-01"}),
        (
            "tenants: {t: {dialect: dnc-groups, accessKeyId: a, accessKeySecret: '${S}', clientId: a}}",
            {"CONF-01"},
        ),
        ("tenants: {t: {dialect: dnc-groups, embedded: true, orgId: a}}", {"CONF-01"}),
        ("tenants: {t: {dialect: dnc-groups, embedded: true, daysAfter: 0}}", {"CONF-01"}),
        ("tenants: {t: {dialect: dnc-groups, embedded: true, daysAfter: 31}}", {"CONF-01"}),
        ("tenants: {t: {dialect: dnc-groups, embedded: true, pageSize: 99}}", {"CONF-01"}),
        ("tenants: {t: {dialect: dnc-groups, embedded: true, pageSize: 10001}}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\nsafety: {maxRemovals: -1}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\nsafety: {maxRemovalPercent: 101}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\nsafety:", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\naudit: {branch: a..b}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\naudit: {path: ../a}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\naudit: {push: yes}", {"CONF-01"}),
        ("tenants: {t: {embedded: true}}\nsaftey: {}", {"CONF-02"}),
        ("tenants: {t: &a {embedded: true}, u: *a}", {"YAML-03", "CONF-01"}),
        ("tenants: {t: {embedded: true}}\n---\n", {"YAML-04"}),
    ],
)
def test_a_wrong_structure_is_found(wrong, text, expected):
    assert {rule for _, _, rule in wrong(text)} == expected


@pytest.mark.parametrize("key", ["clientSecret", "accessKeySecret"])
@pytest.mark.parametrize("value", ["hunter2", "x${SECRET}", "${SECRET}x", "$SECRET", "''"])
def test_a_literal_secret_is_refused_and_not_shown(conf, key, value):
    kind = "dialect: entries, orgId: a" if key == "clientSecret" else "dialect: dnc-groups, accessKeyId: a"
    client = "clientId: a, " if key == "clientSecret" else ""
    quoted = value if value == "''" else f"'{value}'"
    with pytest.raises(InvalidInput) as caught:
        conf(f"tenants: {{t: {{{kind}, {client}{key}: {quoted}}}}}")
    (finding,) = caught.value.findings
    assert (finding.line, finding.rule) == (2, "CONF-03")
    assert "hunter2" not in str(finding) + str(caught.value)


@pytest.mark.parametrize("environ", [{}, {"ORG": ""}])
def test_a_variable_that_is_not_set_is_named(conf, environ):
    with pytest.raises(InvalidInput, match="ORG is not set, or empty") as caught:
        resolve(tenant(conf), {"ID": "a", "SECRET": "b"} | environ)
    assert caught.value.where == "tenant t"
    assert "orgId" in caught.value.fix


def test_only_the_chosen_tenants_variables_are_needed(conf):
    configuration = conf(f"tenants:\n  t: {{embedded: true}}\n  u: {TENANT % ''}")
    assert resolve(configuration.tenants["t"], {}).embedded


@pytest.mark.parametrize(
    ("base", "environ", "url"),
    [
        ("", {}, "https://acme.my.cxone.com"),
        ("baseUrl: '${BASE}'", {}, "https://acme.my.cxone.com"),
        ("baseUrl: '${BASE}'", {"BASE": ""}, "https://acme.my.cxone.com"),
        ("baseUrl: '${BASE}'", {"BASE": "https://proxy.example.org/cx/"}, "https://proxy.example.org/cx"),
        ("baseUrl: 'https://${ORG}.example.org'", {}, "https://acme.example.org"),
        ("baseUrl: 'http://127.0.0.1:8080'", {}, "http://127.0.0.1:8080"),
        ("baseUrl: 'http://127.9.9.9'", {}, "http://127.9.9.9"),
        ("baseUrl: 'http://[::1]:80'", {}, "http://[::1]:80"),
        ("baseUrl: 'http://localhost'", {}, "http://localhost"),
    ],
)
def test_the_base_address(conf, base, environ, url):
    assert resolve(tenant(conf, base), ENVIRON | environ).connection.base_url == url


@pytest.mark.parametrize(
    "base",
    [
        "http://example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "acme",
        "https://a b",
    ],
)
def test_an_address_from_the_environment_is_checked_too(conf, base):
    with pytest.raises(InvalidInput, match="baseUrl"):
        resolve(tenant(conf, "baseUrl: '${BASE}'"), ENVIRON | {"BASE": base})


def test_an_organisation_is_one_label_of_an_address(conf):
    with pytest.raises(InvalidInput, match="orgId"):
        resolve(tenant(conf), ENVIRON | {"ORG": "evil.example.org/"})


def test_a_secret_is_in_no_representation(conf):
    assert "a&b=c+d" not in repr(resolve(tenant(conf), ENVIRON))


def test_two_tenants_with_one_target_and_a_common_list(conf):
    same, other = TENANT % "", TENANT % "baseUrl: 'https://example.org'"
    mapped = TENANT % "listIds: {a: x}"
    configuration = conf(
        f"tenants:\n  t: {same}\n  u: {same}\n  v: {other}\n  w: {mapped}\n"
        "  e: {embedded: true}\n  f: {embedded: true}"
    )
    (finding,) = shared_target_findings(configuration, {name: ["a"] for name in configuration.tenants})
    assert (finding.line, finding.rule, finding.path) == (4, "CONF-07", "/tenants/u")
    assert shared_target_findings(configuration, {"t": ["a"], "u": ["b"], "w": ["a"]}) == ()
    assert len(shared_target_findings(configuration, {"t": ["x"], "w": ["a"]})) == 1


def test_a_file_that_nobody_reads_is_found(conf):
    configuration = conf("tenants: {t: {embedded: true}, u: {embedded: true, lists: ['more/*/a.yaml']}}")
    reached = ["dnc-lists/a.yaml", "dnc-lists/b/c/d.yaml", "more/x/a.yaml"]
    elsewhere = [
        "dnc.yaml",
        ".gitlab-ci.yml",
        "dnc-lists/README.md",
        "dnc-lists/.#a.yaml",
        "dnc-lists/._a.yaml",
    ]
    lost = ["dnc-lists/.hidden.yaml", "dnc-lists/a.yml", "dnc-lists/x/B.YAML", "more/b.yaml"]
    found = uncovered_files(reached + elsewhere + lost, configuration)
    assert [(f.file, f.rule) for f in found] == [(path, "LIST-05") for path in lost]
    assert [f.message.rpartition(": ")[2] for f in found] == [
        "name it dnc-lists/hidden.yaml",
        "name it dnc-lists/a.yaml",
        "name it dnc-lists/x/B.yaml",
        "add it to a tenant's lists, or move it out of more/",
    ]


def test_a_schema_of_ones_own_can_only_ask_for_more(conf):
    own = b'{"properties": {"tenants": {"maxProperties": 1}}}'
    rules = load_rules({"dnc.schema.json": own})
    two = b"defaultTenant: t\ntenants: {t: {embedded: true}, u: {embedded: true}}"
    with pytest.raises(InvalidInput):
        read_configuration("dnc.yaml", two, rules)
    with pytest.raises(InvalidInput):
        read_configuration("dnc.yaml", b"defaultTenant: t\ntenants: {t: {dialect: soap}}", rules)
