"""A world in which a run may have to do without a reading."""

from reconciler.core.apply.run import Run
from reconciler.core.apply.sender import Applier
from reconciler.core.apply.unread_run import UNREAD, carry_out_without_read
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import CxoneUnreadable
from reconciler.core.model.live import Live
from reconciler.core.planning import plan as planning
from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits
from reconciler.core.planning.plan import Plan
from tests.properties.world import World


class BlindWorld(World):
    """`run_blind` is one `dnc apply` where signing in works and live cannot be read."""

    def run_blind(self, error: CxoneUnreadable, *, chunk_size: int = 2) -> Run:
        started = self.clock.tick()
        setting = self.setting(Limits(removable=True))

        def decide(
            live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: frozenset[Key]
        ) -> Plan:
            met = Circumstances(
                refused_phones=refused, general_block=hold_back, protective_sent=True, written_keys=wrote
            )
            return planning.make_plan(setting, live, met)

        plan = planning.make_plan(setting, UNREAD)
        applier = Applier(self.cxone, chunk_size=chunk_size, concurrency=1)
        run = carry_out_without_read(plan, applier, dialect=self.cxone.dialect, decide=decide, error=error)
        self.runs.append(run)
        self.reports.append(self._report(run, setting, started))
        self.clock.tick()
        return run
