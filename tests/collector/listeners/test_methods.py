"""The table of methods: every method of the wire stands in it with who may call it, and nothing else does."""

from __future__ import annotations

import inspect

import grpc
import pytest

from collector.listeners.methods import METHODS, Access
from tests.collector.listeners.client import spki
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import refused
from wire import codec
from wire.enrolment import Begin
from wire.v1 import agent_pb2, enrolment_pb2

SERVICES = {
    service.full_name: service
    for module in (agent_pb2, enrolment_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
}


def test_every_method_of_the_wire_names_who_may_call_it() -> None:
    declared = {(service.full_name, method.name) for service in SERVICES.values() for method in service.methods}
    assert {(method.service, method.name) for method in METHODS} == declared
    assert len(METHODS) == len(declared)
    assert all(isinstance(method.access, Access) for method in METHODS)


def test_only_the_enrolment_listener_answers_strangers() -> None:
    for method in METHODS:
        assert (method.access is Access.ANYONE) == (method.service == codec.ENROLMENT_SERVICE)


def test_a_method_for_agents_is_answered_with_the_agent_at_hand() -> None:
    for method in METHODS:
        parameters = list(inspect.signature(method.answer).parameters)
        assert ("agent" in parameters) == (method.access is Access.AGENT)


async def test_a_failure_nobody_foresaw_tells_the_caller_nothing_of_the_inside(
    collector: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise ZeroDivisionError("a secret of the inside")

    machine = await collector.agent()
    monkeypatch.setattr(collector.registry, "clock", broken)
    async with machine.data() as call:
        for method in ("CheckIn", "Report", "Renew"):
            await refused(
                call(method, b""),
                grpc.StatusCode.INTERNAL,
                'details = "the collector failed to answer; its log says why"',
            )
    async with machine.enrolment() as call:
        request = codec.encode_begin(Begin(b"", spki(machine.instance)))
        await refused(
            call("Begin", request),
            grpc.StatusCode.INTERNAL,
            'details = "the collector failed to answer; its log says why"',
        )
