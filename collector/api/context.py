"""What the HTTP side is given by whoever starts the collector."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from fastapi import Request

from collector.clock import Clock, now
from collector.config import Settings
from collector.modes import ENFORCED, Modes
from collector.report.needs import Needs
from collector.retirement_policy import Policy as PresencePolicy
from collector.rule_meter import RuleMeter
from collector.rulebook import Rulebook
from collector.security.audit import Actor
from collector.security.ca import Authority
from collector.security.tokens import Terms
from collector.security.vault import Vault
from collector.services.agents import enrol_url
from collector.services.answering import Answering
from collector.services.arrival_rules import Reception
from collector.services.by_hand import ByHand
from collector.services.changes.desk import Desk
from collector.services.decisions import Decider
from collector.services.imports import Importer
from collector.services.inbound.inbox import Inbox
from collector.services.inbound.mapping import Mapped
from collector.services.incidents.desk import ServiceDesk
from collector.services.inspecting.inspector import Inspector
from collector.services.locks import Locker
from collector.services.lookback.backtests import Backtests
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.services.relations import Weigh
from collector.services.rule_backtest import RuleBacktests
from collector.services.statistics import Pipeline
from collector.services.stocktaking.leading import Closer
from collector.services.sweeps.figures import Figures
from collector.services.tickets.office import Office
from collector.services.wiring import Wiring
from collector.store.engine import Store

Mint = Callable[[Terms, Actor], Awaitable[str]]
"""Make an enrolment token on these terms, asked for by somebody; return its text; raise `BadTerms`."""
Ban = Callable[[str, str, Actor], Awaitable[bool]]
"""Ban the agent with this uid for this reason, asked for by somebody; return whether there is one."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything pages and API need beyond the request."""

    settings: Settings
    store: Store
    rulebook: Rulebook
    mint: Mint
    ban: Ban
    pipeline: Callable[[], Pipeline]
    vault: Vault
    authority: Authority
    clock: Clock = now
    hostname: str = field(default_factory=socket.gethostname)
    wiring: Wiring = field(default_factory=Wiring)
    swept: Figures = field(default_factory=Figures)
    registrar: Registrar = field(kw_only=True)
    reception: Reception = field(kw_only=True)
    decider: Decider = field(kw_only=True)
    recorder: Recorder = field(kw_only=True)
    importer: Importer = field(kw_only=True)
    tied: Weigh = field(kw_only=True)
    by_hand: ByHand = field(kw_only=True)
    locker: Locker = field(kw_only=True)
    closer: Closer = field(kw_only=True)
    """What stock-takes end with."""
    inbox: Inbox = field(kw_only=True)
    inbound: Mapping[str, Mapped] = field(default_factory=dict, kw_only=True)
    """How other systems tell of alerts, by the name they are known by here."""
    wake_courier: Callable[[], None] = field(default=lambda: None, kw_only=True)
    """Have the channels looked at: one was changed."""
    changes: Desk = field(default_factory=Desk, kw_only=True)
    service_desk: ServiceDesk = field(default_factory=ServiceDesk, kw_only=True)
    needs: Needs = field(default_factory=Needs, kw_only=True)
    """What data health is measured by."""
    backtests: Backtests = field(default_factory=Backtests, kw_only=True)
    rule_backtests: RuleBacktests = field(default_factory=RuleBacktests, kw_only=True)
    rule_meter: RuleMeter = field(default_factory=RuleMeter, kw_only=True)
    modes: Modes = field(default=ENFORCED, kw_only=True)
    inspector: Inspector = field(default_factory=Inspector, kw_only=True)
    """What periodic maintenance is done with."""
    wake_probes: Callable[[], None] = field(default=lambda: None, kw_only=True)
    """Have the probes that wait look at once: a sweep was asked for, or cancelled."""
    presence: PresencePolicy = field(default_factory=PresencePolicy, kw_only=True)
    """When what nobody finds any more counts as missing."""
    simulated: int = field(default=0, kw_only=True)
    """How many devices of this estate are simulated; 0: none."""

    @property
    def answering(self) -> Answering:
        """Return who answers findings, and has them judged anew as changes have them."""
        return Answering(self.changes.moved, self.service_desk.table)

    @property
    def tickets(self) -> Office:
        """Return who looks at other systems for their changes."""
        return Office(self.store, self.vault, self.changes, self.settings.rules_folder / "tickets.yaml", self.clock)

    enrol_url: str = ""
    """Where agents of other machines reach the enrolment listener; empty: as the settings say."""

    @property
    def where_to_enrol(self) -> str:
        return self.enrol_url or enrol_url(self.settings)


def context_of(request: Request) -> Context:
    return cast(Context, request.app.state.context)
