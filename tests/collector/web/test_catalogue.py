"""The catalogues say the same in every language, and name everything a page can show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markupsafe import Markup

from collector import precedence, reconcile
from collector.change import approval, covering, expected, flapping, flow, lifecycle, matching, record, verification
from collector.model import CaseKind, CiState, Verdict
from collector.relations import KINDS
from collector.retirement import RunVerdict
from collector.retirement_policy import AGENTS, SWEEP
from collector.security.roles import ROLES
from collector.services import answering, reverting
from collector.services.inspections import OUTCOMES
from collector.web import catalogue, pages
from collector.web.catalogue import LANGUAGES, Texts, entries, preferred
from collector.web.looks import LOOKS
from collector.web.render import HERE
from collector.web.words import ALL_TYPES, CLASSES, INCIDENT_KINDS, SEVERITIES, STATES, TYPES
from wire.listening import EVENT_KINDS
from wire.observation import Status
from wire.sections import SECTIONS

EN, ZH = entries("en"), entries("zh-CN")
PLACE = re.compile(r"\{[a-z]+\}")
LOST = (reconcile.ADVISORY, reconcile.FILLS, reconcile.SILENT, reconcile.RANKED)
HAN = r"[\u3400-\u9fff]"


def test_every_language_has_the_same_keys_in_the_same_order() -> None:
    assert list(EN) == list(ZH)
    assert {file.stem for file in catalogue.FOLDER.glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_given_twice(language: str) -> None:
    pairs = json.loads((catalogue.FOLDER / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=list)
    assert len(pairs) == len({key for key, _ in pairs})
    assert not [key for key, text in pairs if not text.strip()]


def test_a_text_has_the_same_places_in_every_language() -> None:
    assert not [key for key in EN if set(PLACE.findall(EN[key])) != set(PLACE.findall(ZH[key]))]


def test_chinese_is_set_as_chinese_is_set() -> None:
    for key, text in ZH.items():
        plain = PLACE.sub("", text)
        assert not re.search(rf"{HAN} ?[,;:!?()]|[,;:!?(] ?{HAN}", plain), f"{key}: full-width punctuation: {text}"
        assert not re.search(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9]{HAN}", plain), f"{key}: a space beside Latin: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_shouts(language: str) -> None:
    assert not [key for key, text in entries(language).items() if re.search("[!！]|\\boops\\b", text, re.IGNORECASE)]


def _sources() -> list[Path]:
    return [*HERE.glob("templates/*.html"), *Path(pages.__file__).parent.glob("*.py"), *HERE.glob("*.py")]


def _used(pattern: str) -> set[str]:
    return {found for file in _sources() for found in re.findall(pattern, file.read_text(encoding="utf-8"))}


def test_every_text_a_page_asks_for_exists() -> None:
    plain = _used(r"""(?<!form\.)\b(?:t|texts|self)\(\s*["']([a-z][\w.\-]*)["']\s*[,)]""")
    assert len(plain) > 200
    assert not plain - set(EN)
    counted = _used(r"""\bt\.n\(\s*["']([^"']+)["']""")
    assert not {f"{key}.{form}" for key in counted for form in ("one", "other")} - set(EN)
    told = _used(r"""["']((?:login|account|ban)\.[a-z_.]+)["']""") - {"account.done."}
    assert not {key for key in told if not key.endswith(".html")} - set(EN)


FAMILIES = {
    "class": CLASSES,
    "type": ALL_TYPES,
    "state": STATES,
    "section": [*SECTIONS, "software", "vm"],
    "role": list(ROLES),
    "outcome": OUTCOMES,
    "severity": SEVERITIES,
    "verdict": [each.value for each in Verdict],
    "change_type": list(record.ChangeType),
    "change_state": list(record.State),
    "change_stage": list(record.Stage),
    "change_act": list(flow.Step),
    "change_part": list(flow.Part),
    "change_denied": list(lifecycle.Why),
    "change_mark": [
        "raise",
        "edit",
        "entrust",
        "task_done",
        *flow.Step,
        *(f"line_{each}" for each in verification.DECIDED),
        "look",
        "no_look",
        "unverified",
        "seen",
    ],
    "finding_act": [answering.ACCEPT, answering.WAIVE, answering.UNDO, *reverting.WORDS],
    "finding_task": ["mine", "anybody", "overdue"],
    "template_decision": ["approved", "refused", "withdrawn"],
    "change_flaw": list(approval.Flaw),
    "change_refused": list(covering.Reason),
    "change_flag": list(matching.Flag),
    "line_state": list(verification.LineState),
    "expected_how": list(expected.How),
    "flapping_remedy": list(flapping.Remedy),
    "case": [each.value for each in CaseKind],
    "event_kind": sorted(EVENT_KINDS),
    "status": [each.name.lower() for each in Status],
    "incident_kind": INCIDENT_KINDS,
    "run_verdict": list(RunVerdict),
    "run_kind": [SWEEP, AGENTS],
    "basis": ["arrival", "change", "request", "emergency", "accepted", "correction"],
    "relation": KINDS,
    "relation_back": KINDS,
    "language": LANGUAGES,
    "theme": ["auto", "light", "dark"],
    "why": ["rank", "takeover", "rule", "lock"],
    "mode": list(precedence.Mode),
    "lost": [*reconcile.TIES, reconcile.LASTS, *LOST],
    "error": [f"{status}.{part}" for status in (400, 403, 404, 405, 413, 500, 503) for part in ("title", "text")],
    "unit": ["s", "min", "h", "d", "mo", "y"],
    "account": [
        "done.password",
        "done.sessions",
        "done.revoked",
        "name",
        "taken",
        "password_length",
        "password_weak",
        "last_admin",
    ],
    **{family: list(states) for family, states in LOOKS.items()},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_data_can_name_has_a_word(family: str) -> None:
    assert not [word for word in FAMILIES[family] if f"{family}.{word}" not in EN]


def test_every_state_has_a_look_of_its_own() -> None:
    assert set(LOOKS["state"]) == {each.value for each in CiState}
    assert set(LOOKS["outcome"]) == {*OUTCOMES}
    assert set(LOOKS["status"]) == {each.name.lower() for each in Status}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_of_every_section_has_a_word(section: str) -> None:
    missing = [name for name in SECTIONS[section].fields if not {f"field.{name}", f"field.{section}.{name}"} & set(EN)]
    assert not missing


def test_columns_and_filters_of_every_list_have_a_word() -> None:
    from collector.web.pages import agents, changes, cis, findings, incidents, inspection_runs, results

    for spec in (agents.SPEC, changes.SPEC, cis.SPEC, findings.SPEC, incidents.SPEC, inspection_runs.SPEC):
        assert not [column.name for column in spec.columns if f"column.{column.name}" not in EN]
        assert not [name for name in spec.filters if f"filter.{name}" not in EN]
    assert not [column.name for column in results.COLUMNS if f"column.{column.name}" not in EN]


def test_the_classes_and_types_are_those_of_the_regulation() -> None:
    assert ZH["class.environment"] == "环境设备"
    assert ZH["type.power_environment_monitor"] == "动力环境监控"
    assert sum(len(types) for types in TYPES.values()) == len(set(ALL_TYPES)) == 64


def test_values_are_escaped_and_made_visible_and_the_catalogue_is_not() -> None:
    texts = Texts("en")
    shown = texts("ci.section_failed", section="<b>", status="\x1b[31m", reason=Markup("<i>ours</i>"))
    assert "&lt;b&gt;" in shown
    assert "\x1b" not in shown
    assert "<i>ours</i>" in shown


def test_numbers_take_the_form_of_the_language() -> None:
    assert Texts("en").n("list.count", 1) == "1 entry"
    assert Texts("en").n("list.count", 1234) == "1,234 entries"
    assert Texts("zh-CN").n("list.count", 1) == "共 1 条"


def test_what_has_no_word_is_called_as_it_is() -> None:
    texts = Texts("zh-CN")
    assert texts.label("section", "of a newer agent") == "of a newer agent"
    assert texts.field("os", "kernel") == "内核"
    assert texts.field("memory", "total_bytes") == "内存总量"
    assert texts.role("config_admin:server,pc") == "配置管理员（服务器、PC 终端）"
    assert texts.own({"en": "only english"}) == "only english"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,zh;q=0.9", "en"),
        ("de,zh-TW;q=0.5,en;q=0.4", "zh-CN"),
        ("fr", "en"),
        ("zh;q=nonsense,en;q=0.1", "en"),
        (";;;,,,", "en"),
    ],
)
def test_the_browser_is_asked_which_language_it_prefers(header: str, language: str) -> None:
    assert preferred(header) == language
