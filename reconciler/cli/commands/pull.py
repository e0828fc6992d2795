"""`dnc pull`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import pulled_json
from reconciler.cli.render.messages import count
from reconciler.use_cases.edits.pull import Pulled, Scope
from reconciler.use_cases.edits.pull import pull as run
from reconciler.use_cases.operations.adoption import Requested, request

EXAMPLES = examples(
    "dnc pull",
    "dnc pull --merge-request",
    "dnc pull --list dnc-list-02 --tenant production",
    "dnc pull --all-lists",
)


def pull(
    list_id: Annotated[
        str | None, typer.Option("--list", help="Only this list, also one that no file names yet.")
    ] = None,
    all_lists: Annotated[
        bool, typer.Option("--all-lists", help="Every list that CXone has, also those that no file names.")
    ] = False,
    merge_request: Annotated[
        bool, typer.Option("--merge-request", help="Make a merge request, and leave the working tree alone.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Write what CXone has and git does not into dnc-lists/adopted/TENANT/."""
    if list_id is not None and all_lists:
        raise typer.BadParameter("name one list, or all", param_hint="--all-lists")
    ctx, scope = current().context(), Scope(list_id, all_lists)
    with told(output):
        asked = request(ctx, scope) if merge_request else None
        done = asked.pulled if asked else run(ctx, scope)
        if output is Format.JSON:
            emit(answer(pulled_json(done, asked)))
        elif asked:
            _request(asked)
        else:
            _show(done)
            if done.files:
                complain(f"next: commit dnc-lists/adopted/{done.tenant}/; dnc plan shows what it changes")


def _show(done: Pulled) -> None:
    for path in done.files:
        print(path)
    for list_id, number in done.written.items():
        complain(f"{list_id}: {count(number)} adopted")
    for sentence in done.left:
        complain(f"not adopted: {sentence}")
    odd = f", {len(done.unreadable):,} unreadable" if done.unreadable else ""
    written = sum(done.written.values())
    complain(f"{done.read:,} read, {written:,} written, {done.present:,} there already{odd}")
    if done.csv:
        complain(f"unreadable: {done.csv} (as CXone has them: do not commit it); they stay as they are")


def _request(done: Requested) -> None:
    _show(done.pulled)
    if done.commit is None:
        complain("nothing to adopt" if not done.waiting else f"{done.branch} has them already: merge it")
    elif done.opened:
        complain(f"pushed {done.branch}, with a merge request to {done.target}")
    else:
        complain(
            f"pushed {done.branch}; the remote takes no push options, so no merge request was opened: "
            f"open one to {done.target}"
        )
