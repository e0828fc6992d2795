"""How findings word what they found: what may be quoted from a file, and numbers as words."""

import re

_TELLING = re.compile(r"[A-Za-z_$<*.-][A-Za-z0-9_.<>*$!:-]{0,39}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]")
_MANY_DIGITS = 6
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def shown(text: str) -> str:
    """Quote a word of a file, unless it may be a phone number or about a person: then say that it is hidden.

    Findings go to pipelines' logs, which more people read than the lists.
    """
    is_date = len(text) == len("2026-11-02") and text[4:5] == "-"
    few_digits = is_date or len(_DIGITS.findall(text)) <= _MANY_DIGITS
    return text if few_digits and _TELLING.fullmatch(text) else "(not shown)"


def listed(names: list[str], joined_by: str = "or") -> str:
    """Join names for a sentence: `a, b or c`."""
    return f" {joined_by} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def counted(number: int, noun: str) -> str:
    """Say a number of things: `five years`, `one day`, `18 months`."""
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {noun}" + ("" if number == 1 else "s")
