"""What is known of CXone: by the reports since the last full reading, by a reading that was kept, or live."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from reconciler.core.model.entries import Key
from reconciler.core.model.errors import CxoneUnavailable, InvalidInput
from reconciler.core.model.live import Live
from reconciler.cxone.saved_read import load, saved_read_file
from reconciler.use_cases.history.lookup import configured_target
from reconciler.use_cases.reconcile.last_applied import REPORTS_BACK, Past
from reconciler.use_cases.scrub.request import Basis
from reconciler.use_cases.workspace.context import STATE_FOLDER, CommandContext, iso
from reconciler.use_cases.workspace.tenant_lists import TenantLists

_MAX_AHEAD = timedelta(minutes=5)  # that two machines' clocks may differ


@dataclass(frozen=True, slots=True)
class CxoneNumbers:
    """What CXone is known to have, by list: the reason code of each number, empty where none is known.

    `texts` are rows that are no E.164 numbers, with their lists. `foreign` counts rows on lists that nobody
    looked at, by the name of the list where that is known. `read_at` is when the newest full reading began;
    None: there is none. `how` says what that was.
    """

    lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    texts: tuple[Key, ...] = ()
    foreign: Mapping[str, int] = field(default_factory=dict)
    read_at: datetime | None = None
    how: str = ""

    def joined(self, other: "CxoneNumbers") -> "CxoneNumbers":
        """Put two together; the age is that of the younger one."""
        lists: dict[str, dict[str, str]] = {name: dict(numbers) for name, numbers in self.lists.items()}
        for name, numbers in other.lists.items():
            lists[name] = {**numbers, **lists.get(name, {})}
        younger = self if (self.read_at or _EVER) >= (other.read_at or _EVER) else other
        return CxoneNumbers(
            lists,
            (*self.texts, *other.texts),
            younger.foreign,
            younger.read_at,
            younger.how,
        )


_EVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
_IN_CXONE = ""


def recorded_numbers(tenant_lists: TenantLists, past: Past, *, wanted_since: datetime | None) -> CxoneNumbers:
    """Give what the record tells of CXone: the reports back to the last full reading, and a kept reading.

    What is in doubt about the reports is among the ledger's doubts, for the caller to ask for. Whether the
    kept reading may be gone by is asked only where one is wanted that is younger than the reports' own.
    """
    found = _by_reports(tenant_lists, past)
    is_wanted = wanted_since is not None and (found.read_at is None or found.read_at < wanted_since)
    saved = _saved(tenant_lists, past, is_age_wanted=is_wanted)
    return found if saved is None else saved.joined(found)


def _by_reports(tenant_lists: TenantLists, past: Past) -> CxoneNumbers:
    ledger = past.ledger
    lists: dict[str, dict[str, str]] = {}
    is_other = _is_of_other_cxone(tenant_lists, past)
    for stored in islice(past.reports, REPORTS_BACK) if ledger else ():
        if stored.report.is_repeat or ledger is None:
            continue
        plan = ledger.plan(stored)
        for drift in plan["drift"]:
            numbers = lists.setdefault(drift["list_id"], {})
            numbers.update(dict.fromkeys(drift["phones"], _IN_CXONE))
        live = plan.get("live") or {}
        is_whole = bool(live.get("read_at")) and plan.get("complete")
        if is_whole and stored.report.is_verified_without_gaps and not is_other:
            # How many there are is known, on which lists and which numbers they are is not.
            foreign = {"": live["foreign"]} if live.get("foreign") else {}
            return CxoneNumbers(
                lists,
                foreign=foreign,
                read_at=datetime.fromisoformat(live["read_at"]),
                how=f"report {stored.report.seq}",
            )
    return CxoneNumbers(lists)


def _is_of_other_cxone(tenant_lists: TenantLists, past: Past) -> bool:
    target = configured_target(tenant_lists.tenant, tenant_lists.ctx.environ)
    return bool(target and past.newest and not past.newest.report.is_of_target(target))


def _saved(tenant_lists: TenantLists, past: Past, *, is_age_wanted: bool) -> CxoneNumbers | None:
    """Give the reading that a run kept here. Whoever wrote that file can add numbers by it, and no more.

    How young it is counts only where it is known who wrote it, and it is as new as the newest report.
    """
    ctx, tenant = tenant_lists.ctx, tenant_lists.tenant
    path = saved_read_file(ctx.folder / STATE_FOLDER, tenant.name)
    if tenant.embedded or not path.exists():
        return None
    try:
        stamp, live = load(path)
        datetime.fromisoformat(live.read_at)
    except (InvalidInput, ValueError):
        return None
    if stamp.tenant != tenant.name:
        return None
    found = live_numbers(live, "the reading kept here")
    if is_age_wanted and _is_trusted(tenant_lists, past):
        return found
    return CxoneNumbers(found.lists, found.texts)


def _is_trusted(tenant_lists: TenantLists, past: Past) -> bool:
    """Tell whether a plan would be made on the kept reading, without a doubt about who wrote it."""
    from reconciler.use_cases.reconcile.live_read import (  # noqa: PLC0415  (it loads what speaks to CXone)
        ORIGIN_UNCHECKED,
        ReadFrom,
        open_live,
    )

    try:
        opened = open_live(
            ReadFrom.SAVED,
            tenant_lists.project,
            tenant_lists.ctx,
            tenant_lists.lists.declared_entries.list_ids,
            lambda _: past,
        )
        with opened as (provider, _):
            live = provider.read(tenant_lists.lists.declared_entries.list_ids)
            return ORIGIN_UNCHECKED not in live.warnings
    except InvalidInput:
        return False


def live_numbers(live: Live, how: str) -> CxoneNumbers:
    """Give what a reading of CXone has."""
    return CxoneNumbers(
        {name: dict(_reasons(live, name)) for name in live.lists},
        tuple((row.list_id, row.text) for row in live.unreadable),
        dict(live.foreign),
        datetime.fromisoformat(live.read_at),
        how,
    )


def _reasons(live: Live, name: str) -> Iterator[tuple[str, str]]:
    from reconciler.core.model.entry_table import terms_by_phone  # noqa: PLC0415  (a reading is there)

    for phone, terms in terms_by_phone(live.lists[name]).items():
        yield phone, terms.reason_code


def read_cxone(ctx: CommandContext) -> CxoneNumbers:
    """Read CXone, once. Raises CxoneUnavailable where a number may have been missed."""
    from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, prepare_plan  # noqa: PLC0415  (as above)

    with prepare_plan(ctx, PlanRequest(is_strict=False)) as prepared:
        live = prepared.state.live
        if not live.complete:
            raise CxoneUnavailable(
                "CXone changed during both reads, so a listed number may be missing: nothing was written",
                "run it again; or --record-only, and the certificate says so",
            )
        return live_numbers(live, "CXone, read now")


def demand_young(found: CxoneNumbers, basis: Basis, now: datetime, max_age: timedelta) -> None:
    """Refuse to go by a reading that is too old. Raises InvalidInput."""
    if basis is not Basis.READING:
        return
    hours = round(max_age.total_seconds() / 3600)
    fix = "--live reads CXone now; --record-only goes without, and the certificate says so"
    if found.read_at is None:
        fact = "no run has read all of CXone and verified it, so what agents added there is not known"
        raise InvalidInput(f"{fact}: nothing was written", fix)
    age = now - found.read_at
    if age > max_age or age < -_MAX_AHEAD:
        fact = (
            f"the newest reading of CXone is of {iso(found.read_at)[:16]}Z, and more than {hours} hours "
            "(readings.maxAgeHours) is too old"
            if age > max_age
            else f"the newest reading of CXone is of {iso(found.read_at)[:16]}Z, which is in the future"
        )
        raise InvalidInput(f"{fact}: nothing was written", fix)
