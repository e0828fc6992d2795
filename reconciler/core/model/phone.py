"""E.164 numbers: what is one, and how one is shown to people who may not see it whole."""

import re

# `fullmatch` and `[0-9]`: `$` lets a newline through, and `\d` lets other scripts' digits through.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def is_e164(text: str) -> bool:
    """Tell whether the text is written as an E.164 number (the numbering plan is another question)."""
    return _E164.fullmatch(text) is not None


def mask(phone: str) -> str:
    """Show a number so that its owner's list is findable but the number is not: `+1 212 ••• ••01`."""
    if not is_e164(phone):
        return "••••"
    if phone.startswith("+1") and len(phone) == 12:  # noqa: PLR2004  (+1, area code, 7 digits)
        return f"+1 {phone[2:5]} ••• ••{phone[-2:]}"
    return f"{phone[:3]} ••• ••{phone[-2:]}"
