"""`--report KIND=FILE`: which kinds there are, and writing them.

What writes a kind is loaded when that kind is asked for: most calls ask for none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reconciler.cli.render.masking import Shown

if TYPE_CHECKING:
    from reconciler.use_cases.history.lookup_at import Then
    from reconciler.use_cases.reconcile.validate import Validated


def _terraform(document: Mapping[str, Any], _shown: Shown) -> str:
    from reconciler.cli.render.gitlab_reports import terraform  # noqa: PLC0415  (only for this kind)

    return terraform(document)


def _markdown(document: Mapping[str, Any], shown: Shown) -> str:
    from reconciler.cli.render.markdown import markdown  # noqa: PLC0415  (only for this kind)

    return markdown(document, shown)


def _html(document: Mapping[str, Any], shown: Shown) -> str:
    from reconciler.cli.render.html import html  # noqa: PLC0415  (only for this kind)

    return html(document, shown)


def _code_quality(done: "Validated") -> str:
    from reconciler.cli.render.gitlab_reports import code_quality  # noqa: PLC0415  (only for this kind)

    return code_quality(done)


def _junit(done: "Validated") -> str:
    from reconciler.cli.render.gitlab_reports import junit  # noqa: PLC0415  (only for this kind)

    return junit(done)


def _page(found: "Then", shown: Shown) -> str:
    from reconciler.cli.render.lookup_at import then_page  # noqa: PLC0415  (only for this kind)

    return then_page(found, shown)


PLAN_REPORTS: Mapping[str, Callable[[Mapping[str, Any], Shown], str]] = {
    "terraform": _terraform,
    "markdown": _markdown,
    "html": _html,
}
VALIDATION_REPORTS: Mapping[str, Callable[["Validated"], str]] = {
    "codequality": _code_quality,
    "junit": _junit,
}
THEN_REPORTS: Mapping[str, Callable[["Then", Shown], str]] = {"html": _page}


def asked(reports: Sequence[str], known: Sequence[str]) -> list[tuple[str, Path]]:
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


def write_validation(done: "Validated", reports: Sequence[str]) -> None:
    """Write the reports that were asked of `validate`."""
    for kind, file in asked(reports, list(VALIDATION_REPORTS)):
        _write(file, VALIDATION_REPORTS[kind](done))


def write_plan(document: Mapping[str, Any], reports: Sequence[str]) -> None:
    """Write the reports that were asked of `plan`. They are copies that travel, so numbers are masked."""
    for kind, file in asked(reports, list(PLAN_REPORTS)):
        _write(file, PLAN_REPORTS[kind](document, Shown(masked=True)))


def write_then(found: "Then", reports: Sequence[str], *, whole: bool) -> None:
    """Write the pages that were asked of `check --at`: masked, but for the one number where that is asked."""
    for kind, file in asked(reports, list(THEN_REPORTS)):
        _write(file, THEN_REPORTS[kind](found, Shown(masked=not whole)))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")  # a file's name may be no UTF-8
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--report") from None
