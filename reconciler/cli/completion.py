"""What the shell's completion asks for: quickly, and with global options wherever they stand."""

from collections.abc import Iterator, MutableMapping

# Where the shells hand over the line, as Typer's scripts do it (0.28, 0.29): bash; zsh, fish and PowerShell.
_LINE_VARIABLES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
COMPLETION_VARIABLE = "_DNC_COMPLETE"


def command_in(environ: MutableMapping[str, str], global_values: tuple[str, ...]) -> str | None:
    """Name the command that stands in the line, so that no other has to be loaded.

    A global option that stands behind it, and waits for its value, is put in front for whoever completes.
    """
    name = next((name for name in _LINE_VARIABLES if name in environ), None)
    if COMPLETION_VARIABLE not in environ or name is None:
        return None
    line = environ[name]
    words = line.split()
    incomplete_word = (
        "" if line.endswith(" ") or int(environ.get("COMP_CWORD", "0")) == len(words) else words.pop()
    )
    if words and words[-1] in global_values:
        environ[name] = f"{words[0]} {words[-1]} {incomplete_word}"
        environ["COMP_CWORD"] = "2"
        return None
    return next((word for word in words[1:] if not word.startswith("-")), None)


def tenants(incomplete: str) -> Iterator[str]:
    """Name the tenants of the configuration in this folder."""
    # Completion alone needs these, and they take their time.
    from reconciler.cli.call import current_options  # noqa: PLC0415
    from reconciler.core.model.errors import DncError  # noqa: PLC0415
    from reconciler.use_cases.workspace.opening import open_project  # noqa: PLC0415

    try:
        names = open_project(current_options().context(), None).configuration.tenants
    except DncError:
        return  # a shell is no place for what is wrong with a file
    yield from (name for name in names if name.startswith(incomplete))
