"""An article of the knowledge base: what it says, how it comes to be published, and the words it is found by.

Whoever wrote an article does not publish it. What is published stays as it is until a newer version of it is published
in turn; every version is kept. Words of Latin script are found whole, runs of Chinese, Japanese and Korean by pairs of
neighbours: both databases find the same.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

DRAFT, SUBMITTED, PUBLISHED, RETIRED = "draft", "submitted", "published", "retired"
STATES: Final = (DRAFT, SUBMITTED, PUBLISHED, RETIRED)
SUBMIT, PUBLISH, REFUSE, RETIRE = "submit", "publish", "refuse", "retire"
ACTS: Final = (SUBMIT, PUBLISH, REFUSE, RETIRE)
LANGUAGES: Final = ("zh-CN", "en")
MAX_WORDS: Final = 2_000
"""Words of one article that are looked for; those that count most."""
MAX_ASKED: Final = 64
"""Words of one question."""
MAX_WORD: Final = 64
FOUND: Final = 0.2
"""How much of what is asked an article must have at least, its rare words counting for more."""
_REPEATED: Final = 3
"""More often than that a word in one field counts no more."""

_FROM: Final = {SUBMIT: (DRAFT,), PUBLISH: (SUBMITTED,), REFUSE: (SUBMITTED,), RETIRE: (DRAFT, SUBMITTED, PUBLISHED)}
_WEIGHTS: Final = {"title": 8, "tags": 8, "category": 4, "classes": 4, "problem": 3, "solution": 1}
_RUN: Final = re.compile(r"\w+(?:[.-]\w+)*")
_WIDE: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+")
_PARTS: Final = re.compile(r"[.\-_]")


class Denied(Exception):
    """What somebody wants to do with an article cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Body:
    """What one version says. `category`: a word of the desk's; `classes`: of CIs, none: any; `language`: zh-CN, en."""

    title: str
    problem: str = ""
    solution: str = ""
    category: str = ""
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = "zh-CN"


@dataclass(frozen=True, slots=True)
class Article:
    """One article with its newest version; times in ms.

    `published`: the version readers see, 0: none. `note`: what was said when it last moved. `moved_by`: who moved it.
    """

    number: str
    version: int
    state: str
    body: Body
    made_by: str
    made_at: int
    written_by: str
    written_at: int
    moved_by: str = ""
    moved_at: int = 0
    note: str = ""
    published: int = 0
    helpful: int = 0
    not_helpful: int = 0

    @property
    def is_read(self) -> bool:
        """Whether readers see a version of it."""
        return self.published > 0


def written(before: Article, body: Body, who: str, at: int) -> Article:
    """Return an article with a new version: a draft, whatever it was; raise `Denied` where it cannot be written."""
    if before.state == SUBMITTED:
        raise Denied("it is being reviewed")
    note = before.note if before.state == DRAFT else ""  # what was said of a draft goes on being true of the next one
    version = before.version + 1
    return replace(before, version=version, state=DRAFT, body=body, written_by=who, written_at=at, note=note)


def moved(before: Article, act: str, by: tuple[str, int], note: str, writers: Collection[str]) -> Article:
    """Return an article after an act of somebody at some time (ms); raise `Denied`.

    `writers`: who wrote what was not published yet.
    """
    who, at = by
    if act not in ACTS:
        raise Denied("submit, publish, refuse or retire is expected")
    if before.state not in _FROM[act]:
        raise Denied("its state does not allow that")
    if act in (PUBLISH, REFUSE) and who.casefold() in {each.casefold() for each in writers}:
        raise Denied("somebody else reviews what one wrote oneself")
    if act in (REFUSE, RETIRE) and not note:
        raise Denied("a reason is expected")
    state, published = {
        SUBMIT: (SUBMITTED, before.published), PUBLISH: (PUBLISHED, before.version),
        REFUSE: (DRAFT, before.published), RETIRE: (RETIRED, 0),
    }[act]  # fmt: skip
    return replace(before, state=state, published=published, moved_by=who, moved_at=at, note=note)


# --- finding


def words(text: str) -> Iterator[str]:
    """Yield the words of a text to be found by, every time they occur; a wide letter also stands alone."""
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        for wide in _WIDE.findall(run):
            yield from wide
            yield from (wide[at : at + 2] for at in range(len(wide) - 1))
        for narrow in _WIDE.split(run):
            yield from _narrow(narrow.strip(".-_"))


def _narrow(word: str) -> Iterator[str]:
    if word:
        yield _stem(word)
        parts = [each for each in _PARTS.split(word) if each]
        if len(parts) > 1:
            yield from map(_stem, parts)


def _stem(word: str) -> str:
    """A plural is found by its singular."""
    is_plural = len(word) > 3 and word.isalpha() and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return (word[:-1] if is_plural else word)[:MAX_WORD]


def weights(body: Body) -> dict[str, int]:
    """Return word → how much it counts in an article."""
    said: Mapping[str, Sequence[str]] = {
        "title": (body.title,), "tags": body.tags, "category": (body.category,), "classes": body.classes,
        "problem": (body.problem,), "solution": (body.solution,),
    }  # fmt: skip
    total: Counter[str] = Counter()
    for name, texts in said.items():
        for word, times in Counter(words(" ".join(texts))).items():
            total[word] += _WEIGHTS[name] * min(times, _REPEATED)
    return dict(sorted(total.items(), key=lambda each: (-each[1], each[0]))[:MAX_WORDS])


def asked(text: str) -> tuple[str, ...]:
    """Return the words of a question, each once; a wide letter counts only where it stands alone."""
    alone = {run for run in _WIDE.findall(unicodedata.normalize("NFKC", text)) if len(run) == 1}
    found = dict.fromkeys(each for each in words(text) if not _WIDE.fullmatch(each) or len(each) > 1 or each in alone)
    return tuple(found)[:MAX_ASKED]


@dataclass(frozen=True, slots=True)
class Hit:
    """An article (by id) that has some of what is asked, and how well it answers."""

    article_id: int
    score: float


def ranked(question: Sequence[str], rows: Iterable[tuple[str, int, int]], articles: int) -> list[Hit]:
    """Return what answers a question, the best first. `rows`: word, article, weight; `articles`: how many there are."""
    found: dict[int, dict[str, int]] = {}
    spread: Counter[str] = Counter()
    for word, article_id, weight in rows:
        found.setdefault(article_id, {})[word] = weight
        spread[word] += 1
    rare = {word: math.log(1 + articles / spread[word]) if spread[word] else 0.0 for word in question}
    # A word nobody uses is still a part of the question.
    whole = sum(rare[word] or math.log(1 + articles) for word in question)
    hits = [
        Hit(article_id, sum(rare[word] * weight for word, weight in its.items()) * share)
        for article_id, its in found.items()
        if (share := sum(rare[word] for word in its) / whole) >= FOUND
    ]
    return sorted(hits, key=lambda each: (-each.score, each.article_id))
