"""The data listener's calls, for an agent that has been authorised: check-in, report, renew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from collector.config import Settings
from collector.ingest import clean
from collector.intake import Intake
from collector.listeners.limits import Admission, Buckets
from collector.listeners.refusal import invalid
from collector.listeners.registry import AgentRegistry
from collector.listeners.zones import Zones
from collector.security import certificates
from collector.security.ca import Authority
from collector.security.certificates import BadRequest
from collector.store.agents import Standing, Touch
from wire import codec
from wire.observation import CheckIn, Instructions

Wants = Callable[[int], tuple[str, ...]]
"""Agent id → sections the pipeline wants from it in full; asked once an answer."""

CHECK_INS_PER_SECOND, CHECK_IN_BURST = 1.0, 30
RENEWALS_PER_SECOND, RENEWAL_BURST = 0.2, 5
_WHOLE = 2**63 - 1

log = structlog.get_logger(__name__)


class Data:
    """CheckIn, Report, Renew. Each takes and returns wire bytes; raises `Refused`, `Undecodable`, `StoreFailed`."""

    def __init__(
        self, settings: Settings, registry: AgentRegistry, authority: Authority, intake: Intake, wants: Wants
    ) -> None:
        self._settings, self._registry, self._authority = settings, registry, authority
        self._intake, self._wants = intake, wants
        self._zones = Zones(registry)
        self.admission = Admission(settings.max_reports, settings.max_pending_bytes)
        self._reports = Buckets(settings.reports_per_minute / 60, settings.reports_per_minute)
        # Check-ins have a lane of their own: a flood of reports must not make the estate look silent.
        self._check_ins = Buckets(CHECK_INS_PER_SECOND, CHECK_IN_BURST)
        self._renewals = Buckets(RENEWALS_PER_SECOND, RENEWAL_BURST)

    async def check_in(self, request: bytes, agent: Standing, address: str) -> bytes:
        """Note how the agent is, and tell it what is wanted of it."""
        self._check_ins.take(agent.id)
        now = self._registry.clock()
        self._registry.check_ins.note(_touch(codec.decode_check_in(request), agent, address, now))
        return codec.encode_instructions(
            Instructions(
                server_time_ms=now,
                next_check_in_s=self._settings.check_in_s,
                inventory_interval_s=self._settings.inventory_s,
                want_sections=self._wants(agent.id),
                inventory_now=self._registry.takes_inventory_now(agent.uid),
            )
        )

    async def report(self, request: bytes, agent: Standing, address: str) -> bytes:
        """Take observations; the answer is sent after they are on disk."""
        self._reports.take(agent.id)
        with self.admission.enter(len(request)):
            report = codec.decode_report(request)
            refused = await self._zones.refused(agent, report, address)
            acknowledgement = await self._intake.take(agent.id, report, refused)
        return codec.encode_acknowledgement(replace(acknowledgement, want_sections=self._wants(agent.id)))

    async def renew(self, request: bytes, agent: Standing, address: str) -> bytes:
        """Give the agent a leaf for a new key; the one it came with stays good until the new one is used."""
        self._renewals.take(agent.id)
        try:
            key = certificates.requested_key(codec.decode_renew(request))
        except BadRequest as error:
            raise invalid(str(error)) from error
        leaf = self._authority.issue(key, agent.uid, self._registry.clock(), leaf_ms(self._settings))
        await self._registry.offer(agent, leaf.serial, leaf.valid_to)
        log.info("certificate renewed", agent=agent.uid, until=leaf.valid_to)
        return codec.encode_renewed(leaf.chain)


def leaf_ms(settings: Settings) -> int:
    """Return the life of an agent's certificate in milliseconds."""
    return int(settings.leaf_hours * 3_600_000)


def _touch(said: CheckIn, agent: Standing, address: str, now: int) -> Touch:
    # Whole numbers on the wire go up to 2⁶⁴; the database's stop at 2⁶³.
    return Touch(
        agent_id=agent.id, last_seen=now, hostname=clean(said.hostname), version=clean(said.agent_version),
        address=address, clock_offset_ms=max(-_WHOLE, min(_WHOLE, said.sent_at_ms - now)),
        spool_depth=min(said.spool_depth, _WHOLE), dropped_total=min(said.dropped_total, _WHOLE),
        rss_bytes=min(said.rss_bytes, _WHOLE), cpu_ms=min(said.cpu_ms, _WHOLE),
        failing_sections=tuple(clean(name) for name in said.failing_sections),
        heard={clean(name): min(number, _WHOLE) for name, number in said.heard.items()},
    )  # fmt: skip
