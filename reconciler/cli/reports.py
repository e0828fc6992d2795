"""`--report KIND=FILE`: which kinds there are, and writing them.

What writes a kind is loaded when that kind is asked for: most calls ask for none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reconciler.cli.output import write_text_file
from reconciler.cli.render.masking import NumberFormat

if TYPE_CHECKING:
    from reconciler.use_cases.history.lookup_at import LookupAt
    from reconciler.use_cases.reconcile.validate import ValidateResult


def _terraform(document: Mapping[str, Any], _shown: NumberFormat) -> str:
    from reconciler.cli.render.gitlab_reports import terraform  # noqa: PLC0415  (only for this kind)

    return terraform(document)


def _markdown(document: Mapping[str, Any], number_format: NumberFormat) -> str:
    from reconciler.cli.render.markdown import render_plan_markdown  # noqa: PLC0415  (only for this kind)

    return render_plan_markdown(document, number_format)


def _html(document: Mapping[str, Any], number_format: NumberFormat) -> str:
    from reconciler.cli.render.html import render_plan_html  # noqa: PLC0415  (only for this kind)

    return render_plan_html(document, number_format)


def _code_quality(result: "ValidateResult") -> str:
    from reconciler.cli.render.gitlab_reports import code_quality  # noqa: PLC0415  (only for this kind)

    return code_quality(result)


def _junit(result: "ValidateResult") -> str:
    from reconciler.cli.render.gitlab_reports import junit  # noqa: PLC0415  (only for this kind)

    return junit(result)


def _lookup_at_page(lookup_at: "LookupAt", number_format: NumberFormat) -> str:
    from reconciler.cli.render.lookup_at import lookup_at_page  # noqa: PLC0415  (only for this kind)

    return lookup_at_page(lookup_at, number_format)


PLAN_REPORTS: Mapping[str, Callable[[Mapping[str, Any], NumberFormat], str]] = {
    "terraform": _terraform,
    "markdown": _markdown,
    "html": _html,
}
VALIDATION_REPORTS: Mapping[str, Callable[["ValidateResult"], str]] = {
    "codequality": _code_quality,
    "junit": _junit,
}
LOOKUP_AT_REPORTS: Mapping[str, Callable[["LookupAt", NumberFormat], str]] = {"html": _lookup_at_page}


def parse_report_options(reports: Sequence[str], known: Sequence[str]) -> list[tuple[str, Path]]:
    """Read KIND=FILE pairs. Raises a usage error for an unknown kind, before any work is done."""
    pairs = []
    for report in reports:
        kind, is_pair, file = report.partition("=")
        if not is_pair or not file or kind not in known:
            raise typer.BadParameter(
                f"{report!r}: write KIND=FILE, KIND one of {', '.join(known)}", param_hint="--report"
            )
        pairs.append((kind, Path(file)))
    return pairs


def write_validation(result: "ValidateResult", reports: Sequence[str]) -> None:
    """Write the reports that were asked of `validate`."""
    for kind, file in parse_report_options(reports, list(VALIDATION_REPORTS)):
        write_text_file(file, VALIDATION_REPORTS[kind](result), "--report")


def write_plan(document: Mapping[str, Any], reports: Sequence[str]) -> None:
    """Write the reports that were asked of `plan`. They are copies that travel, so numbers are masked."""
    for kind, file in parse_report_options(reports, list(PLAN_REPORTS)):
        write_text_file(file, PLAN_REPORTS[kind](document, NumberFormat(is_masked=True)), "--report")


def write_lookup_at(lookup_at: "LookupAt", reports: Sequence[str], *, whole_number: bool) -> None:
    """Write the pages that were asked of `check --at`: masked, but for the one number where that is asked."""
    for kind, file in parse_report_options(reports, list(LOOKUP_AT_REPORTS)):
        write_text_file(
            file, LOOKUP_AT_REPORTS[kind](lookup_at, NumberFormat(is_masked=not whole_number)), "--report"
        )
