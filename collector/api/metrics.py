"""`/metrics` (this collector) and `/metrics/estate` (what agents measured), in Prometheus' text format."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from collector.api import estate_metrics
from collector.api.access import requires
from collector.api.context import Context, context_of
from collector.api.release import VERSION
from collector.security.roles import Permission
from collector.services import statistics
from collector.services.agents import silent_before
from collector.services.statistics import Pipeline, Statistics
from collector.services.sweeps.figures import SweepFigures, Swept
from collector.services.sweeps.lateness import ProbeFigures
from collector.severity import SEVERITIES

router = APIRouter(
    include_in_schema=False, dependencies=[requires(Permission.METRICS_READ, loopback=True)], prefix="/metrics"
)

_AGENT_STATES = ("active", "silent", "banned", "retired")
_SWEEP_STATES = ("waiting", "running", "done", "cancelled", "failed")
_ALERT_STATES = ("pending", "firing", "recovering")
_OUTCOMES = ("PASS", "PROBLEM", "UNKNOWN", "ERROR")


_COVERAGE = {"targets": "Targets", "alive": "Targets that answered", "identified": "Targets that were identified"}


class _Snapshot(Collector):
    """Metrics that were gathered before; the client library only writes them down."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


@router.get("", operation_id="metrics")
async def own(request: Request) -> Response:
    """Tell how this collector is."""
    context = context_of(request)
    now = context.clock()
    gathered = await statistics.gather(context.store, silent_before(context.settings, now), now, context.swept)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Snapshot((*_own(gathered, context.pipeline(), now), *_rules(context))))
    return _text(registry)


@router.get("/estate", operation_id="metricsEstate")
async def estate(request: Request) -> Response:
    """Tell what the agents measured last, one gauge a metric."""
    context = context_of(request)
    async with context.store.read() as connection:
        known, measured = await statistics.estate(connection, context.clock())
    text = await asyncio.to_thread(estate_metrics.text, known, measured)  # a large estate takes seconds
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _text(registry: CollectorRegistry) -> Response:
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _own(figures: Statistics, pipeline: Pipeline, now: int) -> Iterator[Metric]:
    build = InfoMetricFamily("muster_build", "Version of this collector.")
    build.add_metric([], {"version": VERSION})
    yield build
    yield _counted("muster_agents", "Agents by state.", ("state",), _filled(figures.agents, _AGENT_STATES))
    yield _counted("muster_cis", "CIs by class, type and state.", ("class", "type", "state"), figures.cis)
    yield from _pipeline(figures, pipeline, now)
    unread = {(name, status.name.lower()): n for (name, status), n in figures.sections.items() if not status.speaks}
    yield _counted("muster_section_failures", "CIs whose section could not be read.", ("section", "status"), unread)
    failing = {(name,): n for name, n in figures.failing.items()}
    yield _counted("muster_section_failing_agents", "Active agents that cannot read a section.", ("section",), failing)
    yield GaugeMetricFamily("muster_store_bytes", "Size of the database on disk.", figures.store_bytes)
    heard = CounterMetricFamily(
        "muster_receiver_heard", "Notifications and lines a probe has heard, and what it has not, by cause.",
        labels=["agent", "what"],
    )  # fmt: skip
    for labels, number in figures.heard.items():
        heard.add_metric(list(labels), number)
    yield heard
    yield from _outbox(figures, now)
    yield from _desk(figures)
    yield from _sweeps(figures.sweeps)
    severities = _filled(figures.incidents, SEVERITIES)
    yield _counted("muster_incidents_open", "Incidents that are not resolved.", ("severity",), severities)
    verdicts = _filled(figures.findings, ("unapproved",))
    yield _counted("muster_findings_open", "Findings that wait for an answer.", ("verdict",), verdicts)
    owed = "Changes of which nobody saw something within a day of the work."
    yield GaugeMetricFamily("muster_changes_unverified", owed, figures.unverified)


def _pipeline(figures: Statistics, pipeline: Pipeline, now: int) -> Iterator[Metric]:
    seen = CounterMetricFamily(
        "muster_observations", "Observations since start, by what became of them.", labels=["result"]
    )
    for result in ("applied", "rejected", "parked", "refused"):
        seen.add_metric([result], getattr(pipeline, result))
    yield seen
    waited = now - figures.backlog.oldest_at if figures.backlog.pending else pipeline.lag_ms
    yield GaugeMetricFamily(
        "muster_ingest_lag_seconds", "Age of the observation applied next or last.", max(0, waited) / 1000
    )
    pending = figures.backlog.pending
    yield GaugeMetricFamily("muster_pipeline_pending_observations", "Observations on disk, not yet applied.", pending)
    yield GaugeMetricFamily("muster_pipeline_up", "Whether the pipeline runs.", int(pipeline.alive))


def _outbox(figures: Statistics, now: int) -> Iterator[Metric]:
    waiting = {("waiting",): figures.outbox.waiting, ("dead",): figures.outbox.dead}
    yield _counted("muster_outbox_messages", "Messages not delivered.", ("state",), waiting)
    waited = now - figures.outbox.oldest_at if figures.outbox.waiting else 0
    yield GaugeMetricFamily("muster_outbox_lag_seconds", "Age of the oldest message that waits.", max(0, waited) / 1000)
    works = {(name,): int(is_well) for name, is_well in figures.channels.items()}
    yield _counted("muster_channel_up", "Whether something gets through a channel.", ("channel",), works)


def _desk(figures: Statistics) -> Iterator[Metric]:
    desk = figures.desk
    states = {(state, held): 0 for state in _ALERT_STATES for held in ("false", "true")}
    yield _counted("muster_alerts", "Alerts that are not ok.", ("state", "suppressed"), {**states, **desk.alerts})
    outcomes = _filled(desk.outcomes, _OUTCOMES)
    yield _counted("muster_rule_results", "Present results of all rules on all CIs.", ("outcome",), outcomes)
    by = ("priority", "line", "source", "state")
    yield _counted("muster_incidents", "Incidents that are not resolved, as the desk has them.", by, desk.incidents)
    late = {(clock,): number for clock, number in desk.late.items()}
    yield _counted("muster_incidents_overdue", "Open incidents past the end of a clock.", ("clock",), late)
    named = ("channel", "state")
    yield _counted("muster_channel_messages", "Messages of a channel not delivered.", named, desk.messages)


def _rules(context: Context) -> Iterator[Metric]:
    """Yield what the rules have cost since start; one that never ran has no sample."""
    used = context.rule_meter.used
    yield GaugeMetricFamily("muster_rules", "Rules that are loaded.", len(context.rulebook.rules))
    for name, text, value in (
        ("muster_rule_evaluations", "Runs of a rule on a CI.", "evaluations"),
        ("muster_rule_evaluation_seconds", "Time all runs of a rule took.", "seconds"),
        ("muster_rule_errors", "Runs of a rule that ended in ERROR.", "errors"),
    ):
        family = CounterMetricFamily(name, text, labels=["rule"])
        for rule, each in used.items():
            family.add_metric([rule], getattr(each, value))
        yield family


def _sweeps(figures: SweepFigures) -> Iterator[Metric]:
    yield _counted("muster_sweeps", "Sweeps by state.", ("state",), _filled(figures.states, _SWEEP_STATES))
    ended = GaugeMetricFamily(
        "muster_sweep_ended_timestamp_seconds", "When the last sweep of a plan ended.", labels=["plan"]
    )
    for each in figures.last:
        ended.add_metric([each.plan], each.ended_at / 1000)
    yield ended
    for name, text in _COVERAGE.items():
        counts = {(each.plan, one.subnet): getattr(one, name) for each in figures.last for one in each.subnets}
        yield _counted(f"muster_sweep_{name}", f"{text} in the last sweep of a plan.", ("plan", "subnet"), counts)
    yield _failed(figures.last)
    yield from _probes(figures.probes)


def _probes(probes: Iterable[ProbeFigures]) -> Iterator[Metric]:
    late = GaugeMetricFamily(
        "muster_watch_delay_seconds", "How late the latest watch of a zone began, or is by now.",
        labels=["agent", "host", "zone"],
    )  # fmt: skip
    queues = GaugeMetricFamily(
        "muster_probe_sweeps", "Sweeps of a probe, and those that wait for one in its zones.",
        labels=["agent", "host", "lane", "state"],
    )  # fmt: skip
    for each in probes:
        for zone, delay_ms in each.delays.items():
            late.add_metric([each.agent, each.host, zone], delay_ms / 1000)
        for labels, number in each.sweeps.items():
            queues.add_metric([each.agent, each.host, *labels], number)
    yield late
    yield queues


def _failed(last: Iterable[Swept]) -> Metric:
    counts = {
        (each.plan, one.subnet, cause): number
        for each in last for one in each.subnets for cause, number in one.failed.items()
    }  # fmt: skip
    text = "Targets the last sweep of a plan did not get to the end with, by cause."
    return _counted("muster_sweep_failed_targets", text, ("plan", "subnet", "cause"), counts)


def _filled(counts: Mapping[str, int], known: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """Zero is a figure too: every known state has a sample."""
    return {(name,): counts.get(name, 0) for name in (*known, *sorted(counts.keys() - set(known)))}


def _counted(name: str, text: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in counts.items():
        family.add_metric([str(each) for each in values], number)
    return family
