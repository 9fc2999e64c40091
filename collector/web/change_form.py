"""The form of a change: what was typed → what is asked for, and back. Lines of a plan are CSV, one a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from collector.change.expected import How
from collector.change.record import Window
from collector.model import Path
from collector.services.changes import expecting
from collector.services.changes.asked import (
    MAX_CIS,
    MAX_LINES,
    MAX_REASON,
    MAX_TEXT,
    MAX_TITLE,
    NAMES,
    Asked,
    AskedLine,
)
from collector.services.changes.seen import Seen
from collector.services.refused import Refused
from collector.store.browse.ref import CiRef
from collector.web import units
from collector.web.forms import Form

COLUMNS: Final = ("line_ci", "line_section", "line_key", "line_field", "line_how", "line_value")
"""Fields of the row that is added to the lines."""
SECTIONS: Final = tuple(sorted(NAMES))
HOWS: Final = tuple(How)
REFUSED: Final[Mapping[str, str]] = {
    "title": "form.required", "reason": "form.required", "implementer": "changes.wrong.implementer",
    "window": "changes.wrong.window",
}  # fmt: skip
TICKED: Final = "add"
"""Field of the CIs that were found and ticked."""
Called = Mapping[str, Sequence[CiRef]]
"""What somebody called CIs → which these are."""


def words(form: Form) -> tuple[str, ...]:
    """Return how the form calls its CIs: those of the request, then those of its lines."""
    rows = [row[0].strip() for row in _rows(form.text("lines"))]
    return tuple(dict.fromkeys([*form.lines("cis"), *filter(None, rows)]))


def read(form: Form, called: Called) -> Asked:
    """Return what `form` asks for; whatever is wrong is marked in it."""
    uids = {word: _uid(form, word, called) for word in words(form)}
    return Asked(
        form.needed("title", MAX_TITLE), form.needed("reason", MAX_REASON), form.needed("implementer", 100),
        tuple(uids[word] for word in form.lines("cis")[:MAX_CIS]), _lines(form, uids), _window(form),
        form.optional("text", MAX_TEXT),
    )  # fmt: skip


def _uid(form: Form, word: str, called: Called) -> str:
    found = called.get(word, ())
    if len(found) != 1:
        form.mark("cis", "changes.wrong.several" if found else "changes.wrong.nobody", called=word[:60])
        return ""
    return found[0].uid


def _window(form: Form) -> Window | None:
    if not form.text("start") and not form.text("end"):
        return None
    start, end = (units.read_field(form.text(name)) for name in ("start", "end"))
    if start is None or end is None or not 0 < start <= end:
        form.mark("window", "changes.wrong.window")
        return None
    return Window(start, end)


def _lines(form: Form, uids: Mapping[str, str]) -> tuple[AskedLine, ...]:
    found = []
    for number, row in enumerate(_rows(form.text("lines"))[:MAX_LINES], 1):
        try:
            found.append(_line(row, uids))
        except (Refused, ValueError) as error:
            form.mark("lines", "changes.wrong.line", n=number, why=str(error)[:200])
    return tuple(found)


def _line(row: Sequence[str], uids: Mapping[str, str]) -> AskedLine:
    word, section, key, field, how, value = ((*row, "", "", "", "", ""))[:6]
    if not word.strip():
        raise Refused("a line of a plan names its CI", "ci")
    expected = expecting.read(Path(section.strip(), key.strip()), field.strip(), how.strip() or How.DISCOVERED, value)
    return AskedLine(uids[word.strip()], section.strip(), key.strip(), field.strip(), expected)


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _csv(rows: Collection[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


# --- what a button beside "save" does


def with_added(form: Form) -> Form:
    """Return the form with the CIs that were ticked, and the row that was filled, among the others."""
    cis = dict.fromkeys([*form.lines("cis"), *form.texts(TICKED)])
    row = [form.text(name) for name in COLUMNS]
    is_row = all(row[:2])
    lines = f"{form.text('lines')}\n{_csv([row])}".strip() if is_row else form.text("lines")
    cleared = dict.fromkeys(COLUMNS, ("",)) if is_row else {}
    return Form({**form.sent, "cis": ("\n".join(cis),), "lines": (lines,), "add": (), **cleared})


# --- what stands already, as it is typed


def shown(asked: Asked, type_: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form that asks for this; `names`: uid → how its CI is called."""
    window = asked.window
    rows = [
        (names.get(line.ci, line.ci), line.section, line.key, line.field, str(line.expected.how),
         expecting.written(line.expected))
        for line in asked.lines
    ]  # fmt: skip
    return {
        "type": type_, "title": asked.title, "reason": asked.reason, "implementer": asked.implementer,
        "cis": "\n".join(names.get(uid, uid) for uid in asked.cis), "text": asked.text, "lines": _csv(rows).strip(),
        "start": units.field_text(window.start) if window else "",
        "end": units.field_text(window.end) if window else "",
    }  # fmt: skip


def of_change(found: Seen) -> Asked:
    """Return what would ask for the change as it stands."""
    change = found.change
    asked, plan = change.request, change.plan
    lines = tuple(
        AskedLine(found.cis[line.ci_id].uid, line.path.section, line.path.key, line.field, line.expected)
        for line in (plan.lines if plan else ())
    )
    uids = tuple(found.cis[each].uid for each in sorted(asked.ci_ids))
    return Asked(
        asked.title, asked.reason, asked.implementer, uids, lines,
        plan.window if plan else None, plan.text if plan else "",
    )  # fmt: skip
