"""Constraints for script/lowest: each requirement at the lowest version that pyproject.toml allows.

What no requirement names, and the tools that run the tests, keeps the version of constraints.txt.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FLOOR = re.compile(r"(?P<name>[\w.-]+)(?:\[\w+\])?>=(?P<version>[0-9.]+)")


def normalise_name(name: str) -> str:
    """Give a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def floors() -> dict[str, str]:
    """Give the lowest version of each requirement. Raises ValueError where one has another form."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for requirement in (*project["build-system"]["requires"], *project["project"]["dependencies"]):
        if (match := _FLOOR.fullmatch(requirement)) is None:
            raise ValueError(f"{requirement}: write NAME>=VERSION, a version that script/lowest has run")
        found[normalise_name(match["name"])] = match["version"]
    return found


def pins() -> dict[str, str]:
    """Give the versions of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {normalise_name(name): version for name, version in pairs}


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in sorted((pins() | floors()).items())))
