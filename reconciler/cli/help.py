"""The first screen of help: commands by what they are for, and what another program's word means here."""

# ruff: noqa: ANN401  (typer hands its own copies of click's objects, whose names are private)

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from typer.core import TyperGroup, TyperOption

# Words of other programs, and what they are called here. `remove` is close to `restore`, its opposite.
_OTHER_WORDS: Mapping[str, str] = {
    "remove": "release",
    "delete": "release",
    "rm": "release",
    "unlist": "release",
    "diff": "plan",
    "preview": "plan",
    "sync": "apply",
    "deploy": "apply",
    "push": "audit push",
    "verify": "audit verify",
    "log": "audit list",
    "history": "audit list",
    "show": "audit show",
    "search": "check",
    "lookup": "check",
    "lint": "validate",
    "format": "fmt",
    "serve": "sandbox",
}


class GroupedCommands(TyperGroup):
    """Lists the commands in sections: `SECTIONS` maps a title to names; those in none stand last."""

    SECTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    SHORT_LIST = "Less often"

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (typer passes it)
        """Write the sections, in their order: a name and its summary a line."""
        left_over = {name: command for name, command in self.commands.items() if not command.hidden}
        width = max(map(len, left_over), default=0)
        limit = formatter.width - width - 4
        for title, names in self.SECTIONS.items():
            rows = [
                (name.ljust(width), left_over.pop(name).get_short_help_str(limit))
                for name in names
                if name in left_over
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        if left_over:
            with formatter.section(self.SHORT_LIST if self.SECTIONS else "Commands"):
                formatter.write_dl(
                    [
                        (name.ljust(width), command.get_short_help_str(limit))
                        for name, command in left_over.items()
                    ]
                )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command. `help` is the help; another program's word names the command that is meant."""
        word = args[0].lower()
        if word == "help" and "help" not in self.commands:
            args = [*args[1:], "--help"]
            if args == ["--help"]:
                print(self.get_help(ctx))
                ctx.exit()
            word = args[0].lower()
        if word not in self.commands and not word.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}.{self._suggestion(word, ctx.command_path)}")
        return super().resolve_command(ctx, args)

    def _suggestion(self, word: str, program: str) -> str:
        meant = _OTHER_WORDS.get(word)
        if meant is not None and meant.split()[0] in self.commands:
            return f" Did you mean '{program} {meant}'?"
        close = get_close_matches(word, self.commands)
        if close:
            return f" Did you mean {' or '.join(f'{name!r}' for name in close)}?"
        return f" '{program} --help' lists the commands."


class Commands(GroupedCommands):
    """The commands of `dnc`. What is rare stands last."""

    SECTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Every day": ("add", "import", "release", "restore", "check", "scrub"),
        "Change CXone": ("validate", "plan", "apply", "drift", "status", "blocked"),
        "Prove": ("audit", "site"),
        "Share": ("export", "pull"),
        "Set up": ("init", "doctor", "sandbox", "rules", "fmt"),
        "Less often": ("undo", "confirm", "ci"),
    }

    def get_params(self, ctx: Any) -> list[Any]:
        """Give the options. The two that install completion are typer's: they work, and are not listed."""
        params = super().get_params(ctx)
        for param in params:
            if isinstance(param, TyperOption) and param.name in {"install_completion", "show_completion"}:
                param.hidden = True
        return params


class AuditCommands(GroupedCommands):
    """The commands of `dnc audit`."""

    SECTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Read the record": ("list", "show", "verify"),
        "Report on a period": ("summary", "export", "evidence"),
        "Keep it safe": ("push", "anchor", "bundle", "compare", "reanchor"),
    }
