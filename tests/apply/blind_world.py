"""A world in which a run may have to do without a reading."""

from reconciler.apply.applier import Applier
from reconciler.apply.blind import UNREAD, carry_out_blind
from reconciler.apply.run import Run
from reconciler.model.claims import Key
from reconciler.model.errors import Unread
from reconciler.model.live import Live
from reconciler.planning import plan as planning
from reconciler.planning.change import BlockedBy
from reconciler.planning.guards import Circumstances, Limits
from reconciler.planning.plan import Plan
from tests.laws.world import World


class BlindWorld(World):
    """`run_blind` is one `dnc apply` where signing in works and live cannot be read."""

    def run_blind(self, error: Unread, *, chunk_size: int = 2) -> Run:
        started = self.clock.tick()
        setting = self.setting(Limits(removable=True))

        def decide(
            live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: frozenset[Key]
        ) -> Plan:
            met = Circumstances(refused=refused, hold_back=hold_back, arrived=True, wrote=wrote)
            return planning.make_plan(setting, live, met)

        plan = planning.make_plan(setting, UNREAD)
        applier = Applier(self.cxone, chunk_size=chunk_size, concurrency=1)
        run = carry_out_blind(plan, applier, dialect=self.cxone.dialect, decide=decide, error=error)
        self.runs.append(run)
        self.reports.append(self._report(run, setting, started))
        self.clock.tick()
        return run
