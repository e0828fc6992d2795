"""Whose rules hold for a number: the stated jurisdiction's, or those of the region that it is in.

Countries are ISO 3166-1 (`US`, `GB`), states ISO 3166-2 (`US-VA`). Great Britain is GB only: Guernsey, the
Isle of Man and Jersey have laws of their own.
"""

import re
from collections.abc import Collection

from reconciler.desired.regions import Place

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
US_JURISDICTIONS = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})


def is_jurisdiction(text: str) -> bool:
    """Tell whether the text is written as an ISO 3166 code (is there such a place? another question)."""
    return _CODE.fullmatch(text) is not None


def country_of(stated: str) -> str:
    """Give the country of a jurisdiction; `US-PR` and `PR` are one."""
    country, _, part = stated.partition("-")
    return part if country == "US" and part in US_JURISDICTIONS else country


def same_country(stated: str, region: str) -> bool:
    """Tell whether a stated jurisdiction and a number's region go together: all of the US are one."""
    country = country_of(stated)
    return country == region or {country, region} <= US_JURISDICTIONS


def applies(
    jurisdictions: Collection[str], area_codes: Collection[str], stated: str | None, place: Place | None
) -> bool:
    """Tell whether a rule of these jurisdictions holds for a number at `place`; none given: everywhere.

    A stated jurisdiction goes before the number's region. A state's rule needs the state to be stated; where
    the rule lists area codes, the number's own decides too, and no stated jurisdiction switches that off.
    """
    if not jurisdictions or (place is not None and place.area_code in area_codes):
        return True
    region = place.region if place else None
    country = country_of(stated) if stated else region
    return any(
        jurisdiction in {country, stated} or (jurisdiction == "US" and country in US_JURISDICTIONS)
        for jurisdiction in jurisdictions
    )
