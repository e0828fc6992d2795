"""A registry's snapshots, all the way to CXone: the plan takes off exactly what the tool released."""

import random

from tests.commands.editing.test_snapshot_command import TO, flat

OPTIONS = (*TO, "--snapshot", "--retrieved-at")


def test_the_plan_takes_off_exactly_what_is_gone(project):
    project.configure(lambda c: c["safety"].update(maxRemovals=1000, maxRemovalPercent=100))
    project.tenant(removal="delete")
    company = {"phone": "+12125550100", "reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "NEVER"}
    project.list(company, name="company", list_id="dnc-list-01")
    take(project, flat(("212", 100), ("213", 100), ("214", 100)), "2026-10-20")
    project.apply()
    drawn = random.Random(3).sample([f"212,55501{n:02d}" for n in range(1, 100)], 1)
    gone = ("212,5550100", *drawn)
    take(project, flat(("212", 100), ("213", 90), ("215", 2), without=gone), "2026-11-20")
    plan = project.plan("--detailed-exitcode", code=3).json
    changes = {(c["action"], c["reason"]): c["phones"] for c in plan["changes"]}
    assert changes == {
        ("create", "declared"): ["+12155550100", "+12155550101"],
        ("delete", "released"): [f"+1{drawn[0].replace(',', '')}"],
    }
    assert plan["summary"]["blocked"] == 0
    project.apply()
    assert "no drift" in project.run("drift").out  # but an alarm: area code 213 is stale
    assert project.plan().json["summary"]["unchanged"] == 301


def take(project, table, at, code=0):
    project.write("../all.txt", table)
    done = project.run("import", "../all.txt", *OPTIONS, at)
    assert done.code == code, done.err
    project.commit()


def test_rows_that_a_stray_quote_swallows_do_not_come_off(project):
    """A68: from the registry's file to CXone, with removal: delete, and the repaired file."""
    project.configure(lambda c: c["safety"].update(maxRemovals=1000, maxRemovalPercent=100))
    project.tenant(removal="delete")
    rows = [f"212555{100 + n:04d},ok" for n in range(100)]
    rows += [f"213555{100 + n:04d},ok" for n in range(100)]
    take(project, "\n".join(["Phone,Note", *rows, ""]), "2026-10-20")
    project.apply()
    live = project.live()
    assert len(live) == 200
    quoted = ["2025550100,ok", *rows[:198], rows[198].replace("ok", '"see file'), rows[199], "2145550100,ok"]
    take(project, "\n".join(["Phone,Note", *quoted, ""]), "2026-11-20", code=8)
    assert "REGISTRY_REMOVED" not in project.git("grep", "-h", "reason", "HEAD")
    assert project.plan().json["summary"]["delete"] == 0
    project.apply()
    assert project.live().keys() == live.keys() | {"+12025550100", "+12145550100"}
    repaired = ["2025550100,ok", *rows, "2145550100,ok"]
    take(project, "\n".join(["Phone,Note", *repaired, ""]), "2026-11-20")
    project.apply()
    assert project.live().keys() == live.keys() | {"+12025550100", "+12145550100"}
