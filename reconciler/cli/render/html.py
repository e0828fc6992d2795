"""The plan as one HTML page: no outside assets, everything escaped, numbers masked as told."""

from collections.abc import Mapping
from typing import Any

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.page import page
from reconciler.cli.render.text import verdict
from reconciler.cli.render.ways_out import way_out
from reconciler.cli.render.words import BLOCKED, DRIFT, REASONS, what_changes

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>dnc plan: {{ plan.tenant }}</title>
<style>{{ style }}</style></head><body>
<h1>Plan for {{ plan.tenant }}</h1>
<p><strong>{{ verdict }}</strong></p>
<p><small>revision {{ plan.revision or "none" }}, as of {{ plan.as_of }}</small></p>
{% if plan.findings %}<h2>Findings</h2><ul>
{% for f in plan.findings %}<li>{{ f.severity }}: {{ f.message }} [{{ f.rule }}]</li>
{% endfor %}</ul>{% endif %}
{% if rows %}<h2>Changes</h2><table>
<tr><th>Action</th><th>List</th><th>Numbers</th><th>What</th><th>Why</th></tr>
{% for row in rows %}<tr class="{{ row.direction }}"><td>{{ row.action }}</td><td>{{ row.list_id }}</td>
<td>{{ row.count }}<br><small>{{ row.sample }}</small></td><td>{{ row.what }}</td><td>{{ row.why }}</td></tr>
{% endfor %}</table>{% endif %}
{% if drift %}<h2>Drift</h2><ul>{% for line in drift %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
</body></html>
"""


def html(document: Mapping[str, Any], shown: Shown) -> str:
    """Show a plan."""
    drift = [
        f"{d['list_id']}: {len(d['phones']):,} {d['kind']}: {DRIFT[d['kind']]}" for d in document["drift"]
    ]
    rows = [_row(change, shown) for change in document["changes"]]
    said = "There is no plan." if document["errored"] else verdict(document)
    return page(_PAGE, plan=document, verdict=said, rows=rows, drift=drift)


def _row(change: Mapping[str, Any], shown: Shown) -> dict[str, str]:
    outs = ((b, way_out(b, change["list_id"], change["phones"], shown)) for b in change["blocked_by"])
    blocked = "; ".join(f"stays: {BLOCKED[b]}. Way out: {out}" for b, out in outs)
    return {
        "direction": change["direction"],
        "action": change["action"],
        "list_id": change["list_id"],
        "count": f"{len(change['phones']):,}",
        "sample": shown.sample(change["phones"]),
        "what": what_changes(change),
        "why": blocked or REASONS[change["reason"]],
    }
