"""Folders for what is kept between runs: numbers, journals, locks. For their owner only."""

from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

_FOLDER, _FILE = 0o700, 0o600


def make_private(top: Path, folder: Path | None = None) -> None:
    """Make `top`, and `folder` in it, and take others' rights from all that is there. Raises OSError.

    What an earlier version made wider is made narrow; where that is not permitted it stays as it is.
    """
    top.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for path in (top, *top.rglob("*")):
        with suppress(OSError):
            wanted = _FOLDER if path.is_dir() else _FILE
            if not path.is_symlink() and S_IMODE(path.stat().st_mode) & ~wanted:
                path.chmod(wanted)
