"""Identification: each kind of step and sign, what is refused, what stays unknown; nothing hostile escapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.asking import Answer, Get, Oid, Script, Value
from discovery.identify import Identified, identify
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.placeholders import says_something
from discovery.recording import Recording, answer

SHIPPED_ONES = definitions_in([SHIPPED])
SYS = "1.3.6.1.2.1.1."
ENT = "1.3.6.1.2.1.47.1.1.1.1."
ACME = "1.3.6.1.4.1.99999."


def recorded(facts: dict[str, Any]) -> Recording:
    lines = []
    for oid, value in facts.items():
        if oid == f"{SYS}2.0" or (isinstance(value, str) and value.startswith(".1.3.")):
            lines.append(f"{oid}|6|{value.removeprefix('.')}")
        else:
            lines.append(f"{oid}|2|{value}" if isinstance(value, int) else f"{oid}|4x|{value.encode().hex()}")
    return Recording(("\n".join(lines) + "\n").encode())


def acme(folder: Path, definition: str) -> Definitions:
    (folder / "acme.yaml").write_text(
        "vendor: Acme\ndefinitions:\n  - id: acme\n    class: network.switch\n"
        f"    match: [{{sysobjectid: {ACME[:-1]}}}]\n{definition}"
    )
    return definitions_in([folder])


def model_by(folder: Path, step: str, facts: dict[str, Any], tables: str = "") -> str | None:
    known = acme(folder, f"    identity: {{model: [{step}]}}\n{tables}")
    return answer(identify(known), recorded({f"{SYS}2.0": f"{ACME}1", **facts})).model


@pytest.mark.parametrize(
    ("step", "facts", "model"),
    [
        (f"{{get: {ACME}1.0}}", {f"{ACME}1.0": " X1 "}, "X1"),
        (f"{{get: {ACME}1.0}}, {{text: Y}}", {f"{ACME}1.0": "N/A"}, "Y"),
        (f"{{get: {ACME}1.0}}, {{none: true}}, {{text: Y}}", {}, None),
        (f"{{get: {ACME}1.0, unless: '^X'}}, {{text: Y}}", {f"{ACME}1.0": "X1"}, "Y"),
        (
            f"{{get: {ACME}1.0, match: 'a=(\\d+) b=(?P<b>\\d+)', format: '{{b}}-{{1}}'}}",
            {f"{ACME}1.0": "a=1 b=2"},
            "2-1",
        ),
        (f"{{get: {ACME}1.0, deref: true}}", {f"{ACME}1.0": f".{ACME}7.0", f"{ACME}7.0": "X7"}, "X7"),
        (f"{{get: '{ACME}2.{{chassis}}'}}", {f"{ENT}5.9": 3, f"{ENT}4.9": 0, f"{ACME}2.9": "X9"}, "X9"),
        (f"{{get: {ACME}2, row: {{get: {ACME}1.0}}}}", {f"{ACME}1.0": 4, f"{ACME}2.4": "X4", f"{ACME}2.3": "X3"}, "X4"),
        (f"{{walk: {ACME}2}}", {f"{ACME}2.1": "none", f"{ACME}2.2": "X2"}, "X2"),
        (
            f"{{walk: {ACME}2, where: {{column: {ACME}3, value: '^2$'}}}}",
            {f"{ACME}2.1": "A", f"{ACME}2.2": "B", f"{ACME}3.1": 1, f"{ACME}3.2": 2},
            "B",
        ),
        (
            "{entity: model}",
            {f"{ENT}5.1": 11, f"{ENT}4.1": 0, f"{ENT}5.5": 3, f"{ENT}4.5": 1, f"{ENT}13.5": "X5"},
            "X5",
        ),
        ("{entity: model}", {f"{ENT}13.4": "X4"}, "X4"),
        ("{sysdescr: 'type (\\w+)'}", {f"{SYS}1.0": "my type X8"}, "X8"),
        ("{sysname: '^(\\w+)-'}", {f"{SYS}5.0": "X6-a"}, "X6"),
        (f"{{join: [{{text: A}}, {{get: {ACME}1.0, optional: true}}], with: '/'}}", {}, "A"),
        (f"{{join: [{{text: A}}, {{get: {ACME}1.0}}], with: '/'}}", {f"{ACME}1.0": "B"}, "A/B"),
        (f"{{join: [{{text: A}}, {{get: {ACME}1.0}}]}}, {{text: C}}", {}, "C"),
        (f"{{get: {ACME}1.0, as: mac}}", {f"{ACME}1.0": "abcdef"}, "61:62:63:64:65:66"),
        (f"{{get: {ACME}1.0, as: hex}}", {f"{ACME}1.0": "ab"}, "6162"),
    ],
)
def test_a_step_leads_to_its_value(tmp_path: Path, step: str, facts: dict[str, Any], model: str) -> None:
    assert model_by(tmp_path, step, facts) == model


def test_a_lookup_goes_by_sysobjectid_or_by_a_step(tmp_path: Path) -> None:
    tables = f"tables: {{ids: {{{ACME}1: X1}}, kinds: {{7: Seven}}}}\n"
    assert model_by(tmp_path, "{lookup: ids}", {}, tables) == "X1"
    assert model_by(tmp_path, f"{{lookup: kinds, by: {{get: {ACME}3.0}}}}", {f"{ACME}3.0": 7}, tables) == "Seven"


def test_a_refinement_may_look_at_what_was_found(tmp_path: Path) -> None:
    known = acme(
        tmp_path,
        "    identity: {model: [{sysdescr: '^\\S+'}]}\n    refine:\n"
        "      - {when: {model: '^R'}, class: network.router, os: RouterOS}\n"
        "      - {when: {sysdescr: '.', except: {sysdescr: plain}}, class: security.firewall}\n",
    )
    kinds = {}
    for sysdescr in ("R1 plain", "S1 plain", "S1"):
        found = answer(identify(known), recorded({f"{SYS}2.0": f"{ACME}1", f"{SYS}1.0": sysdescr}))
        kinds[sysdescr] = (found.type, found.os)
    assert kinds == {"R1 plain": ("router", "RouterOS"), "S1 plain": ("switch", None), "S1": ("firewall", None)}


def test_a_probe_and_sysorid_lead_where_the_scalars_do_not(tmp_path: Path) -> None:
    (tmp_path / "probes.yaml").write_text(
        "definitions:\n"
        f"  - {{id: by-get, class: storage, match: [{{sysobjectid: 1.3.6.1.4.1.8072, get: {ACME}1.0, value: '^A'}}]}}\n"
        f"  - {{id: by-walk, class: storage, match: [{{walk: {ACME}2}}]}}\n"
        f"  - {{id: by-module, class: storage, match: [{{sysorid: {ACME}9}}]}}\n"
    )
    known = definitions_in([tmp_path])
    linux = {f"{SYS}2.0": "1.3.6.1.4.1.8072.3.2.10"}

    def matched(facts: dict[str, Any]) -> str:
        return (answer(identify(known), recorded({**linux, **facts})).matched_by or "").partition(":")[0]

    assert matched({f"{ACME}1.0": "A"}) == "by-get"
    assert matched({f"{ACME}1.0": "B", f"{ACME}2.5": 1}) == "by-walk"
    assert matched({f"{SYS}9.1.2.3": f".{ACME}9.1"}) == "by-module"
    assert matched({}) == ""


def test_an_appliance_on_a_system_of_everybody_is_its_makers(tmp_path: Path) -> None:
    (tmp_path / "systems.yaml").write_text(
        "definitions:\n"
        "  - {id: linux, vendor: Linux, class: server, fallback: true, match: [{sysobjectid: 1.3.6.1.4.1.8072}]}\n"
    )
    (tmp_path / "vendors.tsv").write_text("31926\tSiklu\tnetwork.wireless_ap\n")
    known = definitions_in([tmp_path])
    linux = {f"{SYS}2.0": "1.3.6.1.4.1.8072.3.2.10", f"{SYS}1.0": "Linux a 5.4 mips"}
    plain = answer(identify(known), recorded(linux))
    radio = answer(identify(known), recorded({**linux, "1.3.6.1.4.1.31926.1.1.0": "x"}))
    assert (plain.class_, plain.vendor) == ("server", "Linux")
    assert (radio.class_, radio.type, radio.vendor) == ("network", "wireless_ap", "Siklu")


@pytest.mark.parametrize(
    ("facts", "class_", "type_", "vendor"),
    [
        ({f"{SYS}2.0": "1.3.6.1.4.1.20992.9"}, "network", "router", "Cradlepoint"),
        ({f"{SYS}2.0": "1.3.6.1.4.1.63999.1", "1.3.6.1.2.1.33.1.1.2.0": "UPS 3000"}, "environment", "ups", None),
        ({f"{SYS}1.0": "Nobody Laser Printer"}, "auxiliary", "printer", None),
        ({f"{SYS}1.0": "Grandstream thing"}, "auxiliary", "phone", "Grandstream"),
        ({f"{SYS}2.0": "1.3.6.1.4.1.8072.3.2.10", "1.3.6.1.4.1.31926.1.1.0": "x"}, "network", "wireless_ap", "Siklu"),
        ({f"{SYS}1.0": "Linux a 5.4 x86_64"}, "server", "unknown", None),
        ({f"{SYS}1.0": "Linux a 5.4 mips"}, "unknown", "unknown", None),
    ],
)
def test_a_device_without_definition_is_described_by_evidence(
    facts: dict[str, Any], class_: str, type_: str, vendor: str | None
) -> None:
    only_generic = Definitions(
        {}, (), SHIPPED_ONES.identity, SHIPPED_ONES.strong, SHIPPED_ONES.weak, SHIPPED_ONES.vendors, ()
    )
    found = answer(identify(only_generic), recorded(facts))
    assert (found.class_, found.type, found.vendor, found.error) == (class_, type_, vendor, "unknown_model")


def test_a_column_cut_short_for_a_probe_is_read_whole_for_a_value(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(
        f"definitions:\n  - id: long\n    class: network\n    match: [{{walk: {ACME}2}}]\n"
        f"    identity: {{model: [{{walk: {ACME}2, match: '^X.*'}}]}}\n"
    )
    facts = {f"{ACME}2.{row}": f"{'X' if row == 50 else 'Y'}{row}" for row in range(1, 60)}
    assert answer(identify(definitions_in([tmp_path])), recorded(facts)).model == "X50"


def test_what_shows_nothing_stays_unknown() -> None:
    found = answer(identify(SHIPPED_ONES), recorded({f"{SYS}1.0": "?"}))
    assert found.target("192.0.2.1") == {
        "address": "192.0.2.1", "state": "unknown", "class": "unknown", "type": "unknown", "vendor": None,
        "model": None, "serial": None, "os": None, "version": None, "name": None, "matched_by": None,
        "error": "unknown_model",
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", ["", "N/A", "0000000", "Default string", "FFFFFFFFFFFF", "123456789", "None", "x" * 9, "00:00:00:00:00:00"]
)
def test_a_placeholder_is_no_serial(value: str) -> None:
    assert not says_something("serial", value)


@pytest.mark.parametrize("value", ["FOC1234X0AB", "N/A-7", "0000001", "Default string 2", "1234567890123"])
def test_what_only_begins_like_a_placeholder_is_a_serial(value: str) -> None:
    assert says_something("serial", value)


def test_a_standard_of_wireless_lan_is_no_version() -> None:
    assert not says_something("version", "802.11n")
    assert says_something("version", "8.02")


@pytest.mark.parametrize(
    ("described", "serial"),
    [
        ("Serial Console Server, S/N: AB12345", "AB12345"),
        ("Serial Console Server", None),
        ("SN 1234", None),
        ("serial number 20012345", "20012345"),
    ],
)
def test_the_word_serial_in_sysdescr_names_a_number_or_nothing(described: str, serial: str | None) -> None:
    told = answer(identify(SHIPPED_ONES), recorded({f"{SYS}1.0": described, f"{SYS}2.0": f"{ACME}1"}))
    assert told.serial == serial


class Babbling:
    """A device that answers whatever is asked with what the test draws."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.asked = 0

    def run(self, script: Script[Identified]) -> Identified:
        try:
            ask = next(script)
            while True:
                self.asked += 1
                ask = script.send(self.told(ask))
        except StopIteration as end:
            result: Identified = end.value
            return result

    def told(self, ask: Any) -> Answer:
        if isinstance(ask, Get):
            return Answer(values={oid: self.value(oid) for oid in ask.oids if self.data.draw(st.booleans())})
        rows = self.data.draw(st.lists(st.integers(0, 9), max_size=3))
        return Answer(columns={column: {(row,): self.value(column) for row in rows} for column in ask.columns})

    def value(self, oid: str) -> Value:
        if oid == f"{SYS}2.0" and self.data.draw(st.booleans()):
            return Oid(
                "1.3.6.1.4.1."
                + self.data.draw(st.sampled_from(["9.1.1", "8072.3.2.10", "2636.1", "674.10892.5", "9.6.1"]))
            )
        kinds = st.one_of(
            st.binary(max_size=40),
            st.integers(-(2**63), 2**64),
            st.just(Oid("1.3.6.1.4.1.9.1.1")),
            st.just(b"Cisco IOS 1"),
        )
        return self.data.draw(kinds)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_whatever_a_device_answers_it_is_identified_in_a_bounded_dialogue(data: st.DataObject) -> None:
    device = Babbling(data)
    found = device.run(identify(SHIPPED_ONES))
    assert device.asked < 400
    assert all(
        value is None or (len(value) <= 255 and value.isprintable())
        for value in (found.model, found.serial, found.name)
    )
