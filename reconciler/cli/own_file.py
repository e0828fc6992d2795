"""Files with whole numbers in them: for their owner only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from reconciler.model.errors import InvalidInput


@contextmanager
def own_file(file: Path) -> Iterator[TextIO]:
    """Open a file to be written by and for its owner. Raises InvalidInput where that can't be done."""
    with _opened(file, "w", encoding="utf-8", errors="replace", newline="") as out:
        yield cast("TextIO", out)


def write_own(file: Path, data: bytes) -> None:
    """Write bytes likewise."""
    with _opened(file, "wb") as out:
        cast("BinaryIO", out).write(data)


@contextmanager
def _opened(file: Path, mode: str, **how: str) -> Iterator[object]:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, mode, **how) as out:  # type: ignore[call-overload]  # text or bytes, as asked
            yield out
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}", "name another file: -o", where=str(file)
        ) from error
