"""Runs git: a clean environment, time limits, and errors that name the way out."""

import base64
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.environment import (
    LIST,
    ScopedSetting,
    Setting,
    environment_for,
    overrides,
    parse_settings,
)
from reconciler.git.object_reader import ObjectReader
from reconciler.git.remembered import RememberedAnswers

NETWORK_SECONDS = 60.0
LOCAL_SECONDS = 300.0
HURRIED_SECONDS = 4.0  # what the network still gets once we were asked to stop: a kill follows soon
_POLL_SECONDS = 0.2  # between two looks whether we were

TOKEN = "DNC_GIT_TOKEN"  # noqa: S105  (the variable's name, not a token)
SIGNING_KEY = "DNC_SIGNING_KEY"  # names the file of an SSH private key, as a pipeline's file variable does

# The top folder of the working tree, `common_folder`, and the way from the top to where git is asked.
PLACE = ("--show-toplevel", "--git-common-dir", "--show-prefix")

_CREDENTIALS = re.compile(r"(://)[^/@\s']+@")

# What git says (LC_ALL=C) -> (fact, way out).
_KNOWN = (
    (
        re.compile(r"^(?!remote:).*(No space left on device|[Qq]uota exceeded)", re.MULTILINE),
        "there is no space left for what git writes",
        "free space on this machine, then run again",
    ),
    (
        re.compile(
            r"^(?!remote:).*(insufficient permission for adding an object|Read-only file system|"
            r"(create|open|lock)\b.*'.*'.*: (Permission denied|Not a directory|Is a directory))",
            re.MULTILINE,
        ),
        "git cannot write into this repository",
        "let this user write into .git, and whatever lies in it",
    ),
    (
        re.compile(r"detected dubious ownership in repository at '(?P<path>[^']*)'"),
        "the repository belongs to another user, so git refuses to read it",
        "run: git config --global --add safe.directory '{path}'",
    ),
    (
        re.compile(
            r"Authentication failed|could not read (Username|Password)|Permission denied|"
            r"returned error: 40[13]|HTTP Basic: Access denied|not allowed to (push|upload|download)"
        ),
        "the remote refuses our credentials",
        f"give a project access token with write_repository in {TOKEN}, or an SSH key that may do this",
    ),
    (
        re.compile(r"must be run in a work tree"),
        "this is a bare repository, or the inside of .git",
        "run dnc in a clone with a working tree",
    ),
)


@dataclass(frozen=True, slots=True)
class GitOutput:
    """What one git command answered. `err` has no credentials in it."""

    code: int
    out: bytes
    err: str


def decode_text(raw: bytes) -> str:
    """Decode a path or a message; bytes that are no UTF-8 survive the way back."""
    return raw.decode("utf-8", "surrogateescape")


def encode_text(path: str) -> bytes:
    """Encode what `text` decoded."""
    return path.encode("utf-8", "surrogateescape")


class Git:
    """Git in one folder. Every error is a RepositoryProblem; arguments never appear in one.

    Once `is_hurried`, a call that may wait for the network gets HURRIED_SECONDS from then on.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        is_hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self.folder = folder
        self.is_hurried = is_hurried
        self._variables = dict(os.environ if environment is None else environment)
        self._token = self._variables.pop(TOKEN, "")
        self.signing_key = self._variables.get(SIGNING_KEY, "")
        self.remembered = RememberedAnswers()
        program = shutil.which("git", path=self._variables.get("PATH"))
        if program is None:
            raise RepositoryProblem(
                "git is not installed, or not on PATH", "install git 2.38 or later: history lives in git"
            )
        self._program = program

    def within(self, folder: Path, common_folder: Path | None = None) -> "Git":
        """Take the same git to another folder, whose `common_folder` may be known."""
        environment = self._variables | ({TOKEN: self._token} if self._token else {})
        there = Git(folder, environment, is_hurried=self.is_hurried)
        if common_folder is not None:
            there.common_folder = common_folder
        return there

    @property
    def has_token(self) -> bool:
        """Tell whether there is a token for the remote."""
        return bool(self._token)

    @cached_property
    def settings(self) -> Sequence[ScopedSetting]:
        """All that is configured here, in git's order: of one key the last counts."""
        listed = self._run_bare(LIST)
        if listed.code:
            raise command_problem(LIST[0], listed)
        return parse_settings(listed.out)

    @cached_property
    def _overrides(self) -> Sequence[Setting]:
        return overrides(self.settings, self._variables)

    @cached_property
    def objects(self) -> ObjectReader:
        """What tells what names mean, and what blobs have in them."""
        environment = environment_for(self._variables, self._overrides, ())
        return ObjectReader((self._program, "-C", str(self.folder)), environment)

    @cached_property
    def common_folder(self) -> Path:
        """The .git folder that all worktrees of this clone share."""
        path = self.run("rev-parse", "--path-format=absolute", "--git-common-dir")
        return Path(decode_text(path).removesuffix("\n"))

    def locate(self, *what: str) -> GitOutput:
        """Ask where the clone is that this folder is in: PLACE, or a part of it."""
        return self._run_bare(("rev-parse", "--path-format=absolute", *(what or PLACE)))

    def _run_bare(self, arguments: Sequence[str]) -> GitOutput:
        """Run what runs nothing that is configured, before it is known what there is to undo."""
        environment = environment_for(self._variables, (), ())
        return self._execute(arguments, environment, b"", LOCAL_SECONDS, network=False)

    def run_unchecked(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
        url: str = "",
    ) -> GitOutput:
        """Run one command and return what it said, whatever its exit code. `url` gets the token."""
        full_environment = environment_for(self._variables, self._overrides, self._token_header(url))
        return self._execute(
            arguments, full_environment | dict(environment or {}), stdin, seconds, network=bool(url)
        )

    def _execute(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdin: bytes,
        seconds: float,
        *,
        network: bool,
    ) -> GitOutput:
        command = [self._program, "-C", str(self.folder), *arguments]
        began = time.monotonic()
        # A session of its own: on a time-out its helpers (ssh, remote-https) go too, and Ctrl-C does not cut
        # a push in half.
        with subprocess.Popen(  # noqa: S603  (no shell; the arguments are ours)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                out, stderr = self._communicate(process, stdin, seconds, network=network)
            except BaseException as error:
                with suppress(ProcessLookupError):  # it may be over by now
                    os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    waited = min(seconds, time.monotonic() - began)
                    if network and self.is_hurried():
                        raise RepositoryProblem(
                            f"git {arguments[0]} did not finish within {HURRIED_SECONDS:g} s, which is what "
                            "it gets once the run is asked to stop",
                            "run it again",
                        ) from error
                    raise RepositoryProblem(
                        f"git {arguments[0]} did not finish within {waited:.3g} s",
                        "check the network and the remote, then run again",
                    ) from error
                raise
        return GitOutput(process.returncode, out, self._without_credentials(decode_text(stderr)))

    def _communicate(
        self, process: subprocess.Popen[bytes], stdin: bytes, seconds: float, *, network: bool
    ) -> tuple[bytes, bytes]:
        """Wait for the process to end; for the network only a moment longer once we are in a hurry."""
        end = time.monotonic() + seconds
        pending_input: bytes | None = stdin
        while True:
            if network and self.is_hurried():
                end = min(end, time.monotonic() + HURRIED_SECONDS)
                network = False
            seconds_left = max(0.0, end - time.monotonic())
            try:
                return process.communicate(
                    pending_input, timeout=min(seconds_left, _POLL_SECONDS) if network else seconds_left
                )
            except subprocess.TimeoutExpired:
                if time.monotonic() >= end:
                    raise
                pending_input = None  # it has all of it, or goes on taking it

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> bytes:
        """Run one command that must succeed; return its output."""
        output = self.run_unchecked(*arguments, stdin=stdin, environment=environment, seconds=seconds)
        if output.code:
            raise command_problem(arguments[0], output)
        return output.out

    def run_once(self, *arguments: str) -> bytes:
        """Run one command that must succeed and whose answer cannot change; from then on it is known."""
        known = self.remembered.get(arguments)
        if known is None:
            known = self.run(*arguments)
            self.remembered.add(arguments, known)
        return known

    def run_line(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> str:
        """Run one command that must succeed; return the one line that it printed."""
        return decode_text(self.run(*arguments, stdin=stdin, environment=environment)).removesuffix("\n")

    def _token_header(self, url: str) -> list[Setting]:
        """Send the token as a header to the remote's own host only, and never on a command line."""
        parts = urlsplit(url)
        if not self._token or parts.scheme not in {"http", "https"} or not parts.hostname:
            return []
        # GitLab takes any user name with a token, "oauth2" by convention (GitLab docs, read 2026-11-23).
        try:
            secret = base64.b64encode(f"oauth2:{self._token}".encode()).decode()
        except UnicodeEncodeError:  # bytes that are no UTF-8 are kept as text that cannot be written
            raise RepositoryProblem(
                f"the environment variable {TOKEN} is no UTF-8", "set it again, as GitLab shows the token"
            ) from None
        host = parts.netloc.rpartition("@")[2]
        return [(f"http.{parts.scheme}://{host}/.extraHeader", f"Authorization: Basic {secret}")]

    def _without_credentials(self, text: str) -> str:
        text = _CREDENTIALS.sub(r"\1", text)
        return text.replace(self._token, "[token]") if self._token else text


def error_line(err: str) -> str:
    """Pick the line that says why out of what git printed."""
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "ssh:"))]
    return (telling or lines or ["it gave no reason"])[0]


def known_problem(output: GitOutput) -> RepositoryProblem | None:
    """Explain the failures that git itself explains badly."""
    for pattern, fact, fix in _KNOWN:
        if match := pattern.search(output.err):
            return RepositoryProblem(f"{fact} ({error_line(output.err)})", fix.format(**match.groupdict()))
    return None


def command_problem(command: str, output: GitOutput) -> RepositoryProblem:
    """Make an error of a command that failed."""
    return known_problem(output) or RepositoryProblem(
        f"git {command} failed with exit code {output.code}: {error_line(output.err)}",
        "run `git fsck` and `git status` here; the clone may be damaged or locked by another program",
    )
