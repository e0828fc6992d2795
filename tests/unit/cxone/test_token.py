import threading

import pytest

from reconciler.core.model.errors import CxoneUnavailable
from reconciler.cxone.http.token import Token, Tokens, parse_token
from tests.unit.cxone.standin import Time


class Source:
    def __init__(self, time: Time, seconds: float = 3600.0) -> None:
        self.count = 0
        self.seconds = seconds
        self.tokens = Tokens(self.fetch, monotonic=time.monotonic)

    def fetch(self) -> Token:
        self.count += 1
        return Token(f"token-{self.count}", self.seconds)


def test_a_token_is_fetched_once(time):
    source = Source(time)
    assert {source.tokens.current() for _ in range(5)} == {"token-1"}
    assert source.count == 1


@pytest.mark.parametrize(("life", "holds"), [(3600, 3539), (100, 89), (10, 8.9)])
def test_it_is_renewed_before_its_end(time, life, holds):
    source = Source(time, life)
    source.tokens.current()
    time.seconds += holds
    assert source.tokens.current() == "token-1"
    time.seconds += 1.2
    assert source.tokens.current() == "token-2"


def test_many_that_meet_a_401_renew_once(time):
    source = Source(time)
    failed = source.tokens.current()
    together = threading.Barrier(8)
    got = []

    def renew() -> None:
        together.wait()
        got.append(source.tokens.replace_token(failed))

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["token-2"] * 8
    assert source.count == 2


def test_who_waited_for_a_sign_in_that_failed_does_not_try_in_turn(time):
    inside, all_asked = threading.Event(), threading.Event()
    tried, asked, failed = [], [], []

    def monotonic() -> float:
        asked.append(1)
        if len(asked) >= 3 + 3:  # the first asks three times: when it came, when it looks, when it begins
            all_asked.set()
        return time.seconds

    def fetch() -> Token:
        tried.append(1)
        inside.set()
        assert all_asked.wait(5)
        time.seconds += 20
        raise CxoneUnavailable("no answer")

    tokens = Tokens(fetch, monotonic=monotonic)

    def ask() -> None:
        try:
            tokens.current()
        except CxoneUnavailable as error:
            failed.append(error)

    first = threading.Thread(target=ask)
    first.start()
    assert inside.wait(5)
    asked[:] = [1] * 3
    others = [threading.Thread(target=ask) for _ in range(3)]
    for other in others:
        other.start()
    for thread in (first, *others):
        thread.join()
    assert (len(tried), len(failed)) == (1, 4)
    time.seconds += 1
    ask()
    assert len(tried) == 2


def test_the_next_to_ask_tries_again(time):
    answers = iter([CxoneUnavailable("no"), Token("t", 60.0)])

    def fetch() -> Token:
        time.seconds += 1
        answer = next(answers)
        if isinstance(answer, Token):
            return answer
        raise answer

    tokens = Tokens(fetch, monotonic=time.monotonic)
    with pytest.raises(CxoneUnavailable):
        tokens.current()
    time.seconds += 1
    assert tokens.current() == "t"


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"access_token": "abc", "expires_in": 3600}', 3600),
        (b'{"access_token": "abc", "expires_in": "1800"}', 1800),
        (b'{"access_token": "abc"}', float("inf")),
        (b'{"access_token": "abc", "expires_in": 0}', float("inf")),
        (b'{"access_token": "abc", "expires_in": "soon"}', float("inf")),
    ],
)
def test_decode(body, seconds):
    assert parse_token(body) == Token("abc", seconds)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token": 1}',
        b'{"access_token": ""}',
        b'{"access_token": "a\\nb"}',
    ],
)
def test_decode_refuses_what_is_no_token(body):
    assert parse_token(body) is None


def test_a_token_does_not_show():
    assert "abc" not in repr(Token("abc", 1.0))
