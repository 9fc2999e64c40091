"""A compiled rule knows which sections it reads, and whether the clock alone can move its answer."""

from __future__ import annotations

from typing import Any

import pytest

from collector.compiled import compile_rule
from collector.model import Rule

TEXTS = {"zh": "x", "en": "x"}
OF_ROWS = {"each": ("cert", "ci.certificates", "cert.fingerprint")}


def rule(expr: str, **more: Any) -> Rule:
    return Rule("T-1", frozenset({"server"}), expr, TEXTS, TEXTS, **more)


@pytest.mark.parametrize(
    ("written", "reads_time"),
    [
        (rule("ci.ntp.synchronised"), False),
        (rule("ci.ntp.synchronised", hold_ms=1), False),
        (rule("rate(port, 'index', '15m') > 1", each=("port", "ci.interfaces", "port.name")), True),
        (rule("now - ci.agent.last_seen > duration('1m')"), True),
        (rule("days_until(cert.not_after) < 3", **OF_ROWS), True),
        (rule("true", where="days_until(cert.not_after) < 3", **OF_ROWS), True),
        (rule("cert.path == ''", **OF_ROWS), False),
    ],
)
def test_a_rule_knows_whether_time_alone_can_move_it(written: Rule, reads_time: bool) -> None:
    assert compile_rule(written).reads_time is reads_time


def test_a_rule_knows_every_section_any_of_its_expressions_reads() -> None:
    compiled = compile_rule(
        rule("cert.path == ci.os.name", match="has(ci.ntp.service)", where="ci.cpu.cores > 1", **OF_ROWS),
        recover="ci.memory.total_bytes > 1",
        levels=[("size(ci.disks) > 1", "critical")],
    )
    assert compiled.sections == {"certificates", "os", "ntp", "cpu", "memory", "disks"}


def test_the_rows_a_rule_is_about_are_chosen_in_one_go_unless_an_expression_cannot_say_so() -> None:
    chosen = compile_rule(rule("true", where="cert.path != ''", **OF_ROWS)).chosen
    rows = [{"path": "", "fingerprint": "a"}, {"path": "/x", "fingerprint": "b"}]
    assert chosen is not None
    assert chosen.plainly({"ci": {"certificates": rows}}) == rows[1:]
    assert chosen.plainly({"ci": {"certificates": [*rows, {"fingerprint": "c"}]}}) is None, "somebody must look closer"
    assert compile_rule(rule("true", **OF_ROWS)).chosen is None
    deep = "cert.names.exists(name, cert.names.exists(other, name == other))"
    assert compile_rule(rule("true", where=deep, **OF_ROWS)).chosen is None
