"""Every family of the metrics is explained, and none that there is not."""

from array import array

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from reconciler.cli.render.openmetrics import openmetrics
from reconciler.cxone.http.stats import Statistics
from reconciler.use_cases.workspace.context import Meter, TenantMetrics
from tests.docs.pages import ROOT, first_cells, names
from tests.support.project import START


def test_every_family_is_explained():
    wire = Statistics()
    wire.latencies_ms = array("f", [12.0])
    counts = {key: {"x": 1} for key in ("entries", "drift", "changes", "outcomes", "uncovered")}
    numbers = dict.fromkeys(("waiting", "late", "blocked", "not_live", "not_at_remote", "conflicts"), 1)
    told = TenantMetrics(**counts, **numbers, verified_at=START, status="complete")
    now = START.timestamp()
    text = openmetrics(Meter({"t": told}, wire), command="apply", code=0, started_at=now - 1, ended_at=now)
    families = {family.name for family in text_string_to_metric_families(text.decode())}
    assert (
        set(names(first_cells((ROOT / "docs" / "reference" / "metrics.md").read_text(), "family")))
        == families
    )
