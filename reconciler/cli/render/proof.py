"""What a report says of the run itself, for people: what ran, and who stands behind it."""

from collections.abc import Iterator, Mapping
from typing import Any


def ran_lines(ran: Mapping[str, Any], tool_version: str) -> Iterator[str]:
    """Say which program ran, what CXone called itself, and clocks that are too far apart."""
    if not ran:
        return  # a report of an earlier version
    package, organisation = ran["package"], ran["organisation"]
    records = {"same": ", as its RECORD says", "differs": ", NOT as its RECORD says"}
    yield (
        f"  with      dnc {tool_version} on {ran['python']}, files {package['sha256'][:12]}"
        f"{records.get(package['record'], '')}"
    )
    fingerprint = ran["credential"]["fingerprint"]
    yield (
        f"  against   organisation {organisation['told'] or 'not told by CXone'}; credential "
        f"{fingerprint or 'without a fingerprint: ' + ran['credential']['why']}"
    )
    skew = ran["clock_skew"]
    if skew["within"] is False:
        apart = f"{abs(skew['seconds']):,.0f} s apart from CXone's"
        yield f"  clock     {apart}, the limit is {skew['limit_seconds']} s"
