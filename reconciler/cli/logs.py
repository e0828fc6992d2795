"""Structured logs on stderr; no secret and no whole number is ever put into one."""

import sys
from enum import StrEnum

from reconciler.cli.terminal import clean_event, colourful


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
            clean_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=colourful()),
        cache_logger_on_first_use=False,
    )
