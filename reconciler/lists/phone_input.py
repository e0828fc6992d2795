"""Numbers as people type them, read as E.164, alone or many at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164
from reconciler.rules.numbering import invalid_reason

# What people put between digits; other dashes, and spaces that do not break, come out of word processors.
_SEPARATOR = r"[\s().\-/\u2010-\u2015\u2212]"
_PHONE_INPUT = re.compile(
    rf"(?:tel:)?{_SEPARATOR}*(?:\+{_SEPARATOR}*)?[0-9](?:[0-9]|{_SEPARATOR})*", re.IGNORECASE
)
_SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]{7,15}\.0")  # a number that a program took for an amount
_EXTENSION = re.compile(r"[0-9]\W*(?:x|ext\.?|extension|#|;ext=)\s*[0-9]+", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class PhoneInput:
    """A number as typed: E.164 where it could be read, else empty and why not, with the way out."""

    phone: str
    problem: str = ""


def parse_phone_input(text: str, region: str) -> PhoneInput:
    """Read a number in any common writing; one without a country is one of the region (ISO 3166).

    Only the whole text may be a number: one that is found in the middle of something may be the wrong one.
    """
    plain = _INVISIBLE.sub("", text).strip()
    if _DECIMAL.fullmatch(plain):
        plain = plain.removesuffix(".0")
    if is_e164(plain):  # most are
        problem = invalid_reason(plain)
        return PhoneInput("", problem) if problem else PhoneInput(plain)
    if problem := _input_problem(plain):
        return PhoneInput("", problem)
    return _parse_with_region(plain, region)


def _input_problem(text: str) -> str:
    if not text:
        return "no number: nothing is written here"
    if _SCIENTIFIC.fullmatch(text):
        return "a number that a spreadsheet rounded: format the column as text there, and export it again"
    if _EXTENSION.search(text):
        return "a number with an extension: extensions can't be listed, write the number without it"
    if (
        not text.isascii()
        and not _PHONE_INPUT.fullmatch(text)
        and any(character.isdigit() and not character.isascii() for character in text)
    ):
        return "digits of another script: write 0 to 9"
    if not _PHONE_INPUT.fullmatch(text):
        return "not only a number: write one number, digits and + ( ) - . / only"
    return ""


def _parse_with_region(text: str, region: str) -> PhoneInput:
    hint = "one of another country needs + and its country code"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return PhoneInput("", f"no number of {region}, the tenant's region: write all of it; {hint}")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    problem = invalid_reason(e164)
    if problem and "+" not in text:
        problem = f"{problem}; it is taken for one of {region}, the tenant's region: {hint}"
    # A country that is only assumed must hold: 49 30 1234567 is a number of Germany, not one in the US.
    if not problem and "+" not in text and not phonenumbers.is_valid_number(number):
        problem = (
            f"no number of {region}, the tenant's region, as far as is known: write + and its country code"
        )
    return PhoneInput("", problem) if problem else PhoneInput(e164)


def read_numbers(
    texts: Sequence[str], region: str, consequence: str = "nothing was written"
) -> tuple[str, ...]:
    """Read every number, each once. Raises InvalidInput that names the bad ones by their places."""
    inputs = [parse_phone_input(text, region) for text in texts]
    unreadable = [
        (place, phone_input.problem) for place, phone_input in enumerate(inputs, 1) if phone_input.problem
    ]
    if unreadable:
        findings = [
            Finding(f"number {place_number} of {len(texts)}", 0, 0, "", "NUM-01", Severity.ERROR, problem)
            for place_number, problem in unreadable
        ]
        first_problem = f"number {unreadable[0][0]} of {len(texts)}" if len(texts) > 1 else "the number"
        count_message = f"{len(unreadable)} of {len(texts)} numbers can't be read: {consequence}"
        fact = count_message if len(unreadable) > 1 else f"{first_problem} can't be read: {consequence}"
        way_out = "correct them, or leave them out" if len(unreadable) > 1 else unreadable[0][1]
        raise InvalidInput(fact, way_out, findings=findings)
    return tuple(dict.fromkeys(phone_input.phone for phone_input in inputs))
