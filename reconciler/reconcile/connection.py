"""A tenant's CXone, ready to be asked: the provider, and the built-in CXone where the tenant is embedded."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from reconciler.cxone.provider import EntriesProvider
from reconciler.cxone.settings import EntriesSettings
from reconciler.desired.configuration import Tenant
from reconciler.model.errors import InvalidInput
from reconciler.model.provider import Provider
from reconciler.reconcile.surroundings import Surroundings
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import Client

STATE_FOLDER = ".dnc"
CLIENT_ID = "dnc"
CLIENT_SECRET = "built-in"  # noqa: S105  (the built-in CXone protects nobody, and listens on loopback only)


def built_in(
    around: Surroundings, state: Path | None, *, rate: int | None = None, control: bool = False
) -> Sandbox:
    """Make the built-in CXone. `state` is its database, None keeps it in memory; `rate` is by the minute."""
    settings = Settings(clients={CLIENT_ID: Client(CLIENT_SECRET)}, requests_per_minute=rate, control=control)
    return Sandbox(state, clock=around.clock, settings=settings)


def state_of(folder: Path, tenant: str) -> Path:
    """Say where an embedded tenant keeps its state, and keep git from seeing it."""
    state = folder / STATE_FOLDER
    try:
        state.mkdir(exist_ok=True)
        (state / ".gitignore").write_text("*\n")
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}", "make the folder writable", where=str(state)
        ) from error
    return state / f"{tenant}.sqlite"


@contextmanager
def connect(tenant: Tenant, around: Surroundings) -> Iterator[Provider]:
    """Give the tenant's provider. Raises InvalidInput for a dialect that this version does not speak."""
    if tenant.dialect != "entries":
        raise InvalidInput(
            f"tenant {tenant.name}: dialect {tenant.dialect} is not spoken by this version",
            "use dialect: entries",
            where=around.configuration.name,
        )
    with ExitStack() as stack:
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
        if tenant.embedded:
            settings = _built_in(settings, tenant, around, stack)
        yield stack.enter_context(EntriesProvider(settings, clock=around.clock, stop=around.stop))


def _built_in(
    settings: EntriesSettings, tenant: Tenant, around: Surroundings, stack: ExitStack
) -> EntriesSettings:
    """Start the tenant's own CXone, and say how to reach it. A fresh one is another organisation."""
    sandbox = stack.enter_context(built_in(around, state_of(around.folder, tenant.name)))
    return replace(
        settings,
        base_url=stack.enter_context(sandbox.serve()),
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        organisation=sandbox.instance,
    )
