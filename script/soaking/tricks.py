"""What somebody may do to git besides editing lists: attributes, folders of tools, reports of their own."""

import hashlib
import json
import subprocess

from tests.support.project import BRANCH, Project

HIDDEN = "dnc-lists/templates.yaml"
ENCODING = f"{HIDDEN} working-tree-encoding=ISO646-JP\n"


def hide_release(project: Project, list_id: str, phone: str, on: str) -> None:
    """Commit a file that is a comment in git, and a release in every checkout: the quote ends elsewhere."""
    release = f"{{phone: {phone}, releasedOn: {on}, reason: CONSENT_GIVEN, evidence: HIDDEN}}"
    text = (
        f'{{listId: {list_id}, entries: [],\n description: "templates\u00a5" #", releases: [{release}]\n}}\n'
    )
    project.write(".gitattributes", ENCODING)
    project.git("add", "-A")
    command = ["git", "-C", str(project.folder), "hash-object", "-w", "--stdin"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    project.git("update-index", "--add", "--cacheinfo", f"100644,{done.stdout.decode().strip()},{HIDDEN}")
    project.git("commit", "-qm", "text")
    project.git("checkout", "--", HIDDEN)
    project.git("push", "-q", "origin", "HEAD")


def show_release(project: Project) -> None:
    """Take such a file out again."""
    project.git("rm", "-qf", HIDDEN, ".gitattributes")


def kept_row(list_id: str, path: str, phone: str) -> dict[str, object]:
    """Say of a number that it is kept by a term that is over."""
    return {
        "list_id": list_id,
        "path": path,
        "blocked_by": ["no-release"],
        "terms": {
            "reasonCode": "CUSTOMER_REQUESTED",
            "expirationPolicy": "ABSOLUTE",
            "end": "2020-01-01",
            "requestedOn": None,
            "source": "dnc",
            "jurisdiction": None,
        },
        "phones": [phone],
    }


def append_report(clone: Project, row: dict[str, object] | None) -> bool:
    """Append a report with an ordinary push: one more number is kept, as it says, or none is."""
    names = [n for n in clone.git("ls-files").splitlines() if n.endswith(".json")]
    if not names:
        return False
    texts = {name: (clone.folder / name).read_bytes() for name in names}
    last = max(names, key=lambda name: json.loads(texts[name])["seq"])
    report = json.loads(texts[last])
    report["seq"] += 1
    report["previous"] = {"path": last, "sha256": hashlib.sha256(texts[last]).hexdigest()}
    told = {"since": report["started_at"], "held_at": report["revision"]}
    report["kept"] = [*report["kept"], {**row, **told}] if row else []
    new = last.rsplit("-", 1)[0] + f"-{report['seq']:08x}.json"
    (clone.folder / new).write_text(json.dumps(report, indent=2) + "\n")
    plan, same = (clone.folder / name.replace(".json", ".plan.json.gz") for name in (last, new))
    same.write_bytes(plan.read_bytes())
    clone.git("add", "-A")
    clone.git("commit", "-qm", "a report")
    clone.git("push", "-q", "origin", f"HEAD:{BRANCH}")
    return True
