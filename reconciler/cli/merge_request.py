"""`dnc plan --note` and `--auto-merge`: what a plan tells the merge request that it is of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.reconcile.surroundings import Surroundings

if TYPE_CHECKING:  # a plan that tells nobody loads nothing of GitLab's
    from reconciler.reconcile.request import Request

NoteOption = Annotated[
    bool, typer.Option("--note", help="Write the plan into the merge request's note; needs GITLAB_TOKEN.")
]
AutoMergeOption = Annotated[
    bool,
    typer.Option("--auto-merge", help="Let it merge by itself if it only protects; needs GITLAB_TOKEN."),
]


def tell(
    around: Surroundings,
    document: Mapping[str, Any],
    request: "Request | None",
    *,
    note: bool,
    auto_merge: bool,
) -> None:
    """Tell the merge request, as far as was asked; `request` is None where there is no plan."""
    if not (note or auto_merge):
        return
    from reconciler.cli.render.note import Section  # noqa: PLC0415  (GitLab's client comes with these two)
    from reconciler.reconcile.merge_request import merge_by_itself, post_note  # noqa: PLC0415

    if note:
        section = Section(document, request.head if request else None, request.touched if request else "")
        post_note(around, document["tenant"], section.text)
    if auto_merge:
        tip = request.tip if request else ""
        merge_by_itself(around, tip, hindrance=request.hindrance if request else "there is no plan")
