"""The data the stages work by, read once from the rules folder: attributes, identity, rule packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from collector import governance, identifiers, modes, precedence, retirement_policy, rulebook, workcalendar
from collector.change import telling
from collector.change.telling import SILENT, Telling
from collector.desk import table
from collector.desk.table import BUILT_IN, Table
from collector.governance import Governance
from collector.incident import BY_PATH, Naming
from collector.modes import ENFORCED, Modes
from collector.pipeline.agenda import Agenda
from collector.pipeline.rhythm import Rhythm
from collector.pipeline.terms import Terms
from collector.precedence import Precedences
from collector.report import needs
from collector.report.needs import Needs
from collector.rule_meter import RuleMeter
from collector.rulebook import Rulebook
from collector.services.imports import columns
from collector.services.imports.columns import Columns


@dataclass(frozen=True, slots=True)
class Policies:
    """One consistent set of policies."""

    governance: Governance
    precedence: Precedences
    identity: identifiers.Policy
    rulebook: Rulebook
    columns: Columns
    presence: retirement_policy.Policy
    modes: Modes = ENFORCED
    needs: Needs = field(default_factory=Needs)
    desk: Table = BUILT_IN
    meter: RuleMeter = field(default_factory=RuleMeter)
    """What running the rules costs."""
    telling: Telling = SILENT
    naming: Mapping[str, Naming] = field(default_factory=lambda: BY_PATH)
    """What people call a value, by language."""
    rhythm: Rhythm = field(default_factory=Rhythm)
    """How often each source looks."""
    agenda: Agenda = field(default_factory=Agenda)
    """What is due by the clock; each runner has its own. With `meter` and `rhythm` the only part that moves."""

    @property
    def terms(self) -> Terms:
        """By what things are held against changes."""
        return Terms(self.governance, self.rhythm.margins, self.telling)


def load(folder: Path) -> Policies:
    """Return the policies in `folder`; raise the error of the file that cannot be used, naming it."""
    desk = table.load(folder / "desk.yaml", workcalendar.load(folder / "calendars"))
    return Policies(
        governance.load(folder / "attributes.yaml"),
        precedence.load(folder / "precedence.yaml"),
        identifiers.load(folder / "identity.yaml"),
        rulebook.load(folder / "packs", desk.knows),
        columns.load(folder / "columns.yaml"),
        retirement_policy.load(folder / "presence.yaml"),
        modes.load(folder / "modes.yaml"),
        needs.load(folder / "health.yaml"),
        desk,
        telling=telling.load(folder / "traces.yaml"),
    )
