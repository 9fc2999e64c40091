"""Tables of another context: SNMPv3 names it, a community tells a VLAN as IOS wants it."""

from __future__ import annotations

import pytest

from discovery.asking import Answer, Ask, Get, Script, Walk, get, walk
from discovery.failures import Failed
from discovery.snmp import Community, Engine, Session, User
from discovery.snmp.session import _inside

SYS_NAME = "1.3.6.1.2.1.1.5.0"


def test_a_vlan_of_a_community_is_told_behind_an_at_sign() -> None:
    assert _inside(Community("campus"), "vlan-12") == Community("campus@12")


def test_a_user_is_asked_in_the_context_by_its_name() -> None:
    assert _inside(User("muster"), "vlan-12").context == "vlan-12"  # type: ignore[union-attr]


@pytest.mark.parametrize("context", ["vlan-", "vlan-12345", "bridge1", "vlan-1@2", "vlan-１"])
def test_a_community_has_no_other_context(context: str) -> None:
    with pytest.raises(Failed, match="no_answer"):
        _inside(Community("campus"), context)


class Deaf(Session):
    """A session whose device answers walks and is silent to every get."""

    async def answer(self, asked: Ask) -> Answer:
        if isinstance(asked, Get):
            raise Failed("timeout")
        return Answer(columns={asked.columns[0]: {(1,): 7}})


def careful() -> Script[tuple[str, int]]:
    """Ask, be told that nothing came, and go on with another question."""
    try:
        yield from get(SYS_NAME)
    except Failed as failed:
        rows = (yield from walk("1.3.6.1.2.1.2.2.1.1")).rows
        return failed.cause, len(rows)
    return "", 0


async def test_a_question_nobody_answers_costs_that_question_only(engine: Engine) -> None:
    session = Deaf(engine, ("127.0.0.1", 9), Community("campus"))
    assert await session.run(careful()) == ("timeout", 1)


async def test_a_script_that_does_not_care_ends_with_what_failed(engine: Engine) -> None:
    session = Deaf(engine, ("127.0.0.1", 9), Community("campus"))
    with pytest.raises(Failed, match="timeout"):
        await session.run(get(SYS_NAME))


async def test_a_context_a_community_cannot_tell_fails_by_itself(engine: Engine) -> None:
    session = Session(engine, ("127.0.0.1", 9), Community("campus"))
    with pytest.raises(Failed, match="no_answer"):
        await session.answer(Walk(("1.3.6.1.2.1.17.4.3.1.2",), context="bridge1"))
