"""Numbers as people type them, read as E.164, alone or many at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164
from reconciler.rules.numbering import why_not

# What people put between digits; other dashes, and spaces that do not break, come out of word processors.
_BETWEEN = r"[\s().\-/\u2010-\u2015\u2212]"
_TYPED = re.compile(rf"(?:tel:)?{_BETWEEN}*(?:\+{_BETWEEN}*)?[0-9](?:[0-9]|{_BETWEEN})*", re.IGNORECASE)
_ROUNDED = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]{7,15}\.0")  # a number that a program took for an amount
_EXTENSION = re.compile(r"[0-9]\W*(?:x|ext\.?|extension|#|;ext=)\s*[0-9]+", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as typed: E.164 where it could be read, else empty and why not, with the way out."""

    phone: str
    why_not: str = ""


def typed(text: str, region: str) -> Typed:
    """Read a number in any common writing; one without a country is one of the region (ISO 3166).

    Only the whole text may be a number: one that is found in the middle of something may be the wrong one.
    """
    plain = _INVISIBLE.sub("", text).strip()
    if _DECIMAL.fullmatch(plain):
        plain = plain.removesuffix(".0")
    if is_e164(plain):  # most are
        why = why_not(plain)
        return Typed("", why) if why else Typed(plain)
    if why := _unreadable(plain):
        return Typed("", why)
    return _parsed(plain, region)


def _unreadable(text: str) -> str:
    if not text:
        return "no number: nothing is written here"
    if _ROUNDED.fullmatch(text):
        return "a number that a spreadsheet rounded: format the column as text there, and export it again"
    if _EXTENSION.search(text):
        return "a number with an extension: extensions can't be listed, write the number without it"
    if (
        not text.isascii()
        and not _TYPED.fullmatch(text)
        and any(c.isdigit() and not c.isascii() for c in text)
    ):
        return "digits of another script: write 0 to 9"
    if not _TYPED.fullmatch(text):
        return "not only a number: write one number, digits and + ( ) - . / only"
    return ""


def _parsed(text: str, region: str) -> Typed:
    elsewhere = "one of another country needs + and its country code"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Typed("", f"no number of {region}, the tenant's region: write all of it; {elsewhere}")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    why = why_not(written)
    if why and "+" not in text:
        why = f"{why}; it is taken for one of {region}, the tenant's region: {elsewhere}"
    # A country that is only assumed must hold: 49 30 1234567 is a number of Germany, not one in the US.
    if not why and "+" not in text and not phonenumbers.is_valid_number(number):
        why = f"no number of {region}, the tenant's region, as far as is known: write + and its country code"
    return Typed("", why) if why else Typed(written)


def read_numbers(texts: Sequence[str], region: str, done: str = "nothing was written") -> tuple[str, ...]:
    """Read every number, each once. Raises InvalidInput that names the bad ones by their places."""
    found = [typed(text, region) for text in texts]
    bad = [(place, one.why_not) for place, one in enumerate(found, 1) if one.why_not]
    if bad:
        findings = [
            Finding(f"number {n} of {len(texts)}", 0, 0, "", "NUM-01", Severity.ERROR, w) for n, w in bad
        ]
        first = f"number {bad[0][0]} of {len(texts)}" if len(texts) > 1 else "the number"
        many = f"{len(bad)} of {len(texts)} numbers can't be read: {done}"
        fact = many if len(bad) > 1 else f"{first} can't be read: {done}"
        way_out = "correct them, or leave them out" if len(bad) > 1 else bad[0][1]
        raise InvalidInput(fact, way_out, findings=findings)
    return tuple(dict.fromkeys(one.phone for one in found))
