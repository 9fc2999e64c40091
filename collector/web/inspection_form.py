"""The form of a plan of periodic maintenance: what was typed → the values of a plan, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from collector.inspecting.plan import CHOICE, Item, Option, Plan
from collector.web import forms, schedule_form
from collector.web.forms import Form

MAX_SHOWN: Final = 100
"""Items of a form."""
CLASS: Final = "class"
"""A field with several values."""
FREE: Final = 2
"""Empty items a form offers."""
BAD: Final = re.compile(r"[-－]\s*")
"""What an option begins with that is a problem to choose."""
LANGUAGES: Final = re.compile(r"\s+/\s+")
"""What stands between the Chinese and the English of an option."""


def values_of(form: Form) -> dict[str, Any]:
    """Return the values `form` asks for, for `services.inspecting.plans.read`; what is no number is marked in it."""
    return {
        "title": {"zh": form.text("title_zh"), "en": form.text("title_en")},
        "schedule": schedule_form.values_of(form),
        "assignee": form.text("assignee"), "deputy": form.text("deputy"),
        "scope": {
            "classes": list(form.texts(CLASS)), "place": form.text("place"), "label": form.text("label"),
            "match": form.text("match"),
        },
        "checks": list(form.listed("checks")), "cadence": form.text("cadence"),
        "items": [_item(form, at) for at in range(count_of(form)) if form.text(f"item_text{at}")],
        "review": form.text("review") == "yes", "note": form.text("note"),
    }  # fmt: skip


def count_of(form: Form) -> int:
    """Return how many items a form shows."""
    typed = form.text("items")
    return min(int(typed), MAX_SHOWN) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else FREE


def _item(form: Form, at: int) -> dict[str, Any]:
    answer = form.text(f"item_answer{at}")
    chinese, english = _both(form.text(f"item_text{at}"))
    return {
        "id": form.text(f"item_id{at}") or f"M-{at + 1}", "text": {"zh": chinese, "en": english}, "answer": answer,
        "options": [_option(line) for line in form.lines(f"item_options{at}")] if answer == CHOICE else [],
        "unit": form.text(f"item_unit{at}"), "low": _limit(form, f"item_low{at}"),
        "high": _limit(form, f"item_high{at}"), "photo": form.text(f"item_photo{at}"),
    }  # fmt: skip


def _option(line: str) -> dict[str, Any]:
    """Return an option: `正常 / In order`; one that is a problem begins with a minus."""
    bad = BAD.match(line)
    chinese, english = _both(line[bad.end() :] if bad else line)
    return {"text": {"zh": chinese, "en": english}, "ok": bad is None}


def _both(text: str) -> tuple[str, str]:
    """Return a text in both languages; one alone is both."""
    parts = LANGUAGES.split(text, maxsplit=1)
    return parts[0], parts[-1]


def _limit(form: Form, name: str) -> float | None:
    typed = form.text(name).replace("，", ".").replace(",", ".")
    if not typed:
        return None
    try:
        return float(typed) if len(typed) <= 20 else None
    except ValueError:
        form.mark(name, "inspection.wrong.limit")
        return None


def form_of(plan: Plan) -> Form:
    """Return a form that shows a plan."""
    scope = plan.scope
    values: dict[str, Any] = {
        **schedule_form.shown(plan.schedule), "title_zh": plan.title["zh"], "title_en": plan.title["en"],
        "assignee": plan.assignee, "deputy": plan.deputy, "class": scope.classes,
        "place": scope.place, "label": scope.label, "match": scope.match, "checks": "\n".join(plan.checks),
        "cadence": plan.cadence, "review": "yes" if plan.review else "", "note": plan.note,
        "items": str(len(plan.items) + FREE),
    }  # fmt: skip
    for at, item in enumerate(plan.items):
        values |= {f"item_{name}{at}": value for name, value in _shown(item).items()}
    return forms.of_values(values)


def _shown(item: Item) -> Mapping[str, str]:
    low, high = ("" if each is None else f"{each:g}" for each in (item.low, item.high))
    return {
        "id": item.id, "text": _told(item.text), "answer": item.answer, "unit": item.unit, "low": low, "high": high,
        "options": "\n".join(map(_option_text, item.options)), "photo": item.photo,
    }  # fmt: skip


def _option_text(option: Option) -> str:
    return ("" if option.ok else "- ") + _told(option.text)


def _told(texts: Mapping[str, str]) -> str:
    return texts["zh"] if texts["zh"] == texts["en"] else f"{texts['zh']} / {texts['en']}"


def more_items(form: Form) -> Form:
    """Return the form with room for more items."""
    return Form({**form.sent, "items": (str(count_of(form) + FREE),)}, form.wrong, form.refused)
