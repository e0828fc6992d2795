"""One history: merge requests, agents' acts, days, faults, deaths and races, drawn from a seed."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from reconciler.sandbox.faults import RequestKind
from reconciler.sandbox.request_log import LoggedRequest
from script.soaking import tricks
from script.soaking.oracle import Claim, Files, Key, Oracle, Owed, Release, Versions
from script.soaking.victim import AHEAD
from tests.resilience.faults.cases import FAULTS, LIES
from tests.support.project import BRANCH, ROOT, Project, making
from tests.support.victim import Moments

LISTS = ("dnc-list-01", "dnc-list-02")
PHONES = tuple(f"+1212555{n:04d}" for n in range(100, 114))
STEADY = PHONES[:3]  # claimed from first to last: no list is ever emptied
STRANGERS = tuple(f"+1212555{n:04d}" for n in range(190, 194))  # only agents know them
LONGEST = 120  # seconds that a process may take
# A lie cannot be told from the truth, a time-out takes its time, and so does what CXone asks us to wait for.
TOLD = sorted(n for n in FAULTS if n not in LIES and "time-out" not in n and not FAULTS[n].retry_after)
KILLED = -9  # as a shell has it
SURE = {0, 6}  # exit codes by which every protective change arrived, and a report was written
RUNS = {"clean": 4, "faulted": 6, "killed": 2, "race": 1, "stale": 1}


class Broken(AssertionError):
    """What was promised does not hold."""


@dataclass
class Story:
    """Plays one history in a repository of its own. `told` says what happened, step by step."""

    project: Project
    seed: int
    figures: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    oracle: Oracle = field(default_factory=Oracle)
    files: Files = field(default_factory=Files)
    older: Files = field(default_factory=Files)  # at the commit before
    exposed: list[str] = field(default_factory=list)
    hidden: bool = False  # a release that only a checkout shows
    below: str = ""  # the folder in which the lists are

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.merged = [self.project.head]
        self.moments = Moments(self.project)
        self.seen = self.before = self.live
        note = self.project.sandbox.requests.note

        def answered(asked: LoggedRequest) -> None:
            note(asked)
            self.figures["requests"] += 1
            self.watch()

        self.project.sandbox.requests.note = answered

    # What can be seen.

    @property
    def live(self) -> Versions:
        return {(e.list_id, e.phone): e.modified for e in self.project.sandbox.entries()}

    @property
    def as_of(self) -> date:
        return (self.project.clock() - timedelta(hours=12)).date()

    def watch(self) -> None:
        """Look at what the last request took off: nobody who is owed may be gone."""
        now = self.live
        for key in self.seen.keys() - now.keys():
            self.figures["taken off"] += 1
            if self.oracle.owed(key, self.files, self.as_of, self.seen) is Owed.ON:
                self.exposed.append(f"{key} came off, and is owed")
        self.seen = now

    # The history.

    def play(self, rounds: int) -> None:
        self.edit(
            {(list_id, phone): Claim("CUSTOMER_REQUESTED") for list_id in LISTS for phone in STEADY}, {}
        )
        for _ in range(rounds):
            self.act()
            if self.happens(0.4):
                self.days(self.chance.choice([1, 1, 2, 9, 40]))
            if self.happens(0.85):
                self.change()
            if self.happens(0.25):
                self.trick()
            self.run(self.chance.choices(list(RUNS), RUNS.values())[0])
            if self.exposed:
                raise Broken("; ".join(self.exposed))
        self.come_to_rest()

    def happens(self, often: float) -> bool:
        return self.chance.random() < often

    def days(self, number: int) -> None:
        self.project.clock.move(days=number)
        self.told.append(f"{number} days pass")

    def change(self) -> None:
        """Merge a merge request of a few edits."""
        claims, releases = dict(self.files.claims), dict(self.files.releases)
        for _ in range(self.chance.randint(1, 4)):
            released = [key for key in releases if key not in claims or self.happens(0.5)]
            anywhere = (self.chance.choice(LISTS), self.chance.choice(PHONES[3:]))
            key = self.chance.choice(released) if released and self.happens(0.4) else anywhere
            there = claims.get(key)
            if there is None or self.happens(0.2):
                claims[key] = self.claim(there)
                self.told.append(f"put {key} {claims[key]}")
                continue
            deed = self.chance.choice(["cut", "cut", "release", "release", "misfit", "early"])
            if deed != "cut":
                self.figures["releases"] += 1
                evidence = f"FORM-{self.figures['releases']}"
                permission = Release(evidence, self.project.clock().date(), fits=deed != "misfit")
                releases[key] = (*releases.get(key, ()), permission)
            if deed != "early":
                del claims[key]
            self.told.append(f"{deed} {key}")
        self.edit(claims, releases)

    def trick(self) -> None:
        """Let somebody hide a release, move lists into folders of tools, or append a report."""
        deed = self.chance.choice(["hide", "folder", "report", "report"])
        list_id, phone = self.chance.choice(LISTS), self.chance.choice(PHONES)
        self.told.append(f"trick: {deed} {list_id} {phone}")
        self.figures[f"trick: {deed}"] += 1
        if deed == "hide":
            tricks.hide_release(self.project, list_id, phone, self.project.clock().date().isoformat())
            self.hidden = True
            self.merged.append(self.project.head)
        elif deed == "folder":
            self.below = self.chance.choice(["", "node_modules/", "__pycache__/"])
            self.edit(dict(self.files.claims), dict(self.files.releases))
        else:
            row = tricks.kept_row(list_id, f"dnc-lists/{self.below}{list_id}.yaml", phone)
            self.figures["clones"] += 1
            there = self.project.git("ls-remote", "origin", f"refs/heads/{BRANCH}")
            if there and self.oracle.forged is False:
                clone = self.project.clone(f"clone{self.figures['clones']}", "-b", BRANCH)
                self.oracle.forged = tricks.append_report(clone, row if self.happens(0.6) else None)

    def claim(self, there: Claim | None) -> Claim:
        """Draw a line's terms: never weaker than before, since that would be another release's matter."""
        if there is not None:
            return replace(there, end=None)
        kind = self.chance.choice(["never", "dated", "dated", "local"])
        if kind == "dated":
            return Claim("COMPANY_POLICY", self.as_of + timedelta(days=self.chance.randint(1, 50)))
        return Claim("CUSTOMER_REQUESTED" if kind == "never" else "LOCAL")

    def edit(self, claims: dict[Key, Claim], releases: dict[Key, tuple[Release, ...]]) -> None:
        self.older, self.files = self.files, Files(claims, releases)
        if self.hidden:  # what is hidden keeps everything that would come off, so it does not stay for long
            tricks.show_release(self.project)
            self.hidden = False
        for old in (self.project.folder / "dnc-lists").rglob("dnc-list-*.yaml"):
            old.unlink()
        for list_id in LISTS:
            content = {
                "listId": list_id,
                "entries": [_entry(key[1], c) for key, c in sorted(claims.items()) if key[0] == list_id],
                "releases": [
                    _release(key[1], r) for key, all_ in releases.items() if key[0] == list_id for r in all_
                ],
            }
            kept = {name: value for name, value in content.items() if value}
            self.project.write(f"dnc-lists/{self.below}{list_id}.yaml", json.dumps(kept, indent=1))
        self.merged.append(self.project.commit())
        self.figures["merge requests"] += 1

    def act(self) -> None:
        """Let agents do something in CXone."""
        for _ in range(self.chance.choice([0, 0, 1, 1, 2])):
            key = (self.chance.choice(LISTS), self.chance.choice([*PHONES, *STRANGERS]))
            list_id, phone = key
            deed = "add" if key not in self.live else self.chance.choice(["modify", "remove"])
            if phone in STRANGERS and deed == "remove":
                continue
            there = next((e for e in self.project.sandbox.entries() if (e.list_id, e.phone) == key), None)
            reason, policy = (
                (there.reason_code, there.expiration_policy) if there else ("CUSTOMER_REQUESTED", "NEVER")
            )
            self.project.agent(deed, phone, reason, policy, list_id=list_id)
            if deed != "remove":
                self.oracle.touched(key, self.project.clock(), version=self.live[key], added=deed == "add")
            self.figures["agents' acts"] += 1
            self.told.append(f"an agent: {deed} {key}")
        self.seen = self.live

    # The runs.

    def run(self, how: str) -> None:
        self.told.append(f"apply: {how}")
        self.figures["applies"] += 1
        self.before = self.live
        getattr(self, f"_{how}")()
        self.project.sandbox.faults.clear()

    def _clean(self) -> None:
        self.ended(self.project.run("apply", "--format", "json").code, among=SURE)

    def _faulted(self) -> None:
        faults = [
            replace(
                FAULTS[self.chance.choice(TOLD)],
                on=self.chance.choice([*RequestKind, None]),
                skip=self.chance.randint(0, 8),
                times=self.chance.choice([1, 1, 2, 3, 9, None]),
            )
            for _ in range(self.chance.randint(1, 4))
        ]
        self.told.append(f"faults: {[(f.action.value, f.status, f.on, f.skip, f.times) for f in faults]}")
        self.figures["faults"] += len(faults)
        self.project.sandbox.plan(*faults)
        self.ended(self.project.run("apply", "--format", "json").code, among={*SURE, 5, 8})

    def _killed(self) -> None:
        process = self.process(self.project)
        at = self.chance.randrange(2, 16)
        self.moments.reset(at, process.kill)
        code = _over(process)
        self.moments.reset(-1, lambda: None)
        self.figures["kills"] += code == KILLED
        self.told.append(f"killed at moment {at}: {code}")
        self.ended(code, among={*SURE, KILLED})

    def _race(self) -> None:
        """Two pipelines of one commit at once."""
        self.figures["races"] += 1
        other = self.other(self.merged[-1])
        codes = [_over(process) for process in [self.process(self.project), self.process(other)]]
        self.told.append(f"ended with {codes}")
        for code in codes:
            if code not in {*SURE, 7, 8}:
                raise Broken(f"a race ended with {code}")
        # What either did may be written down by either, so only what both must have done is sure.
        self.ended(8, among={8})

    def _stale(self) -> None:
        """A pipeline of the commit before, after the newer one was merged."""
        self.figures["stale runs"] += 1
        code = self.other(self.merged[-2]).run("apply", "--format", "json").code
        self.told.append(f"ended with {code}")
        if code not in {*SURE, 7, 8}:
            raise Broken(f"an older commit's run ended with {code}")
        self.doubt()
        self.oracle.attempted(self.older, self.as_of, self.live, self.project.clock(), sure=False)

    def ended(self, code: int, *, among: set[int]) -> None:
        """Check what a run must have done, and tell the oracle."""
        if code not in among:
            raise Broken(f"a run ended with {code}")
        self.figures[f"exit {code}"] += 1
        sure = code in SURE
        if not sure:
            self.doubt()
        self.oracle.attempted(self.files, self.as_of, self.live, self.project.clock(), sure=sure)
        if sure:
            self.compare({Owed.ON})

    def doubt(self) -> None:
        """What a run wrote blind, or wrote and never reported, may count as somebody else's opt-out."""
        for key, version in self.live.items():
            if self.before.get(key) != version:
                self.oracle.touched(key, self.project.clock())

    def compare(self, kinds: set[Owed]) -> None:
        """Hold what is live against what is owed."""
        live = self.live
        for key in ((list_id, phone) for list_id in LISTS for phone in (*PHONES, *STRANGERS)):
            owed = self.oracle.owed(key, self.files, self.as_of, live)
            if (
                owed in kinds
                and owed is not (Owed.ON if key in live else Owed.OFF)
                and owed is not Owed.EITHER
            ):
                raise Broken(f"{key} is owed {owed}, and {'live' if key in live else 'not live'}")

    def come_to_rest(self) -> None:
        """No faults any more, and the budgets of the last week free: one clean run or two, and all is so."""
        self.project.sandbox.faults.clear()
        self.edit(dict(self.files.claims), dict(self.files.releases))
        self.days(8)
        for _ in range(2):
            self.figures["applies"] += 1
            code = self.project.run("apply", "--format", "json").code
            self.ended(code, among=SURE)
        plan = self.project.run("plan", "--format", "json", "--detailed-exitcode")
        counts = plan.json["summary"]
        if any(counts[name] for name in ("create", "update", "delete")):
            raise Broken(f"not in sync: {counts}")
        self.compare(set(Owed))
        if self.exposed:
            raise Broken("; ".join(self.exposed))
        verified = self.project.run("audit", "verify")
        if verified.code:
            raise Broken(f"the chain does not verify: {verified.err}")

    # Processes.

    def process(self, project: Project) -> subprocess.Popen[str]:
        ahead = (self.project.clock() - datetime.now(UTC)).total_seconds()
        with (self.project.folder.parent / "stderr").open("a") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "script.soaking.victim", "apply", "--format", "json"],
                cwd=project.folder,
                env={**project.environment(), "PYTHONPATH": str(ROOT), AHEAD: str(ahead)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                text=True,
            )

    def other(self, revision: str) -> Project:
        """Clone the origin once more, at that commit, as a pipeline's job does."""
        self.figures["clones"] += 1
        made = self.project.clone(f"clone{self.figures['clones']}")
        made.git("checkout", "-q", revision)
        return made


def _over(process: subprocess.Popen[str]) -> int:
    try:
        return process.wait(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Broken(f"still running after {LONGEST} s") from None


def _entry(phone: str, claim: Claim) -> dict[str, str]:
    terms = {"phone": phone, "reasonCode": claim.reason, "expirationPolicy": "NEVER"}
    if claim.end is not None:
        terms |= {"expirationPolicy": "ABSOLUTE", "expirationDate": claim.end.isoformat()}
    return terms


def _release(phone: str, release: Release) -> dict[str, str]:
    reason = "CONSENT_GIVEN" if release.fits else "REGISTRY_REMOVED"
    return {
        "phone": phone,
        "releasedOn": release.on.isoformat(),
        "reason": reason,
        "evidence": release.evidence,
    }


def _last_words(file: Path) -> list[str]:
    return file.read_text().splitlines()[-20:] if file.exists() else []


def play(seed: int, rounds: int) -> tuple[Counter[str], str]:
    """Play one history; give its figures, and what went wrong: empty if nothing did."""
    with tempfile.TemporaryDirectory(prefix="dnc-soak-") as folder, making(Path(folder)) as project:
        project.configure(
            lambda c: (
                c.update(safety={"maxRemovals": 500, "maxRemovalPercent": 100}),
                c["tenants"]["production"].update(chunkSize=3, concurrency=2),
            )
        )
        story = Story(project, seed)
        try:
            story.play(rounds)
        except (AssertionError, ValueError, KeyError) as error:
            steps = "\n    ".join([*story.told, *_last_words(Path(folder) / "stderr")])
            return story.figures, f"{type(error).__name__}: {str(error)[:2000]}\n    {steps}"
    return story.figures, ""
