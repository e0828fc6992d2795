"""A registry's snapshots, all the way to CXone: the plan takes off exactly what the tool released."""

import random

from tests.editing.test_snapshot_command import TO, flat

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


def take(project, table, at):
    project.write("../all.txt", table)
    done = project.run("import", "../all.txt", *OPTIONS, at)
    assert done.code == 0, done.err
    project.commit()
