"""`dnc init`: a new list repository that validates as it is. No existing file is overwritten."""

from pathlib import Path

from reconciler import __version__
from reconciler.core.model.errors import InvalidInput
from reconciler.rules.rule_set import editor_schemas
from reconciler.use_cases.workspace.files import replace_files
from reconciler.use_cases.workspace.project import SCHEMA_FOLDER

_HEAD = """\
# yaml-language-server: $schema=schema/dnc.schema.json
# Which CXone the lists in dnc-lists/ go to. What each key means: docs/reference/files.md of dnc.
defaultTenant: sandbox

tenants:
  # The built-in CXone: needs no account, keeps its state in .dnc/, and stops no calls.
  sandbox:
    dialect: {dialect}
    embedded: true

  # ${{NAME}} is an environment variable: in GitLab a masked CI/CD variable.
  production:
    dialect: {dialect}
"""

_CONNECTIONS = {
    "entries": """\
    orgId: ${CXONE_ORG_ID}
    baseUrl: ${CXONE_BASE_URL}  # may be unset: then https://{orgId}.my.cxone.com
    clientId: ${CXONE_CLIENT_ID}
    clientSecret: ${CXONE_CLIENT_SECRET}
""",
    "dnc-groups": """\
    environment: global  # or fedramp, au, eu, uk
    accessKeyId: ${CXONE_ACCESS_KEY_ID}
    accessKeySecret: ${CXONE_ACCESS_KEY_SECRET}
    listIds: {dnc-list-01: Company DNC}  # the name or id of the DNC group that a list is
    numberForm: national  # or international: dnc doctor --probe finds out
""",
}

_REST = """\
    lists: ["dnc-lists/**/*.yaml"]
    region: US  # of numbers that are typed without a country
    requestsPerMinute: 100
    removal: none  # dnc lists what can be removed, you remove it; REMOVAL: dnc removes it

# How much may be removed from a list in one run, and in 7 days. Additions have no limit.
safety:
  maxRemovals: 500
  maxRemovalPercent: 1

# Where the audit reports go. push: auto pushes in CI, and commits only elsewhere.
audit:
  branch: dnc-audit
  path: audit
  push: auto
"""
DIALECTS = ("dnc-groups", "entries")


def _configuration(dialect: str) -> str:
    removal = "expire" if dialect == "dnc-groups" else "delete"
    return _HEAD.format(dialect=dialect) + _CONNECTIONS[dialect] + _REST.replace("REMOVAL", removal)


_LIST = """\
# yaml-language-server: $schema=../schema/dnc-list.schema.json
# Who may not be called. dnc add and dnc import write here, or write by hand:
#
#   - phone: "+12125550123"
#     reasonCode: CUSTOMER_REQUESTED
#     expirationPolicy: NEVER
#     requestedOn: 2026-11-02
#     evidence: CALL-8831
#
# Call the list as CXone does; listIds in dnc.yaml translates names that differ.
listId: dnc-list-01
description: People who asked us to stop
entries: []
"""

_PIPELINE = f"""\
# The pipelines for merge requests, the default branch and schedules, as one include: docs/how-to/gitlab.md
# of dnc.
include:
  - component: $CI_SERVER_FQDN/tools/dnc/dnc@{__version__}  # your mirror of dnc, and a tag of it
    inputs:
      tenant: production
      image: registry.example.com/tools/dnc:{__version__}  # built from the Dockerfile of dnc
      install: dnc --version
"""

_PRE_COMMIT = f"""\
repos:
  - repo: https://gitlab.example.com/tools/dnc  # your mirror of dnc
    rev: {__version__}
    hooks:
      - id: dnc-validate
      - id: dnc-fmt
"""

_CODEOWNERS = """\
# Whose approval is needed (approval by code owners is GitLab Premium). Put your own groups here.
/dnc-lists/**/*releases*    @compliance
/dnc-lists/**/releases/     @compliance
/schema/                    @compliance @engineering
/dnc.yaml                   @engineering
/.gitlab-ci.yml             @engineering
/CODEOWNERS                 @engineering
"""

_GITIGNORE = """\
# The built-in CXone's state; plans, rejected rows, what pull could not take: they hold whole numbers.
.dnc/
plan.json
*.rejects.csv
unreadable.csv
.dnc-*.tmp
"""

# Editors read these by the first line of a list file. They are the packaged ones, byte for byte.
SCHEMAS = {f"{SCHEMA_FOLDER}{name}": data.decode() for name, data in editor_schemas().items()}

FILES = {
    **SCHEMAS,
    "dnc.yaml": _configuration("entries"),
    "dnc-lists/company.yaml": _LIST,
    ".gitlab-ci.yml": _PIPELINE,
    ".pre-commit-config.yaml": _PRE_COMMIT,
    "CODEOWNERS": _CODEOWNERS,
    ".gitignore": _GITIGNORE,
}


def init(folder: Path, dialect: str) -> tuple[str, ...]:
    """Write the files of a list repository below a folder, for a tenant of this dialect; their names.

    Raises InvalidInput, and writes nothing, where one of them is there already or the folder is none.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput("this is no folder", "name a new one, or an empty one", where=str(folder))
    existing = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if existing:
        fact = (
            f"{', '.join(existing)} {'is' if len(existing) == 1 else 'are'} there already: nothing was "
            "written"
        )
        raise InvalidInput(fact, "name another folder, or move them away", where=str(folder))
    files = {**FILES, "dnc.yaml": _configuration(dialect)}
    replace_files(folder.absolute(), {name: text.encode() for name, text in files.items()}, {})
    return tuple(FILES)


def renew_schemas(folder: Path) -> tuple[str, ...]:
    """Bring the schemas that editors read up to this version's; the names of those that changed.

    A repository's own file replaces the packaged one. So one of an older version keeps what is
    new since from being used, until it is renewed.
    """
    data_before = {name: (folder / name).read_bytes() for name in SCHEMAS if (folder / name).exists()}
    changed_schemas = {
        name: text.encode() for name, text in SCHEMAS.items() if data_before.get(name) != text.encode()
    }
    replace_files(folder.absolute(), changed_schemas, data_before)
    return tuple(changed_schemas)
