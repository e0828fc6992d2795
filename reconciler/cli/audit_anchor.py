"""`dnc audit anchor`."""

from reconciler.cli.answer import Output, answer, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.proof_of_chain import anchored_json, anchored_text
from reconciler.reconcile.proof import anchor as run

EXAMPLES = examples("dnc audit anchor", "dnc audit anchor --format json")


def anchor(output: Output = Format.TEXT) -> None:
    """Tag the record as it is, and print its hash for a place that the pipeline can't write."""
    with told(output):
        done = run(current().surroundings())
        if output is Format.JSON:
            emit(answer(anchored_json(done)))
        else:
            print(anchored_text(done))
