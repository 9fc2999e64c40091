"""Where a probe listens, as an administrator may write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.__main__ import main
from agent.config import BadSettings, Settings, as_probe
from agent.places import ANYWHERE, BadPlace, Places, place, places


@pytest.mark.parametrize(("text", "found"), [
    ("192.0.2.1", ("192.0.2.1", 162)), ("192.0.2.1:10162", ("192.0.2.1", 10162)), (":10162", (ANYWHERE, 10162)),
    ("[::]:10162", ("::", 10162)), ("[2001:db8::1]", ("2001:db8::1", 162)), ("::", ("::", 162)),
    (ANYWHERE, (ANYWHERE, 162)),
])  # fmt: skip
def test_a_place_is_an_address_a_port_or_both(text: str, found: tuple[str, int]) -> None:
    assert place(text, 162) == found


@pytest.mark.parametrize("text", ["eth0", "192.0.2.1:port", "192.0.2.1:70000", "[::", "192.0.2.1:-1"])
def test_what_is_no_place_is_named(text: str) -> None:
    with pytest.raises(BadPlace, match=r"no address with a port|no port of this world"):
        place(text, 162)


@given(st.text(max_size=80))
def test_any_text_is_a_place_or_is_refused(text: str) -> None:
    try:
        address, port = place(text, 162)
    except BadPlace:
        return
    assert address
    assert 0 <= port < 65_536


def test_nothing_is_listened_for_unless_it_is_asked_for() -> None:
    assert not Settings().places
    assert places("", "") == Places()
    asked = as_probe(Settings(), None, ANYWHERE, None)
    assert asked.places == Places((ANYWHERE, 162), None)
    assert as_probe(Settings(listen_syslog=":5514"), None).places == Places(None, (ANYWHERE, 5514))


def test_a_place_that_is_none_is_refused_with_the_settings() -> None:
    with pytest.raises(BadSettings, match="no address with a port"):
        as_probe(Settings(), None, "eth0", None)


def test_only_a_probe_listens(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--state", str(tmp_path), "--listen-traps"]) == 2
    assert "need --probe" in capsys.readouterr().err
