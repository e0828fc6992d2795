"""Files that nobody would write: bytes, files that were damaged, and structures of YAML by chance."""

import json

import yaml
from hypothesis import strategies as st

from reconciler.rules.rule_set import _packaged
from tests.support.project import ROOT

VALID = [file.read_bytes() for file in sorted((ROOT / "tests/examples/valid").rglob("*.yaml"))]
CONFIGURATION = (ROOT / "dnc.yaml").read_bytes()
RULE_FILES = {name: data for name, data in _packaged().items() if name.startswith("regulations/")}

# What means something to YAML, to a list, or to whoever looks at a number.
WORDS = [
    *("listId", "defaults", "entries", "releases", "holds", "phone", "phones", "reasonCode", "source"),
    *("expirationPolicy", "expirationDate", "requestedOn", "retention", "evidence", "jurisdiction"),
    *("releasedOn", "reason", "to", "registry", "until", "description", "everything", "tenants", "lists"),
    *("CUSTOMER_REQUESTED", "NATIONAL", "STATE", "NEVER", "RELATIVE", "ABSOLUTE", "P5Y", "P9999999Y"),
    *("CONSENT_GIVEN", "MOVED", "US-IN", "US", "GB", "dnc-list-01", "2026-11-02", "2026-02-30", "9999-12-31"),
    *("0001-01-01", "+12125550123", "+442079460018", "+1", "+999999999999999", "12125550123", "null", "~"),
    *("<<", "&a", "*a", "!!int", "!!python/object:os.system", "%YAML 1.1", "---", "...", "|", ">-", "\ufeff"),
]
PIECES = [word.encode() for word in WORDS] + [
    *(
        b"\n",
        b"\r\n",
        b"\r",
        b"  ",
        b"\t",
        b": ",
        b"- ",
        b"? ",
        b", ",
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b"'",
        b"#",
    ),
    *(b"\0", b"\x1b", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\\", b"0" * 40, b"a" * 200),
]

noise = st.binary(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


@st.composite
def damaged(draw, files):
    """Take a file and cut, double, swap and replace pieces of it."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from([0, 1, 8, 60, 400])))))
        put = draw(st.sampled_from([b"", data[start:end] * 2, *PIECES]) | st.binary(max_size=6))
        data = data[:start] + put + data[end:]
    return data


_scalars = st.sampled_from(WORDS) | st.text(max_size=12) | st.none() | st.integers() | st.booleans()
_keys = st.sampled_from(WORDS[:20]) | st.text(max_size=4)
trees = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_keys, inner, max_size=5),
    max_leaves=30,
)
entries = st.fixed_dictionaries(
    {"phone": _scalars}, optional={key: _scalars | trees for key in WORDS[:20] if key != "phone"}
)
shaped = st.fixed_dictionaries(
    {"listId": _scalars},
    optional={
        "defaults": trees,
        "entries": st.lists(entries | trees, max_size=5),
        "releases": st.lists(entries | trees, max_size=3),
        "holds": st.lists(trees, max_size=2),
        "registry": trees,
    },
)


def _written(tree, style):
    try:
        return yaml.safe_dump(tree, allow_unicode=True, default_flow_style=style).encode("utf-8", "replace")
    except (ValueError, yaml.YAMLError):
        return json.dumps(tree).encode()


structures = st.builds(_written, trees | shaped, st.sampled_from([True, False, None]))
lists = noise | damaged(VALID) | structures
configurations = noise | damaged([CONFIGURATION]) | structures


@st.composite
def rule_files(draw):
    """Take a rule file by its name, with some of its values replaced, or with bytes that were damaged."""
    name = draw(st.sampled_from(sorted(RULE_FILES)))
    if draw(st.booleans()):
        return name, draw(noise | damaged([RULE_FILES[name]]))
    content = json.loads(RULE_FILES[name])
    for _ in range(draw(st.integers(1, 3))):
        node = content
        while isinstance(node, dict | list) and node and draw(st.integers(0, 3)):
            at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            parent, key, node = node, at, node[at]
            if not isinstance(node, dict | list):
                parent[key] = draw(trees)
                break
    return name, json.dumps(content).encode()
