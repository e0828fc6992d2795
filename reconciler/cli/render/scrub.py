"""What a scrub did, and what a certificate is worth, for people and for machines."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text

if TYPE_CHECKING:
    from reconciler.use_cases.scrub.scrub import ScrubResult
    from reconciler.use_cases.scrub.verify import VerifiedCertificate

_MOST_SHOWN = 5


def scrub_json(result: "ScrubResult") -> dict[str, Any]:
    """Say where the files are, and everything that the certificate says."""
    files = result.files
    return {
        "files": {
            **{kind: str(file) for kind, file in files.tables.items()},
            "certificate": str(files.certificate),
            "signature": str(files.signature) if result.is_signed else None,
        },
        "certificate": dict(result.certificate),
    }


def scrub_text(result: "ScrubResult") -> str:
    """Say it in lines: what each file has, what it goes by, and what to look at."""
    return "\n".join(escape_line(line) for line in _lines(result))


def _lines(result: "ScrubResult") -> Iterator[str]:
    certificate, files, rows = result.certificate, result.files, result.certificate["rows"]
    read = count_text(rows["read"], "row")
    yield f"{read} of {certificate['input']['file']}, tenant {certificate['tenant']}"
    width = max(len(f"{rows[kind]:,}") for kind in files.tables)
    for kind, file in files.tables.items():
        yield f"  {kind:<10} {rows[kind]:>{width},}  {file}"
    for list_id, count in _most(certificate["blocked"]["by_list"]):
        yield f"  on {list_id}: {count_text(count, 'row')}"
    for why, count in _most(certificate["unreadable"]["by_reason"]):
        yield f"  unreadable, {count_text(count, 'row')}: {why}"
    yield f"numbers were read from: {', '.join(certificate['columns']['read'])}"
    yield from _warnings(certificate)
    yield f"certificate: {files.certificate}, {'signed' if result.is_signed else 'not signed'}"
    if rows["unreadable"]:
        yield f"correct the rows in {files.unreadable.name}, and scrub that file"
    yield f"dial {files.clean.name} before {certificate['valid_until'][:16]}Z; scrub again after that"


def _most(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    yield from ordered[:_MOST_SHOWN]
    if len(ordered) > _MOST_SHOWN:
        yield "others", sum(count for _, count in ordered[_MOST_SHOWN:])


def _warnings(certificate: Mapping[str, Any]) -> Iterator[str]:
    basis, lists = certificate["basis"], certificate["lists"]
    if basis["record_only"]:
        yield "warning: record only: numbers that agents added in CXone since the last run are not known"
    elif basis["read_at"]:
        yield f"CXone as of {basis['read_at'][:16]}Z ({basis['reading']})"
    if left_out := certificate["columns"]["left_out"]:
        titles = ", ".join(left_out)
        yield f"warning: left out, though they hold numbers: {titles}; a listed number there blocks its row"
    for sheet in certificate["input"]["hidden_sheets"]:
        count = count_text(sheet["rows"], "row")
        yield f"warning: the hidden sheet {sheet['name']} ({count}) is not in any output"
    for one in lists["not_looked_at"]:
        name = one["list_id"] or "lists that no file names"
        yield f"warning: not looked at: {name} ({count_text(one['numbers'])}): {one['why']}"
    for path in lists["files_with_errors"]:
        yield f"warning: {path} has errors: every number in it counts as listed; run `dnc validate`"
    for copy in certificate["registries"]:
        if copy["stale"]:
            yield f"warning: the copy of {copy['name']} is stale since {copy['fresh_until']}: {copy['file']}"


def verified_json(result: "VerifiedCertificate") -> dict[str, Any]:
    """Say what was found."""
    return {
        "verified": not result.problems and not result.is_over,
        "over": result.is_over,
        "valid_until": result.certificate["valid_until"],
        "files": list(result.checked),
        "signer": result.signer,
        "problems": list(result.problems),
    }


def certificate_text(result: "VerifiedCertificate") -> str:
    """Say it in lines, the verdict last."""
    certificate = result.certificate
    lines = [f"problem: {problem}" for problem in result.problems]
    signed = f"signed by {result.signer}" if result.signer else "not signed"
    lines.append(
        f"made {certificate['created_at'][:16]}Z by dnc {certificate['tool_version']} for tenant "
        f"{certificate['tenant']}, {signed}"
    )
    if result.problems:
        verdict = f"NOT VERIFIED: {count_text(len(result.problems), 'problem')}. Do not dial by these files."
    elif result.is_over:
        verdict = f"TIME IS OVER: it was valid until {certificate['valid_until'][:16]}Z. Scrub again."
    else:
        verdict = f"VERIFIED: {len(result.checked)} files; valid until {certificate['valid_until'][:16]}Z"
    return "\n".join(escape_line(line) for line in [*lines, verdict])
