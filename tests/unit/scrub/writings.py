"""Many writings of one number, and cells and rows to put them in."""

from hypothesis import strategies as st

# Listed numbers, by the digits that people write after the country code.
LISTED = {
    "+12125550123": ("1", "2125550123"),
    "+14165550142": ("1", "4165550142"),
    "+442079460123": ("44", "2079460123"),
    "+4930901820": ("49", "30901820"),
    "+4915112345678": ("49", "15112345678"),
    "+33142685300": ("33", "142685300"),
    "+390612345678": ("39", "0612345678"),
    "+541123456789": ("54", "1123456789"),
    "+5491123456780": ("54", "91123456780"),
    "+525512345678": ("52", "5512345678"),
    "+5511987654321": ("55", "11987654321"),
    "+74951234567": ("7", "4951234567"),
    "+6563334444": ("65", "63334444"),
    "+298201234": ("298", "201234"),
    "+3614567890": ("36", "14567890"),
}
# Ours, Arabic-Indic, full-width, Devanagari.
_SCRIPTS = tuple("".join(chr(zero + digit) for digit in range(10)) for zero in (0x30, 0x660, 0xFF10, 0x966))
_SEPARATORS = ("", " ", "-", ".", "/", "\u00a0", "\u2011", "\u200b", "\u2009", "·", ") ", " (", "\u202f")
_BEFORE = ("", " ", "'", "tel:", "Tel. ", "ph ", "~", "\u202a", "(", "=", "no: ")
_AFTER = ("", " ", "'", ".0", " x45", " ext. 7", ";ext=123", " (home)", " / ", "\u202c", ")", " or call back")


@st.composite
def writings(draw: st.DrawFn, phone: str, region_code: str) -> str:
    """Write a number as people, spreadsheets and dialers do, right or wrong, so that its digits are there."""
    code, national = LISTED[phone]
    dialled = ["+" + code, code, "00" + code, "011" + code, "+" + code + "0", "+" + code + "(0)"]
    dialled += ["9 00" + code] if region_code != "1" else ["9 1" if code == "1" else "9 011" + code]
    if code == region_code:
        dialled += ["", *{"1": ["1", "01"], "7": ["8"], "36": ["06"]}.get(code, ["0"])]
    if code == "54":
        short = national.removeprefix("9")
        national = draw(st.sampled_from([short, "9" + short, short[:2] + "15" + short[2:]]))
    if code == "52":
        national = draw(st.sampled_from([national, "1" + national]))
    if code == "55":
        national = draw(st.sampled_from([national, national[:2] + national[3:]]))
    digits = draw(st.sampled_from(dialled)) + _separated(draw, national)
    script = draw(st.sampled_from(_SCRIPTS))
    digits = digits.translate(str.maketrans(_SCRIPTS[0], script))
    return draw(st.sampled_from(_BEFORE)) + digits + draw(st.sampled_from(_AFTER))


def _separated(draw: st.DrawFn, national: str) -> str:
    cuts = draw(st.lists(st.integers(0, len(national)), max_size=4).map(sorted))
    pieces = [national[start:end] for start, end in zip([0, *cuts], [*cuts, len(national)], strict=True)]
    return draw(st.sampled_from(_SEPARATORS)).join(piece for piece in pieces if piece)
