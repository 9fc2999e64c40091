"""Values ↔ bytes. The only importer of generated code; every decoder raises `Undecodable` and nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from wire import enrolment, observation
from wire.v1 import agent_pb2, enrolment_pb2, observation_pb2

AGENT_SERVICE = "wire.v1.AgentService"
ENROLMENT_SERVICE = "wire.v1.EnrolmentService"

_M = TypeVar("_M", bound=Message)


class Undecodable(ValueError):
    """The bytes are not the message they should be, or beyond its limits."""


def parse(kind: Callable[[], _M], data: bytes, limit: int = observation.MAX_REPORT_BYTES + 65_536) -> _M:
    """Return the message `data` holds, of at most `limit` bytes; raise `Undecodable`."""
    if len(data) > limit:
        raise Undecodable(f"{len(data)} bytes, at most {limit}")
    message = kind()
    try:
        message.ParseFromString(data)
    except (DecodeError, RecursionError, ValueError) as error:
        raise Undecodable(str(error) or type(error).__name__) from error
    return message


# --- observations


def encode_observation(value: observation.Observation) -> bytes:
    message = observation_pb2.Observation(
        observed_at_ms=value.observed_at_ms,
        agent_version=value.agent_version,
        boot_id=value.boot_id,
        state_hash=value.state_hash,
        hashes_only=value.hashes_only,
    )
    if value.target is not None:
        message.target.protocol, message.target.zone = value.target.protocol, value.target.zone
        message.target.address, message.target.part = value.target.address, value.target.part
    for section in value.sections:
        message.sections.add(
            name=section.name, status=int(section.status), complete=section.complete, hash=section.hash,
            body=section.body, reason=section.reason, collected_at_ms=section.collected_at_ms,
            revision=section.revision, took_ms=section.took_ms,
        )  # fmt: skip
    for drop in value.drops:
        message.drops.add(first_seq=drop.first_seq, last_seq=drop.last_seq, count=drop.count, reason=drop.reason)
    return message.SerializeToString(deterministic=True)


def decode_observation(data: bytes) -> observation.Observation:
    """Return the observation `data` holds; unknown fields are ignored; raise `Undecodable`."""
    message = parse(observation_pb2.Observation, data, observation.MAX_OBSERVATION_BYTES)
    if len(message.sections) > observation.MAX_SECTIONS or len(message.drops) > 10_000:
        raise Undecodable(f"{len(message.sections)} sections, {len(message.drops)} drops")
    return observation.Observation(
        observed_at_ms=message.observed_at_ms,
        agent_version=message.agent_version[:64],
        boot_id=message.boot_id[:64],
        state_hash=message.state_hash,
        sections=tuple(_section(each) for each in message.sections),
        drops=tuple(
            observation.Drop(each.first_seq, each.last_seq, each.count, each.reason[: observation.MAX_REASON])
            for each in message.drops
        ),
        hashes_only=message.hashes_only,
        target=_target(message),
    )


def glance(data: bytes) -> observation.Glance:
    """Return what tells whether an observation says anything new, without opening it; raise `Undecodable`."""
    head = parse(observation_pb2.ObservationHead, data, observation.MAX_OBSERVATION_BYTES)
    return observation.Glance(head.observed_at_ms, head.state_hash, head.hashes_only, _target(head))


def _target(message: observation_pb2.Observation | observation_pb2.ObservationHead) -> observation.Target | None:
    """Return the target; raise `Undecodable` for one that names no address of this world."""
    if not message.HasField("target"):
        return None
    told = message.target
    try:
        address = str(ipaddress.ip_address(told.address))
    except ValueError as error:
        raise Undecodable("the target has no address") from error
    if told.protocol not in observation.PROTOCOLS or not observation.ZONE.fullmatch(told.zone):
        raise Undecodable("the target has no protocol or zone of this world")
    if not observation.PART.fullmatch(told.part):
        raise Undecodable("the target is no part of anything")
    return observation.Target(told.protocol, told.zone, address, told.part)


def _section(message: observation_pb2.Section) -> observation.Section:
    try:
        status = observation.Status(message.status)
    except ValueError:
        status = observation.Status.UNSPECIFIED
    return observation.Section(
        name=message.name[:64],
        status=status,
        complete=message.complete,
        hash=message.hash,
        body=message.body if message.HasField("body") else None,
        reason=message.reason[: observation.MAX_REASON],
        collected_at_ms=message.collected_at_ms,
        revision=message.revision,
        took_ms=message.took_ms,
    )


# --- the data listener


def encode_report(value: observation.Report) -> bytes:
    message = agent_pb2.ReportRequest(spool_epoch=value.spool_epoch)
    for envelope in value.envelopes:
        message.envelopes.add(seq=envelope.seq, observation=envelope.observation, crc=envelope.crc)
    return message.SerializeToString()


def decode_report(data: bytes) -> observation.Report:
    message = parse(agent_pb2.ReportRequest, data)
    if len(message.envelopes) > observation.MAX_REPORT_ENVELOPES:
        raise Undecodable(f"{len(message.envelopes)} envelopes, at most {observation.MAX_REPORT_ENVELOPES}")
    if len(message.spool_epoch) != 16:
        raise Undecodable("spool_epoch is not 16 bytes")
    return observation.Report(
        spool_epoch=message.spool_epoch,
        envelopes=tuple(observation.Envelope(each.seq, each.observation, each.crc) for each in message.envelopes),
    )


def encode_acknowledgement(value: observation.Acknowledgement) -> bytes:
    message = agent_pb2.ReportResponse(acked_seq=value.acked_seq, want_sections=value.want_sections)
    for refusal in value.refused:
        message.refused.add(seq=refusal.seq, reason=refusal.reason)
    return message.SerializeToString()


def decode_acknowledgement(data: bytes) -> observation.Acknowledgement:
    message = parse(agent_pb2.ReportResponse, data)
    return observation.Acknowledgement(
        acked_seq=message.acked_seq,
        refused=tuple(observation.Refusal(each.seq, each.reason) for each in message.refused),
        want_sections=tuple(message.want_sections),
    )


def encode_check_in(value: observation.CheckIn) -> bytes:
    return agent_pb2.CheckInRequest(
        agent_version=value.agent_version, sent_at_ms=value.sent_at_ms, spool_depth=value.spool_depth,
        spool_bytes=value.spool_bytes, dropped_total=value.dropped_total, rss_bytes=value.rss_bytes,
        cpu_ms=value.cpu_ms, hostname=value.hostname, failing_sections=value.failing_sections, heard=value.heard,
    ).SerializeToString()  # fmt: skip


def decode_check_in(data: bytes) -> observation.CheckIn:
    message = parse(agent_pb2.CheckInRequest, data, 65_536)
    return observation.CheckIn(
        agent_version=message.agent_version[:64],
        sent_at_ms=message.sent_at_ms,
        spool_depth=message.spool_depth,
        spool_bytes=message.spool_bytes,
        dropped_total=message.dropped_total,
        rss_bytes=message.rss_bytes,
        cpu_ms=message.cpu_ms,
        hostname=message.hostname[:255],
        failing_sections=tuple(name[:64] for name in message.failing_sections[: observation.MAX_SECTIONS]),
        heard=dict(sorted((name[:32], count) for name, count in message.heard.items())[: observation.MAX_HEARD]),
    )


def encode_instructions(value: observation.Instructions) -> bytes:
    return agent_pb2.CheckInResponse(
        server_time_ms=value.server_time_ms, next_check_in_s=value.next_check_in_s,
        inventory_interval_s=value.inventory_interval_s, want_sections=value.want_sections,
        inventory_now=value.inventory_now,
    ).SerializeToString()  # fmt: skip


def decode_instructions(data: bytes) -> observation.Instructions:
    message = parse(agent_pb2.CheckInResponse, data, 65_536)
    return observation.Instructions(
        server_time_ms=message.server_time_ms,
        next_check_in_s=message.next_check_in_s,
        inventory_interval_s=message.inventory_interval_s,
        want_sections=tuple(message.want_sections),
        inventory_now=message.inventory_now,
    )


def encode_renew(csr: bytes) -> bytes:
    return agent_pb2.RenewRequest(csr=csr).SerializeToString()


def decode_renew(data: bytes) -> bytes:
    return parse(agent_pb2.RenewRequest, data, 65_536).csr


def encode_renewed(certificate_chain: bytes) -> bytes:
    return agent_pb2.RenewResponse(certificate_chain=certificate_chain).SerializeToString()


def decode_renewed(data: bytes) -> bytes:
    return parse(agent_pb2.RenewResponse, data, 262_144).certificate_chain


# --- the enrolment listener


def encode_begin(value: enrolment.Begin) -> bytes:
    return enrolment_pb2.BeginRequest(token_id=value.token_id, instance_key=value.instance_key).SerializeToString()


def decode_begin(data: bytes) -> enrolment.Begin:
    message = parse(enrolment_pb2.BeginRequest, data, 65_536)
    return enrolment.Begin(message.token_id, message.instance_key)


def encode_challenge(value: enrolment.Challenge) -> bytes:
    return enrolment_pb2.BeginResponse(nonce=value.nonce, server_time_ms=value.server_time_ms).SerializeToString()


def decode_challenge(data: bytes) -> enrolment.Challenge:
    message = parse(enrolment_pb2.BeginResponse, data, 65_536)
    return enrolment.Challenge(message.nonce, message.server_time_ms)


def encode_finish(value: enrolment.Finish) -> bytes:
    return enrolment_pb2.FinishRequest(
        token_id=value.token_id, instance_key=value.instance_key, nonce=value.nonce,
        csr=value.csr, proof=value.proof, hostname=value.hostname,
    ).SerializeToString()  # fmt: skip


def decode_finish(data: bytes) -> enrolment.Finish:
    message = parse(enrolment_pb2.FinishRequest, data, 65_536)
    return enrolment.Finish(
        message.token_id, message.instance_key, message.nonce, message.csr, message.proof, message.hostname[:255]
    )


def encode_admission(value: enrolment.Admission) -> bytes:
    return enrolment_pb2.FinishResponse(
        agent_id=value.agent_id, certificate_chain=value.certificate_chain, data_port=value.data_port
    ).SerializeToString()


def decode_admission(data: bytes) -> enrolment.Admission:
    message = parse(enrolment_pb2.FinishResponse, data, 262_144)
    return enrolment.Admission(message.agent_id, message.certificate_chain, message.data_port)


def encode_recover(value: enrolment.Recover) -> bytes:
    return enrolment_pb2.RecoverRequest(
        agent_id=value.agent_id, nonce=value.nonce, csr=value.csr, signature=value.signature
    ).SerializeToString()


def decode_recover(data: bytes) -> enrolment.Recover:
    message = parse(enrolment_pb2.RecoverRequest, data, 65_536)
    return enrolment.Recover(message.agent_id[:64], message.nonce, message.csr, message.signature)


def encode_recovered(certificate_chain: bytes, data_port: int) -> bytes:
    return enrolment_pb2.RecoverResponse(certificate_chain=certificate_chain, data_port=data_port).SerializeToString()


def decode_recovered(data: bytes) -> tuple[bytes, int]:
    message = parse(enrolment_pb2.RecoverResponse, data, 262_144)
    return message.certificate_chain, message.data_port
