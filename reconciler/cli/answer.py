"""What a command answers: words for people, or one JSON document, which is written also when it fails."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from reconciler.cli.call import Format, emit, errors_told
from reconciler.model.errors import DncError
from reconciler.model.finding import finding_json

Output = Annotated[Format, typer.Option("--format", help="How it is printed.")]


def told(output: Format) -> AbstractContextManager[None]:
    """Turn the errors of the tree into the fixed exit code, and say them as the format asks."""

    def on_error(error: DncError) -> None:
        if output is Format.JSON:
            findings = [finding_json(finding) for finding in error.findings]
            emit(answer({"findings": findings}, code=error.exit_code, errored=True))

    return errors_told(on_error)


def answer(said: Mapping[str, Any], *, code: int = 0, errored: bool = False) -> dict[str, Any]:
    """Make the document that a command answers with, `said` being what is its own."""
    head = {"format_version": "1.0", "errored": errored, "exit_code": code}
    return {**head, **said, "findings": said.get("findings", [])}
