"""The commands, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.call import GlobalOptions, LogFormat, set_options
from reconciler.cli.completion import tenants
from reconciler.cli.help import Commands
from reconciler.cli.styling import COLOR, ColorMode
from reconciler.use_cases.workspace.context import find_configuration


@dataclass(frozen=True, slots=True)
class _Command:
    """Where a command is: a module beside this one, and the name in it. `examples` stand below its help."""

    module: str
    name: str
    examples: str = ""

    def add_to(self, app: typer.Typer, is_called: str) -> None:
        """Put the command into the application. Its module is loaded here, and no earlier."""
        module = import_module(f"reconciler.cli.commands.{self.module}")
        command = getattr(module, self.name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=is_called)
        else:
            epilog = getattr(module, self.examples) if self.examples else None
            app.command(is_called, epilog=epilog)(command)


_COMMANDS: Mapping[str, _Command] = {
    "validate": _Command("validate", "validate", "EXAMPLES"),
    "plan": _Command("plan", "plan", "EXAMPLES"),
    "apply": _Command("apply", "apply", "EXAMPLES"),
    "drift": _Command("drift", "drift", "EXAMPLES"),
    "pull": _Command("pull", "pull", "EXAMPLES"),
    "audit": _Command("audit", "app"),
    "rules": _Command("rules", "app"),
    "ci": _Command("ci", "app"),
    "check": _Command("check", "check", "EXAMPLES"),
    "status": _Command("status", "status", "EXAMPLES"),
    "blocked": _Command("blocked", "blocked", "EXAMPLES"),
    "add": _Command("add", "add", "EXAMPLES"),
    "release": _Command("release", "release", "EXAMPLES"),
    "restore": _Command("restore", "restore", "EXAMPLES"),
    "undo": _Command("undo", "undo", "EXAMPLES"),
    "import": _Command("import_", "import_", "EXAMPLES"),
    "confirm": _Command("confirm", "confirm", "EXAMPLES"),
    "fmt": _Command("fmt", "fmt", "EXAMPLES"),
    "scrub": _Command("scrub", "scrub", "EXAMPLES"),
    "export": _Command("export", "export", "EXAMPLES"),
    "site": _Command("site", "site", "EXAMPLES"),
    "init": _Command("init", "init", "EXAMPLES"),
    "doctor": _Command("doctor", "doctor", "EXAMPLES"),
    "sandbox": _Command("sandbox", "sandbox", "EXAMPLES"),
}


def application(called_command: str | None = None) -> typer.Typer:
    """Put the commands together: all, or only the one that is called. Loading all takes most of a second.

    A name that is none gets all of them, so that the error can name what was meant. A group that loads its
    commands when they are asked for would be no shorter: typer makes commands of functions, and has a copy of
    click of its own, both under private names.
    """
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Keep do-not-call lists in git and sync them to NICE CXone.",
        epilog="Options above may stand before or after the command. Help on one: dnc COMMAND -h",
    )
    app.callback()(options)
    for name, command in _COMMANDS.items():
        if called_command == name or called_command not in _COMMANDS:
            command.add_to(app, name)
    return app


def options(  # noqa: PLR0917  (an option each; Typer passes them by name)
    tenant: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--tenant",
            metavar="TENANT",
            help="The tenant. Default: defaultTenant of dnc.yaml.",
            autocompletion=tenants,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration. Default: dnc.yaml, here or in a folder above."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request to stderr.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="Format of logs.")] = LogFormat.TEXT,
    color: Annotated[
        ColorMode, typer.Option(help="When to use colours; NO_COLOR counts, too.")
    ] = ColorMode.AUTO,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Take the global options."""
    if version:
        print(f"dnc {__version__}")
        raise typer.Exit
    COLOR.set(color)
    set_options(GlobalOptions(config or find_configuration(), tenant, verbose, log_format))
