import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cxone.http.sanitize import mark_invisible
from reconciler.cxone.http.secrets import SecretFilter

SECRET = 's&c=r+t/% "<ü>\\end'


def as_net(text: str) -> str:
    """Write JSON as some libraries do: every odd sign escaped, in capitals."""
    return "".join(c if c.isalnum() and c.isascii() else f"\\u{ord(c):04X}" for c in text)


SPELLINGS = {
    "as it is": str,
    "a form": quote_plus,
    "a path": lambda s: quote(s, safe=""),
    "a form, small": lambda s: quote_plus(s).replace("%2F", "%2f").replace("%C3%BC", "%c3%bc"),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON, not ASCII": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON, all escaped": as_net,
    "HTML": html.escape,
    "HTML by number": lambda s: "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in s),
    "a form in JSON": lambda s: as_net(quote_plus(s)),
    "a form in HTML": lambda s: html.escape(quote_plus(s)),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_hidden_however_it_is_spelled(spell):
    body = f"<{spell(SECRET)}>".encode()
    assert SecretFilter((SECRET,)).scrub(body) == b"<[hidden]>"


@settings(deadline=None, print_blob=True)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=6, max_size=30))
def test_any_secret_is_hidden(secret):
    hidden = SecretFilter((secret,))
    for spell in (str, quote_plus, lambda s: json.dumps(s)[1:-1], as_net if secret.isascii() else str):
        found = hidden.scrub(f"a {spell(secret)} b".encode())
        assert found.startswith(b"a [hidden]")
        assert spell(secret).encode() not in found


def test_tokens_are_learned_and_the_last_ones_kept():
    hidden = SecretFilter(())
    for n in range(12):
        hidden.learn(f"token-{n:03d}")
    assert hidden.scrub(b"token-011 token-004") == b"[hidden] [hidden]"
    assert hidden.scrub(b"token-003") == b"token-003"


def test_what_is_short_stands_in_any_answer_by_chance():
    hidden = SecretFilter(("error",))
    hidden.learn("abc")
    assert hidden.scrub(b"error abc") == b"error abc"


def test_another_text_stays():
    text = base64.b64encode(SECRET.encode())
    assert SecretFilter((SECRET,)).scrub(text) == text


def test_what_would_not_show_is_marked_and_nothing_is_trimmed():
    assert mark_invisible(" NATIONAL\x00\u200b ") == " NATIONAL\ufffd\ufffd "
    assert mark_invisible("x" * 300) == "x" * 199 + "…"
