"""`dnc` as a process of its own whose clock is ahead, and which does not wait between attempts."""

import os
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch

from reconciler.audit.ledger import Ledger
from reconciler.cli.main import main
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.use_cases.workspace.context import CommandContext

AHEAD = "SOAK_AHEAD"  # seconds


def clock() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(os.environ[AHEAD]))


if __name__ == "__main__":
    with (
        patch("reconciler.cli.call.CommandContext", partial(CommandContext, clock=clock)),
        patch(
            "reconciler.use_cases.workspace.connection.EntriesProvider",
            partial(EntriesProvider, uniform=lambda low, _: low),
        ),
        patch("reconciler.use_cases.workspace.opening.Ledger", partial(Ledger, pause=lambda _: None)),
        patch.object(sys, "argv", ["dnc", *sys.argv[1:]]),
    ):
        main()
