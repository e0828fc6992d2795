"""Rules that look at the number itself, beyond where it is.

Most numbers cannot fail such a rule, and that is known without a step of Python for each: the rule asks for
what the number's head tells, or for a range whose digits are searched in all numbers at once. What is left is
judged by `jsonschema`, one of those that the rule cannot tell apart. A rule that asks for anything else is
judged on every number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from reconciler.desired.judge import Judge, Said, Verdict, judged_by, placed, stated_in
from reconciler.desired.numbering import Head, head_of
from reconciler.desired.phones import Block
from reconciler.desired.regions import place_at
from reconciler.desired.regulation import Rule
from reconciler.desired.vocabulary import lies_inside


def verdicts_on_numbers(
    rule: Rule, judge: Judge, said: Said, block: Block
) -> Iterator[tuple[Verdict, Sequence[str]]]:
    """Judge the numbers under the same terms by one rule; each verdict with the numbers that it concerns."""
    if not judge.concerns(rule, said):
        return
    found: dict[Verdict, list[str]] = {}
    for numbers in _alike(rule, said, block):
        document = {**placed(said, place_at(head_of(numbers[0]))), "phone": numbers[0]}
        for verdict in judged_by(rule, document):
            found.setdefault(verdict, []).extend(numbers)
    yield from found.items()


def _alike(rule: Rule, said: Said, block: Block) -> Iterator[Sequence[str]]:
    """Give the numbers that can fail, those together that the rule cannot tell apart."""
    stated = stated_in(said)
    held = frozenset(head for head in block.heads if rule.applies(stated, place_at(head)))
    if rule.condition.asks_of_heads_only:
        # All of them fail alike: possible, but of digits that are not in use.
        if odd := frozenset(head for head in held if _is_odd(head)):
            yield block.of_heads(odd)
        return
    texts = block.of_heads(held) if held else ()
    if rule.condition.ranges:
        yield from _inside(rule.condition.ranges, texts)
    else:
        yield from ([text] for text in texts)


def _inside(ranges: Sequence[Mapping[str, str]], texts: Sequence[str]) -> Iterable[Sequence[str]]:
    """Give the numbers that lie inside a range, those of one head and of the same ranges together."""
    found: dict[tuple[Head, tuple[bool, ...]], list[str]] = {}
    for text in dict.fromkeys(text for wanted in ranges for text in _with(_common(wanted), texts)):
        lies = tuple(lies_inside(wanted, text) for wanted in ranges)
        if any(lies):
            found.setdefault((head_of(text), lies), []).append(text)
    return found.values()


def _is_odd(head: Head) -> bool:
    """Tell whether numbers of this head can fail; those that are not possible are said at their place."""
    place = place_at(head)
    return place is not None and not place.is_valid


def _common(wanted: Mapping[str, str]) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(wanted["from"], wanted["to"], strict=False))
    return "".join(digit for digit, _ in pairs)


def _with(digits: str, texts: Sequence[str]) -> Iterator[str]:
    """Search the digits in all numbers at once."""
    joined = " ".join(texts)
    at = joined.find(digits)
    while at >= 0:
        start, end = joined.rfind(" ", 0, at) + 1, joined.find(" ", at)
        yield joined[start : end if end >= 0 else len(joined)]
        at = joined.find(digits, end) if end >= 0 else -1
