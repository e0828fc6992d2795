"""Where a number was at a past moment, as a page to print for counsel."""

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.page import page
from reconciler.cli.render.then import before_all, chain, deed, facts, knowledge, state, verdict, when
from reconciler.reconcile.clock import iso
from reconciler.reconcile.moment import Then

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ number }} at {{ moment }}</title>
<style>{{ style }}{{ print }}</style></head><body>
<h1>{{ number }}</h1>
<p><strong>At {{ moment }} it {{ verdict }}.</strong></p>
<p><small>Tenant {{ found.tenant }}{% if target %}, {{ target }}{% endif %}.
Looked up {{ asked }}. Times are UTC.</small></p>
{% if not found.report %}<p>{{ nothing }}</p>{% endif %}
{% if knowledge %}<h2>How it is known</h2><ul>
{% for line in knowledge %}<li>{{ line }}</li>
{% endfor %}</ul>{% endif %}
{% for one in lists %}<h2>{{ one.name }}</h2>
<p><strong>{{ one.state }}</strong></p>
{% if one.facts %}<ul>{% for line in one.facts %}<li>{{ line }}</li>
{% endfor %}</ul>{% endif %}
{% if one.touches %}<table><tr><th>Report</th><th>Finished</th><th>What the run did</th></tr>
{% for row in one.touches %}<tr class="{{ row.direction }}"><td>{{ row.seq }}</td><td>{{ row.at }}</td>
<td>{{ row.deed }}</td></tr>
{% endfor %}</table>{% endif %}
{% endfor %}
{% if chain %}<h2>The record</h2><p>
{% for line in chain %}<code>{{ line }}</code><br>
{% endfor %}</p>
<p><small>The reports are files on the audit branch. Each names the one before it by SHA-256, so none can be
changed without changing all that follow. What runs did is told word for word from the plans stored beside
them; what stood in the files is read from git at the commit that the report names. Between two looks nobody
looked. This page states what the record says; it is no legal advice.</small></p>{% endif %}
</body></html>
"""


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
    return page(
        _PAGE,
        found=found,
        number=shown.number(found.number),
        moment=iso(found.moment),
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
