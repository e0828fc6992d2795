"""How a claim is said: its terms, and the commit that brought it; now, and at a past moment."""

from reconciler.model.terms import Terms
from reconciler.repository.history import Commit


def terms_said(terms: Terms, *, asked: bool = False) -> str:
    """Say terms in a line; `asked`: with the day on which the person asked."""
    until = f" until {terms.end}" if terms.end else ""
    requested = f", requested {terms.requested_on}" if asked and terms.requested_on else ""
    source = f", source {terms.source}" if terms.source != "dnc" else ""
    return f"{terms.reason_code} {terms.expiration_policy}{until}{requested}{source}"


def origin_said(commit: Commit | None, merge_request: str | None, *, unknown: str) -> str:
    """Say since when, by which commit, whose, and in which merge request; `unknown` where there is none."""
    if commit is None:
        return unknown
    request = f", {merge_request}" if merge_request else ""
    return f"since {commit.when:%Y-%m-%d}: {commit.sha[:12]} by {commit.author}{request}"
