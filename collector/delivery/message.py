"""An incident in words, zh or en, out of what a message holds: plain text; whoever sends it escapes it his way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from collector.channel import APART
from collector.desk.table import BUILT_IN, Table
from collector.wording import clean

LANGUAGES: Final = ("zh", "en")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "opened": ("新事件", "New incident"), "updated": ("事件更新", "Incident changed"),
    "commented": ("事件有新说明", "Comment on an incident"), "escalated": ("事件已升级", "Incident escalated"),
    "acknowledged": ("事件已有人处理", "Incident acknowledged"),
    "warned": ("事件即将超时", "Incident nearly overdue"),
    "resolved": ("事件已恢复", "Incident resolved"), "reopened": ("事件重新打开", "Incident reopened"),
    "closed": ("事件已关闭", "Incident closed"), "tried": ("测试消息", "Test message"),
    "notice": ("提示", "notice"), "warning": ("警告", "warning"), "error": ("错误", "error"),
    "critical": ("严重", "critical"),
    "new": ("新建", "new"), "assigned": ("已分派", "assigned"), "in_progress": ("处理中", "in progress"),
    "pending": ("挂起", "pending"), "merged": ("已合并", "merged"), "cancelled": ("已取消", "cancelled"),
    "open": ("打开", "open"),
    "label.severity": ("级别", "Severity"), "label.priority": ("优先级", "Priority"), "label.state": ("状态", "State"),
    "label.ci": ("配置项", "CI"), "label.category": ("类别", "Category"), "label.assignee": ("处理人", "Assignee"),
    "label.opened": ("发生时间", "Opened"), "label.resolved": ("恢复时间", "Resolved"), "label.said": ("说明", "Note"),
    "label.causes": ("原因数", "Causes"), "label.link": ("详情", "Details"),
    "state.resolved": ("已解决", "resolved"), "state.closed": ("已关闭", "closed"),
    "many": ("{n} 个事件", "{n} incidents"), "more": ("另有 {n} 个未列出", "{n} more are not listed"),
    "passed": ("已自行恢复，历时 {s}", "over by itself after {s}"),
    "count.begun": ("新增 {n}", "{n} new"), "count.ended": ("恢复 {n}", "{n} resolved"),
    "count.other": ("更新 {n}", "{n} changed"), "comma": ("，", ", "), "colon": ("：", ": "),
}  # fmt: skip
"""Word → zh, en."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a channel speaks. `link`: where our pages are, "" where nobody said; `desk`: has the words of categories."""

    language: str = "zh"
    link: str = ""
    desk: Table = BUILT_IN

    def category(self, code: str) -> str:
        """Return the desk's word for a category, or for what a rule calls its sort; one nobody knows as it is."""
        return clean(self.desk.category_text(code).get(self.language) or code)


def say(word: str, language: str, **values: object) -> str:
    """Return a word in a language; one that is not known stays as it is."""
    pair = _WORDS.get(word)
    if pair is None:
        return clean(word)
    return pair[1 if language == "en" else 0].format(**values)


def incident_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    found = payload.get("incident")
    return found if isinstance(found, Mapping) else {}


def title(payload: Mapping[str, Any], language: str) -> str:
    """Return what the incident is about, one line."""
    said = incident_of(payload).get("title")
    titles = said if isinstance(said, Mapping) else {}
    return clean(str(titles.get(language) or titles.get("zh") or titles.get("en") or ""))


def headline(payload: Mapping[str, Any], language: str) -> str:
    """Return one line that says it all: what happened, how grave it is, which incident, what it is about."""
    if payload.get("event") in APART:
        return title(payload, language)
    incident = incident_of(payload)
    event, severity = (say(str(each), language) for each in (payload.get("event"), incident.get("severity")))
    return f"[{severity}] {event} {clean(str(incident.get('number', '')))} {title(payload, language)}"


def facts(payload: Mapping[str, Any], voice: Voice) -> list[tuple[str, str]]:
    """Return (label, value) of what else there is to say, without what is not known."""
    language, link = voice.language, voice.link
    if payload.get("event") in APART:
        where = page(payload, link)
        return _figures(payload, language) + ([(say("label.link", language), where)] if where else [])
    incident = incident_of(payload)
    state = str(incident.get("state", ""))
    found = [
        ("severity", say(str(incident.get("severity", "")), language)),
        ("priority", clean(str(incident.get("priority", "")))),
        ("state", say(f"state.{state}" if f"state.{state}" in _WORDS else state, language)),
        ("ci", _ci(incident)),
        ("category", voice.category(str(incident.get("category", "")))),
        ("assignee", clean(str(incident.get("assignee", "")))),
        ("opened", _time(incident.get("opened_at"))),
        ("resolved", _time(incident.get("resolved_at"))),
        ("causes", str(incident["causes"]) if _number(incident.get("causes")) > 1 else ""),
        ("said", clean(str(payload.get("said", "")))),
        ("link", page(payload, link)),
    ]
    return [(say(f"label.{name}", language), value) for name, value in found if value]


def page(payload: Mapping[str, Any], link: str) -> str:
    """Return where people find the incident; empty where nobody said where our pages are."""
    if payload.get("event") in APART:
        path = str(_report_of(payload).get("path", ""))
        return f"{link.rstrip('/')}{path}" if link and path.startswith("/") else ""
    number = str(incident_of(payload).get("number", ""))
    if not link or not number.replace("-", "").isalnum():
        return ""
    return f"{link.rstrip('/')}/incidents/{number}"


def _report_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    found = payload.get("report")
    return found if isinstance(found, Mapping) else {}


def _figures(payload: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Return (name, value) of what a report comes to."""
    tongue = "en" if language == "en" else "zh"
    return [
        (clean(str(each["name"].get(tongue, ""))), clean(str(each["text"].get(tongue, ""))))
        for each in _report_of(payload).get("figures", ())
    ]


def _ci(incident: Mapping[str, Any]) -> str:
    detail = incident.get("detail")
    place = detail.get("ci") if isinstance(detail, Mapping) else None
    return clean(str(place.get("name") or "")) if isinstance(place, Mapping) else ""


def _time(text: Any) -> str:
    """Return an RFC 3339 text in the collector's own zone, to the minute."""
    try:
        return datetime.fromisoformat(str(text)).astimezone().strftime("%Y-%m-%d %H:%M %z") if text else ""
    except ValueError:
        return ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
