"""How the sandbox's `dnc-groups` API behaves where NICE's published files leave it open."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Quirks:
    """Lasting oddities, changed at any time. By default the API is as its published files say.

    What a read shows: `array` names the records, `ids_as_text` and `phones_as_numbers` turn the published
    types around, `wrapping` puts `resultSet` around every answer or none, `no_content` answers 204 where
    there is nothing, `most_records` is the most in one answer, and more is refused if `refuses_more`.
    `totals` False leaves `totalRecords` out; `shows_over` False leaves out the records that are over; `dates`
    is the format of `expiredDate`.

    What a write does: `second_post` of a number that is there; `form` is how numbers are stored whatever was
    sent (North American ones; "as-sent" does not convert, nor compare across forms), and a search compares
    across forms unless `exact_search`. `fails` maps digits to the error of their item, `ignored` are digits
    that count as a success and are not stored. `most_posted` is the largest body before a 413. Results come
    in the order sent unless `reversed_results`, show a number unless `bare_results`, and `lost_results` of
    them are missing. `deletes` False answers 405; `expires` False says success and changes nothing.

    `searches` False answers 403. `errors_in_header` says why only in `icStatusDescription`. `scrubs` False
    makes groups without a skill. `grant` is where the password grant takes the client's id and secret,
    `claim` the token that names the tenant.
    """

    array: Literal["dncRecords", "dncGroupRecords"] = "dncRecords"
    ids_as_text: bool = False
    phones_as_numbers: bool = False
    wrapping: Literal["published", "always", "never"] = "published"
    no_content: bool = False
    most_records: int = 1000
    refuses_more: bool = False
    totals: bool = True
    shows_over: bool = True
    dates: Literal["day", "time", "american", "words"] = "time"
    second_post: Literal["update", "fail", "duplicate"] = "update"
    form: Literal["as-sent", "national", "international"] = "as-sent"
    exact_search: bool = False
    fails: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    most_posted: int = 1000
    reversed_results: bool = False
    bare_results: bool = False
    lost_results: int = 0
    deletes: bool = True
    expires: bool = True
    searches: bool = True
    errors_in_header: bool = False
    scrubs: bool = True
    grant: Literal["both", "basic", "form"] = "both"
    claim: Literal["id_token", "access_token", "none"] = "id_token"
