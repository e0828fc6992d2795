"""Text that means harm to whoever shows it."""

import re

TITLE = "\x1b]0;owned\x07"
HOSTILE = (
    "\x1b[2J\x1b[31mred",
    TITLE,
    "\x9b31mred\x9d0;x\x9c",
    "over\rwritten\b\b",
    "section_start:1:x\r\x1b[0K",
    "\u202egnp.exe\u2066\u200b",
    "@all !1 #2 $3 ~bug %v1 &4 ^5",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt;b&gt; &#64;all",
    "[x](javascript:alert(1)) ![y](https://evil.invalid/z.png)",
    "https://evil.invalid www.evil.invalid",
    "|cell|\n\n# heading\n\n/merge\n",
    "`code` *bold* _it_ ~~no~~ <!-- dnc --> \\",
    "half \udcff of a character",
)
ALL = " ".join(HOSTILE)
# What a terminal acts on or does not show, and what cannot be written.
RAW = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
