"""`dnc doctor --probe`: what a tenant of dialect `dnc-groups` is like, as far as a read tells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from reconciler.config.connection_settings import GroupsSettings
from reconciler.config.tenant import Tenant
from reconciler.core.model.entries import DeclaredEntries, Key
from reconciler.core.model.provider import Provider
from reconciler.cxone.groups.dialect import CEILING
from reconciler.cxone.groups.number_check import Probe
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.use_cases.operations.health_check import Check, State, passed_check
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What was seen, and what to write below the tenant in dnc.yaml, by key."""

    checks: tuple[Check, ...]
    settings: Mapping[str, object]


def probe_tenant(provider: Provider, project: Project, tenant: Tenant, today: Today) -> ProbeResult:
    """Read the groups of the tenant's lists, look one number up, and say which settings fit.

    Raises as a read does.
    """
    settings = tenant.connection
    if not isinstance(settings, GroupsSettings):
        return ProbeResult((Check("probe", State.WARNING, "dialect entries has nothing to probe"),), {})
    # What is wrong in a file, `dnc validate` says: here only the lists that are named count.
    declared = project.read_lists(project.sources(tenant), today).declared_entries
    return probe(cast("GroupsProvider", provider), declared, settings)


def probe(provider: GroupsProvider, declared: DeclaredEntries, connection: GroupsSettings) -> ProbeResult:
    """Probe these entries' lists. Raises as a read does."""
    probe_data = provider.probe(declared.list_ids, _ends(provider, declared))
    groups = {list_id: provider.tenant_list_id(list_id) for list_id in sorted(declared.list_ids)}
    settings: dict[str, object] = {"numberForm": probe_data.number_form or connection.number_form}
    if not connection.embedded and groups:
        settings["listIds"] = groups
    if probe_data.page_size is not None:
        settings["pageSize"] = probe_data.page_size
    return ProbeResult(tuple(_checks(probe_data, connection, groups)), settings)


def _ends(provider: GroupsProvider, declared: DeclaredEntries) -> Mapping[Key, date]:
    """Give the ends that the wire carries of these entries, the latest of each number."""
    ends: dict[Key, date] = {}
    endless: set[Key] = set()
    for file in declared.files:
        for phone, terms in file.numbers.items():
            key, end = (file.list_id, phone), provider.dialect.project(terms).end
            if end is None:
                endless.add(key)
            else:
                ends[key] = max(end, ends.get(key, end))
    return {key: end for key, end in ends.items() if key not in endless}


def _checks(probe_data: Probe, connection: GroupsSettings, groups: Mapping[str, str]) -> Iterator[Check]:
    group_names = ", ".join(f"{list_id} is group {group}" for list_id, group in groups.items())
    yield passed_check("groups", group_names or "no list names one")
    yield _number_form_check(probe_data, connection)
    yield _search_check(probe_data, connection)
    yield _pages_check(probe_data)
    yield _answers_check(probe_data)
    yield _days_check(probe_data)
    yield _expiry_check(probe_data)
    yield passed_check(
        "records", f"{probe_data.records:,} of the {CEILING:,} of an environment, calling lists not counted"
    )
    for warning in probe_data.warnings:
        yield Check("group", State.WARNING, warning.message)


def _number_form_check(probe_data: Probe, connection: GroupsSettings) -> Check:
    written = connection.number_form
    counts_text = (
        f"{probe_data.own_form_count:,} numbers as `numberForm: {written}`, "
        f"{probe_data.other_form_count:,} in the other form"
    )
    if probe_data.number_form is None:
        return Check(
            "numberForm",
            State.WARNING,
            f"no number of region {connection.region} to tell the form by",
            "add one number to the group in CXone, and run this again",
        )
    if probe_data.number_form != written:
        return Check("numberForm", State.FAIL, counts_text, f"write numberForm: {probe_data.number_form}", 4)
    return passed_check("numberForm", counts_text)


def _search_check(probe_data: Probe, connection: GroupsSettings) -> Check:
    if probe_data.search is None:
        return Check("search", State.WARNING, "no number to look up", "add one in CXone, and run this again")
    if not probe_data.search and probe_data.number_form != connection.number_form:
        return Check(
            "search", State.WARNING, "not found in the form that is set", "correct it, and run this again"
        )
    if not probe_data.search:
        refusal = f"{probe_data.refusal}; " if probe_data.refusal else ""
        return Check(
            "search",
            State.WARNING,
            "a number that was read is not found by a search",
            f"{refusal}ask NICE for the right to search DNC groups: without it nothing is expired",
        )
    place = "body" if probe_data.in_body else "query"
    return passed_check("search", f"a number that was read is found again, asked for in the {place}")


def _pages_check(probe_data: Probe) -> Check:
    order = "" if probe_data.is_ordered else "; no order is taken, so a busy group may not add up"
    if probe_data.page_size is None:
        return passed_check("pages", f"as many records at once as were asked for{order}")
    return passed_check("pages", f"{probe_data.page_size:,} records at once{order}")


def _answers_check(probe_data: Probe) -> Check:
    """Say how answers differ from the published ones, which needs no setting, and whether they add up."""
    differing = f"{', '.join(probe_data.oddities)}: understood" if probe_data.oddities else "as published"
    if probe_data.adds_up:
        return passed_check("answers", differing)
    fact = f"{differing}; two reads did not add up: CXone counts groups or records that it did not list"
    return Check(
        "answers", State.WARNING, fact, "run it again when numbers are not being changed, or ask NICE"
    )


def _days_check(probe_data: Probe) -> Check:
    """Say how `expiredDate` is shown: beside midnight, and beside the day that the files say."""
    hours = ", ".join(f"{shift:+d} h" for shift in probe_data.shifts)
    shown = f"days are shown beside midnight ({hours}), and read as the nearest" if hours else ""
    if not probe_data.shown_days:
        no_number = "no dated number of the files is there to compare"
        return Check("expiredDate", State.UNKNOWN, "; ".join(filter(None, (shown, no_number))))
    days = ", ".join(f"{count:,} by {days:+d}" for days, count in probe_data.shown_days.items() if days)
    same = f"{probe_data.shown_days.get(0, 0):,} ends as in the files"
    message = "; ".join(filter(None, (shown, same, days and f"days beside: {days}")))
    if any(abs(days) > 1 for days in probe_data.shown_days):
        return Check(
            "expiredDate",
            State.WARNING,
            message,
            "dnc plan shows them; where all differ alike, they were written with another daysAfter",
        )
    return passed_check("expiredDate", message)


def _expiry_check(probe_data: Probe) -> Check:
    if not probe_data.expired_beside:
        return Check("expiry", State.UNKNOWN, "not tried: an apply that removes shows what an expiry does")
    return Check(
        "expiry",
        State.WARNING,
        f"{probe_data.expired_beside:,} numbers are in force beside a later record that is over: "
        "an expiry adds a record and does not end the old one",
        "removal: none, and expire numbers in CXone by hand",
    )
