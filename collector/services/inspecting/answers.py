"""What people fill in during a run, on foot: whoever may do inspections helps, and every word keeps its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collector.inspecting import answer
from collector.inspecting.answer import Answer, BadAnswer, Filled
from collector.inspecting.photo import BadPhoto, Photo
from collector.inspecting.plan import Item, Plan
from collector.security.audit import Act
from collector.services.inspecting.seen import items_of, still_open
from collector.services.photos import taken
from collector.services.refused import Refused
from collector.store import inspection_answers
from collector.store.inspection_runs import Run
from collector.store.photos import INSPECTIONS

MAX_KEY: Final = 80


@dataclass(frozen=True, slots=True)
class Filling:
    """What is sent of one item: an answer, a photo, or both. `key`: so that what is sent twice counts once."""

    item: str
    key: str
    value: str = ""
    note: str = ""
    photo: bytes = b""


async def fill(act: Act, number: str, filling: Filling) -> Filled:
    """Write what is sent and return the item as it stands; raise `NotFound`, `Refused`."""
    run, plan = await still_open(act.tx, number, hold=True)
    item = plan.item(filling.item)
    if item is None:
        raise Refused("an item of this plan is expected", "item")
    try:
        photo = await _photo(act, run, item, filling)
        said = _answer(act, item, filling)
    except (BadAnswer, BadPhoto) as error:
        raise Refused(str(error), getattr(error, "field", "photo")) from None
    if photo is None and said is None:
        raise Refused("an answer or a photo is expected", "value")
    await _write(act, run, (said, photo), filling)
    return await _as_it_stands(act, run, plan, item)


def _answer(act: Act, item: Item, filling: Filling) -> Answer | None:
    """Return the answer that is sent, None where it is a photo alone; raise `BadAnswer`."""
    if not filling.value.strip() and filling.photo:
        return None
    note = " ".join(filling.note.split())
    if len(note) > answer.MAX_NOTE or not note.isprintable():
        raise BadAnswer(f"one line of at most {answer.MAX_NOTE} characters is expected", "note")
    if not 0 < len(filling.key) <= MAX_KEY or not filling.key.isprintable():
        raise BadAnswer("a short key is expected", "key")
    return Answer(item.id, answer.checked(item, filling.value), note, act.at, act.by, filling.key)


async def _photo(act: Act, run: Run, item: Item, filling: Filling) -> Photo | None:
    """Return the photo that is sent; raise `BadPhoto`."""
    if not filling.photo:
        return None
    if item.photo == "none":
        raise BadPhoto("no photo is asked for here")
    return await taken(act.tx, INSPECTIONS, (run.id, item.id), filling.photo, (act.by, act.at))


async def _write(act: Act, run: Run, sent: tuple[Answer | None, Photo | None], filling: Filling) -> None:
    """Write what was not sent before, and tell it."""
    said, photo = sent
    after: dict[str, object] = {"item": filling.item}
    if said is not None and await inspection_answers.say(act.tx, run.id, said):
        after |= {"value": said.value, "note": said.note}
    if photo is not None and await INSPECTIONS.add(act.tx, run.id, photo, filling.photo):
        after |= {"photo": photo.sha256}
    if len(after) > 1:
        act.tell("inspection.fill", f"inspection/{run.number}", after=after)


async def _as_it_stands(act: Act, run: Run, plan: Plan, item: Item) -> Filled:
    return next(each for each in await items_of(act.tx, run, plan) if each.item.id == item.id)
