"""A tenant's CXone, ready to be asked: the provider, and the built-in CXone where the tenant is embedded."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.config.configuration import Tenant
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import Provider
from reconciler.cxone.entries.dialect import EntriesSettings
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.lists.reader import Source
from reconciler.use_cases.workspace.context import STATE_FOLDER, CommandContext
from reconciler.use_cases.workspace.files import make_private

if TYPE_CHECKING:
    from reconciler.cxone.groups.dialect import GroupsSettings
    from reconciler.sandbox.server import Sandbox


LARGE = 2_000_000  # bytes of list files, which take a tenth of a second and more
CLIENT_ID = "dnc"
CLIENT_SECRET = "built-in"  # noqa: S105  (the built-in CXone protects nobody, and listens on loopback only)


def built_in(
    ctx: CommandContext, state: Path | None, *, rate: int | None = None, control: bool = False
) -> "Sandbox":
    """Make the built-in CXone. `state` is its database, None keeps it in memory; `rate` is by the minute."""
    from reconciler.sandbox.server import Sandbox  # noqa: PLC0415
    from reconciler.sandbox.tenant import Settings  # noqa: PLC0415
    from reconciler.sandbox.tokens import Client  # noqa: PLC0415

    settings = Settings(clients={CLIENT_ID: Client(CLIENT_SECRET)}, requests_per_minute=rate, control=control)
    return Sandbox(state, clock=ctx.clock, settings=settings)


def state_of(folder: Path, tenant: str) -> Path:
    """Say where an embedded tenant keeps its state."""
    return state_folder(folder) / f"{tenant}.sqlite"


def state_folder(folder: Path) -> Path:
    """Make the folder for what is kept between runs, and keep git from seeing it."""
    state = folder / STATE_FOLDER
    try:
        state.mkdir(mode=0o700, exist_ok=True)
        (state / ".gitignore").write_text("*\n")
        make_private(state)
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}", "make the folder writable", where=str(state)
        ) from error
    return state


@contextmanager
def connect(tenant: Tenant, ctx: CommandContext) -> Iterator[Provider]:
    """Give the tenant's provider, in the dialect that the tenant speaks.

    Raises InvalidInput where the built-in CXone cannot keep its state, or a region has no numbers.
    """
    ctx.start_logging()
    with ExitStack() as stack:
        own = stack.enter_context(_started(tenant, ctx)) if tenant.embedded else None
        if tenant.dialect == "dnc-groups":
            from reconciler.cxone.groups.provider import GroupsProvider  # noqa: PLC0415

            groups = _groups_settings(tenant, own)
            provider: GroupsProvider | EntriesProvider = GroupsProvider(
                groups, clock=ctx.clock, stop=ctx.run.stop, stop_writing=ctx.run.budget
            )
        else:
            entries = _entries_settings(tenant, own)
            provider = EntriesProvider(
                entries, clock=ctx.clock, stop=ctx.run.stop, stop_writing=ctx.run.budget
            )
        if ctx.run.meter is not None:
            ctx.run.meter.wire = provider.statistics
        stack.enter_context(provider)
        yield provider


@contextmanager
def begun_early(tenant: Tenant, ctx: CommandContext, sources: Iterable[Source]) -> Iterator[Provider | None]:
    """Begin to read CXone while files are judged, where that takes its time; None where it does not.

    Lists that are not valid then cost requests, though no more than fit into that time. With `dnc-groups`
    a page is of one list, and which lists there are only the files tell.
    """
    is_large = sum(len(source.data) for source in sources) >= LARGE
    if not is_large or tenant.embedded or tenant.dialect != "entries":
        yield None
        return
    with connect(tenant, ctx) as provider:
        cast("EntriesProvider", provider).read_ahead()
        yield provider


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    """A tenant's own CXone, while it runs. A fresh one is another organisation."""

    url: str
    instance: str


@contextmanager
def _started(tenant: Tenant, ctx: CommandContext) -> Iterator[_BuiltIn]:
    with built_in(ctx, state_of(ctx.folder, tenant.name)) as sandbox, sandbox.serve() as url:
        yield _BuiltIn(url, sandbox.instance)


def _entries_settings(tenant: Tenant, own: _BuiltIn | None) -> EntriesSettings:
    settings = EntriesSettings(
        base_url=tenant.base_url,
        client_id=tenant.client_id,
        client_secret=tenant.client_secret,
        organisation=tenant.org_id,
        requests_per_minute=tenant.requests_per_minute,
        chunk_size=tenant.chunk_size,
        concurrency=tenant.concurrency,
        list_ids=tenant.list_ids,
        wire_policy=tenant.wire_policy,
        embedded=tenant.embedded,
    )
    if own is None:
        return settings
    return replace(
        settings,
        base_url=own.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        organisation=own.instance,
    )


def _groups_settings(tenant: Tenant, own: _BuiltIn | None) -> "GroupsSettings":
    """Say what a tenant of dialect `dnc-groups` is; `own` is its built-in CXone where it is embedded."""
    from reconciler.cxone.groups.dialect import GroupsSettings  # noqa: PLC0415

    settings = GroupsSettings(
        access_key_id=tenant.access_key_id,
        access_key_secret=tenant.access_key_secret,
        auth_url=tenant.auth_url,
        discovery_url=tenant.discovery_url,
        api_url=tenant.api_url,
        client_id=tenant.client_id,
        client_secret=tenant.client_secret,
        api_version=tenant.api_version,
        list_ids=tenant.list_ids,
        region=tenant.region,
        number_form=tenant.number_form,
        requests_per_minute=tenant.requests_per_minute,
        chunk_size=tenant.chunk_size,
        concurrency=tenant.concurrency,
        days_after=tenant.days_after,
        page_size=tenant.page_size,
        embedded=tenant.embedded,
    )
    if own is None:
        return settings
    return replace(
        settings,
        access_key_id=CLIENT_ID,
        access_key_secret=CLIENT_SECRET,
        auth_url=own.url,
        api_url=own.url,
        client_id="",
        client_secret="",
        organisation=own.instance,
    )
