"""`dnc blocked`."""

from reconciler.cli.call import Format, current_options, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output
from reconciler.cli.render.blocked import blocked_json, blocked_text
from reconciler.cli.render.masking import NumberFormat
from reconciler.use_cases.history.blocked import blocked as find_blocked

EXAMPLES = examples(
    "dnc blocked",
    "dnc blocked --format json",
)


def blocked(output: Output = Format.TEXT) -> None:
    """List blocked removals, with their fixes.

    In the newest run, and in files that are not applied yet.
    """
    ctx = current_options().context()
    with error_output(output):
        blocked_numbers = find_blocked(ctx)
        if output is Format.JSON:
            print_json(blocked_json(blocked_numbers))
        else:
            print(blocked_text(blocked_numbers, NumberFormat(is_masked=ctx.pipeline.is_running)))
