"""Numbers as people type them, read as E.164, alone or many at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164
from reconciler.rules.jurisdictions import country_of, is_jurisdiction, meant_code
from reconciler.rules.numbering import country_code, invalid_reason, read_international

# What people put between digits; other dashes, and spaces that do not break, come out of word processors.
_SEPARATOR = r"[\s().\[\]\-/\u00b7\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
_PHONE_INPUT = re.compile(
    rf"(?:tel:)?{_SEPARATOR}*(?:\+{_SEPARATOR}*)?[0-9](?:[0-9]|{_SEPARATOR})*", re.IGNORECASE
)
# 030 1234567/68 are two numbers, and so are two lines; 06/12/34/56/78 is one.
_SEVERAL = re.compile(r"[^/]*/[^0-9/]*[0-9]{1,3}|[^\r\n]*[\r\n].*", re.DOTALL)
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
_COUNTRY_CODE = re.compile(r"(?:\+|00)?([1-9][0-9]{0,2})(?:[.,]00?)?")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'-]){0,39}")
_NOWHERE = "001"


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
    if phone := _of_north_america(text, region):  # most others are
        return PhoneInput(phone)
    plain = _plain(text)
    if problem := _input_problem(plain):
        return PhoneInput("", problem)
    return _read(plain, _of_region(region))


def parse_with_country(text: str, country: str, region: str) -> PhoneInput:
    """Read a number whose country is written beside it: as a country code, ISO 3166, or a common name.

    Without a country it is read as by `parse_phone_input`. A number that has a country code of its own must
    be one of the same code. A problem has no digits of either text.
    """
    country_text = _plain(country)
    if not country_text:
        return parse_phone_input(text, region)
    plain = _plain(text)
    if problem := _input_problem(plain):
        return PhoneInput("", problem)
    code, home = read_country(country_text)
    if not code:
        name = f" {country_text}" if _NAME.fullmatch(country_text) else ""
        return PhoneInput(
            "", f"the country{name} is not known: write its ISO 3166 code (GB) or its country code (+44)"
        )
    if home == _NOWHERE:
        digits = _digits(plain)
        read = _international(f"+{digits}" if "+" in plain else f"+{code}{digits}")
    else:
        read = _read(plain, _Assumed(home, "the country beside it", "correct the number or the country"))
    if read.phone and country_code(read.phone) != code:
        return PhoneInput("", "a number of another country than the one beside it: correct one of the two")
    return read


def reads_with_lost_plus(text: str, region: str) -> bool:
    """Tell whether a number of the region may be one of another country that has lost its +.

    Then the text has no country code of its own, and its digits behind a + are a number that is in use
    elsewhere, too: 6563334444 is +1 656 333 4444 and +65 6333 4444.
    """
    plain = _plain(text)
    if _input_problem(plain) or "+" in plain:
        return False
    digits = _digits(plain)
    if _after_international_prefix(digits, region):
        return False
    elsewhere, problem = read_international(f"+{digits}")
    if problem or not phonenumbers.is_valid_number(phonenumbers.parse(elsewhere)):
        return False
    read = parse_phone_input(text, region)
    return bool(read.phone) and country_code(read.phone) != country_code(elsewhere)


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
        return "more than one number can be meant: write each by itself" if _SEVERAL.fullmatch(text) else ""
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


_TEN_DIGITS = re.compile("[2-9][0-9]{9}")


def _of_north_america(digits: str, region: str) -> str:
    """Give a number of ten digits of a region of +1 where it is in use, without parsing it; else nothing."""
    if _TEN_DIGITS.fullmatch(digits) and _has_code(region, 1) and is_north_american_in_use(digits[:6]):
        return f"+1{digits}"
    return ""


@cache
def _has_code(region: str, code: int) -> bool:
    return phonenumbers.country_code_for_region(region) == code


@cache
def is_north_american_in_use(head: str) -> bool:
    """Tell whether an area code and an exchange of +1, six digits, are in use: others decide nothing."""
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+1{head}0100"))


def _national(digits: str, assumed: _Assumed) -> PhoneInput:
    if phone := _of_north_america(digits, assumed.region):
        return PhoneInput(phone)
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
    if digits.startswith(str(number.country_code)) and _is_another_number(f"+{digits}", e164):
        # 49 151 … in Germany: a number that lost its +, or one of an area code that begins so.
        return PhoneInput(
            "", "two numbers can be meant, one with the first digits as country code: write + and its code"
        )
    return PhoneInput(e164)


def _is_another_number(phone: str, e164: str) -> bool:
    """Tell whether a + and digits are a number that is in use, and another one."""
    number, problem = read_international(phone)
    return not problem and number != e164 and phonenumbers.is_valid_number(phonenumbers.parse(number))


def _after_international_prefix(digits: str, region: str) -> str:
    """Give the digits after the prefix that the region dials before a country code; empty without one."""
    found = _international_prefix(region).match(digits)
    rest = digits[found.end() :] if found else ""
    return "" if rest.startswith("0") else rest  # no country code begins with 0


@cache  # at most 245 regions
def _international_prefix(region: str) -> re.Pattern[str]:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return re.compile((metadata and metadata.international_prefix) or "(?!)")  # "(?!)": nothing begins so


@lru_cache(maxsize=1 << 10)  # a table has few
def read_country(text: str) -> tuple[str, str]:
    """Give the country code and the region (ISO 3166) of a country as written; empty: it is not known."""
    if found := _COUNTRY_CODE.fullmatch("".join(c for c in text if c not in " ()-")):
        region = phonenumbers.region_code_for_country_code(int(found[1]))
        return ("", "") if region == phonenumbers.UNKNOWN_REGION else (found[1], region)
    letters = "".join(text.upper().split())
    # Two letters are a code, not the beginning of a name.
    meant = meant_code(letters) if letters == "UK" or len(letters) > len("UK") else ""
    region = country_of(next((code for code in (letters, meant) if is_jurisdiction(code)), ""))
    code = phonenumbers.country_code_for_region(region)
    return (str(code), region) if code else ("", "")


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
