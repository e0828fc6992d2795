"""List files as people write them: any order, any form, comments at numbers. One file for each seed."""

import random

TERMS = (
    ("reasonCode: CUSTOMER_REQUESTED", "expirationPolicy: NEVER"),
    ("reasonCode: COMPANY_POLICY", "expirationPolicy: NEVER", "source: legal-hold"),
    ("expirationPolicy: ABSOLUTE", "reasonCode: UNKNOWN", "expirationDate: 2039-01-01"),
)
RELEASES = (
    ("releasedOn: 2026-11-20", "reason: CONSENT_GIVEN", "evidence: FORM-221"),
    ("releasedOn: 2026-11-20", "reason: MOVED", "to: other", "evidence: TICKET-1"),
)
PHONES = [f"+121255501{n:02d}" for n in range(60)]


def drawn(seed):
    """Make a list file: a modeline, and entries, with releases before or behind them or without."""
    rng = random.Random(seed)
    phones = rng.sample(PHONES, rng.randint(1, 14))
    parts = [_section(rng, "entries", phones, TERMS)]
    if rng.random() < 0.5:
        parts.append(_section(rng, "releases", rng.sample(PHONES, 3), RELEASES))
    rng.shuffle(parts)
    lines = ["# yaml-language-server: $schema=../schema/dnc-list.schema.json", "listId: dnc-list-01", ""]
    lines += [line for part in parts for line in part]
    text = "\n".join(lines) + rng.choice(["", "\n", "\n# the end\n"])
    text = text.replace("\n", rng.choice(["\n", "\r\n"]))
    return (rng.choice(["", "\ufeff"]) + text).encode()


def _section(rng, name, phones, every):
    column = rng.choice([0, 2])
    lines = [f"{name}:" + rng.choice(["", "  # the people"])]
    left = list(phones)
    while left:
        count = rng.randint(1, 4)
        lines += _entry(rng, left[:count], list(rng.choice(every)), column)
        del left[:count]
    return lines


def _entry(rng, phones, terms, column):
    """Write one entry in one of the forms that YAML has."""
    form = rng.choice(["flow", "flow phones", "block", "block", "tail"])
    if len(phones) == 1 and rng.random() < 0.6:
        return _single(rng, phones[0], terms, column)
    listed = ", ".join(_quoted(rng, phone) for phone in phones)
    if form == "flow":
        return [" " * column + "- {" + ", ".join((*terms, f"phones: [{listed}]")) + "}"]
    if form == "flow phones":
        return _dashed(column, [f"phones: [{listed}]", *terms])
    at = column + rng.choice([2, 4])
    lines = [line for phone in phones for line in _number(rng, phone, at)]
    if form == "tail":
        return [" " * column + "- phones:", *lines, *(" " * (column + 2) + term for term in terms)]
    return [*_dashed(column, [*terms, "phones:" + rng.choice(["", "  # these"])]), *lines]


def _single(rng, phone, terms, column):
    """Write an entry of one number, the comments naming it."""
    behind = f" # behind {phone}" if rng.random() < 0.5 else ""
    keys = [f"phone: {_quoted(rng, phone)}{behind}", *terms]
    if rng.random() < 0.5 and not any(term.startswith("evidence") for term in terms):
        keys.append(f"evidence: CALL-{phone[-4:]}")
    rng.shuffle(keys)
    above = [" " * column + f"# above {phone}"] if rng.random() < 0.5 else []
    below = [" " * column + f"    # below {phone}"] if rng.random() < 0.2 else []
    return [*[""] * rng.randint(0, 2), *above, *_dashed(column, keys), *below]


def _number(rng, phone, column):
    """Write one number as an item of a sequence, the comments naming it."""
    above = [" " * column + f"# above {phone}"] if rng.random() < 0.3 else []
    behind = f"   # behind {phone}" if rng.random() < 0.3 else ""
    below = [" " * column + f"  # below {phone}"] if rng.random() < 0.2 else []
    blank = [""] if rng.random() < 0.1 and not below else []
    return [*above, " " * column + f"- {_quoted(rng, phone)}{behind}", *below, *blank]


def _quoted(rng, phone):
    quote = rng.choice(["", '"', "'"])
    return f"{quote}{phone}{quote}"


def _dashed(column, lines):
    first, *others = lines
    return [" " * column + f"- {first}", *(" " * column + f"  {line}" for line in others)]
