"""The entry point: answers `--version` without loading anything, and lets no traceback reach a user."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext

from reconciler import __version__
from reconciler.cli.completion import command_in
from reconciler.core.model.gc_pause import loading

# Global options are understood before and after the command's name.
_GLOBAL_VALUES = ("--config", "--tenant", "--log-format")
_GLOBAL_FLAGS = ("--verbose",)
_UNFORESEEN = 1
_APPLICATION = "reconciler.cli.app"


def main() -> None:
    """Run the command line; exits with the fixed codes."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"dnc {__version__}")
        return
    # typer and what a command needs take longer to load than --version may
    from reconciler.cli.terminal import harmless_streams  # noqa: PLC0415

    with harmless_streams():
        _run(arguments)


def _run(arguments: list[str]) -> None:
    front, rest = parted(arguments)
    called = rest[0] if rest else command_in(os.environ, _GLOBAL_VALUES)
    try:
        _loaded(called)(args=front + rest, prog_name="dnc")
    except Exception as error:  # noqa: BLE001  (the last resort: a user gets no traceback, but by --verbose)
        if "--verbose" in arguments:
            traceback.print_exc()
            sys.exit(_UNFORESEEN)
        print(
            f"dnc: an error nobody foresaw: {type(error).__name__}\n"
            "  way out: run the same with --verbose and send what it prints to whoever keeps dnc",
            file=sys.stderr,
        )
        sys.exit(_UNFORESEEN)


def _loaded(called: str | None) -> Callable[..., object]:
    """Load the command that is called. Modules stay, so the collector is kept from walking them, once.

    A second call in the same process finds nearly all loaded, and garbage that is not to stay.
    """
    with loading() if _APPLICATION not in sys.modules else nullcontext():
        from reconciler.cli.app import application  # noqa: PLC0415

        return application(called)


def parted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part the global options, wherever they stand, from the command with its own."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
        elif argument in _GLOBAL_FLAGS or argument.startswith(tuple(f"{name}=" for name in _GLOBAL_VALUES)):
            front.append(argument)
        elif argument in _GLOBAL_VALUES:
            front += [argument, *([value] if (value := next(left, None)) is not None else [])]
        else:
            rest.append(argument)
    return front, rest


if __name__ == "__main__":
    main()
