"""What differs between two texts: every line accounted for, few of them shown, no secret among them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.services.difference import MOST_MOVED, MOST_SHOWN, Difference, difference, edits

_texts = st.lists(st.sampled_from("abcd"), max_size=14)


def shown(found: Difference) -> list[str]:
    return [f"{line.edit}{line.text}" for group in found.groups for line in group]


@given(_texts, _texts)
@settings(max_examples=300)
def test_the_edits_lead_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    places = edits(before, after)
    assert [before[old] for edit, old, _ in places if edit != "+"] == before
    assert [after[new] if edit == "+" else before[old] for edit, old, new in places if edit != "-"] == after
    assert all(before[old] == after[new] for edit, old, new in places if edit == " ")


@given(_texts, _texts)
def test_no_shorter_way_is_left(before: list[str], after: list[str]) -> None:
    common = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, mine in enumerate(before):
        for j, theirs in enumerate(after):
            common[i + 1][j + 1] = common[i][j] + 1 if mine == theirs else max(common[i][j + 1], common[i + 1][j])
    moved = sum(edit != " " for edit, _, _ in edits(before, after))
    assert moved == len(before) + len(after) - 2 * common[-1][-1]


def test_what_moved_stands_among_a_few_lines_around_it() -> None:
    lines = [f"line {number}" for number in range(100)]
    found = difference("\n".join(lines), "\n".join([*lines[:50], "new", *lines[51:90], "late", *lines[90:]]))
    assert shown(found) == [
        " line 47", " line 48", " line 49", "-line 50", "+new", " line 51", " line 52", " line 53",
        " line 87", " line 88", " line 89", "+late", " line 90", " line 91", " line 92",
    ]  # fmt: skip
    assert (len(found.groups), found.came, found.went, found.is_cut) == (2, 2, 1, False)
    moved = [line for group in found.groups for line in group if line.edit != " "]
    assert [(line.old, line.new) for line in moved] == [(51, 0), (0, 51), (0, 91)]


def test_a_secret_that_moved_shows_as_moved_and_one_that_did_not_as_hidden() -> None:
    old, new = ("user admin password <secret:{}>\nsnmp community <secret:{}>\nend".format(*each)
                for each in (("1" * 16, "3" * 16), ("2" * 16, "3" * 16)))  # fmt: skip
    assert shown(difference(old, new)) == [
        "-user admin password ••••", "+user admin password •••• changed", " snmp community ••••", " end",
    ]  # fmt: skip


def test_equal_texts_have_no_difference() -> None:
    assert difference("a\nb\n", "a\nb\n") == Difference((), 0, 0, False)


def test_texts_that_share_nothing_cost_a_bounded_effort_and_are_cut() -> None:
    """The hostile case: many lines, all alike in pairs, none in the same place."""
    before, after = (["x", *"ab" * 20_000] if turned else list("ba" * 20_000) for turned in (True, False))
    steps = edits(before, after)
    assert sum(edit != " " for edit, _, _ in steps) <= max(MOST_MOVED, len(before) + len(after))
    unlike = difference("\n".join(f"a{n}" for n in range(9_000)), "\n".join(f"b{n}" for n in range(9_000)))
    assert (unlike.came, unlike.went, unlike.is_cut) == (9_000, 9_000, True)
    assert sum(map(len, unlike.groups)) == MOST_SHOWN
