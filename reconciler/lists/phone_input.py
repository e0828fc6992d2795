"""Numbers as people type them, read as E.164, alone or many at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import phonenumbers

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164
from reconciler.rules.numbering import invalid_reason, read_international

# What people put between digits; other dashes, and spaces that do not break, come out of word processors.
_SEPARATOR = r"[\s().\[\]\-/\u00b7\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
_PHONE_INPUT = re.compile(
    rf"(?:tel:)?{_SEPARATOR}*(?:\+{_SEPARATOR}*)?[0-9](?:[0-9]|{_SEPARATOR})*", re.IGNORECASE
)
_SCIENTIFIC = re.compile(r"\+?[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_DECIMAL = re.compile(r"(\+?[0-9]{7,15})[.,]00?")  # a number that a program took for an amount
_EXTENSION = re.compile(r"[0-9]\W*(?:x|ext\.?|extension|#|;ext=)\s*[0-9]+", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# How spreadsheets, and programs that write for them, say that digits are text: '212…, ="212…".
_QUOTE = '["\u201c-\u201f]'
_APOSTROPHE = "['`\u00b4\u2018-\u201b\u2032\u02b9\u02bc]"
_TEXT_MARKS = (
    re.compile(rf"(?:{_QUOTE}?=)?\s*{_QUOTE}{{1,3}}(.*?){_QUOTE}{{1,4}}"),
    re.compile(rf"=?\s*{_APOSTROPHE}(.*?){_APOSTROPHE}?"),
)
_CONTEXT = re.compile(r"tel:([^;+]*);phone-context=(\+[^;]*)", re.IGNORECASE)
_OTHER_CONTEXT = re.compile(r"tel:[^;]*;phone-context=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PhoneInput:
    """A number as typed: E.164 where it could be read, else empty and why not, with the way out."""

    phone: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Assumed:
    """The country that a number without one is of: its region (ISO 3166), and what it is called."""

    region: str
    name: str
    hint: str = "one of another country needs + and its country code"


def parse_phone_input(text: str, region: str) -> PhoneInput:
    """Read a number in any common writing; one without a country is one of the region (ISO 3166).

    Only the whole text may be a number: one that is found in the middle of something may be the wrong one.
    The digits and a + decide, and nothing between them: one number has one reading in every writing.
    """
    if is_e164(text):  # most are
        return _international(text)
    plain = _plain(text)
    if problem := _input_problem(plain):
        return PhoneInput("", problem)
    return _read(plain, _of_region(region))


def _plain(text: str) -> str:
    """Take off what is not part of a number: invisible characters, marks for text, and a decimal's zero."""
    plain = _INVISIBLE.sub("", text).strip()
    for mark in _TEXT_MARKS:
        if found := mark.fullmatch(plain):
            plain = found[1].strip()
    if found := _DECIMAL.fullmatch(plain):
        return found[1]
    if found := _CONTEXT.fullmatch(plain):
        return f"{found[2]} {found[1]}"
    return plain


def _input_problem(text: str) -> str:
    if not text:
        return "no number: nothing is written here"
    if _SCIENTIFIC.fullmatch(text):
        return "a number that a spreadsheet rounded: format the column as text there, and export it again"
    if _EXTENSION.search(text):
        return "a number with an extension: extensions can't be listed, write the number without it"
    if _PHONE_INPUT.fullmatch(text):
        return ""
    if any(character.isdigit() and not character.isascii() for character in text):
        return "digits of another script: write 0 to 9"
    if _OTHER_CONTEXT.match(text):
        problem = "a number within a context that is no country: write + and its country code"
    else:
        problem = "not only a number: write one number, digits and + ( ) - . / only"
    return problem


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _international(phone: str) -> PhoneInput:
    number, problem = read_international(phone)
    return PhoneInput("", problem) if problem else PhoneInput(number)


def _of_region(region: str) -> _Assumed:
    return _Assumed(region, f"{region}, the tenant's region")


def _read(text: str, assumed: _Assumed) -> PhoneInput:
    digits = _digits(text)
    if "+" in text:
        return _international(f"+{digits}")
    if international := _after_international_prefix(digits, assumed.region):
        read = _international(f"+{international}")
        if read.phone and not phonenumbers.is_valid_number(phonenumbers.parse(read.phone)):
            return PhoneInput(
                "", "no number in use, as far as is known: write it with + and its country code"
            )
        return read
    return _national(digits, assumed)


def _national(digits: str, assumed: _Assumed) -> PhoneInput:
    try:
        number = phonenumbers.parse(digits, assumed.region)
    except phonenumbers.NumberParseException:
        return PhoneInput("", f"no number of {assumed.name}: write all of it; {assumed.hint}")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if problem := invalid_reason(e164):
        return PhoneInput("", f"{problem}; it is taken for one of {assumed.name}: {assumed.hint}")
    # A country that is only assumed must hold: 49 30 1234567 is a number of Germany, not one in the US.
    if not phonenumbers.is_valid_number(number):
        return PhoneInput(
            "", f"no number of {assumed.name}, as far as is known: write + and its country code"
        )
    return PhoneInput(e164)


def _after_international_prefix(digits: str, region: str) -> str:
    """Give the digits after the prefix that the region dials before a country code; empty without one."""
    found = _international_prefix(region).match(digits)
    rest = digits[found.end() :] if found else ""
    return "" if rest.startswith("0") else rest  # no country code begins with 0


@cache  # at most 245 regions
def _international_prefix(region: str) -> re.Pattern[str]:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return re.compile((metadata and metadata.international_prefix) or "(?!)")  # "(?!)": nothing begins so


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
