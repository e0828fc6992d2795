"""Numbers as people type them, read as E.164."""

import re
from dataclasses import dataclass

import phonenumbers

from reconciler.desired.numbering import why_not
from reconciler.model.phone import is_e164

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
