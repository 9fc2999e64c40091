"""What people type of a change: read as meant, shown as it is read, and whatever they type one clear answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.change.expected import Expected, How
from collector.model import Path, Value
from collector.services.changes import expecting
from collector.services.changes.asked import Asked, AskedLine
from collector.services.refused import Refused
from collector.store.browse.ref import CiRef
from collector.web import change_form, forms

CALLED = {"web-01": (CiRef("u1", "web-01", "server", "pc_server"),)}
VALUES: list[tuple[Path, str, How, str, Value]] = [
    (Path("os", "version"), "", How.EXACT, "12.6", "12.6"), (Path("cpu", "cores"), "", How.EXACT, "16", 16),
    (Path("packages", "a|b"), "version", How.ONE_OF, "1; 2", ("1", "2")),
    (Path("memory", "total_bytes"), "", How.RANGE, "1..", (1, None)),
    (Path("interfaces", "eth0"), "addresses", How.EXACT, "10.0.0.2/24, 10.0.0.1/24", ["10.0.0.1/24", "10.0.0.2/24"]),
    (Path("dns", "servers"), "", How.EXACT, "10.0.0.2, 10.0.0.1", ["10.0.0.2", "10.0.0.1"]),
    (Path("packages", "a|b"), "", How.EXACT, '{"version":"2"}', {"version": "2"}),
    (Path("services", "ssh"), "", How.EXACT, "-", None), (Path("filesystems", "/"), "readonly", How.EXACT, "是", True),
    (Path("os", "version"), "", How.DISCOVERED, "whatever", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "field", "how", "text", "value"), VALUES)
def test_an_expected_value_has_the_type_of_the_catalogue(
    path: Path, field: str, how: How, text: str, value: Value
) -> None:
    assert expecting.read(path, field, how, text) == Expected(how, value)


@given(
    st.sampled_from(["os", "packages", "relations", "odd"]),
    st.text(),
    st.text(),
    st.text() | st.sampled_from(How),
    st.text(),
)
def test_any_expectation_is_read_or_refused(section: str, key: str, field: str, how: str, text: str) -> None:
    try:
        expecting.read(Path(section, key), field, how, text)
    except Refused:
        return


@given(st.text(), st.text(), st.text(), st.text())
def test_any_form_is_read_and_what_is_wrong_marked(cis: str, lines: str, start: str, title: str) -> None:
    form = forms.of_values({"cis": cis, "lines": lines, "start": start, "title": title})
    asked = change_form.read(change_form.with_added(form), CALLED)
    assert isinstance(asked, Asked)


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30))
def test_a_line_that_is_shown_is_read_again(key: str) -> None:
    line = AskedLine("u1", "packages", key, "version", Expected(How.EXACT, "3,0"))
    asked = Asked("t", "r", "cid", ("u1",), (line,))
    shown = change_form.shown(asked, "standard", {"u1": "web-01"})
    form = forms.of_values(shown)
    assert change_form.read(form, CALLED).lines == (line,)
    assert not form.wrong
