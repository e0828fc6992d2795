"""The page of all commands, from the command line itself."""

from collections.abc import Iterator
from typing import Any

from typer import Context
from typer.main import get_command

from reconciler.cli.app import application
from script.referencing.markdown import GENERATED, cell, table

_ALWAYS = {"help"}
_SHELLS = {"install_completion", "show_completion"}
_OUTPUT = (
    "`--format json`, or `--json`, prints one JSON document, also when the command fails (every command but "
    "`export`, which writes CSV, `sandbox` and `ci gather`). Results go to stdout, logs and progress to "
    "stderr. A character that stdout's encoding lacks is replaced; JSON escapes it, and files are always "
    "UTF-8. Numbers are masked in pipelines and in reports that travel (`+1 212 ••• ••01`). "
    "`dnc --install-completion` adds completion to bash, zsh, fish or PowerShell."
)


def commands_page() -> str:
    """Write every command: what it does, its arguments and options, and calls to copy."""
    dnc = get_command(application())
    parts = [
        "# Commands",
        GENERATED,
        str(dnc.help),
        "What each exit code means, and what to do first: [exit codes](exit-codes.md).",
        *_groups(dnc),
        "## Output",
        _OUTPUT,
        "## Global options",
        str(dnc.epilog),
        _options([p for p in dnc.params if p.name not in _ALWAYS | _SHELLS], Context(dnc)),
    ]
    for name, command in leaves(dnc):
        parts += _command(name, command)
    return "\n\n".join(part for part in parts if part) + "\n"


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Give every command that can be called, with its name, in the order of the help."""
    below = getattr(command, "commands", None)
    if words and not command.hidden and (below is None or command.invoke_without_command):
        yield " ".join(words), command
    for key, sub in (below or {}).items():
        yield from leaves(sub, (*words, key))


def _groups(dnc: Any) -> Iterator[str]:
    """Write the commands by the groups of the help, each with its summary."""
    found = list(leaves(dnc))
    for title, members in dnc.SECTIONS.items():
        listed = [leaf for member in members for leaf in found if leaf[0].split()[0] == member]
        rows = [(f"[`dnc {name}`](#dnc-{name.replace(' ', '-')})", _summary(leaf)) for name, leaf in listed]
        yield f"## {title}"
        yield table(("command", "does"), rows)


def _summary(command: Any) -> str:
    return cell(str(command.help or "").partition("\n")[0].partition(". ")[0].rstrip("."))


def _command(name: str, command: Any) -> Iterator[str]:
    context = Context(command)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name not in _ALWAYS]
    written = " ".join([f"dnc {name}", *map(_metavar, arguments), *(["[OPTIONS]"] if options else [])])
    yield f"## dnc {name}"
    yield str(command.help or "").strip()
    yield f"```text\n{written}\n```"
    yield table(("argument", "means"), [(f"`{_metavar(p)}`", cell(p.help)) for p in arguments])
    yield _options(options, context)
    yield _examples(command.epilog or "")


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper().rstrip("_")
    name += "..." if argument.nargs == -1 and "..." not in name else ""
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _options(options: list[Any], context: Context) -> str:
    rows = [(f"`{_written(p, context)}`", _default(p), cell(p.help)) for p in options]
    return table(("option", "default", "means"), rows)


def _written(option: Any, context: Context) -> str:
    """Write an option with what it takes, as the help does: `-o, --out <path>`."""
    written = str(option.get_help_record(context)[0])
    written = written.replace("list[str]", "str").replace("int range", "int") + "..." * option.multiple
    return written.replace("|", "\\|")


def _default(option: Any) -> str:
    if option.required:
        return "needed"
    if option.default is None or option.is_flag or option.multiple:
        return ""
    return f"`{getattr(option.default, 'value', option.default)}`"


def _examples(epilog: str) -> str:
    """Give the calls below a help text as a block; they stand two columns in."""
    lines = [line.removeprefix("  ") for line in epilog.splitlines() if line.startswith("  ")]
    return "\n".join(["```shell", *lines, "```"]) if lines else ""
