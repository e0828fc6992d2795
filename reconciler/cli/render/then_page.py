"""Where a number was at a past moment, as a page to print for counsel."""

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.page import page
from reconciler.cli.render.then import before_all, chain, deed, facts, knowledge, state, verdict, when
from reconciler.reconcile.clock import iso
from reconciler.reconcile.moment import Then


def then_page(found: Then, shown: Shown) -> str:
    """Show it as one page without outside assets."""
    lists = [
        {
            "name": one.list_id,
            "state": state(one),
            "facts": [line.strip() for line in facts(one)],
            "touches": [
                {"seq": t.by.seq, "at": when(t.by.finished_at), "direction": t.direction, "deed": deed(t)}
                for t in one.touches
            ],
        }
        for one in found.lists
    ]
    number, moment = shown.number(found.number), iso(found.moment)
    return page(
        "then.html",
        title=f"{number} at {moment}",
        found=found,
        number=number,
        moment=moment,
        verdict="cannot be told" if found.report is None else verdict(found),
        target=_target(found),
        asked=when(found.asked_at),
        nothing=before_all(found),
        knowledge=list(knowledge(found)),
        lists=lists,
        chain=[line.strip() for line in chain(found)],
    )


def _target(found: Then) -> str:
    told = found.target or {}
    return ", ".join(str(told[name]) for name in ("organisation", "host") if told.get(name))
