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
_GLOBAL_VALUES = ("--config", "--tenant", "-t", "--log-format", "--color")
_GLOBAL_FLAGS = ("--verbose",)
_UNEXPECTED_ERROR = 1
_OUTPUT_LOST = 4
_ANSWERS = frozenset({0, 3, 6})  # codes that mean nothing without what is printed beside them
_APPLICATION = "reconciler.cli.app"


def main() -> None:
    """Run the command line; exits with the fixed codes."""
    arguments = sys.argv[1:]
    # typer and what a command needs take longer to load than --version may
    from reconciler.cli.terminal import escape_streams  # noqa: PLC0415

    with escape_streams() as output:
        code = _exit_code(arguments)
        output.flush()
        # Whoever closes a pipe has read what was wanted.
        if output.error is not None and not isinstance(output.error, BrokenPipeError):
            _print_lost_output(output.error, arguments)
            code = _OUTPUT_LOST if code in _ANSWERS else code
    sys.exit(code)


def _exit_code(arguments: list[str]) -> int:
    try:
        _run(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _run(arguments: list[str]) -> None:
    if arguments == ["--version"]:
        print(f"dnc {__version__}")
        return
    front, arguments_left = split_arguments(arguments)
    called_command = arguments_left[0] if arguments_left else command_in(os.environ, _GLOBAL_VALUES)
    try:
        _load_application(called_command)(args=front + arguments_left, prog_name="dnc")
    except Exception as error:  # noqa: BLE001  (the last resort: a user gets no traceback, but by --verbose)
        if "--verbose" in arguments:
            traceback.print_exc()
            sys.exit(_UNEXPECTED_ERROR)
        print(
            f"dnc: unexpected error: {type(error).__name__}\n"
            "  fix: run the command again with --verbose, and report its output",
            file=sys.stderr,
        )
        sys.exit(_UNEXPECTED_ERROR)


def _print_lost_output(error: OSError, arguments: list[str]) -> None:
    from reconciler.core.model.errors import InvalidInput  # noqa: PLC0415  (few outputs are lost)

    is_apply = split_arguments(arguments)[1][:1] == ["apply"]
    record = "`dnc audit show` shows what this run did" if is_apply else "run the command again"
    problem = InvalidInput(
        f"the output cannot be written: {error.strerror}; all or a part of it is lost",
        f"free space, or send the output elsewhere; then {record}",
    )
    print(f"error: {problem}", file=sys.stderr)


def _load_application(called_command: str | None) -> Callable[..., object]:
    """Load the command that is called. Modules stay, so the collector is kept from walking them, once.

    A second call in the same process finds nearly all loaded, and garbage that is not to stay.
    """
    with loading_modules() if _APPLICATION not in sys.modules else nullcontext():
        from reconciler.cli.app import application  # noqa: PLC0415

        return application(called_command)


def split_arguments(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part the global options, wherever they stand, from the command with its own.

    `--json` is `--format json`, wherever it stands.
    """
    front: list[str] = []
    command_arguments: list[str] = []
    after_dashes: list[str] = []
    is_json = False
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            after_dashes = [argument, *remaining]
        elif argument in _GLOBAL_FLAGS or argument.startswith(tuple(f"{name}=" for name in _GLOBAL_VALUES)):
            front.append(argument)
        elif argument in _GLOBAL_VALUES:
            front += [argument, *([value] if (value := next(remaining, None)) is not None else [])]
        elif argument == "--json":
            is_json = True
        else:
            command_arguments.append(argument)
    return front, [*command_arguments, *(["--format", "json"] if is_json else []), *after_dashes]


if __name__ == "__main__":
    main()
