"""`/api/v1/rules/health` and `/rules/backtests`: how rules do, and what one would have come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request

from collector import rulebook
from collector.api import asking, rule_shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.shapes import CiName, instant
from collector.security.roles import Permission
from collector.services import rule_backtest, rule_health
from collector.services.refused import Refused
from collector.services.rule_backtest import Replayed
from collector.services.rule_health import Health
from collector.yamlfile import MAX_BYTES, BadFile, parse

router = APIRouter(tags=["rules"])
_TOO_LARGE: Final = f"a pack of at most {MAX_BYTES} bytes is expected"
_DAYS: Final = 30


@router.get(
    "/rules/health", operation_id="listRuleHealth", response_model=list[rule_shapes.Health],
    dependencies=[requires(Permission.RULES_READ)],
)  # fmt: skip
async def list_rule_health(request: Request) -> list[rule_shapes.Health]:
    """List how each rule does: on how many CIs nobody supplies what it reads, whether it ever fired, what it costs."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await rule_health.examined(connection, context.rulebook.rules, context.rule_meter)
    return [_health(each) for each in found]


def _health(each: Health) -> rule_shapes.Health:
    return rule_shapes.Health(
        rule=each.rule, dead=each.is_dead, cis=each.cis, blind=dict(each.blind), fired=each.fired, errors=each.errors,
        outcomes=dict(each.outcomes), evaluations=each.used.evaluations, seconds=round(each.used.seconds, 6),
        failures=each.used.errors,
    )  # fmt: skip


@router.post(
    "/rules/backtests", operation_id="backtestRule", response_model=list[rule_shapes.RuleBacktest],
    dependencies=[requires(Permission.RULES_WAIVE)],
)  # fmt: skip
async def backtest_rule(
    request: Request,
    rule: Annotated[asking.Word | None, Query(description="a rule that runs; left out: those of the body")] = None,
    since: Annotated[str | None, Query(max_length=40, description="RFC 3339; left out: 30 days ago")] = None,
) -> list[rule_shapes.RuleBacktest]:
    """Give a past period's facts to a rule that runs, or to those of a pack (YAML) in the body; nothing is written."""
    context = context_of(request)
    now = context.clock()
    start = asking.moment(since, "since")
    some = rule_backtest.chosen(context.rulebook.rules, rule, await _pack(request))
    period = now - _DAYS * rule_backtest.DAY_MS if start is None else start, now
    return [_tested(each) for each in await context.rule_backtests.run(context.store, some, period)]


async def _pack(request: Request) -> rulebook.Rulebook | None:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise Refused(_TOO_LARGE, "pack")
    if not body.strip():
        return None
    try:
        return rulebook.of_packs([parse(body.decode(), Path("pack"))])
    except (BadFile, UnicodeDecodeError) as error:
        raise Refused(str(error)[:500], "pack") from error


def _tested(each: Replayed) -> rule_shapes.RuleBacktest:
    return rule_shapes.RuleBacktest(
        rule=each.rule, start=instant(each.start), end=instant(each.end), cis=each.cis, applies=each.applies,
        unknown=each.unknown, errors=each.errors, opened=each.opened, firing=each.firing, unread=list(each.unread),
        top=[rule_shapes.Counted(ci=CiName.model_validate(ci), opened=opened) for ci, opened in each.top],
    )  # fmt: skip
