"""Text from a server, made fit for a message, a log and a report."""

import re

import orjson

LONGEST = 200
# What moves a terminal's cursor or colours, turns the direction of writing, or does not show at all.
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
)
_CONTROL = re.compile(f"[{_UNSEEN}]+")
_EACH_CONTROL = re.compile(f"[{_UNSEEN}]")
_NUMBER = re.compile(r"\d{7,}")
_TAG = re.compile(r"<[^<>]{0,500}>")
# Where servers put the reason, in the order in which it tells most.
_REASONS = ("error_description", "errorMessage", "message", "error", "detail", "title")


def sanitize_masked(text: str) -> str:
    """Neutralise control characters, mask what may be a phone number, and cut to 200 characters."""
    return sanitize(_NUMBER.sub("•••", text))


def sanitize(text: str) -> str:
    """Neutralise control characters and cut to 200 characters; numbers stay."""
    shown = _CONTROL.sub(" ", text).strip()
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def mark_invisible(text: str) -> str:
    """Give a name or a code as CXone has it, with a mark for each sign that would not show as itself.

    Nothing is trimmed: what differs from a code of ours must not come to look like it.
    """
    shown = _EACH_CONTROL.sub("\ufffd", text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def refusal_text(body: bytes) -> str:
    """Say why a server refused, in its own words: a field of its JSON, or its text without markup."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict):
        for name in _REASONS:
            if isinstance(answer.get(name), str) and answer[name].strip():
                return sanitize_masked(answer[name])
    return sanitize_masked(" ".join(_TAG.sub(" ", body[:4096].decode("utf-8", "replace")).split()))
