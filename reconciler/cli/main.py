"""The entry point: answers `--version` without loading anything, and lets no traceback reach a user."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext

from reconciler import __version__
from reconciler.cli.completion import command_in
from reconciler.core.model.gc_pause import loading_modules

# Global options are understood before and after the command's name.
_GLOBAL_VALUES = ("--config", "--tenant", "--log-format")
_GLOBAL_FLAGS = ("--verbose",)
_UNEXPECTED_ERROR = 1
_APPLICATION = "reconciler.cli.app"


def main() -> None:
    """Run the command line; exits with the fixed codes."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"dnc {__version__}")
        return
    # typer and what a command needs take longer to load than --version may
    from reconciler.cli.terminal import escape_streams  # noqa: PLC0415

    with escape_streams():
        _run(arguments)


def _run(arguments: list[str]) -> None:
    front, arguments_left = split_arguments(arguments)
    called_command = arguments_left[0] if arguments_left else command_in(os.environ, _GLOBAL_VALUES)
    try:
        _load_application(called_command)(args=front + arguments_left, prog_name="dnc")
    except Exception as error:  # noqa: BLE001  (the last resort: a user gets no traceback, but by --verbose)
        if "--verbose" in arguments:
            traceback.print_exc()
            sys.exit(_UNEXPECTED_ERROR)
        print(
            f"dnc: an error nobody foresaw: {type(error).__name__}\n"
            "  way out: run the same with --verbose and send what it prints to whoever keeps dnc",
            file=sys.stderr,
        )
        sys.exit(_UNEXPECTED_ERROR)


def _load_application(called_command: str | None) -> Callable[..., object]:
    """Load the command that is called. Modules stay, so the collector is kept from walking them, once.

    A second call in the same process finds nearly all loaded, and garbage that is not to stay.
    """
    with loading_modules() if _APPLICATION not in sys.modules else nullcontext():
        from reconciler.cli.app import application  # noqa: PLC0415

        return application(called_command)


def split_arguments(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part the global options, wherever they stand, from the command with its own."""
    front: list[str] = []
    command_arguments: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            command_arguments += [argument, *remaining]
        elif argument in _GLOBAL_FLAGS or argument.startswith(tuple(f"{name}=" for name in _GLOBAL_VALUES)):
            front.append(argument)
        elif argument in _GLOBAL_VALUES:
            front += [argument, *([value] if (value := next(remaining, None)) is not None else [])]
        else:
            command_arguments.append(argument)
    return front, command_arguments


if __name__ == "__main__":
    main()
