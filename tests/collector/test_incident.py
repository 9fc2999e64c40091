"""Incidents: one a cause, as long as the cause is there, in words for people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.incident import (
    BY_PATH,
    FOUND,
    MAX_ITEMS,
    Held,
    Plan,
    alert_cause,
    alert_key,
    alert_of,
    finding_cause,
    plan,
)
from collector.incident.planning import REOPEN_WINDOW_MS
from collector.model import CI, Alert, Cause, CiState, Drift, Finding, Incident, Member, Outcome, Path, Rule, Verdict

NOW = 1_768_464_000_000
SERVER = CI(7, "ci-7", "server", "pc_server", "srv7", CiState.ACTIVE)
RULE = Rule(
    "SRV-DISK-001", frozenset({"server"}), "true",
    title={"zh": "文件系统将满", "en": "File system nearly full"},
    summary={"zh": "{{ci.name}} 的 {{fs.instance}} 已用 {{fs.value|pct}}",
             "en": "{{fs.instance}} of {{ci.name}} is {{fs.value|pct}} full"},
    category="server/storage", runbook={"zh": "清理", "en": "clear"},
)  # fmt: skip
ALERT = Alert(
    "SRV-DISK-001", 7, "/var", "firing", Outcome.PROBLEM, NOW - 60_000, NOW,
    {"fs.instance": "/var", "fs.value": 0.934, "severity": "critical"},
)  # fmt: skip


def incident_of(cause: Cause, number: int = 1) -> Incident:
    return Incident(number, f"INC-{number:06d}", cause.key, cause.ci_id, cause.kind, cause.severity, "new",
                    cause.title, cause.detail, NOW)  # fmt: skip


def cause(key: str, severity: str = "warning") -> Cause:
    return Cause(key, 7, "alert", severity, {"zh": key, "en": key}, {}, NOW)


def test_an_alert_that_fires_is_a_cause_with_the_words_of_its_rule() -> None:
    found = alert_cause(ALERT, RULE, SERVER)
    assert found is not None
    assert (found.key, found.kind, found.severity) == ("rule|SRV-DISK-001|ci-7|/var", "alert", "critical")
    assert found.title == {"zh": "srv7 的 /var 已用 93%", "en": "/var of srv7 is 93% full"}
    assert found.since == ALERT.since
    assert found.detail["evidence"]["fs.value"] == 0.934
    assert found.detail["ci"] == {"uid": "ci-7", "name": "srv7", "class": "server", "type": "pc_server"}


def test_an_alert_that_waits_or_is_over_is_no_cause() -> None:
    assert alert_cause(replace(ALERT, state="pending"), RULE, SERVER) is None
    assert alert_cause(replace(ALERT, state="ok"), RULE, SERVER) is None


def test_an_alert_that_fires_while_nothing_is_known_is_still_a_cause() -> None:
    assert alert_cause(replace(ALERT, outcome=Outcome.UNKNOWN, reason="stale: health"), RULE, SERVER) is not None


@pytest.mark.parametrize("instance", ["", "/var", "/ a|b|", "||"])
def test_the_key_of_an_alert_says_which_alert_it_is(instance: str) -> None:
    assert alert_of(alert_key("SRV-DISK-001", "ci-7", instance)) == ("SRV-DISK-001", "ci-7", instance)


@pytest.mark.parametrize("key", ["", "rule", "rule|SRV-DISK-001|ci-7", "finding|1|2|3", "a"])
def test_the_key_of_another_cause_says_no_alert(key: str) -> None:
    assert alert_of(key) is None


def test_the_key_of_a_cause_survives_a_new_name_value_and_severity() -> None:
    first, second = (
        alert_cause(ALERT, RULE, SERVER),
        alert_cause(replace(ALERT, evidence={}), RULE, replace(SERVER, name="x")),
    )
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert second.title["en"] == "? of x is ? full"


def test_words_from_the_network_stay_one_plain_line() -> None:
    nasty = replace(ALERT, evidence={"fs.instance": "<b>/v\n\x1b[31m\u202e{{ci.name}}" + "x" * 999, "fs.value": "a|b"})
    found = alert_cause(nasty, RULE, SERVER)
    assert found is not None
    assert found.title["en"].startswith("<b>/v  [31m {{ci.name}}xxx")
    assert found.title["en"].endswith("… of srv7 is a|b full")


def finding(count: int = 1) -> Finding:
    items = tuple(
        Drift(Path("packages", f"p{at}|all"), None, None, {"version": "1"}, NOW - 60_000, NOW) for at in range(count)
    )
    return Finding(3, 7, Verdict.UNAPPROVED, NOW - 60_000, NOW, NOW, items)


def test_an_open_finding_is_a_cause_in_the_words_of_the_regulation() -> None:
    found = finding_cause(finding(), SERVER, BY_PATH)
    assert found is not None
    assert (found.key, found.kind) == ("finding|3", "unapproved_change")
    assert found.title["zh"] == "非授权变更：srv7 packages.p0|all"
    assert found.title["en"] == "Unapproved change on srv7: packages.p0|all"
    assert found.detail["between"] == ["2026-01-15T07:59:00.000Z", "2026-01-15T08:00:00.000Z"]
    [item] = found.detail["items"]
    assert (item["old"], item["new"]) == (None, {"version": "1"})


def test_a_large_finding_lists_some_items_and_counts_the_rest() -> None:
    found = finding_cause(finding(MAX_ITEMS + 7), SERVER, BY_PATH)
    assert found is not None
    assert (len(found.detail["items"]), found.detail["more"]) == (MAX_ITEMS, 7)
    assert (
        found.title["en"]
        == f"Unapproved change on srv7: packages.p0|all, packages.p1|all, packages.p2|all … +{MAX_ITEMS + 4}"
    )


@pytest.mark.parametrize(
    ("verdict", "severity", "zh", "en"),
    [
        (Verdict.PENDING, "notice", "待认定变动：srv7 packages.p0|all",
         "Change not yet explained on srv7: packages.p0|all"),
        (Verdict.VARIANCE, "warning", "变更结果与计划不符：srv7 packages.p0|all",
         "Change not as planned on srv7: packages.p0|all"),
        (Verdict.OUT_OF_WINDOW, "warning", "超出变更窗口的变更：srv7 packages.p0|all",
         "Change outside its window on srv7: packages.p0|all"),
        (Verdict.LATE_APPROVAL, "warning", "先实施后审批的变更：srv7 packages.p0|all",
         "Change approved after the work on srv7: packages.p0|all"),
        (Verdict.RETRO_LATE, "warning", "补录超时的紧急变更：srv7 packages.p0|all",
         "Emergency change recorded too late on srv7: packages.p0|all"),
    ],
)  # fmt: skip
def test_the_title_says_what_is_held_of_it(verdict: Verdict, severity: str, zh: str, en: str) -> None:
    found = finding_cause(replace(finding(), verdict=verdict), SERVER, BY_PATH)
    assert found is not None
    assert (found.severity, found.title) == (severity, {"zh": zh, "en": en})


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - FOUND.keys()))
def test_work_that_goes_on_or_is_as_approved_is_no_cause(verdict: Verdict) -> None:
    assert finding_cause(replace(finding(), verdict=verdict), SERVER, BY_PATH) is None


def test_an_incident_is_told_anew_when_something_else_is_held_of_its_finding() -> None:
    both = (Verdict.UNAPPROVED, Verdict.VARIANCE)
    was, now_ = (finding_cause(replace(finding(), verdict=each), SERVER, BY_PATH) for each in both)
    assert was is not None
    assert now_ is not None
    (update,) = plan(holding(was), [now_], NOW).update
    assert (update.title, update.detail["verdict"]) == (now_.title, "variance")


def test_a_closed_finding_is_no_cause() -> None:
    assert finding_cause(replace(finding(), closed_at=NOW), SERVER, BY_PATH) is None


def test_a_new_cause_opens_and_a_cause_that_is_gone_resolves() -> None:
    made = plan(held := holding(cause("a")), [cause("b")], NOW)
    assert (made.open, made.join, made.leave) == ((cause("b"),), (("b", cause("b")),), held.members)
    assert made.update == ()
    (old,) = held.incidents
    assert made.resolve == (replace(old, state="resolved", resolved_at=NOW, resolution_code="self_recovered"),)


def test_a_cause_that_stays_is_left_alone() -> None:
    assert plan(holding(cause("a")), [cause("a")], NOW).is_empty


def test_a_cause_whose_severity_moved_updates_its_incident() -> None:
    held = holding(cause("a"))
    worse = replace(cause("a", "critical"), title={"zh": "更坏", "en": "worse"})
    updated = replace(held.incidents[0], severity="critical", title=worse.title)
    assert plan(held, [worse], NOW) == Plan(update=(updated,))


def test_one_cause_told_twice_opens_one_incident() -> None:
    assert len(plan(Held(), [cause("a"), cause("a")], NOW).open) == 1


def test_causes_of_one_group_open_one_incident_told_by_the_one_whose_key_it_has() -> None:
    its = [replace(cause(key, worse), group="b") for key, worse in (("a", "critical"), ("b", "notice"), ("c", "error"))]
    made = plan(Held(), its, NOW)
    assert [each.key for each in made.open] == ["b"]
    assert [(key, each.key) for key, each in made.join] == [("b", "a"), ("b", "b"), ("b", "c")]


def test_a_victim_opens_nothing_and_joins_what_is_there() -> None:
    victim = replace(cause("v"), group="a", role="victim")
    assert plan(Held(), [victim], NOW).is_empty
    made = plan(Held(holding(cause("a")).incidents), [victim], NOW)
    assert (made.open, made.join) == ((), (("a", victim),))


def test_an_incident_resolves_when_its_last_cause_goes_not_its_first() -> None:
    first, second = cause("a"), replace(cause("b"), group="a")
    held = holding(first, second)
    assert plan(held, [second], NOW).resolve == ()
    assert [each.cause_key for each in plan(held, [second], NOW).leave] == ["a"]
    assert [each.number for each in plan(held, [], NOW).resolve] == ["INC-000001"]


def test_causes_elsewhere_keep_an_incident_open() -> None:
    held = holding(cause("a"))
    elsewhere = replace(held.incidents[0], causes=2)
    assert plan(replace(held, incidents=(elsewhere,)), [], NOW).resolve == ()


def test_victims_keep_nothing_open() -> None:
    first, victim = cause("a"), replace(cause("v"), group="a", role="victim")
    made = plan(holding(first, victim), [victim], NOW)
    assert [each.number for each in made.resolve] == ["INC-000001"]


def test_a_cause_that_joins_makes_its_incident_worse_and_never_better() -> None:
    held = Held(holding(cause("a", "error")).incidents)
    for severity, update in (("notice", []), ("critical", ["critical"])):
        made = plan(held, [replace(cause("b", severity), group="a")], NOW)
        assert [each.severity for each in made.update] == update


def sharing(key: str, severity: str = "warning", **more: Any) -> Cause:
    """Return one of the alarms of CI 7 that share an incident."""
    return replace(cause(key, severity), group="alarms|ci-7|", detail={"rule": key, "ci": {"uid": "ci-7"}}, **more)


def shared(*causes: Cause, **more: Any) -> Held:
    """Return the incident they share, told by the first; the desk has said where it is."""
    held = holding(*causes)
    told = {**causes[0].detail, "ci": {"uid": "ci-7", "site": "East"}}
    return replace(held, incidents=(replace(held.incidents[0], cause_key="alarms|ci-7|", detail=told, **more),))


def test_an_incident_of_several_alarms_is_told_by_the_worst_of_them_that_is_there() -> None:
    first, second = sharing("a"), sharing("b")
    worse = replace(second, severity="critical")
    (told,) = plan(shared(first, second), [first, worse], NOW).update
    assert (told.severity, told.title, told.detail["rule"]) == ("critical", worse.title, "b")
    assert told.detail["ci"] == {"uid": "ci-7", "site": "East"}, "its site is kept: channels go by it"
    (left,) = plan(shared(worse, first, severity="critical"), [first], NOW).update
    assert (left.severity, left.title) == ("warning", first.title), "what it was told by is over"


def test_an_incident_of_several_alarms_keeps_its_words_while_what_they_say_is_there_and_nothing_worse() -> None:
    first, older = sharing("b"), sharing("a", since=NOW - 1)
    assert plan(shared(first, older), [first, older], NOW).is_empty
    assert plan(
        shared(first, older), [replace(first, title={"zh": "新值", "en": "another value"}), older], NOW
    ).is_empty


def test_where_not_all_its_alarms_are_known_an_incident_can_only_become_worse() -> None:
    held = shared(sharing("a", "error"), severity="error")
    of_more_cis = replace(held, incidents=(replace(held.incidents[0], causes=2),))
    assert plan(of_more_cis, [sharing("a", "notice")], NOW).update == ()
    (worse,) = plan(of_more_cis, [sharing("a", "critical")], NOW).update
    assert (worse.severity, worse.title) == ("critical", held.incidents[0].title)


def test_what_a_user_said_stays_as_it_was_said_when_alarms_are_merged_into_it() -> None:
    held = shared(sharing("a"), source="user", severity="error", title={"zh": "慢", "en": "slow"})
    assert plan(held, [sharing("a")], NOW).update == ()
    (worse,) = plan(held, [sharing("a", "critical")], NOW).update
    assert (worse.severity, worse.title["en"]) == ("critical", "slow")


@pytest.mark.parametrize(
    ("ended", "code"),
    [({}, "self_recovered"), ({"a": "waived", "b": "waived"}, "waived"), ({"b": "explained"}, "explained")],
)
def test_what_has_not_passed_has_not_recovered(ended: dict[str, str], code: str) -> None:
    (over,) = plan(shared(sharing("a"), sharing("b")), [], NOW, ended=ended).resolve
    assert over.resolution_code == code
    (at_work,) = plan(shared(sharing("a"), sharing("b"), state="pending"), [], NOW, ended=ended).recover
    assert (at_work.state, at_work.recovered_at) == ("pending", NOW if code == "self_recovered" else None)


def test_what_turns_out_to_be_a_victim_goes_to_the_incident_of_the_cause_and_its_own_ends() -> None:
    held = holding(cause("v"), number=2)
    root = incident_of(cause("root"))
    victim = replace(cause("v"), group="root", role="victim")
    made = plan(replace(held, incidents=(root, *held.incidents)), [victim], NOW)
    assert (made.join, made.leave) == ((("root", victim),), held.members)
    assert [(each.number, each.resolution_code) for each in made.resolve] == [("INC-000002", "grouped")]


@pytest.mark.parametrize("state", ["in_progress", "pending"])
def test_nothing_resolves_under_the_hands_of_who_works_on_it(state: str) -> None:
    held = holding(cause("a"))
    at_work = replace(held, incidents=(replace(held.incidents[0], state=state),))
    made = plan(at_work, [], NOW)
    assert made.resolve == ()
    (told,) = made.recover
    assert (told.state, told.recovered_at) == (state, NOW)
    back = plan(Held((replace(told, causes=0),)), [cause("a")], NOW + 1)
    assert [each.recovered_at for each in back.update] == [None]
    assert [key for key, _ in back.join] == ["a"]


def test_what_a_user_reported_never_resolves_by_itself() -> None:
    held = holding(cause("a"))
    reported = replace(held, incidents=(replace(held.incidents[0], source="user"),))
    made = plan(reported, [], NOW)
    assert made.resolve == ()
    assert [(each.state, each.recovered_at) for each in made.recover] == [("new", NOW)], "somebody asks the user"


@pytest.mark.parametrize("code", ["ci_retired", "not_production"])
def test_a_ci_of_which_nothing_is_told_any_more_is_why_its_incident_resolves(code: str) -> None:
    (told,) = plan(holding(cause("a")), [], NOW, gone={7: code}).resolve
    assert told.resolution_code == code


def test_what_comes_back_within_a_day_is_the_same_incident_and_later_a_new_one() -> None:
    old = replace(incident_of(cause("a")), state="resolved", resolved_at=NOW, resolution_code="self_recovered")
    made = plan(Held(recent=(old,)), [cause("a", "error")], NOW + REOPEN_WINDOW_MS)
    assert made.open == ()
    (again,) = made.reopen
    assert (again.state, again.resolved_at, again.reopened, again.severity) == ("new", None, 1, "error")
    assert again.resolution_code == ""
    late = plan(Held(recent=(old,)), [cause("a")], NOW + REOPEN_WINDOW_MS + 1)
    assert ([each.key for each in late.open], late.reopen) == (["a"], ())


def test_what_fires_on_after_a_person_resolved_it_opens_nothing_until_it_has_ended() -> None:
    member = holding(cause("a")).members
    assert plan(Held(members=member), [cause("a")], NOW).is_empty
    assert plan(Held(members=member), [], NOW) == Plan(leave=member)


def holding(*causes: Cause, number: int = 1) -> Held:
    """Return one open incident with these as its members; the first is what opened it."""
    its = tuple(Member(at, number, each.key, each.ci_id, each.role, each.severity) for at, each in enumerate(causes, 1))
    return Held((replace(incident_of(causes[0], number), causes=sum(each.role == "cause" for each in its)),), its)


class Book:
    """What a store keeps between two plans, said once more in the simplest words."""

    def __init__(self) -> None:
        self.incidents: dict[int, Incident] = {}
        self.members: dict[str, Member] = {}

    def held(self) -> Held:
        open_ones = [each for each in self.incidents.values() if each.resolved_at is None]
        counted = [replace(each, causes=self._causes(each.id)) for each in open_ones]
        recent = [each for each in self.incidents.values() if each.resolved_at is not None]
        return Held(tuple(counted), tuple(self.members.values()), tuple(recent))

    def _causes(self, incident_id: int) -> int:
        return sum(each.incident_id == incident_id and each.role == "cause" for each in self.members.values())

    def keep(self, made: Plan) -> None:
        for member in made.leave:
            assert self.members.pop(member.cause_key) == member
        for opening in made.open:
            number = len(self.incidents) + 1
            self.incidents[number] = replace(incident_of(opening, number), cause_key=opening.group or opening.key)
        for each in (*made.update, *made.resolve, *made.reopen, *made.recover):
            self.incidents[each.id] = each
        over = {each.id for each in made.resolve}
        self.members = {key: each for key, each in self.members.items() if each.incident_id not in over}
        homes = {each.cause_key: each.id for each in self.incidents.values() if each.resolved_at is None}
        for key, joined in made.join:
            assert joined.key not in self.members
            self.members[joined.key] = Member(0, homes[key], joined.key, 7, joined.role, joined.severity)


PRESENT = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.sampled_from(["", "a", "f", "g"]), st.sampled_from(["cause", "victim"]))
)


@given(st.lists(PRESENT, max_size=10), st.booleans())
def test_every_cause_is_told_in_exactly_the_incident_of_its_group_and_in_no_other(
    history: list[dict[str, tuple[str, str]]], much_later: bool
) -> None:
    book, now = Book(), NOW
    for present in history:
        now += 2 * REOPEN_WINDOW_MS if much_later else 1
        causes = [
            replace(cause(key), group=group, role=role if group else "cause")
            for key, (group, role) in sorted(present.items())
        ]
        book.keep(plan(book.held(), causes, now))
        wanted = {each.group or each.key for each in causes if each.role == "cause"}
        standing = {each.cause_key: each.id for each in book.incidents.values() if each.resolved_at is None}
        assert standing.keys() == wanted
        told = {key: each.incident_id for key, each in book.members.items()}
        assert told == {each.key: standing[key] for each in causes if (key := each.group or each.key) in wanted}
