"""What stands below a command's help: calls to copy."""

from collections.abc import Iterator

_WIDTH = 74  # columns of a narrow terminal that are left behind the indent


def examples(*calls: str) -> str:
    r"""Put calls below a help text, so that each can be copied as it is shown.

    A long one goes on in the next line, as a shell reads it. The `\b` keeps click from flowing all of them
    into one paragraph.
    """
    lines = (line for call in calls for line in _lines(call))
    return "\n".join(("\b", "Examples:" if len(calls) > 1 else "Example:", *lines))


def _lines(call: str) -> Iterator[str]:
    """Break a call before an option, where it is too long for a line."""
    first, *options = call.split(" --")
    line = f"  {first}"
    for option in options:
        if len(line) + len(option) > _WIDTH:
            yield f"{line} \\"
            line = "     "
        line += f" --{option}"
    yield line
