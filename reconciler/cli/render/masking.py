"""How numbers are shown: masked where others read along, pseudonyms in copies for others (PRIV-04)."""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.phone import is_e164, mask

SAMPLES = 5
# As we write numbers, and as a message from CXone may have one: bare, or as people in North America do.
_WHOLE_NUMBER = re.compile(
    r"\+[1-9][0-9]{6,14}"
    r"|(?<![0-9A-Za-z.:/-])[0-9]{10,15}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z.:/-])\+?1?[ .-]?\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9A-Za-z])"
)


def mask_numbers(text: str) -> str:
    """Mask the numbers in a text that somebody else wrote."""
    return _WHOLE_NUMBER.sub(lambda found: mask(found[0]), text)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How much of a number may be seen. In pipelines, whose logs many read, it is masked.

    `samples` of many numbers are shown, and so many `authorizations` of one group of them.
    """

    is_masked: bool = False
    samples: int = SAMPLES
    authorizations: int = SAMPLES

    def number(self, phone: str) -> str:
        """Show one number."""
        return mask(phone) if self.is_masked else phone

    def text(self, text: str) -> str:
        """Show what somebody else wrote, which may have numbers in it."""
        return mask_numbers(text) if self.is_masked else text

    def sample(self, phones: Sequence[str]) -> str:
        """Show the first few of many numbers, and how many there are besides."""
        sample_text = ", ".join(self.number(phone) for phone in phones[: self.samples])
        rest_count = len(phones) - self.samples
        return f"{sample_text} and {rest_count:,} more" if rest_count > 0 else sample_text


# What holds ten digits and is no number: a hash, a UUID, a date. Then numbers as one run of digits, and as
# people in North America write them. Letters may stand before and behind: CALL2125550123.
_NUMBER_IN_REFERENCE = re.compile(
    r"(?P<kept>(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{32,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
    r"(?![0-9A-Za-z])|(?<![0-9])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9]))"
    r"|\+?(?<![0-9])[0-9]{10,15}(?![0-9])"
    r"|(?<![0-9])\+?(?:1[ ./_:-]?)?\(?[2-9][0-9]{2}\)?[ ./_:-]{1,2}[2-9][0-9]{2}[ ./_:-][0-9]{4}(?![0-9])"
)
_LEAST_DIGITS = 7  # of a number
_COUNTRY_DIGITS = 3  # at most, which people may leave out
_MANY = 1_000  # numbers that one reference is compared with


def mask_reference(text: str, phones: Sequence[str] = ()) -> str:
    """Mask the numbers in a reference, which is to lead to the evidence and not to the person.

    `phones` are the numbers that it is about: they are found whatever stands between their digits.
    """
    digits = [place for place, character in enumerate(text) if character in "0123456789"]
    if len(digits) < _LEAST_DIGITS:
        return text
    masked = _NUMBER_IN_REFERENCE.sub(lambda found: found[0] if found["kept"] else _hidden(found[0]), text)
    run = "".join(text[place] for place in digits)
    for phone in phones[:_MANY]:
        for start in range(1, _COUNTRY_DIGITS + 2):
            number = phone[start:]
            place = run.find(number) if len(number) >= _LEAST_DIGITS else -1
            if place >= 0:
                first, last = digits[place], digits[place + len(number) - 1]
                return mask_reference(f"{text[:first]}{_hidden(number)}{text[last + 1 :]}", phones)
    return masked


def _hidden(number: str) -> str:
    return f"•••{number[-2:]}"


KEY_VARIABLE = "DNC_MASK_KEY"
MIN_KEY_LENGTH = 16  # characters; a short key is guessed, and then every number is
PSEUDONYM_PREFIX = "masked:"
_DIGITS = 16


class NumberMode(StrEnum):
    """How numbers are written into what a command prints and writes."""

    FULL = "full"
    MASKED = "masked"


NumbersOption = Annotated[
    NumberMode, typer.Option("--numbers", help="masked: pseudonyms for copies, keyed by DNC_MASK_KEY.")
]


class Pseudonyms:
    """Stand-ins for numbers: the same number under the same key is the same pseudonym.

    Keyed, because the numbers of a country are few: a plain hash of one is reversed in minutes.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Pseudonyms":
        """Take the key from `DNC_MASK_KEY`. Raises InvalidInput where it is missing or short."""
        key = environ.get(KEY_VARIABLE, "")
        if len(key) < MIN_KEY_LENGTH:
            raise InvalidInput(
                f"{KEY_VARIABLE} is {'too short' if key else 'not set'}, "
                "and numbers that are masked without a key are found again in minutes [PRIV-04]",
                f"set it to {MIN_KEY_LENGTH} random characters or more; the same key gives the same masks",
            )
        return cls(key)

    def number(self, phone: str) -> str:
        """Give the pseudonym of one number."""
        return PSEUDONYM_PREFIX + hmac.digest(self._key, phone.encode(), "sha256").hex()[:_DIGITS]

    def copy(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Copy a JSON document with a pseudonym for each number in it, and say that it is such a copy."""
        return {**{name: self._masked(value) for name, value in document.items()}, "numbers": "masked"}

    def _masked(self, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("evidence"), str):
            value = {**value, "evidence": mask_reference(value["evidence"], value.get("phones", ()))}
        if isinstance(value, Mapping) and "skill_id" in value:  # people name skills after numbers, too
            value = {**value, "name": mask_reference(str(value["name"]))}
        if isinstance(value, str):
            return self.number(value) if is_e164(value) else value
        if isinstance(value, list | tuple):
            return [self._masked(item) for item in value]
        if isinstance(value, Mapping):
            return {name: self._masked(item) for name, item in value.items()}
        return value


def document_copier(
    numbers: NumberMode, environ: Mapping[str, str]
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Give what turns a document into the form that was asked for. Raises as `Pseudonyms` does."""
    if numbers is NumberMode.MASKED:
        return Pseudonyms.from_environment(environ).copy
    return lambda document: document
