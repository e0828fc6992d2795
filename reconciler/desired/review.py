"""Rules that are past the day by which somebody was to look at them again."""

from datetime import date

from reconciler.desired.schema import Rules
from reconciler.model.finding import Finding, Severity


def review_findings(rules: Rules, as_of: date) -> tuple[Finding, ...]:
    """Give an alarm for each rule in force whose `reviewDue` is over on `as_of`, the date at UTC-12."""
    return tuple(
        Finding(
            rule.file,
            0,
            0,
            "",
            rule.id,
            Severity.ALARM,
            f"was to be reviewed by {rule.review_due}: review it with counsel, then write the next date",
        )
        for rule in rules.regulations
        if rule.in_force(as_of) and rule.review_due < as_of
    )
