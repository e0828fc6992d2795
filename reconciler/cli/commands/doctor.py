"""`dnc doctor`."""

import json
from typing import Annotated, Any

import typer

from reconciler.cli.call import Format, current_options, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output
from reconciler.use_cases.operations.doctor import DoctorResult
from reconciler.use_cases.operations.doctor import doctor as run


def doctor_json(result: DoctorResult) -> dict[str, Any]:
    """Say every check, and the settings that a probe found."""
    return {
        "format_version": "1.0",
        "tenant": result.tenant,
        "errored": result.exit_code != 0,
        "exit_code": result.exit_code,
        "checks": [
            {
                "name": check.name,
                "status": check.state.value,
                "message": check.message,
                "way_out": check.fix or None,
            }
            for check in result.checks
        ],
        "settings": dict(result.probe_result.settings) if result.probe_result else None,
    }


def doctor_text(result: DoctorResult) -> str:
    """Show a check a line, the fix below."""
    lines: list[str] = []
    for check in result.checks:
        lines.append(f"{check.state.value:<8} {check.name}: {check.message}")
        if check.fix:
            lines.append(f"         fix: {check.fix}")
    if result.probe_result and result.probe_result.settings:
        lines += ["", f"settings for tenant {result.tenant} in dnc.yaml:"]
        # JSON is YAML, and quotes what has to be quoted.
        lines += [f"    {key}: {json.dumps(value)}" for key, value in result.probe_result.settings.items()]
    return "\n".join(lines)


EXAMPLES = examples("dnc doctor", "dnc doctor --tenant admin-api --probe")


def doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="dnc-groups: find the settings that fit. Reads only.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Check that a run would work, with fixes.

    Checks configuration, git, branches, sign-in, clock and rate.
    """
    with error_output(output):
        result = run(current_options().context(), with_probe=probe)
        if output is Format.JSON:
            print_json(doctor_json(result))
        else:
            print(doctor_text(result))
    raise typer.Exit(result.exit_code)
