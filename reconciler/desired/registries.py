"""Rules about a list as a whole: its registry's copy, its size, its description."""

from collections.abc import Iterator

from reconciler.desired.dates import later_than
from reconciler.desired.judge import judged_by
from reconciler.desired.nodes import MapNode, locate, plain
from reconciler.desired.reading import Reading
from reconciler.desired.regulation import Scope
from reconciler.desired.schema_errors import pointer
from reconciler.model.finding import Finding, Severity

_NUMBERS = frozenset({"entries", "releases", "holds"})


def list_findings(reading: Reading, file: str, root: MapNode, registry_numbers: int) -> Iterator[Finding]:
    """Judge what a file says beside its numbers, of which `registry_numbers` are a registry's."""
    registry = root.values.get("registry")
    said = {key: plain(value) for key, value in root.values.items() if key not in _NUMBERS}
    said["registryNumbers"] = registry_numbers
    if isinstance(registry, MapNode):
        said["registry"] = {key: plain(value) for key, value in registry.values.items()} | {
            "asOf": reading.as_of.isoformat()
        }
        yield from later_than(reading.latest, file, registry, "/registry", "retrievedAt")
    for rule in reading.judge.of_scope(Scope.LIST):
        for verdict in judged_by(rule, said):
            path = verdict.path if verdict.key in root.values else ()
            finding = verdict.finding(file, locate(root, iter(path)), pointer(path))
            if verdict.severity is Severity.ERROR:
                reading.refuse(finding, None, ())
            yield finding
