"""The commands, put together."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli import (
    add,
    apply,
    audit,
    check,
    ci,
    doctor,
    drift,
    export,
    fmt,
    import_,
    init,
    plan,
    pull,
    release,
    restore,
    rules,
    sandbox,
    status,
    undo,
    validate,
)
from reconciler.cli.call import Call, begin
from reconciler.cli.logs import LogFormat, configure
from reconciler.reconcile.surroundings import DEFAULT_CONFIGURATION

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Do-not-call lists as code: git says who may not be called, NICE CXone is made to agree.",
    epilog="Global options may stand before or after the command.",
)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("apply")(apply.apply)
app.command("drift")(drift.drift)
app.command("pull", epilog=pull.EXAMPLES)(pull.pull)
app.add_typer(audit.app, name="audit")
app.add_typer(rules.app, name="rules")
app.add_typer(ci.app, name="ci")
app.command("check", epilog=check.EXAMPLES)(check.check)
app.command("status", epilog=status.STATUS_EXAMPLES)(status.status)
app.command("blocked", epilog=status.BLOCKED_EXAMPLES)(status.blocked)
app.command("add", epilog=add.EXAMPLES)(add.add)
app.command("release", epilog=release.EXAMPLES)(release.release)
app.command("restore", epilog=restore.EXAMPLES)(restore.restore)
app.command("undo", epilog=undo.EXAMPLES)(undo.undo)
app.command("import", epilog=import_.EXAMPLES)(import_.import_)
app.command("fmt", epilog=fmt.EXAMPLES)(fmt.fmt)
app.command("export", epilog=export.EXAMPLES)(export.export)
app.command("init", epilog=init.EXAMPLES)(init.init)
app.command("doctor")(doctor.doctor)
app.command("sandbox")(sandbox.sandbox)


@app.callback()
def options(
    config: Annotated[Path, typer.Option(help="The configuration; its folder is the project.")] = Path(
        DEFAULT_CONFIGURATION
    ),
    tenant: Annotated[str | None, typer.Option(help="Which tenant; defaultTenant otherwise.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request to stderr.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="How logs are written.")] = LogFormat.TEXT,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Take the global options."""
    if version:
        print(f"dnc {__version__}")
        raise typer.Exit
    configure(log_format, verbose=verbose)
    begin(Call(config, tenant, verbose))
