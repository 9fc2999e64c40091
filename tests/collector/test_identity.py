"""Which CI is it? The ten worked examples, the traps, and what holds for every question."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import identity
from collector.identifiers import load, normalise
from collector.identity import Context, identify
from collector.identity_policy import Strength
from collector.model import CaseKind, CiState, Holder, Identified, Identifier, Subject
from collector.quarantine import STRONG_KINDS, suspects

POLICY = load(Path(__file__).parents[2] / "rules" / "identity.yaml")

U1, U2, U9, U13 = (f"00112233-4455-6677-8032-b7c04f4d35{n:02x}" for n in (1, 2, 9, 13))
A, B, C, D, E = (f"ac:1f:6b:00:00:{n:02x}" for n in range(10, 15))
SAMPLE_UUID = "03000200-0400-0500-0006-000700080009"
MACHINE = "8f14e45fceea467fa0e63d5b0b1c2d3e"
OTHER_MACHINE = "c9f0f895fb98ab9159f51fd0297e236d"


def named(text: str) -> frozenset[Identifier]:
    """Read "serial dell|7XK2M53, mac …" as a source would give it: what the policy refuses is left out."""
    pairs = [part.strip().split(" ", 1) for part in text.split(",") if part.strip()]
    return frozenset(found for kind, value in pairs if (found := normalise(kind, value, POLICY)))


def box(text: str, kind: str = "server/pc_server") -> Subject:
    ci_class, _, ci_type = kind.partition("/")
    return Subject("host", ci_class, ci_type, "a host", named(text), {})


def ci(ci_id: int, text: str, kind: str = "server/pc_server", state: CiState = CiState.ACTIVE) -> Holder:
    ci_class, _, ci_type = kind.partition("/")
    return Holder(ci_id, ci_class, ci_type, state, named(text))


def ask(subject: Subject, *holders: Holder, context: Context | None = None) -> Identified:
    return identify(subject, holders, POLICY, context)


# --- the worked examples


def test_I_1_a_known_serial_is_a_match_by_the_first_set() -> None:  # noqa: N802
    answer = ask(box(f"serial Dell Inc.|7XK2M53, uuid {U1}, mac {A}, mac {B}"), ci(10, "serial dell|7XK2M53"))
    assert (answer.outcome, answer.ci_id, answer.case) == ("match", 10, None)
    assert answer.matched_by == "serial (set 1), rules v1: serial dell|7XK2M53"


def test_I_2_a_placeholder_serial_is_dropped_and_the_second_set_matches() -> None:  # noqa: N802
    subject = box(f"serial Acme|To be filled by O.E.M., uuid {U2}, mac {C}")
    answer = ask(subject, ci(11, f"uuid {U2}, mac {C}"))
    assert (answer.outcome, answer.ci_id) == ("match", 11)
    assert answer.matched_by.startswith("uuid+mac (set 2), rules v1: ")


def test_I_3_placeholders_everywhere_make_a_proposal_and_overwrite_nothing() -> None:  # noqa: N802
    subject = box(f"serial Acme|0123456789, uuid {SAMPLE_UUID}, mac {D}, hostname fin-pc7", "pc/desktop")
    answer = ask(subject, ci(12, f"hostname fin-pc7, mac {D}", "pc/desktop"))
    assert (answer.outcome, answer.ci_id) == ("new", None)
    assert answer.case is not None
    assert answer.case.kind is CaseKind.DUPLICATE
    assert answer.case.evidence == {12: "hostname equal; mac 1/1"}


@pytest.mark.parametrize("kind", ["server/pc_server", "server/virtual_machine"])
def test_I_4_a_container_with_its_hosts_serial_is_parked_not_merged(kind: str) -> None:  # noqa: N802
    answer = ask(box(f"serial dell|S13A, uuid {U9}", kind), ci(13, f"serial dell|S13A, uuid {U13}"))
    assert (answer.outcome, answer.ci_id) == ("conflict", None)
    assert answer.case is not None
    assert answer.case.kind is CaseKind.CLONE
    assert answer.case.evidence == {13: f"serial equal; uuid differs: {U9} here, {U13} there"}


def test_I_5_esx_and_the_guest_name_one_virtual_machine_in_two_byte_orders() -> None:  # noqa: N802
    from_esx = ci(14, "uuid 564d4cbc-c6a9-1969-8d2f-112233445566", "server/virtual_machine")
    guest = box("uuid BC4C4D56-A9C6-6919-8D2F-112233445566, agent agent/g1", "server/virtual_machine")
    answer = ask(guest, from_esx)
    assert (answer.outcome, answer.ci_id) == ("match", 14)


def test_I_6_behind_a_floating_address_the_serial_that_answers_decides() -> None:  # noqa: N802
    yesterday = ci(15, "serial cisco|R1R1, address 10.1.1.1", "network/router")
    today = ci(16, "serial cisco|R2R2, address 10.1.1.1", "network/router")
    probed = box("serial cisco|R2R2, address 10.1.1.1, mac 00:00:5e:00:01:01", "network/router")
    answer = ask(probed, yesterday, today)
    assert (answer.outcome, answer.ci_id, answer.case) == ("match", 16, None)


def test_I_7_a_new_serial_in_the_place_of_a_silent_ci_is_a_replacement_not_a_free_arrival() -> None:  # noqa: N802
    old = ci(10, f"serial dell|7XK2M53, uuid {U1}, hostname db1")
    context = Context(frozenset({10}), {10: "rack A07-U12, switch port ge-0/0/12"})
    answer = ask(box(f"serial dell|7XK9999, uuid {U2}, hostname db1"), old, context=context)
    assert (answer.outcome, answer.ci_id) == ("new", None)
    assert answer.case is not None
    assert answer.case.kind is CaseKind.REPLACEMENT
    assert answer.case.evidence[10].startswith("hostname equal; serial differs: dell|7XK9999 here, dell|7XK2M53 there")
    assert answer.case.evidence[10].endswith("stood in rack A07-U12, switch port ge-0/0/12; silent")


@pytest.mark.parametrize("state", [CiState.UNREACHABLE, CiState.MISSING])
def test_a_ci_whose_state_says_it_is_away_is_silent(state: CiState) -> None:
    answer = ask(box("serial dell|7XK9999, hostname db1"), ci(10, "serial dell|7XK2M53, hostname db1", state=state))
    assert answer.case is not None
    assert answer.case.kind is CaseKind.REPLACEMENT


def test_I_8_a_docks_mac_that_hops_never_moves_a_pc_and_becomes_a_suspect_on_the_third() -> None:  # noqa: N802
    pcs = [ci(20 + n, f"serial dell|PC{n}ABCD, mac {D}, mac ac:1f:6b:00:01:{n:02x}", "pc/laptop") for n in range(3)]
    for number, pc in enumerate(pcs):
        answer = ask(box(f"serial dell|PC{number}ABCD, mac {D}", "pc/laptop"), *pcs)
        assert (answer.outcome, answer.ci_id) == ("match", pc.ci_id)
    dock = Identifier("mac", D)
    assert suspects(pcs[:2]) == frozenset()
    assert suspects(pcs) == {dock}


def test_I_9_a_retired_ci_that_answers_again_is_matched_and_marked_resurrected() -> None:  # noqa: N802
    answer = ask(box("serial dell|7XK2M53"), ci(30, "serial dell|7XK2M53", state=CiState.RETIRED))
    assert (answer.outcome, answer.ci_id, answer.resurrected) == ("match", 30, True)


def test_I_10_one_agent_key_on_two_instance_uuids_is_a_clone() -> None:  # noqa: N802
    original = ci(40, f"uuid {U1}, agent agent/k, machine_id {MACHINE}, hostname tpl1", "server/virtual_machine")
    clone = box(f"uuid {U2}, agent agent/k, machine_id {MACHINE}, hostname tpl1", "server/virtual_machine")
    answer = ask(clone, original)
    assert answer.outcome == "conflict"
    assert answer.case is not None
    assert answer.case.kind is CaseKind.CLONE
    assert list(answer.case.evidence) == [40]


# --- sets and vetoes


def test_nobody_known_is_a_new_ci_without_a_case() -> None:
    assert ask(box(f"serial dell|7XK2M53, uuid {U1}")) == Identified("new")


def test_a_device_that_says_no_more_than_before_where_it_answered_before_stays_who_it_is() -> None:
    plain = "hostname pdu-1, address 192.0.2.9, vendor_oid 1.3.6.1.4.1.318.1.3.4.4"
    asked = box(plain, "environment/pdu")
    assert ask(asked, ci(40, plain, "unknown/unknown")).outcome == "new", "two sources: weak identifiers only propose"
    answer = ask(asked, ci(40, plain, "unknown/unknown"), context=Context(answered_here=40))
    assert (answer.outcome, answer.ci_id, answer.case) == ("match", 40, None)
    assert answer.matched_by == "answered here before, rules v1"


@pytest.mark.parametrize(
    "other",
    [
        "hostname pdu-2, address 192.0.2.9",
        "address 192.0.2.9",
        "hostname pdu-1, address 192.0.2.9, serial apc|ZZ99887766",
    ],
    ids=["another name", "nothing but the address", "another serial"],
)
def test_another_device_at_a_known_address_is_not_who_answered_there_before(other: str) -> None:
    known = ci(40, "hostname pdu-1, address 192.0.2.9, serial apc|5A1111E00001", "environment/pdu")
    assert ask(box(other, "environment/pdu"), known, context=Context(answered_here=40)).ci_id is None


def test_two_cis_with_one_serial_are_ambiguous_and_neither_first_nor_oldest_wins() -> None:
    answer = ask(box("serial dell|7XK2M53"), ci(2, "serial dell|7XK2M53"), ci(1, "serial dell|7XK2M53"))
    assert (answer.outcome, answer.ci_id) == ("ambiguous", None)
    assert answer.case is not None
    assert (answer.case.kind, list(answer.case.evidence)) == (CaseKind.DUPLICATE, [1, 2])


def test_two_strong_sets_that_name_two_cis_are_ambiguous() -> None:
    by_serial, by_board = ci(1, "serial dell|7XK2M53"), ci(2, f"uuid {U1}, mac {A}")
    assert ask(box(f"serial dell|7XK2M53, uuid {U1}, mac {A}"), by_serial, by_board).outcome == "ambiguous"


def test_a_live_ci_goes_before_the_retired_duplicate_somebody_put_away() -> None:
    retired, live = ci(1, "serial dell|7XK2M53", state=CiState.RETIRED), ci(2, "serial dell|7XK2M53")
    answer = ask(box("serial dell|7XK2M53"), retired, live)
    assert (answer.ci_id, answer.resurrected) == (2, False)


def test_a_weaker_identifier_that_differs_does_not_break_a_strong_match() -> None:
    known = ci(1, f"serial dell|7XK2M53, mac {A}, hostname old, agent agent/1, machine_id {MACHINE}")
    subject = box(f"serial dell|7XK2M53, mac {B}, hostname new, agent agent/2, machine_id {OTHER_MACHINE}")
    assert ask(subject, known).ci_id == 1


def test_a_uuid_alone_does_not_match_a_box_because_boards_share_them() -> None:
    answer = ask(box(f"uuid {U1}, mac {A}"), ci(1, f"uuid {U1}, mac {B}"))
    assert answer.outcome == "new"
    assert answer.case is not None


def test_a_new_network_card_does_not_part_a_board_from_its_uuid() -> None:
    known = ci(1, f"uuid {U1}, mac {A}, agent agent/1, hostname pc7", "pc/desktop")
    assert ask(box(f"uuid {U1}, mac {B}, agent agent/1, hostname pc7", "pc/desktop"), known).ci_id == 1


def test_a_cloned_disk_in_another_nameless_box_is_parked_because_no_card_is_shared() -> None:
    known = ci(1, f"mac {A}, agent agent/1, hostname pc7, machine_id {MACHINE}", "pc/desktop")
    clone = box(f"mac {B}, agent agent/1, hostname pc7, machine_id {MACHINE}", "pc/desktop")
    assert ask(clone, known).outcome == "conflict"


def test_a_disk_moved_to_another_chassis_is_parked_and_a_replacement_when_the_old_one_is_silent() -> None:
    known = ci(1, "serial dell|7XK2M53, agent agent/1, hostname db1")
    moved = box("serial dell|7XK9999, agent agent/1, hostname db1")
    answer = ask(moved, known, context=Context(silent=frozenset({1})))
    assert answer.outcome == "conflict"
    assert answer.case is not None
    assert answer.case.kind is CaseKind.REPLACEMENT


def test_an_agent_keeps_its_nameless_box_through_a_new_host_name() -> None:
    known = ci(1, f"agent agent/1, hostname old, machine_id {MACHINE}", "unknown/unknown")
    renamed = box(f"agent agent/1, hostname new, machine_id {MACHINE}", "unknown/unknown")
    assert ask(renamed, known).matched_by.startswith("agent+machine_id (set 4)")


def test_an_agent_that_knows_nothing_of_its_box_still_finds_it_again() -> None:
    assert ask(box("agent agent/1"), ci(1, f"agent agent/1, machine_id {MACHINE}")).ci_id == 1


def test_an_agents_key_under_another_name_and_machine_id_is_a_clone() -> None:
    known = ci(1, f"agent agent/1, hostname old, machine_id {MACHINE}")
    answer = ask(box(f"agent agent/1, hostname new, machine_id {OTHER_MACHINE}"), known)
    assert answer.outcome == "conflict"
    assert answer.case is not None
    assert answer.case.kind is CaseKind.CLONE


def test_a_container_made_anew_with_its_agents_state_is_the_same_ci() -> None:
    known = ci(1, "agent agent/c, hostname 3f2a", "server/virtual_machine")
    assert ask(box("agent agent/c, hostname 9b41", "server/virtual_machine"), known).ci_id == 1


def test_a_virtual_machine_keeps_its_ci_when_it_migrates_and_is_renamed() -> None:
    known = ci(1, f"uuid {U1}, hostname web1, virtual_mac 52:54:00:00:00:01", "server/virtual_machine")
    moved = box(f"uuid {U1}, hostname web2, virtual_mac 52:54:00:00:00:02", "server/virtual_machine")
    assert ask(moved, known).ci_id == 1


def test_of_two_that_hold_an_agents_key_the_one_that_holds_its_name_too_is_meant() -> None:
    by_key = ci(1, "agent agent/1, hostname web1", "server/virtual_machine")
    by_both = ci(2, "agent agent/1, hostname web2", "server/virtual_machine")
    answer = ask(box("agent agent/1, hostname web2", "server/virtual_machine"), by_key, by_both)
    assert (answer.outcome, answer.ci_id) == ("match", 2)


def test_hostname_and_mac_of_a_virtual_machine_only_propose() -> None:
    known = ci(1, "hostname web1, virtual_mac 52:54:00:00:00:01", "server/virtual_machine")
    subject = box("hostname web1, virtual_mac 52:54:00:00:00:01", "server/virtual_machine")
    assert ask(subject, known).outcome == "new"


def test_a_physical_server_made_virtual_is_parked_for_a_person() -> None:
    known = ci(1, f"serial dell|7XK2M53, uuid {U1}, agent agent/1, machine_id {MACHINE}")
    moved = box(f"uuid {U2}, agent agent/1, machine_id {MACHINE}", "server/virtual_machine")
    assert ask(moved, known).outcome == "conflict"


def test_a_physical_server_retired_before_it_was_made_virtual_is_no_conflict() -> None:
    known = ci(1, f"serial dell|7XK2M53, uuid {U1}, agent agent/1", state=CiState.RETIRED)
    assert ask(box(f"uuid {U2}, agent agent/1", "server/virtual_machine"), known) == Identified("new")


def test_a_serial_known_in_another_class_is_a_class_conflict() -> None:
    answer = ask(box("serial hp|7XK2M53", "storage/disk_array"), ci(1, "serial hp|7XK2M53", "network/switch"))
    assert answer.outcome == "conflict"
    assert answer.case is not None
    assert answer.case.kind is CaseKind.CLASS_CONFLICT


def test_what_was_unknown_is_matched_once_it_is_recognised() -> None:
    answer = ask(box("serial hp|7XK2M53", "network/switch"), ci(1, "serial hp|7XK2M53", "unknown/unknown"))
    assert (answer.outcome, answer.ci_id) == ("match", 1)


def test_a_stored_spelling_is_compared_in_todays_form() -> None:
    stored = Holder(1, "server", "pc_server", CiState.ACTIVE, frozenset({Identifier("serial", "Dell Inc.|7xk2m53")}))
    assert ask(box("serial dell|7XK2M53"), stored).ci_id == 1


def test_a_stored_placeholder_neither_matches_nor_vetoes() -> None:
    stale = dataclasses.replace(ci(1, f"uuid {U1}, mac {A}"), identifiers=named(f"uuid {U1}, mac {A}")
                                | {Identifier("serial", "dell|0123456789")})  # fmt: skip
    assert ask(box(f"serial dell|7XK2M53, uuid {U1}, mac {A}"), stale).ci_id == 1


# --- proposals


def test_the_same_name_on_other_hardware_is_a_case_even_before_the_old_one_is_silent() -> None:
    answer = ask(box("serial dell|7XK9999, hostname db1"), ci(1, "serial dell|7XK2M53, hostname db1"))
    assert answer.outcome == "new"
    assert answer.case is not None
    assert answer.case.kind is CaseKind.DUPLICATE


def test_a_place_alone_points_at_the_silent_ci_that_stood_there() -> None:
    context = Context(frozenset({1}), {1: "switch port ge-0/0/12"})
    answer = ask(box("serial dell|7XK9999, hostname new"), ci(1, "serial dell|7XK2M53"), context=context)
    assert answer.case is not None
    assert answer.case.kind is CaseKind.REPLACEMENT


def test_a_silent_ci_of_which_only_the_place_is_known_is_replaced_too() -> None:
    context = Context(frozenset({1}), {1: "address 10.1.1.7"})
    answer = ask(box("serial dell|7XK9999"), ci(1, "hostname cam7"), context=context)
    assert answer.case is not None
    assert (answer.case.kind, answer.case.evidence) == (CaseKind.REPLACEMENT, {1: "stood in address 10.1.1.7; silent"})


def test_a_name_that_is_free_since_its_ci_was_retired_is_no_doubt() -> None:
    retired = ci(1, "serial dell|7XK2M53, hostname db1", state=CiState.RETIRED)
    assert ask(box("serial dell|7XK9999, hostname db1"), retired) == Identified("new")


def test_a_quarantined_identifier_points_at_nobody() -> None:
    context = Context(suspects=frozenset({Identifier("hostname", "master")}))
    assert ask(box("hostname master"), ci(1, "hostname master"), context=context) == Identified("new")


# --- dependents


def test_an_operating_system_of_another_version_is_the_same_ci_of_its_host() -> None:
    installed = ci(7, "instance os|linux", "system_software/os")
    assert ask(box("instance os|linux", "system_software/os"), installed).ci_id == 7


def test_a_second_instance_of_a_product_is_a_new_ci_without_a_case() -> None:
    first = ci(7, "instance postgresql|/srv/a, product postgresql", "system_software/database")
    second = box("instance postgresql|/srv/b, product postgresql", "system_software/database")
    assert ask(second, first) == Identified("new")


def test_an_instance_that_appears_where_one_fell_silent_is_a_replacement() -> None:
    first = ci(7, "instance postgresql|/srv/15, product postgresql", "system_software/database")
    second = box("instance postgresql|/srv/16, product postgresql", "system_software/database")
    answer = ask(second, first, context=Context(silent=frozenset({7})))
    assert answer.case is not None
    assert answer.case.kind is CaseKind.REPLACEMENT


# --- quarantine


def test_a_cloned_machine_id_on_three_virtual_machines_is_a_suspect() -> None:
    vms = [ci(n, f"uuid 4c4c4544-0058-4b10-8032-b7c04f4d3{n:03}, machine_id {MACHINE}") for n in range(1, 4)]
    assert suspects(vms) == named(f"machine_id {MACHINE}")


def test_retired_cis_and_cis_that_may_be_one_thing_make_no_suspect() -> None:
    apart = [ci(n, f"serial dell|ABC{n}, hostname web") for n in range(1, 4)]
    retired = dataclasses.replace(apart[2], state=CiState.RETIRED)
    unproven = ci(3, "hostname web")
    assert suspects([*apart[:2], retired]) == frozenset()
    assert suspects([*apart[:2], unproven]) == frozenset()
    assert suspects(apart) == named("hostname web")


def test_holders_linked_by_a_shared_strong_value_count_as_one() -> None:
    chain = [ci(n, f"serial dell|ABC{n}, serial dell|ABC{n + 1}, hostname web") for n in range(1, 6)]
    for _ in range(5):
        random.Random(7).shuffle(chain)
        assert suspects(chain) == frozenset()


def test_the_strong_kinds_of_quarantine_are_those_of_the_policys_strong_vetoes() -> None:
    strong = {
        kind
        for profile in POLICY.profiles.values()
        for kind, weight in profile.veto.items()
        if weight is Strength.STRONG and not profile.inside_parent
    }
    assert strong == set(STRONG_KINDS)


def test_a_subject_without_a_strong_set_is_told() -> None:
    assert identity.has_strong(box("serial dell|7XK2M53"), POLICY)
    assert not identity.has_strong(box(f"serial dell|12345, uuid {U1}, hostname a"), POLICY)


# --- what holds for every question

_VALUES = {
    "serial": ["dell|AAAA1", "dell|AAAA2", "hp|AAAA1"],
    "uuid": [U1, U2, U9],
    "mac": [A, B, C],
    "virtual_mac": ["52:54:00:00:00:01", "52:54:00:00:00:02"],
    "agent": ["agent/1", "agent/2"],
    "machine_id": [MACHINE, OTHER_MACHINE],
    "hostname": ["web1", "web2"],
}
_KINDS = ["server/pc_server", "server/virtual_machine", "pc/laptop", "unknown/unknown", "network/switch"]
_any_identifier = st.sampled_from(sorted(Identifier(kind, v) for kind, values in _VALUES.items() for v in values))
_identifiers = st.frozensets(_any_identifier, max_size=6)


@st.composite
def _questions(draw: st.DrawFn) -> tuple[Subject, list[Holder], Context]:
    ci_class, _, ci_type = draw(st.sampled_from(_KINDS)).partition("/")
    subject = Subject("host", ci_class, ci_type, "x", draw(_identifiers), {})
    holders = []
    for ci_id in range(draw(st.integers(0, 4))):
        held_class, _, held_type = draw(st.sampled_from(_KINDS)).partition("/")
        holders.append(Holder(ci_id, held_class, held_type, draw(st.sampled_from(CiState)), draw(_identifiers)))
    context = Context(draw(st.frozensets(st.integers(0, 4), max_size=2)), {},
                      draw(st.frozensets(_any_identifier, max_size=1)))  # fmt: skip
    return subject, holders, context


@given(_questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_holders_never_changes_the_answer(
    question: tuple[Subject, list[Holder], Context], shuffler: random.Random
) -> None:
    subject, holders, context = question
    before = identify(subject, holders, POLICY, context)
    shuffler.shuffle(holders)
    assert identify(subject, holders, POLICY, context) == before


@given(_questions())
def test_asking_again_after_the_identifiers_were_written_gives_the_same_ci(
    question: tuple[Subject, list[Holder], Context],
) -> None:
    subject, holders, context = question
    first = identify(subject, holders, POLICY, context)
    if first.outcome == "match":
        known = [h if h.ci_id != first.ci_id else _with(h, subject.identifiers) for h in holders]
        ci_id = first.ci_id
    elif first.outcome == "new" and _can_match(subject, context):
        known = [*holders, Holder(99, subject.ci_class, subject.ci_type, CiState.PROPOSED, subject.identifiers)]
        ci_id = 99
    else:
        return
    again = identify(subject, known, POLICY, context)
    assert (again.outcome, again.ci_id, again.case) == ("match", ci_id, None)


@given(_questions())
def test_an_answer_is_whole(question: tuple[Subject, list[Holder], Context]) -> None:
    subject, holders, context = question
    answer = identify(subject, holders, POLICY, context)
    assert answer.outcome in ("match", "new", "conflict", "ambiguous")
    assert (answer.ci_id is not None) == (answer.outcome == "match") == bool(answer.matched_by)
    if answer.outcome in ("conflict", "ambiguous"):
        assert answer.case is not None
    if answer.case is not None:
        assert answer.case.evidence.keys() <= {each.ci_id for each in holders}
        assert all(answer.case.evidence.values())


@given(_questions())
def test_a_match_never_joins_two_strong_identifiers_that_disagree(
    question: tuple[Subject, list[Holder], Context],
) -> None:
    subject, holders, context = question
    answer = identify(subject, holders, POLICY, context)
    if answer.ci_id is not None:
        strong = {k for k, w in POLICY.profile(subject.ci_class, subject.ci_type).veto.items() if w is Strength.STRONG}
        mine, held = subject.identifiers, holders[answer.ci_id].identifiers
        for kind in strong:
            ours = {i.value for i in mine if i.kind == kind and i not in context.suspects}
            theirs = {i.value for i in held if i.kind == kind and i not in context.suspects}
            assert not ours or not theirs or ours & theirs


@given(st.text(max_size=600), st.text(max_size=600))
def test_hostile_identifiers_end_in_an_answer_of_bounded_length(one: str, other: str) -> None:
    raw = frozenset({Identifier("serial", one), Identifier("hostname", other), Identifier("no such kind", one)})
    answer = identify(Subject("host", one, other, one, raw, {}), [Holder(1, other, one, CiState.ACTIVE, raw)], POLICY)
    assert len(answer.matched_by) < 1000


def test_evidence_shows_the_beginning_of_a_long_value_and_how_many_there_are() -> None:
    many = ", ".join(f"mac ac:1f:6b:00:02:{n:02x}" for n in range(40))
    answer = ask(box(f"uuid {U1}, {many}"), ci(1, f"uuid {U1}, {many}"))
    assert answer.matched_by.endswith("mac ac:1f:6b:00:02:00 and 39 more")


def _with(holder: Holder, more: frozenset[Identifier]) -> Holder:
    return dataclasses.replace(holder, identifiers=holder.identifiers | more)


def _can_match(subject: Subject, context: Context) -> bool:
    kinds = {each.kind for each in subject.identifiers - context.suspects}
    sets = POLICY.profile(subject.ci_class, subject.ci_type).sets
    return any(set(each.kinds) <= kinds for each in sets if each.strength > Strength.WEAK)
