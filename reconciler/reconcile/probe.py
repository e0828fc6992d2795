"""`dnc doctor --probe`: what a `dnc-groups` tenant is like, and the settings that fit. Reads only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.cxone.groups import CEILING
from reconciler.cxone.groups_probe import Probe
from reconciler.cxone.groups_provider import GroupsProvider
from reconciler.desired.configuration import Tenant
from reconciler.reconcile.check import Check, State, ok


@dataclass(frozen=True, slots=True)
class Probed:
    """What was seen, and what to write below the tenant in dnc.yaml, by key."""

    checks: tuple[Check, ...]
    settings: Mapping[str, object]


def probe(provider: GroupsProvider, list_ids: frozenset[str], tenant: Tenant) -> Probed:
    """Read these lists' groups, look one number up, and say which settings fit. Raises as a read does."""
    found = provider.probe(list_ids)
    groups = {list_id: provider.own_id(list_id) for list_id in sorted(list_ids)}
    settings: dict[str, object] = {"numberForm": found.number_form or tenant.number_form}
    if not tenant.embedded and groups:
        settings["listIds"] = groups
    return Probed(tuple(_checks(found, tenant, groups)), settings)


def _checks(found: Probe, tenant: Tenant, groups: Mapping[str, str]) -> Iterator[Check]:
    named = ", ".join(f"{list_id} is group {group}" for list_id, group in groups.items())
    yield ok("groups", named or "no list names one")
    yield _form(found, tenant)
    yield _search(found, tenant)
    yield ok("records", f"{found.records:,} of the {CEILING:,} of an environment, calling lists not counted")
    for warning in found.warnings:
        yield Check("group", State.WARNING, warning.message)


def _form(found: Probe, tenant: Tenant) -> Check:
    seen = f"{found.own:,} numbers as `numberForm: {tenant.number_form}`, {found.other:,} in the other form"
    if found.number_form is None:
        return Check(
            "numberForm",
            State.WARNING,
            f"no number of region {tenant.region} to tell the form by",
            "add one number to the group in CXone, and run this again",
        )
    if found.number_form != tenant.number_form:
        return Check("numberForm", State.FAIL, seen, f"write numberForm: {found.number_form}", 4)
    return ok("numberForm", seen)


def _search(found: Probe, tenant: Tenant) -> Check:
    if found.search is None:
        return Check("search", State.WARNING, "no number to look up", "add one in CXone, and run this again")
    if not found.search and found.number_form != tenant.number_form:
        return Check(
            "search", State.WARNING, "not found in the form that is set", "correct it, and run this again"
        )
    if not found.search:
        return Check(
            "search",
            State.WARNING,
            "a number that was read is not found by a search",
            "ask NICE for the right to search DNC groups: without it nothing is expired",
        )
    return ok("search", "a number that was read is found again")
