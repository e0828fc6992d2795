"""What only time brings, said as findings: requests that wait, rules to review. It never stops anything."""

from collections.abc import Iterable, Iterator

from reconciler.desired.schema import Rules
from reconciler.model.finding import Finding, Severity
from reconciler.planning.requests import OpenRequest


def request_alarms(waiting: Iterable[OpenRequest], rules: Rules) -> Iterator[Finding]:
    """Say which requests are near or past their honour-by date and not live, by list and date."""
    for one in waiting:
        rule = rules.by_id(one.rule)
        many = len(one.phones)
        requests = (
            f"{many:,} request{'' if many == 1 else 's'} on {one.list_id} {'is' if many == 1 else 'are'}"
        )
        if one.past:
            said = f"{requests} open past the honour-by date {one.due}: apply sends the nearest first"
        else:
            said = f"{requests} open since the target {one.target}: to be live by {one.due}"
        citation = rule.printed_citation if rule else ""
        yield Finding("", 0, 0, "", one.rule, Severity.ALARM, said, citation)
