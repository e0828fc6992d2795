"""Asks one process of git what names mean and what blobs have in them, where each took one of its own.

`git cat-file --batch-command` (git 2.36) looks up names and packs anew each time that it is asked.
"""

import os
import re
import select
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence

_SECONDS = 300.0
_AT_ONCE = 1 << 16  # bytes of a read
# Hashes, HEAD and refs; what else a name may be is asked otherwise.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./^{}-]*")
_MISSING = "missing"


class Unanswered(Exception):
    """There is no answer from here: whoever asks runs a command of its own, which says why."""


class ObjectReader:
    """Answers while there is an answer: after the first time without one, none is asked for any more.

    `git` is the program and what comes before its command. The process ends with this object.
    """

    def __init__(self, git: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = [*git, "cat-file", "--batch-command"]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._questions = self._answers = -1
        self._is_lost = False
        self._unread = bytearray()
        self._turn = threading.Lock()

    def find_object(self, name: str) -> str | None:
        """Find what a name stands for, as `git rev-parse` does; None for nothing."""
        answer = self._ask("info", name, with_data=False)
        return answer[0] if answer else None

    def read_blob(self, sha: str) -> bytes:
        """Read a blob by its name."""
        answer = self._ask("contents", sha, with_data=True)
        if answer is None or answer[0] != sha:
            raise Unanswered
        return answer[1]

    def _ask(self, question: str, name: str, *, with_data: bool) -> tuple[str, bytes] | None:
        if self._is_lost or not _NAME.fullmatch(name):
            raise Unanswered
        with self._turn:
            try:
                return self._answer(f"{question} {name}\n".encode("ascii"), name, with_data=with_data)
            except (OSError, ValueError, Unanswered) as error:
                self._lose()
                raise Unanswered from error
            except BaseException:  # what is still to come would be taken for the next answer
                self._lose()
                raise

    def _answer(self, line: bytes, name: str, *, with_data: bool) -> tuple[str, bytes] | None:
        if self._process is None:
            self._start()
        os.write(self._questions, line)
        end = time.monotonic() + _SECONDS
        while (length := self._unread.find(b"\n")) < 0:
            self._read_more(end)
        header = self._take(length + 1)[:-1].decode("ascii")
        if header == f"{name} {_MISSING}":
            return None
        sha, _, size = header.split(" ")
        if not with_data:
            return sha, b""
        while len(self._unread) <= int(size):
            self._read_more(end)
        return sha, self._take(int(size) + 1)[:-1]

    def _start(self) -> None:
        self._process = process = subprocess.Popen(  # noqa: S603  (no shell; the arguments are ours)
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for us
        )
        weakref.finalize(self, _end, process)
        if process.stdin is not None and process.stdout is not None:
            self._questions, self._answers = process.stdin.fileno(), process.stdout.fileno()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    def _read_more(self, end: float) -> None:
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            raise Unanswered
        data = os.read(self._answers, _AT_ONCE)
        if not data:
            raise Unanswered
        self._unread += data

    def _lose(self) -> None:
        self._is_lost = True
        if self._process is not None:
            _end(self._process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it. A process that was forked from ours may hold the pipe, so closing it is no end."""
    process.kill()
    with process:  # which closes the pipes, and waits
        pass
