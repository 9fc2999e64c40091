"""Every method of both listeners: who may call it, and what answers. What is not in the table does not exist."""

from __future__ import annotations

import asyncio
import enum
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from collector.listeners.authorise import Authoriser, address_of
from collector.listeners.data import Data
from collector.listeners.enrolment import Enrolment
from collector.listeners.limits import jittered
from collector.listeners.refusal import Refused, exhausted, invalid
from collector.listeners.tasks import Tasks
from collector.store.failure import DiskFull, StoreFailed
from wire import codec

MAX_CALL_S = 60.0
"""Seconds a call may take when its caller named no deadline, or a longer one."""
WRITE_RETRY_S = 5.0

log = structlog.get_logger(__name__)


class Access(enum.Enum):
    """Who may call a method."""

    ANYONE = "anyone: limited by address, and proves itself inside the message"
    AGENT = "an active agent, by the certificate of this very call"


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one service. The answering function is named by class and attribute, so it cannot be missing.

    It returns the answer, or yields one after the other where the method `streams`.
    """

    service: str
    name: str
    access: Access
    answer: Callable[..., Any]
    streams: bool = False


METHODS = (
    Method(codec.ENROLMENT_SERVICE, "Begin", Access.ANYONE, Enrolment.begin),
    Method(codec.ENROLMENT_SERVICE, "Finish", Access.ANYONE, Enrolment.finish),
    Method(codec.ENROLMENT_SERVICE, "Recover", Access.ANYONE, Enrolment.recover),
    Method(codec.AGENT_SERVICE, "CheckIn", Access.AGENT, Data.check_in),
    Method(codec.AGENT_SERVICE, "Report", Access.AGENT, Data.report),
    Method(codec.AGENT_SERVICE, "Renew", Access.AGENT, Data.renew),
    Method(codec.AGENT_SERVICE, "Tasks", Access.AGENT, Tasks.wait, streams=True),
    Method(codec.AGENT_SERVICE, "Progress", Access.AGENT, Tasks.progress),
)

Servicer = Enrolment | Data | Tasks


def handler(service: str, authoriser: Authoriser, *servicers: Servicer) -> grpc.GenericRpcHandler:
    """Return gRPC's handler of all methods of `service`, answered by those `servicers` whose methods they are."""
    methods = {
        method.name: _handler(method, _servicer(method, servicers), authoriser)
        for method in METHODS
        if method.service == service
    }
    return grpc.method_handlers_generic_handler(service, methods)


def _servicer(method: Method, servicers: tuple[Servicer, ...]) -> Servicer:
    return next(each for each in servicers if getattr(type(each), method.answer.__name__, None) is method.answer)


def _handler(method: Method, servicer: Servicer, authoriser: Authoriser) -> grpc.RpcMethodHandler:
    if method.streams:
        return grpc.unary_stream_rpc_method_handler(_guarded_stream(method, servicer, authoriser))
    return grpc.unary_unary_rpc_method_handler(_guarded(method, servicer, authoriser))


def _guarded_stream(
    method: Method, servicer: Servicer, authoriser: Authoriser
) -> Callable[[bytes, Any], AsyncIterator[bytes]]:
    """Return what answers with a stream, which has no deadline but its own; only agents are answered so."""
    assert method.access is Access.AGENT

    async def call(request: bytes, context: Any) -> AsyncIterator[bytes]:
        try:
            async with asyncio.timeout(MAX_CALL_S):
                agent = await authoriser.agent(context)
            async with aclosing(method.answer(servicer, request, agent, address_of(context.peer()))) as answers:
                async for answer in answers:
                    yield answer
        except Exception as error:  # noqa: BLE001  the one place a stream may fail; every failure gets a status
            refusal = _refusal(method, error)
            await context.abort(refusal.code, refusal.message, refusal.metadata)

    return call


def _guarded(method: Method, servicer: Servicer, authoriser: Authoriser) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def answer(request: bytes, context: Any) -> bytes:
        address = address_of(context.peer())
        if method.access is Access.ANYONE:
            return await method.answer(servicer, request, address)  # type: ignore[no-any-return]
        return await method.answer(servicer, request, await authoriser.agent(context), address)  # type: ignore[no-any-return]

    async def call(request: bytes, context: Any) -> bytes:
        try:
            async with asyncio.timeout(MAX_CALL_S):
                return await answer(request, context)
        except Exception as error:  # noqa: BLE001  the one place a call may fail; every failure gets a status
            refusal = _refusal(method, error)
        return await context.abort(refusal.code, refusal.message, refusal.metadata)  # type: ignore[no-any-return]

    return call


def _refusal(method: Method, error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, codec.Undecodable):
        return invalid(_one_line(error))
    if isinstance(error, DiskFull):
        return exhausted("the collector's disk is full", jittered(WRITE_RETRY_S))
    if isinstance(error, StoreFailed):
        retry_after_ms = int(jittered(WRITE_RETRY_S) * 1000)
        return Refused(grpc.StatusCode.UNAVAILABLE, "the collector's database does not answer", retry_after_ms)
    if isinstance(error, TimeoutError):
        return Refused(grpc.StatusCode.DEADLINE_EXCEEDED, f"not answered within {MAX_CALL_S:.0f} s")
    # A traceback as text: one that a logger renders by itself may show local variables, and some are secrets.
    trace = "".join(traceback.format_exception(error))[-4000:]
    log.error("call failed", method=method.name, error=_one_line(error), traceback=trace)
    return Refused(grpc.StatusCode.INTERNAL, "the collector failed to answer; its log says why")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
