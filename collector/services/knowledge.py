"""The knowledge base: articles written, reviewed by somebody else, published, found, judged by readers, and retired."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import knowledge
from collector.classes import CLASSES
from collector.knowledge import DRAFT, LANGUAGES, PUBLISH, REFUSE, STATES, SUBMIT, Article, Body, Denied
from collector.security import audit
from collector.services.changes.asked import lines_of, one_line
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import desk, incidents
from collector.store import knowledge as kept
from collector.store.knowledge import Kept
from collector.store.knowledge import Version as Version

MAX_TITLE: Final = 200
MAX_TEXT: Final = 20_000
MAX_NOTE: Final = 1_000
MAX_TAGS: Final = 20
MAX_TAG: Final = 40
MAX_LISTED: Final = 500
MAX_FOUND: Final = 100
MAX_INCIDENTS: Final = 20
_AT_HOME, _ELSEWHERE = 1.5, 0.5
"""How much more an article counts that is for the class of the CI, and how much less one for other classes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One article in a list, as readers see it; what they see nothing of, as it stands."""

    article: Article
    body: Body
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What to list: words to be found by, states (none: what is published), and a class of CIs."""

    q: str = ""
    states: tuple[str, ...] = ()
    ci_class: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """An article with all its versions, newest first; the version readers see; what points to it.

    `writers`: who wrote what was not published yet.
    """

    article: Article
    versions: tuple[Version, ...]
    seen: Version | None
    rules: tuple[str, ...]
    incidents: tuple[str, ...]
    writers: frozenset[str]

    def may_decide(self, who: str) -> bool:
        return who.casefold() not in {each.casefold() for each in self.writers}


async def listed(connection: AsyncConnection, question: Question) -> list[Listed]:
    """Return articles: those that answer best first where words are asked for, else the newest first."""
    if question.q.strip():
        found = await _called(connection, question.q) or await _found(connection, question.q, question.ci_class)
    elif question.states:
        states = [each for each in STATES if each in question.states]
        found = [Listed(each.article, each.article.body) for each in await kept.listed(connection, states, MAX_LISTED)]
    else:
        found = [Listed(each.article, seen.body) for each, seen in await kept.read_ones(connection, MAX_LISTED)]
    return [each for each in found if not question.ci_class or question.ci_class in (each.body.classes or CLASSES)]


async def suggest(connection: AsyncConnection, text: str, ci_class: str = "", limit: int = 5) -> list[Listed]:
    """Return the published articles that answer a text best, those for the class of the CI before others."""
    return (await _found(connection, text, ci_class))[:limit]


async def _called(connection: AsyncConnection, q: str) -> list[Listed]:
    """Return the article that has `q` as its number, where readers see it."""
    named = await kept.find(connection, q.strip().upper())
    seen = await kept.read_of(connection, [named.id]) if named else {}
    return [Listed(each.article, version.body) for each, version in seen.values()]


async def _found(connection: AsyncConnection, text: str, ci_class: str) -> list[Listed]:
    hits = (await kept.search(connection, knowledge.asked(text[:MAX_TEXT])))[:MAX_FOUND]
    known = await kept.read_of(connection, [each.article_id for each in hits])
    found = [
        Listed(known[each.article_id][0].article, body, each.score * _nearness(body, ci_class))
        for each in hits
        if each.article_id in known
        for body in [known[each.article_id][1].body]
    ]
    return sorted(found, key=lambda each: -each.score)


def _nearness(body: Body, ci_class: str) -> float:
    if not ci_class or not body.classes:
        return 1.0
    return _AT_HOME if ci_class in body.classes else _ELSEWHERE


async def counts(connection: AsyncConnection) -> Mapping[str, int]:
    """Return state → how many articles are in it."""
    return await kept.count_states(connection)


async def one(connection: AsyncConnection, number: str, rules: Rules, drafts: bool) -> Whole:
    """Return one article; `drafts`: also to somebody who may see what is not published. Raise `NotFound`."""
    its = await _kept(connection, number)
    if not its.article.is_read and not drafts:
        raise NotFound("article", number)
    versions = await kept.versions(connection, its.id)
    seen = next((each for each in versions if each.version == its.article.published), None)
    pointing = [each.id for each in rules.values() if each.rule.kb == number]
    return Whole(
        its.article, tuple(versions) if drafts else (), seen, tuple(pointing), await _helped(connection, number),
        _writers(versions, its.article),
    )  # fmt: skip


async def _helped(connection: AsyncConnection, number: str) -> tuple[str, ...]:
    """Return the incidents it was linked to, the newest first."""
    ids = sorted(await desk.linked(connection, "knowledge", number))[-MAX_INCIDENTS:]
    return tuple(sorted((each.number for each in await incidents.by_ids(connection, ids)), reverse=True))


async def write(act: audit.Act, body: Body, categories: Collection[str]) -> str:
    """Write a new article, a draft, and return its number; raise `Refused`."""
    checked = _checked(body, categories)
    new = Article("", 1, DRAFT, checked, act.by, act.at, act.by, act.at)
    made = (await kept.add(act.tx, new)).article
    act.tell("knowledge.write", f"knowledge/{made.number}", after=_told(made))
    return made.number


async def rewrite(act: audit.Act, number: str, body: Body, version: int, categories: Collection[str]) -> None:
    """Write the next version after `version`; readers see the published one until this is.

    Raise `NotFound`, `Refused`.
    """
    its = await _kept(act.tx, number)
    if its.article.version != version:
        raise _overtaken(number)
    checked = _checked(body, {*categories, its.article.body.category})
    if checked == its.article.body:
        raise Refused("nothing was changed")
    try:
        after = knowledge.written(its.article, checked, act.by, act.at)
    except Denied as error:
        raise Refused(str(error)) from None
    await _save(act, its, after)
    act.tell("knowledge.rewrite", f"knowledge/{number}", _told(its.article), _told(after))


async def move(act: audit.Act, number: str, what: str, note: str = "") -> None:
    """Submit, publish, refuse or retire an article; raise `NotFound`, and `Refused` also to who would judge oneself."""
    its = await _kept(act.tx, number)
    said = lines_of(note, MAX_NOTE, "note")
    writers = _writers(await kept.versions(act.tx, its.id), its.article)
    try:
        after = knowledge.moved(its.article, what, (act.by, act.at), said, writers)
    except Denied as error:
        raise Refused(str(error), "note" if "reason" in str(error) else "") from None
    await _save(act, its, after)
    _tell(act, what, its.article, after)


async def vote(act: audit.Act, number: str, helpful: bool) -> None:
    """Say whether an article helped; one's last word counts. Raise `NotFound`."""
    its = await _kept(act.tx, number)
    if not its.article.is_read:
        raise NotFound("article", number)
    await kept.vote(act.tx, its, act.by, helpful, act.at)
    act.tell("knowledge.vote", f"knowledge/{number}", after={"helpful": helpful})


async def _kept(connection: AsyncConnection, number: str) -> Kept:
    found = await kept.find(connection, number)
    if found is None:
        raise NotFound("article", number)
    return found


async def _save(act: audit.Act, before: Kept, after: Article) -> None:
    try:
        await kept.save(act.tx, before, after)
    except kept.Stale:
        raise _overtaken(after.number) from None


def _tell(act: audit.Act, what: str, before: Article, after: Article) -> None:
    on, was, now = f"knowledge/{after.number}", _told(before), _told(after)
    if what == SUBMIT:
        act.tell("knowledge.submit", on, was, now)
    elif what == PUBLISH:
        act.tell("knowledge.publish", on, was, now)
    elif what == REFUSE:
        act.tell("knowledge.refuse", on, was, now)
    else:
        act.tell("knowledge.retire", on, was, now)


def _overtaken(number: str) -> Refused:
    return Refused(f"{number} is no longer what was looked at: somebody wrote it since")


def _writers(versions: Collection[Version], its: Article) -> frozenset[str]:
    return frozenset(each.written_by for each in versions if each.version > its.published)


def _checked(body: Body, categories: Collection[str]) -> Body:
    title = one_line(body.title, MAX_TITLE, "title")
    problem, solution = (lines_of(getattr(body, name), MAX_TEXT, name) for name in ("problem", "solution"))
    if not problem or not solution:
        raise Refused(
            "both are expected: what the problem is, and what solves it", "solution" if problem else "problem"
        )
    if body.category and body.category not in categories:
        raise Refused("there is no such category", "category")
    if not set(body.classes) <= set(CLASSES):
        raise Refused("there is no such class", "classes")
    if body.language not in LANGUAGES:
        raise Refused("zh-CN or en is expected", "language")
    if len(body.tags) > MAX_TAGS:
        raise Refused(f"at most {MAX_TAGS} tags are expected", "tags")
    tags = dict.fromkeys(one_line(each, MAX_TAG, "tags") for each in body.tags)
    classes = tuple(each for each in CLASSES if each in body.classes)
    return Body(title, problem, solution, body.category, classes, tuple(tags), body.language)


def _told(its: Article) -> Mapping[str, object]:
    body = its.body
    return {
        "state": its.state, "version": its.version, "published": its.published, "note": its.note, "title": body.title,
        "category": body.category, "classes": list(body.classes), "tags": list(body.tags),
        "language": body.language, "length": len(body.problem) + len(body.solution),
    }  # fmt: skip
