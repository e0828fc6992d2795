"""Who stands behind a run, and what it ran with, as its report names them."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.audit.report_rows import NumberRow, Row
from reconciler.core.model.entries import Release


class Actor(Row):
    """Who ran the command by git and the pipeline's variables: asserted, not verified."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name; empty where there is none."""
        return str(self.fields.get("name") or "")

    @property
    def commit_author(self) -> str | None:
        """The author of the commit that was applied."""
        author: str | None = self.fields.get("commit_author")
        return author

    @property
    def how(self) -> str:
        """How that is known."""
        return str(self.fields.get("how") or "")


class Triggerer(Row):
    """Who started the run."""

    __slots__ = ()

    @property
    def login(self) -> str:
        """The login."""
        return str(self.fields.get("login") or "")

    @property
    def how(self) -> str:
        """Whether that is verified or asserted."""
        return str(self.fields.get("how") or "")

    @property
    def by(self) -> str:
        """What says so."""
        return str(self.fields["by"])


class Author(Row):
    """An author of what was applied."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name."""
        return str(self.fields["name"])

    @property
    def email(self) -> str | None:
        """The mail address."""
        email: str | None = self.fields["email"]
        return email

    @property
    def commits(self) -> int:
        """How many of the commits are theirs."""
        return int(self.fields["commits"])

    @property
    def how(self) -> str:
        """Whether that is verified or asserted."""
        return str(self.fields["how"])


class MergeRequest(Row):
    """A merge request that brought what was applied."""

    __slots__ = ()

    @property
    def reference(self) -> str:
        """Its reference."""
        return str(self.fields.get("reference") or "")

    @property
    def merger(self) -> str | None:
        """Who merged it."""
        merger: str | None = self.fields["merger"]
        return merger

    @property
    def approvers(self) -> Sequence[str] | None:
        """Who approved it; None where GitLab did not tell."""
        approvers: Sequence[str] | None = self.fields.get("approvers")
        return approvers

    @property
    def is_self_approved(self) -> bool:
        """Whether its author approved it, too."""
        return bool(self.fields.get("self_approved"))

    @property
    def how(self) -> str:
        """Whether that is verified or asserted."""
        return str(self.fields["how"])


class AuthorizationRow(NumberRow):
    """What authorised numbers to be removed or weakened, and who stands behind it."""

    __slots__ = ()

    @classmethod
    def of_release(cls, release: Release) -> "AuthorizationRow":
        """Give what a release says of itself, for a report that does not say what authorised a removal."""
        return cls(
            {
                "permission": "release",
                "file": release.path,
                "release": release.reason.value,
                "evidence": release.evidence,
                "approved_by": release.approved_by,
            }
        )

    @property
    def action(self) -> str:
        """What was to be done."""
        return str(self.fields["action"])

    @property
    def count(self) -> int:
        """How many numbers."""
        return int(self.fields["count"])

    @property
    def is_release(self) -> bool:
        """Whether it is a release; otherwise the terms had ended."""
        return bool(self.fields["permission"] == "release")

    @property
    def release(self) -> str:
        """The release's reason; empty where the terms had ended."""
        return str(self.fields.get("release") or "")

    @property
    def evidence(self) -> str:
        """The release's evidence."""
        return str(self.fields.get("evidence") or "")

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return str(self.fields.get("file") or "")

    @property
    def author(self) -> str:
        """The name of its author; empty where nobody knows."""
        return str((self.fields.get("author") or {}).get("name", ""))

    @property
    def commit(self) -> str:
        """The commit that brought it; empty where nobody knows."""
        return str(self.fields["commit"] or "")

    @property
    def merge_request(self) -> MergeRequest | None:
        """The merge request that brought it."""
        request = self.fields.get("merge_request")
        return MergeRequest(request) if request else None

    @property
    def approved_by(self) -> str:
        """Who approved it as the file says."""
        return str(self.fields.get("approved_by") or "")

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who approved it, as the file and as GitLab say."""
        request = self.merge_request
        names = (self.approved_by, *((request.approvers or ()) if request else ()))
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved it, and not only its author."""
        return bool(self.approvers) and not self.self_approved

    @property
    def self_approved(self) -> bool | None:
        """Whether its own author approved it; None: nobody tells."""
        is_self_approved: bool | None = self.fields.get("self_approved")
        return is_self_approved

    @property
    def blocked_by(self) -> Sequence[str]:
        """The guards that kept the numbers all the same."""
        blocked: Sequence[str] = self.fields["blocked_by"]
        return blocked


class People(Row):
    """Who stands behind a run and each removal."""

    __slots__ = ()

    @property
    def triggerer(self) -> Triggerer | None:
        """Who started it."""
        fields = self.fields.get("triggerer")
        return Triggerer(fields) if fields else None

    @property
    def authors(self) -> tuple[Author, ...]:
        """The authors of what was applied."""
        return tuple(map(Author, self.fields.get("authors", ())))

    @property
    def merge_requests(self) -> tuple[MergeRequest, ...]:
        """The merge requests that brought it."""
        return tuple(map(MergeRequest, self.fields.get("merge_requests", ())))

    @property
    def authorizations(self) -> tuple[AuthorizationRow, ...] | None:
        """What authorised each removal; None where the report does not say."""
        rows = self.fields.get("exposing")
        return None if rows is None else tuple(map(AuthorizationRow, rows))

    @property
    def unknown(self) -> Sequence[str]:
        """What could not be found out."""
        unknown: Sequence[str] = self.fields["unknown"]
        return unknown


class Environment(Row):
    """The program, the CXone organisation, the credential and the clocks of a run."""

    __slots__ = ()

    @property
    def python(self) -> str:
        """The version of Python."""
        return str(self.fields["python"])

    @property
    def package_sha256(self) -> str:
        """SHA-256 of the program's files."""
        return str(self.fields["package"]["sha256"])

    @property
    def package_record(self) -> str:
        """Whether the files are as their RECORD says: `same`, `differs`, or another word."""
        return str(self.fields["package"]["record"])

    @property
    def organisation(self) -> str | None:
        """The organisation as CXone told it."""
        organisation: str | None = self.fields["organisation"]["told"]
        return organisation

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the credential."""
        fingerprint: str | None = self._credential["fingerprint"]
        return fingerprint

    @property
    def why_no_fingerprint(self) -> str:
        """Why there is none."""
        return str(self._credential["why"])

    @property
    def _credential(self) -> Mapping[str, Any]:
        credential: Mapping[str, Any] = self.fields["credential"]
        return credential

    @property
    def seconds_apart(self) -> float | None:
        """How far apart the clocks were where that is too far; None: within the limit, or not known."""
        skew = self.fields["clock_skew"]
        return abs(skew["seconds"]) if skew["within"] is False else None

    @property
    def limit_seconds(self) -> float:
        """How far apart they may be."""
        limit: float = self.fields["clock_skew"]["limit_seconds"]
        return limit
