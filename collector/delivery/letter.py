"""One message people read about one incident or many: a heading, lines, and how many are not listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.channel import BEGINS, ENDS
from collector.delivery import Story
from collector.delivery.message import Voice, facts, headline, incident_of, page, say
from collector.severity import rank
from collector.wording import time_of

MAX_LISTED: Final = 200
"""Incidents one message lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a text, and where it leads, if anywhere."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says. `more`: how many incidents it does not list."""

    heading: str
    lines: tuple[Line, ...]
    more: int = 0


def compose(stories: Sequence[Story], voice: Voice, most: int = MAX_LISTED) -> Letter:
    """Return the message of these incidents; of one alone it says all, of many a line each."""
    if len(stories) == 1:
        return _of_one(stories[0], voice)
    language = voice.language
    listed = sorted(stories, key=_gravest_first)[:most]
    more = len(stories) - len(listed)
    lines = [Line(_told(each, language), page(each.last.payload, voice.link)) for each in listed]
    if more:
        lines.append(Line(say("more", language, n=more)))
    return Letter(_counted(stories, language), tuple(lines), more)


def _gravest_first(story: Story) -> tuple[int, int]:
    return -rank(incident_of(story.last.payload).get("severity")), story.since


def _of_one(story: Story, voice: Voice) -> Letter:
    language = voice.language
    colon = say("colon", language)
    lines = [Line(_over(story, language))] if story.passed else []
    for label, value in facts(story.last.payload, voice):
        lines.append(Line(label + colon + value, value if value.startswith(("http://", "https://")) else ""))
    return Letter(headline(story.last.payload, language), tuple(lines))


def _told(story: Story, language: str) -> str:
    said = headline(story.last.payload, language)
    return f"{said}{say('comma', language)}{_over(story, language)}" if story.passed else said


def _counted(stories: Sequence[Story], language: str) -> str:
    begun = sum(each.events[-1] in BEGINS for each in stories)
    ended = sum(each.events[-1] in ENDS for each in stories)
    numbers = {"begun": begun, "ended": ended, "other": len(stories) - begun - ended}
    parts = [say(f"count.{name}", language, n=number) for name, number in numbers.items() if number]
    said = say("many", language, n=len(stories))
    return said + say("colon", language) + say("comma", language).join(parts)


def _over(story: Story, language: str) -> str:
    incident = incident_of(story.last.payload)
    lasted = (time_of(incident.get("resolved_at")) or 0) - (time_of(incident.get("opened_at")) or 0)
    return say("passed", language, s=_duration(max(0, lasted) // 1000))


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
