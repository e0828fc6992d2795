"""A tenant's CXone, ready to be asked: the provider, and the built-in CXone where the tenant is embedded."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.config.configuration import Tenant
from reconciler.config.connection_settings import Connection, EntriesSettings
from reconciler.core.model.provider import Provider
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.lists.reader import Source
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import state_folder

if TYPE_CHECKING:
    from reconciler.cxone.groups.provider import GroupsProvider
    from reconciler.sandbox.server import Sandbox


LARGE_BYTES = 2_000_000  # bytes of list files, which take a tenth of a second and more
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


def state_path(folder: Path, tenant: str) -> Path:
    """Say where an embedded tenant keeps its state."""
    return state_folder(folder) / f"{tenant}.sqlite"


@contextmanager
def connect(tenant: Tenant, ctx: CommandContext) -> Iterator[Provider]:
    """Give the tenant's provider, in the dialect that the tenant speaks.

    Raises InvalidInput where the built-in CXone cannot keep its state, or a region has no numbers.
    """
    ctx.start_logging()
    with ExitStack() as stack:
        settings = tenant.connection
        if tenant.embedded:
            settings = stack.enter_context(_start_built_in(tenant, ctx))
        provider = _provider(settings, ctx)
        ctx.watch(provider.statistics)
        if ctx.run.meter is not None:
            ctx.run.meter.request_statistics = provider.statistics
        stack.enter_context(provider)
        yield provider


@contextmanager
def connect_early(
    tenant: Tenant, ctx: CommandContext, sources: Iterable[Source]
) -> Iterator[Provider | None]:
    """Begin to read CXone while files are judged, where that takes its time; None where it does not.

    Lists that are not valid then cost requests, though no more than fit into that time. With `dnc-groups`
    a page is of one list, and which lists there are only the files tell.
    """
    is_large = sum(len(source.data) for source in sources) >= LARGE_BYTES
    if not is_large or tenant.embedded or tenant.dialect != "entries":
        yield None
        return
    with connect(tenant, ctx) as provider:
        cast("EntriesProvider", provider).read_ahead()
        yield provider


@contextmanager
def _start_built_in(tenant: Tenant, ctx: CommandContext) -> Iterator[Connection]:
    """Start a tenant's own CXone and give its settings. A fresh one is another organisation."""
    with built_in(ctx, state_path(ctx.folder, tenant.name)) as sandbox, sandbox.serve() as url:
        yield tenant.connection.for_built_in(
            url, instance=sandbox.instance, client=(CLIENT_ID, CLIENT_SECRET)
        )


def _provider(settings: Connection, ctx: CommandContext) -> "EntriesProvider | GroupsProvider":
    if isinstance(settings, EntriesSettings):
        return EntriesProvider(settings, clock=ctx.clock, stop=ctx.run.stop, stop_writing=ctx.run.budget)
    from reconciler.cxone.groups.provider import GroupsProvider  # noqa: PLC0415

    return GroupsProvider(settings, clock=ctx.clock, stop=ctx.run.stop, stop_writing=ctx.run.budget)
