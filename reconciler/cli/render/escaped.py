"""Text from elsewhere inside Markdown: names, and sentences that somebody else wrote."""

import re

from reconciler.cli.terminal import line

_LONGEST = 300  # characters of one sentence
# What CommonMark and GitLab's Markdown read as markup, links, and references such as @all, #1 or !2. GitLab
# finds references in what an entity stood for, but not behind a backslash (its MarkdownPreEscapeFilter).
_MARKUP = re.compile(r"""[!"#$%&*<>?@\[\\\]^_`{|}~]|:(?=//)|(?<=www)\.""", re.IGNORECASE)


def plain(text: str) -> str:
    """Show text without any markup, mention or reference in it, on one line."""
    return _MARKUP.sub(r"\\\g<0>", _one_line(text))


def code(text: str) -> str:
    """Show a name as code: GitLab reads no markup, mention or reference in it."""
    return f"`{_one_line(text).replace('`', chr(39))}`"


def _one_line(text: str) -> str:
    joined = line(" ".join(text.split()))
    return joined if len(joined) <= _LONGEST else f"{joined[:_LONGEST]}…"
