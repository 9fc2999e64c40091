"""Sweeps: planned and asked for by people, run by the probe of their zone, told target by target."""

from __future__ import annotations

from collector.services.refused import Refused
from collector.services.sweeps.asked import Sweep, again, cancel, one, recent, start
from collector.services.sweeps.clockwork import due, forget, orphaned
from collector.services.sweeps.ledger import Subnet, Target, coverage, targets
from collector.services.sweeps.plans import NewPlan, Plan, change_plan, create_plan, plan, plans, remove_plan
from collector.services.sweeps.probing import Taker, progress, release, take, waits
from collector.services.sweeps.standing import STAGES
from collector.services.sweeps.trial import Trial, trial, trials, try_out

__all__ = [
    "STAGES", "NewPlan", "Plan", "Refused", "Subnet", "Sweep", "Taker", "Target", "Trial", "again", "cancel",
    "change_plan", "coverage", "create_plan", "due", "forget", "one", "orphaned", "plan", "plans", "progress", "recent",
    "release", "remove_plan", "start", "take", "targets", "trial", "trials", "try_out", "waits",
]  # fmt: skip
