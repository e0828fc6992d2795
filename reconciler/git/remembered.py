"""Answers of git's that cannot change while a command runs, so that git is asked once."""

import re
from collections.abc import Hashable

_MOST_BYTES = 16 * 1024 * 1024
_OBJECT_NAME = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_object_name(rev: str) -> bool:
    """Tell whether this is the whole name of an object, which never means another one, as a branch may."""
    return _OBJECT_NAME.fullmatch(rev) is not None


class RememberedAnswers:
    """Answers by question, of _MOST_BYTES together at most: the oldest are forgotten."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, bytes] = {}
        self._size = 0

    def get(self, question: Hashable) -> bytes | None:
        """Give the answer; None where it is not known."""
        return self._answers.get(question)

    def add(self, question: Hashable, answer: bytes) -> None:
        """Remember an answer. One that takes more than a quarter of the room is not worth it."""
        if question in self._answers or len(answer) > _MOST_BYTES // 4:
            return
        self._answers[question] = answer
        self._size += len(answer)
        while self._size > _MOST_BYTES:
            self._size -= len(self._answers.pop(next(iter(self._answers))))
