"""`dnc doctor`."""

import json
from typing import Annotated, Any

import typer

from reconciler.cli.call import Format, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, told
from reconciler.use_cases.operations.doctor import Examined
from reconciler.use_cases.operations.doctor import doctor as run


def examined_json(found: Examined) -> dict[str, Any]:
    """Say every check, and the settings that a probe found."""
    return {
        "format_version": "1.0",
        "tenant": found.tenant,
        "errored": found.exit_code != 0,
        "exit_code": found.exit_code,
        "checks": [
            {"name": c.name, "status": c.state.value, "message": c.said, "way_out": c.way_out or None}
            for c in found.checks
        ],
        "settings": dict(found.probed.settings) if found.probed else None,
    }


def examined_text(found: Examined) -> str:
    """Show a check a line, the way out below."""
    lines: list[str] = []
    for check in found.checks:
        lines.append(f"{check.state.value:<8} {check.name}: {check.said}")
        if check.way_out:
            lines.append(f"         way out: {check.way_out}")
    if found.probed and found.probed.settings:
        lines += ["", f"settings for tenant {found.tenant} in dnc.yaml:"]
        # JSON is YAML, and quotes what has to be quoted.
        lines += [f"    {key}: {json.dumps(value)}" for key, value in found.probed.settings.items()]
    return "\n".join(lines)


EXAMPLES = examples("dnc doctor", "dnc doctor --tenant admin-api --probe")


def doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="dnc-groups: find the settings that fit. Reads only.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Check what a run needs, each with its remedy: configuration, git, branches, sign-in, clock, rate."""
    with told(output):
        found = run(current().context(), with_probe=probe)
        if output is Format.JSON:
            emit(examined_json(found))
        else:
            print(examined_text(found))
    raise typer.Exit(found.exit_code)
