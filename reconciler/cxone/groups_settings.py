"""What a `dnc-groups` tenant is told to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NumberForm = Literal["national", "international"]


@dataclass(frozen=True, slots=True)
class GroupsSettings:
    """One tenant of dialect `dnc-groups`. Secrets never show in a repr.

    With `client_id` and `client_secret` the sign-in is the password grant, else the access key's own.
    `discovery_url` finds the API's host from the token's tenant id; `api_url` skips that. `list_ids` maps the
    files' names to the tenant's groups, by name or id. `organisation` is who this is, where the token does
    not say. `embedded` marks the built-in CXone: its port means nothing, and groups that it lacks are made.

    What NICE does not publish is a setting: `days_after` is how many days after the last day `expiredDate` is
    written (its zone is unknown), `page_size` how many records are asked for at once.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    auth_url: str
    discovery_url: str = ""
    api_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    api_version: str = "30.0"
    organisation: str = ""
    list_ids: Mapping[str, str] = field(default_factory=dict)
    region: str = "US"
    number_form: NumberForm = "national"
    requests_per_minute: int = 100
    chunk_size: int = 100
    concurrency: int = 4
    days_after: int = 2
    page_size: int = 1000
    embedded: bool = False
