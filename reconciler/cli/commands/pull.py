"""`dnc pull`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import NewListOption, examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import pull_json
from reconciler.core.model.finding import count_text
from reconciler.use_cases.edits.pull import PullResult, Scope
from reconciler.use_cases.edits.pull import pull as run
from reconciler.use_cases.operations.adoption import AdoptionRequest, request_adoption

EXAMPLES = examples(
    "dnc pull",
    "dnc pull --merge-request",
    "dnc pull --list dnc-list-02 --tenant production",
    "dnc pull --all-lists",
    'dnc pull --group "Company DNC"',
)


def pull(  # noqa: PLR0917  (Typer calls it by keyword)
    list_id: Annotated[str | None, typer.Option("--list", metavar="LIST", help="Only this list.")] = None,
    all_lists: Annotated[
        bool, typer.Option("--all-lists", help="Every list in CXone, also those that no file names.")
    ] = False,
    new_list: NewListOption = False,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="dnc-groups: only this group, by name or id, also one that no list maps."
        ),
    ] = None,
    merge_request: Annotated[
        bool, typer.Option("--merge-request", help="Open a merge request; change no file here.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Copy numbers from CXone into list files.

    Writes what CXone has and git does not into dnc-lists/adopted/TENANT/.
    """
    if list_id is not None and all_lists:
        raise typer.BadParameter("name one list, or all", param_hint="--all-lists")
    if group is not None and (list_id is not None or all_lists):
        raise typer.BadParameter("name one group, one list, or all lists", param_hint="--group")
    ctx, scope = current_options().context(), Scope(list_id, all_lists, new_list, group)
    with error_output(output):
        adoption_request = request_adoption(ctx, scope) if merge_request else None
        result = adoption_request.pull_result if adoption_request else run(ctx, scope)
        if output is Format.JSON:
            print_json(to_answer(pull_json(result, adoption_request)))
        elif adoption_request:
            _print_request(adoption_request)
        else:
            _print_result(result)
            if result.files:
                print_error(
                    f"next: commit dnc-lists/adopted/{result.tenant}/; dnc plan shows what it changes"
                )


def _print_result(result: PullResult) -> None:
    for path in result.files:
        print(path)
    for list_id, number in result.added_counts.items():
        print_error(f"{list_id}: {count_text(number)} adopted")
    for sentence in result.skipped_lists:
        print_error(f"not adopted: {sentence}")
    unreadable_text = f", {len(result.unreadable):,} unreadable" if result.unreadable else ""
    added_count = sum(result.added_counts.values())
    print_error(
        f"{result.entry_count:,} read, {added_count:,} written, {result.present_count:,} there "
        f"already{unreadable_text}"
    )
    if result.csv:
        print_error(f"unreadable: {result.csv} (as CXone has them: do not commit it); they stay as they are")


def _print_request(adoption_request: AdoptionRequest) -> None:
    _print_result(adoption_request.pull_result)
    if adoption_request.commit is None:
        print_error(
            "nothing to adopt"
            if not adoption_request.is_waiting
            else f"{adoption_request.branch} has them already: merge it"
        )
    elif adoption_request.is_opened:
        print_error(f"pushed {adoption_request.branch}, with a merge request to {adoption_request.target}")
    else:
        print_error(
            f"pushed {adoption_request.branch}; the remote takes no push options, so no merge "
            "request was opened: "
            f"open one to {adoption_request.target}"
        )
