"""Structured logs on stderr; no secret and no whole number is ever put into one."""

import logging
import sys
from enum import StrEnum

import structlog

from reconciler.cli.terminal import clean_event, colourful


class LogFormat(StrEnum):
    """For people, or for machines."""

    TEXT = "text"
    JSON = "json"


def configure(log_format: LogFormat, *, verbose: bool) -> None:
    """Send logs to stderr: warnings only, or every request with `--verbose`."""
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
