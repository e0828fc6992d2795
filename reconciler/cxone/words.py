"""Text from a server, made fit for a message, a log and a report."""

import re

import orjson

LONGEST = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_NUMBER = re.compile(r"\d{7,}")
_TAG = re.compile(r"<[^<>]{0,500}>")
# Where servers put the reason, in the order in which it tells most.
_REASONS = ("error_description", "errorMessage", "message", "error", "detail", "title")


def plain(text: str) -> str:
    """Neutralise control characters, mask what may be a phone number, and cut to 200 characters."""
    return harmless(_NUMBER.sub("•••", text))


def harmless(text: str) -> str:
    """Neutralise control characters and cut to 200 characters; numbers stay."""
    shown = _CONTROL.sub(" ", text).strip()
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def reason(body: bytes) -> str:
    """Say why a server refused, in its own words: a field of its JSON, or its text without markup."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict):
        for name in _REASONS:
            if isinstance(found.get(name), str) and found[name].strip():
                return plain(found[name])
    return plain(" ".join(_TAG.sub(" ", body[:4096].decode("utf-8", "replace")).split()))
