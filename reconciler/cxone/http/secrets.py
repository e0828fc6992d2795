"""Our secrets, taken out of whatever a server may repeat of them, however it spells them."""

import re
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

_SHORTEST = 6  # what is shorter stands in any answer by chance
_MASK = b"[hidden]"
_KEPT = 8  # tokens; a run has one an hour
_SHORT_IN_JSON = {
    '"': b'"',
    "\\": b"\\",
    "/": b"/",
    "\b": b"b",
    "\f": b"f",
    "\n": b"n",
    "\r": b"r",
    "\t": b"t",
}


class SecretFilter:
    """Takes secrets and tokens out of answers: those end up in messages, logs and reports.

    A form, a JSON string and a page for people each spell a sign like `&` in ways of their own, so each sign
    is looked for in all of them. Safe between threads.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        long = [secret for secret in secrets if len(secret) >= _SHORTEST]
        self._secrets = tuple(_pattern(text) for secret in long for text in _forms(secret))
        self._tokens: dict[str, re.Pattern[bytes]] = {}

    def learn(self, token: str) -> None:
        """Hide this token, too, from now on."""
        tokens = {**self._tokens, token: _pattern(token)} if len(token) >= _SHORTEST else self._tokens
        self._tokens = dict(list(tokens.items())[-_KEPT:])

    def scrub(self, body: bytes) -> bytes:
        """Take them out."""
        for pattern in (*self._secrets, *self._tokens.values()):
            body = pattern.sub(_MASK, body)
        return body


def _forms(secret: str) -> tuple[str, ...]:
    """Give a secret as it is and as a form holds it, which may itself be repeated in JSON or HTML."""
    return tuple(dict.fromkeys((quote_plus(secret), quote(secret, safe=""), secret)))


def _pattern(secret: str) -> re.Pattern[bytes]:
    return re.compile(b"".join(map(_character_pattern, secret)))


def _character_pattern(character: str) -> bytes:
    """Give what matches one sign: as it is, and as a form, JSON and HTML have it."""
    raw = character.encode("utf-8", "surrogatepass")
    if character.isascii() and character.isalnum():
        return re.escape(raw)
    code = ord(character)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    alternatives = [
        re.escape(raw),
        b"".join(b"%%(?i:%02x)" % byte for byte in raw),
        b"".join(rb"\\u(?i:%s)" % units[index : index + 4].encode() for index in range(0, len(units), 4)),
        b"&#0*%d;" % code,
        b"&#[xX]0*(?i:%x);" % code,
    ]
    if character == " ":
        alternatives.append(rb"\+")
    if character in _SHORT_IN_JSON:
        alternatives.append(rb"\\" + re.escape(_SHORT_IN_JSON[character]))
    if character == "'":
        alternatives.append(b"&apos;")
    if code in codepoint2name:
        alternatives.append(b"&%s;" % codepoint2name[code].encode())
    return b"(?:%s)" % b"|".join(alternatives)
