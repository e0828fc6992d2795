"""One call of the command line: global options, streams, logs, and errors turned into exit codes."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import typer

from reconciler.cli.terminal import escape_event, escape_json, escape_line, escaped_stderr, plain_stdout
from reconciler.cli.waiting import watch
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding
from reconciler.use_cases.workspace.context import DEFAULT_CONFIGURATION, CommandContext, Options


class LogFormat(StrEnum):
    """For people, or for machines."""

    TEXT = "text"
    JSON = "json"


def configure(log_format: LogFormat, *, verbose: bool) -> None:
    """Send logs to stderr: warnings only, or every request with `--verbose`.

    Only what speaks to CXone logs, and what connects to it calls this. Nobody else loads these two.
    """
    import logging  # noqa: PLC0415

    import structlog  # noqa: PLC0415

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            escape_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=escaped_stderr()),
        cache_logger_on_first_use=False,
    )


_DATE_LENGTH = len("2026-11-23")


FORMAT_HELP = "Output format; --json is short for --format json."


class Format(StrEnum):
    """How results are printed on stdout."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The global options of one call."""

    configuration: Path = Path(DEFAULT_CONFIGURATION)
    tenant: str | None = None
    verbose: bool = False
    log_format: LogFormat = LogFormat.TEXT

    def context(self, *, as_of: str | None = None, onto: str | None = None) -> CommandContext:
        """Build the context of this call. Raises a usage error for a date that is none."""
        start_logging = partial(configure, self.log_format, verbose=self.verbose)
        options = Options(
            self.configuration, self.tenant, parse_day_option(as_of, "--as-of") if as_of else None, onto
        )
        return CommandContext(
            options, dict(os.environ), say=print_error, start_logging=start_logging, watch=watch
        )


_call: ContextVar[GlobalOptions] = ContextVar("call", default=GlobalOptions())  # noqa: B039  (frozen)


def set_options(call: GlobalOptions) -> None:
    """Keep the global options for the command that follows."""
    _call.set(call)


def current_options() -> GlobalOptions:
    """Give the global options of this call."""
    return _call.get()


def names_report(ctx: CommandContext) -> bool:
    """Tell whether text names the newest report by its SHA-256: in logs that are kept, or with --verbose."""
    return ctx.pipeline.is_running or current_options().verbose


def print_error(sentence: str) -> None:
    """Say something to people: stderr."""
    print(sentence, file=sys.stderr)


def json_text(document: Mapping[str, Any], *, indent: int | None = None, encoding: str | None = None) -> str:
    """Write a JSON document, fit for a terminal, too. `encoding` is that of the stream which it is for."""
    return escape_json(json.dumps(document, indent=indent, ensure_ascii=False), encoding)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a JSON document on stdout."""
    with plain_stdout() as stdout:
        print(json_text(document, indent=2, encoding=stdout.encoding))


def print_findings(findings: tuple[Finding, ...]) -> None:
    """Print findings, one a line, to stderr."""
    for finding in findings:
        print_error(escape_line(str(finding)))


@contextmanager
def exit_on_errors(
    on_error: Callable[[DncError], None] = lambda _: None, on_end: Callable[[DncError], None] = lambda _: None
) -> Iterator[None]:
    """Turn the errors of the tree into a sentence on stderr and the fixed exit code.

    `on_error` is called before the sentence, `on_end` after it. That `on_error` cannot write what it should
    is said, too; the exit code is the error's.
    """
    try:
        yield
    except DncError as error:
        try:
            on_error(error)
        except (DncError, typer.BadParameter) as unwritten:
            if str(unwritten) != str(error):
                print_error(f"error: {unwritten}")
        error_findings = error.findings
        if error_findings != DncError.findings.__get__(error):  # more than the error itself says
            print_findings(error_findings)
        print_error(f"error: {error}")
        on_end(error)
        raise typer.Exit(error.exit_code) from None


def parse_day_option(text: str, option: str) -> date:
    """Read a day that an option was given. Raises a usage error for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write it as 2026-11-23", param_hint=option) from None


def parse_moment_option(text: str, option: str) -> datetime:
    """Read a moment that an option was given; a day is its first moment in UTC. Raises a usage error.

    A moment without a zone is refused: hours decide, and nobody could tell whose they are.
    """
    try:
        if len(text) == _DATE_LENGTH:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        parsed_moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no moment: write it as 2026-03-04T17:02Z, or a day as 2026-03-04", param_hint=option
        ) from None
    if parsed_moment.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} has no zone: write {text}Z for UTC, or {text}-05:00", param_hint=option
        )
    try:
        return parsed_moment.astimezone(UTC)
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is beyond the calendar", param_hint=option) from None
