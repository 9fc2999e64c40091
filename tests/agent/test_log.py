"""Log lines are JSON objects, one a line, whatever is in them."""

from __future__ import annotations

import json
import logging
import sys

from agent.log import JsonLines


def line(message: str, **extra: object) -> dict[str, object]:
    record = logging.getLogger("agent.x").makeRecord("agent.x", 30, "f", 1, message, (), None, extra=extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_says_when_how_grave_who_and_what() -> None:
    found = line("it broke", section="os")
    assert {name: found[name] for name in ("level", "by", "says", "section")} == {
        "level": "warning", "by": "agent.x", "says": "it broke", "section": "os"
    }  # fmt: skip
    assert str(found["at"]).endswith("+00:00")


def test_line_breaks_and_odd_values_stay_inside_the_line() -> None:
    assert line("two\nlines", path=object)["says"] == "two\nlines"


def test_an_exception_is_part_of_its_line() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        record = logging.makeLogRecord({"msg": "it broke", "exc_info": sys.exc_info()})
    assert "ValueError: why" in json.loads(JsonLines().format(record))["trace"]
