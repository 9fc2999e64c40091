"""Joining: the pin decides before a word is said, the token's secret stays here, repeating is harmless."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent import enrol, keys, membership
from agent.__main__ import main
from agent.enrol import BadAddress, Unreachable, parse_address
from agent.keys import WrongCollector
from agent.transport import CallFailed
from tests.agent.conftest import Relay
from tests.agent.server import Authority, Collector


def url(collector: Collector) -> str:
    return f"https://127.0.0.1:{collector.enrol_port}"


# --- addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://cmdb.example:7444", ("cmdb.example", 7444)),
        ("cmdb.example:7444", ("cmdb.example", 7444)),
        ("https://[::1]:7444/", ("::1", 7444)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "host", "http://host:1", "https://host", "https://host:0", "host:99999", "host:1/x"]
)
def test_what_is_no_address_is_one_clear_error(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text)


# --- joining


def test_an_agent_joins_and_keeps_what_it_needs(collector: Collector, state: Path) -> None:
    member = enrol.enrol(state, url(collector), collector.new_token())
    assert member == membership.load(state)
    assert member.agent_id in collector.agents.values()
    assert (member.host, member.enrol_port, member.data_port) == (
        "127.0.0.1",
        collector.enrol_port,
        collector.data_port,
    )
    assert member.root.encode() == collector.authority.root_pem
    assert abs(member.validity.not_after_ms - (time.time() + 3_600) * 1000) < 60_000
    key, chain = membership.read_pair(state, member.pair)
    assert key.startswith(b"-----BEGIN PRIVATE KEY")
    assert chain.count(b"BEGIN CERTIFICATE") == 2


def test_nothing_of_it_is_readable_by_others(collector: Collector, state: Path) -> None:
    enrol.enrol(state, url(collector), collector.new_token())
    open_to_others = [each for each in [state, *state.rglob("*")] if each.stat().st_mode & 0o077]
    assert open_to_others == []


def test_enrolling_again_keeps_the_key_and_so_the_agent(collector: Collector, state: Path) -> None:
    token = collector.new_token()
    first = enrol.enrol(state, url(collector), token)
    instance = (state / "instance.key").read_bytes()
    again = enrol.enrol(state, url(collector), token)
    assert (again.agent_id, again.pair) == (first.agent_id, first.pair + 1)
    assert (state / "instance.key").read_bytes() == instance
    assert [each.name for each in (state / "pairs").iterdir()] == [str(again.pair)]


def test_an_answer_lost_on_the_way_leaves_the_key_for_the_next_attempt(collector: Collector, state: Path) -> None:
    def lose_the_answer(method: str, context: Any) -> None:
        if method == "Finish":
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    collector.fault = lose_the_answer
    token = collector.new_token()
    with pytest.raises(CallFailed):
        enrol.enrol(state, url(collector), token)
    instance = (state / "instance.key").read_bytes()
    collector.fault = lambda method, context: None
    enrol.enrol(state, url(collector), token)
    assert (state / "instance.key").read_bytes() == instance


def test_the_secret_never_crosses_the_wire_not_even_inside_tls(collector: Collector, state: Path) -> None:
    seen: list[bytes] = []
    finish = collector._finish

    def watched(data: bytes, context: Any) -> bytes:
        seen.append(data)
        return finish(data, context)

    collector.stop()
    collector._finish = watched  # type: ignore[method-assign]
    collector.start()
    token = collector.new_token()
    enrol.enrol(state, url(collector), token)
    assert seen
    assert token.secret not in seen[0]


# --- the pin


def test_to_a_collector_of_another_authority_nothing_is_said(collector: Collector, state: Path, relay: Relay) -> None:
    """All a foreign server sees is a TLS handshake: no application data record, no call."""
    foreign = Authority().token()
    with pytest.raises(WrongCollector, match="no certificate of the chain"):
        enrol.enrol(state, f"127.0.0.1:{relay.port}", foreign)
    assert collector.calls == []
    assert application_bytes(bytes(relay.sent)) == 0
    assert not (state / "enrolment.json").exists()


def application_bytes(sent: bytes) -> int:
    """Return how much a TLS 1.3 client sent beyond its handshake.

    Application records (type 23) also carry the encrypted Finished, always the first after the ClientHello
    (and the compatibility ChangeCipherSpec); anything after it would be data.
    """
    at, records = 0, []
    while at < len(sent):
        records.append((sent[at], int.from_bytes(sent[at + 3 : at + 5], "big")))
        at += 5 + records[-1][1]
    protected = [length for kind, length in records if kind == 23]
    assert len(protected) <= 2, "Finished, and at most a closing alert"
    return sum(protected[1:]) if len(protected) > 1 and protected[1] > 24 else 0


def test_the_measure_of_what_is_said_sees_what_is_said(collector: Collector, state: Path, relay: Relay) -> None:
    enrol.enrol(state, f"127.0.0.1:{relay.port}", collector.new_token())
    with pytest.raises(AssertionError, match="at most a closing alert"):
        application_bytes(bytes(relay.sent))


def test_the_right_root_shown_by_a_leaf_it_did_not_issue_is_refused(collector: Collector, state: Path) -> None:
    """A root is public: whoever shows it must also have a certificate that verifies under it."""
    impostor = Collector()
    impostor.authority.root_pem = collector.authority.root_pem
    impostor.start()
    try:
        with pytest.raises(WrongCollector, match="does not verify"):
            enrol.enrol(state, url(impostor), collector.new_token())
        assert impostor.calls == []
    finally:
        impostor.stop()


def test_a_certificate_for_another_key_is_not_taken(collector: Collector, state: Path) -> None:
    member = enrol.enrol(state, url(collector), collector.new_token())
    _, chain = membership.read_pair(state, member.pair)
    with pytest.raises(WrongCollector, match="another key"):
        keys.admitted(chain, keys.new_key(), member.root)


def test_a_certificate_of_another_root_is_not_taken(collector: Collector, state: Path) -> None:
    member = enrol.enrol(state, url(collector), collector.new_token())
    key, chain = membership.read_pair(state, member.pair)
    with pytest.raises(WrongCollector, match="does not verify"):
        keys.admitted(chain, keys.load_key(key, "key"), Authority().root_pem.decode())


def test_nobody_there_is_one_clear_error(state: Path) -> None:
    with pytest.raises(Unreachable, match="refused"):
        enrol.enrol(state, "127.0.0.1:1", Authority().token())


# --- the command line


def test_the_command_enrols_from_a_file_and_from_standard_input(
    collector: Collector, state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = collector.new_token()
    file = state.parent / "token"
    file.write_text(token.text() + "\n")
    assert main(["enroll", url(collector), "--token-file", str(file), "--state", str(state)]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(token.text() + "\n"))
    assert main(["enroll", url(collector), "--token", "-", "--state", str(state)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"enrolled as {membership.load(state).agent_id}"] * 2
    assert token.text() not in said.out + said.err


@pytest.mark.parametrize(
    ("make_token", "code", "message"),
    [
        (lambda collector: "muster1.AAAA.AAAA.AAAA", 2, "cut short"),
        (lambda collector: collector.authority.token().text(), 5, "the proof does not hold"),
        (lambda collector: Authority().token().text(), 4, "not the collector the token is for"),
    ],
)
def test_each_failure_has_its_exit_code_and_one_line(
    collector: Collector, state: Path, capsys: pytest.CaptureFixture[str], make_token: Any, code: int, message: str
) -> None:
    argv = ["enroll", url(collector), "--token", make_token(collector), "--state", str(state)]
    assert main(argv) == code
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_nobody_there_exits_with_six(state: Path) -> None:
    argv = ["enroll", "127.0.0.1:1", "--token", Authority().token().text(), "--state", str(state)]
    assert main(argv) == 6


def test_running_without_enrolment_says_what_to_do(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--state", str(state)]) == 3
    assert "enrol this machine first" in capsys.readouterr().err


def test_the_agent_that_runs_never_loads_cryptography_or_psutil() -> None:
    code = "import sys; import agent.run, agent.__main__; print({'cryptography', 'psutil'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "set()"
