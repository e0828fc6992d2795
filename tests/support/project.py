"""A GitOps repository to try `dnc` in: a clone with a bare origin, and a CXone of its own on the loopback."""

import atexit
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, TextIO
from unittest.mock import patch

from reconciler.audit.ledger import Ledger
from reconciler.cli.main import main
from reconciler.core.model.live import Live
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.rules.rule_set import Rules, load_rules
from reconciler.sandbox.entries.agent import Deed
from reconciler.sandbox.entries.entry import NOW, Entry
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import READ, WRITE, Client
from reconciler.use_cases.workspace.context import CommandContext
from tests.support.lists import CONFIGURATION, LIST, dated, entry, release
from tests.support.loose import head_of, push_loose
from tests.support.result import Result

__all__ = [
    "BRANCH",
    "LIST",
    "ROOT",
    "SECRET",
    "Clock",
    "Project",
    "Result",
    "dated",
    "entry",
    "making",
    "release",
]

BRANCH = "dnc-audit"
SECRET = "s&c=r+t/% do-not-show"
ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
_SETTINGS = tuple(
    part
    for setting in (
        *("user.name=Ann", "user.email=ann@example.com"),
        *("advice.detachedHead=0", "gc.auto=0", "maintenance.auto=0"),
    )
    for part in ("-c", setting)
)
# As GitLab's: it takes push options. What does not is asked twice, which tests of git's remotes show.
_ORIGIN = {"receive.advertisePushOptions": "true", "receive.autogc": "false"}
MERGE_REQUEST = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_PIPELINE_SOURCE": "merge_request_event"}

CLIENTS = {
    "dnc-tests": Client(SECRET),
    "reader": Client(SECRET, frozenset({READ})),
    "writer": Client(SECRET, frozenset({WRITE})),
    "stranger": Client(SECRET, organisation="another"),
}


class Clock:
    """A clock that runs by itself, and that a test moves on."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return START + self._shift + timedelta(seconds=time.monotonic() - self._began)

    def move(self, **by: float) -> None:
        self._shift += timedelta(**by)


@dataclass
class Project:
    """A clone. `run` calls `dnc` in this process: same clock as CXone's, no waits between attempts."""

    TEMPLATE: ClassVar[dict[str, Any]] = CONFIGURATION

    folder: Path
    origin: Path | None
    sandbox: Sandbox
    url: str
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)
    on_read: dict[int, Callable[[], object]] = field(default_factory=dict)

    # Files and commits.

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def list(self, *entries, releases=(), name="main", list_id=LIST, commit=True) -> str | None:
        """Write a list file, and commit and push it."""
        content = {"listId": list_id, "entries": list(entries)}
        if releases:
            content["releases"] = list(releases)
        self.write(f"dnc-lists/{name}.yaml", json.dumps(content, indent=1))
        return self.commit() if commit else None

    def configure(self, change: Callable[[dict[str, Any]], object] = lambda _: None) -> str:
        """Write the configuration, changed; commit and push it."""
        configuration = json.loads(json.dumps(self.TEMPLATE))
        change(configuration)
        self.write("dnc.yaml", json.dumps(configuration, indent=1))
        return self.commit()

    def tenant(self, **settings: Any) -> str:
        """Change the tenant's configuration."""
        return self.configure(lambda c: c["tenants"]["production"].update(settings))

    def commit(self, *, push=True) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "a change", "--allow-empty")
        if push and self.origin and not push_loose(self.folder, self.origin):
            self.git("push", "-q", "origin", "HEAD")
        return self.head

    def purge_history(self) -> None:
        """Put one new commit in the place of all, here and at the remote, which forgets the others."""
        self.git("checkout", "-q", "--orphan", "purged")
        self.commit(push=False)
        self.git("push", "-qf", "origin", "purged:main")
        for words in (("reflog", "expire", "--expire=now", "--all"), ("gc", "-q", "--prune=now")):
            self.git("--git-dir", str(self.origin), *words)

    def git(self, *arguments: str) -> str:
        command = ["git", *_SETTINGS, "-C", str(self.folder), *arguments]
        done = subprocess.run(command, env=self._base(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout.strip()

    @property
    def head(self) -> str:
        return head_of(self.folder) or self.git("rev-parse", "HEAD")

    def clone(self, name: str, *options: str) -> "Project":
        """Clone the origin once more, as every job of a pipeline does."""
        folder = self.folder.parent / name
        command = ["git", "clone", "-q", *options, f"file://{self.origin}", str(folder)]
        subprocess.run(command, env=self._base(), check=True, capture_output=True)
        return Project(folder, self.origin, self.sandbox, self.url, self.clock, dict(self.environ))

    # The ledger.

    def reports(self, tenant="production", at=BRANCH) -> "list[dict[str, Any]]":
        """Read the reports, oldest first, off a branch of this clone."""
        names = self.git("ls-tree", "-r", "--name-only", at, f"audit/{tenant}/").splitlines()
        found = [json.loads(self.git("show", f"{at}:{name}")) for name in names if name.endswith(".json")]
        return sorted(found, key=lambda report: report["seq"])

    @property
    def newest(self) -> dict[str, Any]:
        return self.reports()[-1]

    def tip(self) -> str:
        """Tell where the audit branch is at the origin; empty before the first report."""
        return self.git("ls-remote", "origin", f"refs/heads/{BRANCH}").partition("\t")[0]

    # CXone.

    def live(self, list_id=LIST) -> dict[str, str]:
        """What stands in CXone: number to `REASON POLICY`."""
        return {
            e.phone: f"{e.reason_code} {e.expiration_policy}"
            for e in self.sandbox.entries()
            if e.list_id == list_id
        }

    def agent(
        self,
        deed: str,
        phone: str,
        reason="CUSTOMER_REQUESTED",
        policy="NEVER",
        *,
        list_id=LIST,
        modified=NOW,
    ) -> None:
        """Let somebody act in CXone."""
        assert self.sandbox.act(Deed(deed), Entry(phone, reason, policy, list_id, "agent", modified))

    def asked(self, kind: str) -> int:
        """Count the requests of a kind."""
        return sum(a.kind == kind for a in self.sandbox.requests.list_requests())

    # Calls.

    def plan(self, *arguments: str, code=0, **environ: str) -> Result:
        done = self.run("plan", "--format", "json", *arguments, **environ)
        assert done.code == code, (done.code, done.out, done.err)
        return done

    def apply(self, *arguments: str, code=0, **environ: str) -> Result:
        done = self.run("apply", "--format", "json", *arguments, **environ)
        assert done.code == code, (done.code, done.out, done.err)
        return done

    def run(self, *arguments: str, **environ: str) -> Result:
        """Call `dnc` in this process, in CI unless `CI` is given as empty."""
        out, err = io.StringIO(), io.StringIO()
        code = self.run_into(out, err, *arguments, **environ)
        return Result(code, out.getvalue(), err.getvalue())

    def run_into(self, out: TextIO, err: io.StringIO, *arguments: str, **environ: str) -> int:
        """Do the same with given streams."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            with ExitStack() as stack:
                for context in self._patches({**self.environment(), **environ}, arguments):
                    stack.enter_context(context)
                stack.enter_context(redirect_stdout(out))
                stack.enter_context(redirect_stderr(err))
                code = _code(main)
        finally:
            os.chdir(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return code

    def subprocess(self, *arguments: str, **environ: str) -> Result:
        """Call `dnc` as a process of its own: the machine's clock, and real waits."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler.cli.main", *arguments],
            cwd=self.folder,
            env={**self.environment(), "PYTHONPATH": str(ROOT), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def _base(self) -> dict[str, str]:
        home = str(self.folder.parent)
        return {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_COLOR": "1",
            "FILTER_BRANCH_SQUELCH_WARNING": "1",
        }

    def environment(self) -> dict[str, str]:
        return {
            **self._base(),
            "CI": "true",
            "CXONE_ORG_ID": "sandbox",
            "CXONE_BASE_URL": self.url,
            "CXONE_CLIENT_ID": "dnc-tests",
            "CXONE_CLIENT_SECRET": SECRET,
            **self.environ,
        }

    def _patches(self, environ: dict[str, str], arguments: tuple[str, ...]) -> Iterator[Any]:
        yield patch.dict(os.environ, environ, clear=True)
        yield patch.object(sys, "argv", ["dnc", *arguments])
        yield patch("reconciler.cli.call.CommandContext", partial(CommandContext, clock=self.clock))
        yield patch(
            "reconciler.use_cases.workspace.project.load_rules", lambda overrides: _rules(*overrides.items())
        )
        hooked = partial(_Hooked, on_read=self.on_read)
        yield patch("reconciler.use_cases.workspace.connection.EntriesProvider", hooked)
        yield patch("reconciler.use_cases.workspace.opening.Ledger", partial(Ledger, pause=lambda _: None))


class _Hooked(EntriesProvider):
    """The real provider, without waits between attempts, and with something that happens before a read."""

    def __init__(self, *arguments: Any, on_read: dict[int, Callable[[], object]], **more: Any) -> None:
        super().__init__(*arguments, uniform=lambda low, _: low, **more)
        self._on_read = on_read
        self._reads = 0

    def read(self, list_ids: frozenset[str]) -> Live:
        self._reads += 1
        self._on_read.get(self._reads, lambda: None)()
        return super().read(list_ids)


def merge_request(project: Project, *arguments: str, code=0, **environ: str) -> Result:
    """Plan as the pipeline of a merge request into main does."""
    return project.plan(*arguments, code=code, **{**MERGE_REQUEST, **environ})


@cache
def _rules(*overrides: tuple[str, bytes]) -> Rules:
    """Load rules once a process: that takes longer than everything else in a test."""
    return load_rules(dict(overrides))


def _code(call: Callable[[], None]) -> int:
    try:
        call()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(bool(left.code))
    return 0


@contextmanager
def making(folder: Path, *, origin=True, ahead=0.0, kind=Project, **settings: Any) -> Iterator[Any]:
    """Make a repository with an empty CXone; `settings` are the sandbox's, whose clock is `ahead` hours."""
    clock, skew = Clock(), timedelta(hours=ahead)
    made = Settings(**{"clients": CLIENTS, **settings})
    with Sandbox(None, clock=lambda: clock() + skew, settings=made) as sandbox, sandbox.serve() as url:
        bare = folder / "origin.git" if origin else None
        project = kind(folder / "clone", bare, sandbox, url, clock)
        pattern = _pattern(kind, origin=origin)
        shutil.copytree(pattern, folder, dirs_exist_ok=True)
        config = project.folder / ".git" / "config"
        config.write_text(config.read_text().replace(str(pattern), str(folder)))
        yield project


@cache
def _pattern(kind: type[Project], *, origin: bool) -> Path:
    """Make the repositories that a test begins with, once a process."""
    folder = Path(tempfile.mkdtemp(prefix="dnc-pattern-"))
    atexit.register(shutil.rmtree, folder)
    bare = folder / "origin.git" if origin else None
    project = kind(folder / "clone", bare, None, "", Clock())
    project.folder.mkdir()
    project.git("init", "-q", "-b", "main", str(project.folder))
    if bare:
        project.git("init", "-q", "--bare", "-b", "main", str(bare))
        project.git("remote", "add", "origin", f"file://{bare}")
        for key, value in _ORIGIN.items():
            project.git("--git-dir", str(bare), "config", key, value)
    for sample in folder.rglob("*.sample"):
        sample.unlink()
    project.configure()
    return folder
