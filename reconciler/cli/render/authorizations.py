"""What authorizes a removal, in words: a release with its evidence and author, or the term that ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cli.render.masking import NumberFormat, mask_reference
from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text

_MAX_NAMES = 3
_MAX_TEXT = 100  # characters of an evidence or a name, which are anybody's


def authorization_texts(change: Mapping[str, Any], number_format: NumberFormat) -> list[str]:
    """Say what authorizes a change: a text for all numbers that have it in common, the rest by count.

    Empty where no release and no lapse does, or where an older version made the document.
    """
    rows, most = change.get("authorized_by") or (), number_format.authorizations
    is_waiting = "approval" in change["blocked_by"]
    texts = [
        _row_text(row, number_format, is_waiting=is_waiting)
        + (f" ({count_text(row['count'])})" if len(rows) > 1 else "")
        for row in rows[:most]
    ]
    if len(rows) > most:
        numbers = count_text(sum(row["count"] for row in rows[most:]))
        more = "more, " if most else ""
        texts.append(f"{len(rows) - most:,} {more}for {numbers}: see authorized_by in the plan as JSON")
    return texts


def _row_text(row: Mapping[str, Any], number_format: NumberFormat, *, is_waiting: bool) -> str:
    if row["permission"] != "release":
        terms = row["terms"]
        return (
            f"lapsed: the term of its {terms['reasonCode']} entry ({terms['expirationPolicy']}) ended on "
            f"{row['ended_on']}"
        )
    to = f" to {_foreign_text(row['to'], (), number_format)}" if row["to"] else ""
    evidence = _foreign_text(row["evidence"], row["phones"], number_format)
    lead = "release to approve" if is_waiting else "released"
    return f"{lead}: {row['release']}{to}, {evidence}, {row['released_on']}{_author_text(row, number_format)}"


def _author_text(row: Mapping[str, Any], number_format: NumberFormat) -> str:
    names = [
        _foreign_text(author["name"] or author["email"], (), number_format) or "an author without a name"
        for author in row["authors"]
    ]
    if names:
        return f", by {_joined(names)}"
    unknown = row["author_unknown"]
    return f", by an unknown author ({_foreign_text(unknown, (), number_format)})" if unknown else ""


def _joined(names: Sequence[str]) -> str:
    if len(names) > _MAX_NAMES:
        return f"{', '.join(names[:_MAX_NAMES])} and {len(names) - _MAX_NAMES:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _foreign_text(text: str, phones: Sequence[str], number_format: NumberFormat) -> str:
    """Show a text that somebody else wrote: on one line, short, and where numbers are masked without any."""
    shown = mask_reference(text, phones) if number_format.is_masked else text
    line = escape_line(" ".join(shown.split()))
    return line if len(line) <= _MAX_TEXT else f"{line[:_MAX_TEXT]}…"
