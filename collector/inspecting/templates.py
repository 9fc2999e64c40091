"""Plans that are shipped: `rules/plans/*.yaml`, one a file. Who does it is said when one is made a plan.

A file is a plan as it is kept, but for its spans, which people write as `ahead: 30m` and `due: 4h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from collector.inspecting import schedule, scope
from collector.inspecting.plan import BadPlan, Plan, of_values
from collector.language.times import duration
from collector.yamlfile import BadFile, Entry, read

NOBODY: Final = "-"
"""Stands for the assignee until there is one."""
MAX_TEMPLATES: Final = 200
_SPANS: Final = ("ahead", "due")


def load(folder: Path) -> Mapping[str, Plan]:
    """Return name → plan of every `*.yaml` in `folder`, none where there is no folder; raise `BadFile`."""
    files = sorted(folder.glob("*.yaml"))
    if len(files) > MAX_TEMPLATES:
        raise BadFile(f"{folder}: {len(files)} templates, at most {MAX_TEMPLATES} expected")
    return {file.stem: _template(file) for file in files}


def _template(file: Path) -> Plan:
    entry = read(file)
    try:
        values = {**_plain(entry), "schedule": _schedule(entry.entry("schedule"))}
        plan = of_values({**values, "assignee": NOBODY, "template": file.stem})
        schedule.check(plan.schedule)
        scope.compiled(plan.scope)
    except BadPlan as error:
        raise entry.bad(str(error), error.field.partition(".")[0].partition("[")[0]) from error
    return plan


def _schedule(entry: Entry) -> dict[str, Any]:
    """Return the schedule with its spans in ms."""
    spans = {f"{name}_ms": _span(entry, name) for name in _SPANS if name in entry}
    return {name: value for name, value in entry.items() if name not in _SPANS} | spans


def _span(entry: Entry, name: str) -> int:
    span = duration(entry.text(name))
    if not isinstance(span, timedelta) or span < timedelta():
        raise entry.bad("a span such as 30m or 4h expected", name)
    return span // timedelta(milliseconds=1)


def _plain(value: Any) -> Any:
    if isinstance(value, Entry):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
