"""The answer to the question whether a number may be called: by the lists, or not known."""

from collections.abc import Sequence
from enum import StrEnum


class Answer(StrEnum):
    """What a look-up comes to.

    `do-not-call`: some list has the number, or may have it for a reason that names it. `not-listed`: no list
    has it, and nothing makes that doubtful. `unknown`: everything else.
    """

    DO_NOT_CALL = "do-not-call"
    NOT_LISTED = "not-listed"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, *, is_found: bool, doubts: Sequence[str]) -> "Answer":
        """Give the answer: what was found counts in any case, an absence only without a doubt."""
        if is_found:
            return cls.DO_NOT_CALL
        return cls.UNKNOWN if doubts else cls.NOT_LISTED
