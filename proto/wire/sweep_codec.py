"""Values of a sweep ↔ bytes, beside `wire.codec` and by its rules: every decoder raises `Undecodable` alone."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence

from wire.codec import Undecodable, parse
from wire.listening import ListenTask
from wire.observation import MAX_REASON, ZONE
from wire.sweep import (
    MAX_FOUND_BYTES,
    MAX_HASHES,
    MAX_KNOWN,
    MAX_LEASES,
    MAX_RANGES,
    MAX_REFUSALS,
    MAX_REFUSED,
    MAX_ROWS,
    MAX_STAMPS_BYTES,
    MAX_TASK_BYTES,
    SECRETS_KEY_BYTES,
    SERVICES,
    STAGES,
    UNTIL,
    Cancel,
    Idle,
    Known,
    Lease,
    Progress,
    Refusal,
    SweepTask,
    TargetRow,
)
from wire.v1 import agent_pb2

MAX_UID = 64
MAX_COUNTS = 32
MAX_WORD = 255
_MOST_MS = 2**31 - 1


def encode_idle(value: Idle) -> bytes:
    return agent_pb2.TasksRequest(
        zone=value.zone, sweep_uid=value.sweep_uid, listens=value.listens, listening=value.listening,
        watch_uid=value.watch_uid, watches=value.watches,
    ).SerializeToString()  # fmt: skip


def decode_idle(data: bytes) -> Idle:
    message = parse(agent_pb2.TasksRequest, data, 4_096)
    return Idle(
        _zone(message.zone), message.sweep_uid[:MAX_UID], message.listens, message.listening[:MAX_UID],
        message.watch_uid[:MAX_UID], message.watches,
    )  # fmt: skip


# --- tasks


def encode_task(value: SweepTask | Cancel | ListenTask) -> bytes:
    """Return the collector's word; raise ValueError for a task beyond what a probe takes."""
    if isinstance(value, Cancel):
        return agent_pb2.TasksResponse(cancel=value.uid).SerializeToString()
    message = _listen_message(value) if isinstance(value, ListenTask) else _sweep_message(value)
    data = message.SerializeToString(deterministic=True)
    if len(data) > MAX_TASK_BYTES:
        raise ValueError(f"a task of {len(data)} bytes, at most {MAX_TASK_BYTES}")
    return data


def _listen_message(value: ListenTask) -> agent_pb2.TasksResponse:
    message = agent_pb2.TasksResponse()
    message.listen.zone, message.listen.digest = value.zone, value.digest
    message.listen.ranges.extend(value.ranges)
    message.listen.leases.extend(map(_encode_lease, value.leases))
    return message


def _sweep_message(value: SweepTask) -> agent_pb2.TasksResponse:
    message = agent_pb2.TasksResponse()
    task = message.sweep
    task.uid, task.zone, task.until, task.cursor = value.uid, value.zone, value.until, value.cursor
    task.rate_pps, task.timeout_ms, task.snmp_port = value.rate_pps, value.timeout_ms, value.snmp_port
    task.seed = value.seed
    task.ranges.extend(value.ranges)
    task.exclusions.extend(value.exclusions)
    task.leases.extend(map(_encode_lease, value.leases))
    task.known.extend(map(_encode_known, value.known))
    for refusal in value.refusals:
        task.refusals.add(credential=refusal.credential, address=refusal.address, ago_s=refusal.ago_s)
    task.lease_s, task.secrets_key = value.lease_s, value.secrets_key
    task.ports.update(value.ports)
    task.watch = value.watch
    return message


def _encode_lease(lease: Lease) -> agent_pb2.Lease:
    return agent_pb2.Lease(
        uid=lease.uid, kind=lease.kind, secret=lease.secret, ranges=lease.ranges, vendors=lease.vendors,
        silent=lease.silent, unpinned=lease.unpinned,
    )  # fmt: skip


def decode_task(data: bytes) -> SweepTask | Cancel | ListenTask | None:
    """Return the collector's word, None for one that a later version says; raise `Undecodable`."""
    message = parse(agent_pb2.TasksResponse, data, MAX_TASK_BYTES)
    said = message.WhichOneof("said")
    if said == "cancel":
        return Cancel(message.cancel[:MAX_UID])
    if said == "listen":
        return _listening(message.listen)
    return _task(message.sweep) if said == "sweep" else None


def _listening(told: agent_pb2.ListenTask) -> ListenTask:
    _at_most("ranges", told.ranges, MAX_RANGES)
    _at_most("leases", told.leases, MAX_LEASES)
    leases = tuple(map(_lease, told.leases))
    return ListenTask(_zone(told.zone), tuple(told.ranges), leases, told.digest[:MAX_UID])


def _task(told: agent_pb2.SweepTask) -> SweepTask:
    _at_most("ranges", told.ranges, MAX_RANGES)
    _at_most("exclusions", told.exclusions, MAX_RANGES)
    _at_most("leases", told.leases, MAX_LEASES)
    _at_most("known addresses", told.known, MAX_KNOWN)
    _at_most("refusals", told.refusals, MAX_REFUSALS)
    if not told.uid or len(told.uid) > MAX_UID or told.until not in UNTIL or told.snmp_port > 65_535:
        raise Undecodable("the task has no uid, last stage or port of this world")
    return SweepTask(
        told.uid, _zone(told.zone), tuple(told.ranges), tuple(told.exclusions), told.until, told.rate_pps,
        told.timeout_ms, told.snmp_port or 161, told.seed, told.cursor[:MAX_UID], tuple(map(_lease, told.leases)),
        tuple(map(_known, told.known)), tuple(map(_refusal, told.refusals)), told.lease_s,
        _secrets_key(told.secrets_key), _ports(told.ports), told.watch,
    )  # fmt: skip


def _secrets_key(told: bytes) -> bytes:
    if told and len(told) != SECRETS_KEY_BYTES:
        raise Undecodable(f"a key of {len(told)} bytes, not {SECRETS_KEY_BYTES}")
    return told


def _ports(told: Mapping[str, int]) -> dict[str, int]:
    if not told.keys() <= set(SERVICES) or not all(0 < port < 65_536 for port in told.values()):
        raise Undecodable("ports of services that are none")
    return dict(told)


def _lease(told: agent_pb2.Lease) -> Lease:
    _at_most("ranges", told.ranges, MAX_RANGES)
    return Lease(
        told.uid[:MAX_UID], told.kind[:MAX_UID], dict(told.secret), tuple(told.ranges), tuple(told.vendors),
        told.silent, told.unpinned,
    )  # fmt: skip


def _refusal(told: agent_pb2.RefusedLogin) -> Refusal:
    return Refusal(told.credential[:MAX_UID], _address(told.address), told.ago_s)


# --- what is known


def _encode_known(value: Known) -> agent_pb2.Known:
    return agent_pb2.Known(
        address=value.address, credential=value.credential, vendor=value.vendor, engine_id=value.engine_id,
        host_key=value.host_key, certificate=value.certificate, stamps_json=value.stamps_json, dialect=value.dialect,
        hashes=value.hashes,
    )  # fmt: skip


def _known(told: agent_pb2.Known) -> Known:
    if len(told.stamps_json.encode()) > MAX_STAMPS_BYTES or len(told.hashes) > MAX_HASHES:
        raise Undecodable("more than may be known of one address")
    pins = (told.engine_id[:MAX_UID], told.host_key[:MAX_WORD], told.certificate[:MAX_WORD])
    return Known(
        _address(told.address), told.credential[:MAX_UID], told.vendor[:MAX_WORD], *pins, told.stamps_json,
        told.dialect[:MAX_UID], {name[:MAX_WORD]: each[:MAX_UID] for name, each in told.hashes.items()},
    )  # fmt: skip


def _address(told: str) -> str:
    try:
        return str(ipaddress.ip_address(told))
    except ValueError as error:
        raise Undecodable("what should be an address is none") from error


# --- progress


def encode_progress(value: Progress) -> bytes:
    message = agent_pb2.ProgressRequest(
        sweep_uid=value.sweep_uid, counts=value.counts, cursor=value.cursor, ended=value.ended, failure=value.failure
    )
    for row in value.rows:
        message.rows.add(
            address=row.address, stage=row.stage, cause=row.cause, detail=row.detail, credential=row.credential,
            found_json=row.found_json, at_ms=row.at_ms, took_ms=row.took_ms, alive=row.alive, refused=row.refused,
            learned=_encode_known(row.learned) if row.learned else None,
        )  # fmt: skip
    return message.SerializeToString(deterministic=True)


def decode_progress(data: bytes) -> Progress:
    message = parse(agent_pb2.ProgressRequest, data, MAX_ROWS * (MAX_FOUND_BYTES + 2 * MAX_STAMPS_BYTES))
    _at_most("rows", message.rows, MAX_ROWS)
    if len(message.counts) > MAX_COUNTS or not 0 < len(message.sweep_uid) <= MAX_UID:
        raise Undecodable("a progress without a sweep, or with too many counts")
    return Progress(
        message.sweep_uid,
        {name[:32]: min(count, 2**53) for name, count in message.counts.items()},
        tuple(map(_row, message.rows)),
        message.cursor[:MAX_UID],
        message.ended,
        message.failure[:MAX_REASON],
    )


def _row(told: agent_pb2.TargetRow) -> TargetRow:
    address = _address(told.address)
    try:
        found = json.loads(told.found_json or "{}")
    except (ValueError, RecursionError) as error:
        raise Undecodable("a row with what is no JSON") from error
    if told.stage not in STAGES or not isinstance(found, dict) or len(told.found_json) > MAX_FOUND_BYTES:
        raise Undecodable("a row without a stage, or of something that is not described so")
    return TargetRow(
        address, told.stage, told.cause[:64], told.detail[:MAX_REASON], told.credential[:MAX_UID],
        told.found_json or "{}", told.at_ms, min(told.took_ms, _MOST_MS), told.alive,
        _known(told.learned) if told.HasField("learned") else None,
        tuple(each[:MAX_UID] for each in told.refused[:MAX_REFUSED]),
    )  # fmt: skip


def encode_answer(cancel: bool) -> bytes:
    return agent_pb2.ProgressResponse(cancel=cancel).SerializeToString()


def decode_answer(data: bytes) -> bool:
    """Return whether the sweep is to end."""
    return parse(agent_pb2.ProgressResponse, data, 4_096).cancel


def _zone(told: str) -> str:
    if not ZONE.fullmatch(told):
        raise Undecodable("no zone of this world")
    return told


def _at_most(what: str, told: Sequence[object], most: int) -> None:
    if len(told) > most:
        raise Undecodable(f"{len(told)} {what}, at most {most}")
