"""The table of methods: every method of the wire stands in it with who may call it, and nothing else does."""

from __future__ import annotations

import inspect

import grpc
import pytest

from collector.listeners.methods import METHODS, Access
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import refused
from wire import codec
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


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_a_failure_nobody_foresaw_tells_the_caller_nothing_of_the_inside(
    collector: Running, method: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry's clock fails: a bug of ours, in the middle of every call."""
    machine = await collector.agent()

    def broken() -> int:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(collector.registry, "clock", broken)
    async with machine.data() as call:
        await refused(call("CheckIn", b""), grpc.StatusCode.INTERNAL, "failed to answer; its log says why")
