"""What commits alone tell of people: authors, and merge requests as merges name them. All of it asserted."""

import re

ASSERTED = "asserted"
_AUTHOR = re.compile(r"(.*) <(.*)>", re.DOTALL)
_MERGED = re.compile(r"See merge request (\S+![0-9]+)")


def author_json(author: str) -> dict[str, str]:
    """Say who wrote a commit, as git has it: `Name <mail>`."""
    match = _AUTHOR.fullmatch(author)
    name, mail = (match[1], match[2]) if match else (author, "")
    return {"name": name, "email": mail, "how": ASSERTED}


def merge_request_in(message: str) -> str | None:
    """Name the merge request that GitLab writes below a merge's or a squash's message."""
    match = _MERGED.search(message)
    return match[1] if match else None
