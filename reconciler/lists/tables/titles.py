"""Titles of columns, in the languages and trades that write them, and which of them may be shown."""

import re
import unicodedata
from collections.abc import Iterable

from reconciler.lists.edit.changes import ENTRY_KEYS
from reconciler.lists.tables.rows import holds_number

AREA_CODE, COUNTRY, ACTION = "areaCode", "country", "action"

_PHONES = """
    phone phonenumber phoneno phonenum telephone telephonenumber telephoneno tel telno telnumber number
    mobile mobilenumber mobileno mobilephone cell cellphone cellnumber msisdn e164 landline homephone
    workphone
    businessphone contactnumber contactphone customerphone ani dnis callerid dncnumber dncphone phonetoblock
    telefon telefonnummer telefonnr telnr rufnummer mobil mobilnummer mobiltelefon handy handynummer
    telephone numerodetelephone numerotelephone portable mobile numeroportable
    telefono numerodetelefono numerotelefono telefonomovil movil celular telefonocelular
    cellulare numerocellulare telefonocellulare telefone numerodetelefone telemovel
    telefoon telefoonnummer mobielnummer telefonnumer numertelefonu puhelin puhelinnumero mobilnr
    電話番号 电话 电话号码 手机
"""
_AREA_CODES = "areacode npa area vorwahl acode stdcode indicatif prefijo"
_COUNTRIES = """
    country countrycode countryisocode isocountry isocountrycode phonecountry phonecountrycode dialcode
    dialingcode countrydialcode callingcode countrycallingcode land laendercode landesvorwahl pays pais paese
"""
_ACTIONS = "action change changetype"
_DATES = {
    "requestedOn": "requestedon requestdate daterequested requesteddate optoutdate optedouton dncdate"
    " dncrequestdate",
    "expirationDate": "expirationdate expiredate expireddate expirydate expireson expires end",
}
_PHONE_WORDS = """
    phone phones telephone tel mobile cell cellphone msisdn landline telefon rufnummer handy telefono celular
    movil telefone telefoon
"""
# Beside one of the words above these say that it is something about a number.
_OTHER_WORDS = """
    type code country carrier status provider id date time zone timezone flag valid verified extension ext
    label name line consent source count attempts
"""
_PHONE_PARTS, _OTHER_PARTS = frozenset(_PHONE_WORDS.split()), frozenset(_OTHER_WORDS.split())


def normalized_title(title: str) -> str:
    """Give a title without case, accents, spaces and marks."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


KNOWN = {
    **{normalized_title(key): key for key in ENTRY_KEYS},
    **{word: key for key, words in _DATES.items() for word in words.split()},
    **dict.fromkeys(_AREA_CODES.split(), AREA_CODE),
    **dict.fromkeys(_COUNTRIES.split(), COUNTRY),
    **dict.fromkeys(_ACTIONS.split(), ACTION),
    **dict.fromkeys(map(normalized_title, _PHONES.split()), "phone"),
}


def field_of_title(title: str) -> str:
    """Say which field a title names: `phone`, a key of an entry, or one of the above; empty: none."""
    if known := KNOWN.get(normalized_title(title)):
        return known
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)
    words = frozenset(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKD", spaced).casefold()))
    return "phone" if words & _PHONE_PARTS and not words & _OTHER_PARTS else ""


_TITLE = re.compile(r"[^\W\d_][\w .#/()&'-]{0,38}")


_TITLES_SHOWN = 10


def titles_text(titles: Iterable[str]) -> str:
    """Name columns, the first ten, the others counted; what may be somebody's data is not shown."""
    named = [title if _is_plain(title) else "(not shown)" for title in titles if title]
    rest = len(named) - _TITLES_SHOWN
    return ", ".join(named[:_TITLES_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")


def header_text(header: Iterable[str]) -> str:
    """Name the columns of a first row; nothing of it where it may be a row of data."""
    titles = [title for title in header if title]
    is_data = any(holds_number(title) or "@" in title for title in titles)
    return ", ".join("(not shown)" for _ in titles[:_TITLES_SHOWN]) if is_data else titles_text(titles)


def _is_plain(title: str) -> bool:
    return bool(_TITLE.fullmatch(title)) and not holds_number(title) and "@" not in title
