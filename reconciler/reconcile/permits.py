"""What permitted a change that took protection away, as its report tells it, or as the files said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.audit.report import Report
from reconciler.model.claims import Key, Release


@dataclass(frozen=True, slots=True)
class Permit:
    """A release, or a lapse (without `reason`). Where nobody told, a text is empty, and `self_approved` None.

    `approved_by` are the names in the file and those that GitLab told.
    """

    file: str
    reason: str = ""
    evidence: str = ""
    approved_by: tuple[str, ...] = ()
    author: str = ""
    merge_request: str = ""
    self_approved: bool | None = None

    @property
    def approved(self) -> bool:
        """Tell whether somebody approved it, and not only its author."""
        return bool(self.approved_by) and not self.self_approved


def permit_of(release: Release) -> Permit:
    """Say what a release in the files tells of itself."""
    approved_by = (release.approved_by,) if release.approved_by else ()
    return Permit(release.path, release.reason.value, release.evidence, approved_by)


def permits_told(report: Report) -> Mapping[Key, tuple[Permit, ...]] | None:
    """Give what a report says of each number that came off; None where it does not say who stands behind."""
    actors = report.get("actors")
    if not actors or "exposing" not in actors:
        return None
    found: dict[Key, tuple[Permit, ...]] = {}
    for row in actors["exposing"]:
        permit = _permit(row)
        for phone in row["phones"]:
            key = (row["list_id"], phone)
            found[key] = (*found.get(key, ()), permit)
    return found


def _permit(row: Mapping[str, Any]) -> Permit:
    request: Mapping[str, Any] = row.get("merge_request") or {}
    named = [row.get("approved_by"), *request.get("approvers", ())]
    return Permit(
        file=row.get("file") or "",
        reason=row.get("release") or "",
        evidence=row.get("evidence") or "",
        approved_by=tuple(dict.fromkeys(name for name in named if name)),
        author=(row.get("author") or {}).get("name", ""),
        merge_request=request.get("reference") or "",
        self_approved=row.get("self_approved"),
    )
