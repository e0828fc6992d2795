"""What an `entries` tenant is told to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from reconciler.model.provider import Target

WirePolicy = Literal["as-written", "never"]


@dataclass(frozen=True, slots=True)
class EntriesSettings:
    """One tenant of dialect `entries`. The secret never shows in a repr.

    `base_url` is the tenant's, without the path of any call; `list_ids` maps the files' names to the tenant's
    own where they differ; `embedded` marks the built-in CXone, whose port means nothing.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    organisation: str
    requests_per_minute: int = 100
    chunk_size: int = 500
    concurrency: int = 4
    list_ids: Mapping[str, str] = field(default_factory=dict)
    wire_policy: WirePolicy = "as-written"
    embedded: bool = False

    @property
    def target(self) -> Target:
        """Which CXone this is, for reports."""
        host = "embedded" if self.embedded else urlsplit(self.base_url).netloc.rpartition("@")[2]
        return Target("entries", self.organisation, host)
