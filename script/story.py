"""The story that script/demo tells: from a merge request to CXone and back into git."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

# Fictional numbers: 555-0100 to 555-0199 in each area code.
AREA_CODES = """
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239
    240 248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312
    313 314 315 316 317 318 319 320 321 323 325 330 331 334 336 337 339 347 351 352 360 361 386 401
    402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 432 434 435 440 443 469 478
    479 480 484 501 502 503 504 505 507 508 509
""".split()  # noqa: SIM905  (a list of 107 literals reads worse)
NUMBERS = [f"+1{area}5550{last}" for area in AREA_CODES for last in range(100, 200)]

CONFIGURATION = """\
defaultTenant: production
tenants:
  production:
    requestsPerMinute: 60000
{tenant}
audit: {{push: always}}
"""
LISTS = ("customers", "state-indiana", "company-policy")


class Entries:
    """What the story needs to know of dialect `entries`."""

    tenant = """\
    dialect: entries
    orgId: sandbox
    baseUrl: {url}
    clientId: dnc
    clientSecret: ${{CXONE_SECRET}}
    removal: delete"""
    chunk = 500

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self) -> None:
        """Lists need no preparation: an entry names its own."""

    def act(self, act: str, list_id: str, phone: str) -> None:
        entry = {
            "listId": list_id,
            "phone": phone,
            "reasonCode": "CUSTOMER_REQUESTED",
            "expirationPolicy": "NEVER",
        }
        post(f"{self.url}/_sandbox/entries", {"act": act, **entry})


class Groups:
    """What the story needs to know of dialect `dnc-groups`."""

    tenant = """\
    dialect: dnc-groups
    authUrl: {url}
    discoveryUrl: {url}
    accessKeyId: dnc
    accessKeySecret: ${{CXONE_SECRET}}
    removal: expire"""
    chunk = 100

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self) -> None:
        """Make a group for each list, as somebody does in CXone."""
        for name in LISTS:
            post(f"{self.url}/_sandbox/groups", {"name": name})

    def act(self, act: str, list_id: str, phone: str) -> None:
        deed = {"add": "add", "remove": "expire"}[act]
        post(f"{self.url}/_sandbox/records", {"act": deed, "group": list_id, "phoneNumber": phone[2:]})


DIALECTS = {"entries": Entries, "dnc-groups": Groups}


SESSION = requests.Session()
SESSION.trust_env = False  # a proxy of this machine does not lead to its own loopback


def post(url: str, content: dict[str, str]) -> None:
    SESSION.post(url, json=content, timeout=10).raise_for_status()


def listing(list_id: str, terms: str, numbers: list[str]) -> str:
    """Write one list with all its numbers under the same terms."""
    rows = "".join(f'      - "{number}"\n' for number in numbers)
    return f"listId: {list_id}\nentries:\n  - {terms}\n    phones:\n{rows}"


class Story:
    """The scratch repository, the CXone beside it, and the narrator."""

    def __init__(self, folder: Path, dialect: Entries | Groups) -> None:
        self.clone = folder / "lists"
        self.origin = folder / "origin.git"
        self.dialect = dialect
        self.environ = {
            **{name: v for name, v in os.environ.items() if not name.startswith(("CI", "GIT_", "CXONE"))},
            "CXONE_SECRET": "built-in",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ana Lyst", "GIT_AUTHOR_EMAIL": "ana@example.org",
            "GIT_COMMITTER_NAME": "Ana Lyst", "GIT_COMMITTER_EMAIL": "ana@example.org",
        }  # fmt: skip

    def tell(self, text: str) -> None:
        print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.clone, env=self.environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def dnc(self, *arguments: str, expect: int = 0, quiet: bool = False) -> str:
        """Run dnc as a user would, show what it prints, and hold it to the exit code."""
        began = time.monotonic()
        done = subprocess.run(
            ["dnc", *arguments], cwd=self.clone, env=self.environ, capture_output=True, text=True, check=False
        )
        took = time.monotonic() - began
        print(f"$ dnc {' '.join(arguments)}")
        shown = done.stdout or done.stderr
        if not quiet or done.returncode != expect:
            print("\n".join(f"  {line}" if line else "" for line in shown.rstrip().splitlines()))
        print(f"  -> exit {done.returncode}, {took:.1f} s", flush=True)
        if done.returncode != expect:
            sys.exit(f"the demo expected exit {expect}\n{done.stderr}")
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def merge(self, branch: str) -> None:
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        self.git("push", "-q", "origin", "main")

    def writes(self) -> int:
        """Count the write requests that CXone has seen."""
        log = SESSION.get(f"{self.dialect.url}/_sandbox/requests", timeout=10).json()
        return sum(request["kind"] in {"bulk", "delete"} for request in log)

    def edit(self, name: str, old: str, new: str) -> None:
        file = self.clone / "dnc-lists" / name
        text = file.read_text()
        if old not in text:
            sys.exit(f"the demo expected {old!r} in {name}")
        file.write_text(text.replace(old, new, 1))


def set_up(story: Story) -> None:
    """Make the origin, the clone, and 10,200 numbers on three lists; one of them is on two lists."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", story.origin], env=story.environ, check=True)
    subprocess.run(
        ["git", "clone", "-q", story.origin, story.clone], env=story.environ, check=True, capture_output=True
    )
    story.git("checkout", "-q", "-B", "main")
    story.dialect.prepare()
    lists = story.clone / "dnc-lists"
    lists.mkdir()
    (story.clone / "dnc.yaml").write_text(
        CONFIGURATION.format(tenant=story.dialect.tenant.format(url=story.dialect.url))
    )
    asked = "reasonCode: CUSTOMER_REQUESTED\n    expirationPolicy: NEVER\n    source: call-centre"
    asked += "\n    requestedOn: 2026-11-02\n    evidence: BATCH-2026-11-02"
    state = (
        "reasonCode: STATE\n    expirationPolicy: NEVER\n    jurisdiction: US-IN\n    source: state-registry"
    )
    policy = "reasonCode: COMPANY_POLICY\n    expirationPolicy: NEVER\n    source: legal"
    (lists / "customers.yaml").write_text(listing(LISTS[0], asked, NUMBERS[:6000]))
    (lists / "indiana.yaml").write_text(listing(LISTS[1], state, NUMBERS[6000:9000]))
    (lists / "policy.yaml").write_text(listing(LISTS[2], policy, [NUMBERS[0], *NUMBERS[9000:10200]]))


def tell(story: Story) -> None:
    """Tell the story, act by act."""
    story.tell("A team keeps its do-not-call lists in git: 10,201 entries, one number on two lists")
    set_up(story)
    story.dnc("validate")
    story.commit("Our lists")
    story.git("push", "-q", "origin", "main")

    story.tell("What would change in CXone? A plan writes nothing")
    story.dnc("plan")

    story.tell(f"Apply: chunks of {story.dialect.chunk}, verified by a read-back, the report pushed")
    story.dnc("apply", "--yes")
    story.dnc("audit", "show")
    print(f"  on the origin: {story.git('log', '--oneline', '-1', 'origin/dnc-audit')}")

    story.tell("Apply again: nothing to do, nothing written, nothing committed")
    before, tip = story.writes(), story.git("rev-parse", "origin/dnc-audit")
    story.dnc("apply", "--yes")
    print(f"  write requests: {story.writes() - before}, new audit commits: "
          f"{int(story.git('ls-remote', 'origin', 'dnc-audit').split()[0] != tip)}")  # fmt: skip

    removal(story)
    agents(story)

    story.tell("Anyone can prove it: the chain of reports, in this clone and at the origin")
    story.dnc("audit", "list")
    story.dnc("audit", "verify")
    plan = json.loads(story.dnc("plan", "--format", "json", quiet=True))
    summary = plan["summary"]
    live = sum(summary[name] for name in ("unchanged", "unmanaged", "blocked"))
    print(
        f"\n{live:,} rows live: {summary['unchanged']:,} as in git, "
        f"{summary['unmanaged']} added by others, {summary['blocked']} blocked"
    )


def removal(story: Story) -> None:
    """One number leaves with a release, and one line is deleted."""
    story.tell("A merge request: one number is released with evidence, one line is deleted")
    story.git("checkout", "-q", "-b", "cleanup")
    released, vanished = NUMBERS[11], NUMBERS[12]
    for number in (released, vanished):
        story.edit("customers.yaml", f'      - "{number}"\n', "")
    (story.clone / "dnc-lists" / "customers-releases.yaml").write_text(
        f'listId: customers\nreleases:\n  - phone: "{released}"\n'
        f"    releasedOn: {time.strftime('%Y-%m-%d', time.gmtime())}\n"
        "    reason: CONSENT_GIVEN\n    evidence: FORM-221\n"
    )
    story.commit("Remove two numbers")
    story.dnc("plan", expect=6)
    story.merge("cleanup")
    story.tell("Merged: the released number is removed, the other is blocked (exit 6, once)")
    story.dnc("apply", "--yes", expect=6)
    story.dnc("apply", "--yes")


def agents(story: Story) -> None:
    """What people do in CXone behind git's back."""
    story.tell("In CXone, an agent adds a number (it stays), another removes one (put back)")
    story.dialect.act("add", "customers", "+15305550188")
    story.dialect.act("remove", "customers", NUMBERS[0])
    story.dnc("drift", expect=3)
    story.dnc("apply", "--yes", "--read", "full")


@contextmanager
def cxone(folder: Path) -> Iterator[str]:
    """Run the built-in CXone as a server for the length of the story."""
    command = ["dnc", "sandbox", "--port", "0", "--control", "--state", str(folder / "cxone.sqlite")]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            yield next(word for word in line.split() if word.startswith("http")).rstrip(";")
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Tell the story of dnc, from a merge request to CXone and back."
    )
    parser.add_argument("--dialect", choices=DIALECTS, default="entries", help="what CXone speaks")
    dialect = DIALECTS[parser.parse_args().dialect]
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="dnc-demo-"))
    try:
        with cxone(folder) as url:
            tell(Story(folder, dialect(url)))
    finally:
        shutil.rmtree(folder)
    print(f"\nthe whole story took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
