from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckInRequest(_message.Message):
    __slots__ = ("agent_version", "sent_at_ms", "spool_depth", "spool_bytes", "dropped_total", "rss_bytes", "cpu_ms", "hostname", "failing_sections", "heard")
    class HeardEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SPOOL_DEPTH_FIELD_NUMBER: _ClassVar[int]
    SPOOL_BYTES_FIELD_NUMBER: _ClassVar[int]
    DROPPED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_MS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    FAILING_SECTIONS_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    agent_version: str
    sent_at_ms: int
    spool_depth: int
    spool_bytes: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    hostname: str
    failing_sections: _containers.RepeatedScalarFieldContainer[str]
    heard: _containers.ScalarMap[str, int]
    def __init__(self, agent_version: _Optional[str] = ..., sent_at_ms: _Optional[int] = ..., spool_depth: _Optional[int] = ..., spool_bytes: _Optional[int] = ..., dropped_total: _Optional[int] = ..., rss_bytes: _Optional[int] = ..., cpu_ms: _Optional[int] = ..., hostname: _Optional[str] = ..., failing_sections: _Optional[_Iterable[str]] = ..., heard: _Optional[_Mapping[str, int]] = ...) -> None: ...

class CheckInResponse(_message.Message):
    __slots__ = ("server_time_ms", "next_check_in_s", "inventory_interval_s", "want_sections", "inventory_now")
    SERVER_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CHECK_IN_S_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    WANT_SECTIONS_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_NOW_FIELD_NUMBER: _ClassVar[int]
    server_time_ms: int
    next_check_in_s: int
    inventory_interval_s: int
    want_sections: _containers.RepeatedScalarFieldContainer[str]
    inventory_now: bool
    def __init__(self, server_time_ms: _Optional[int] = ..., next_check_in_s: _Optional[int] = ..., inventory_interval_s: _Optional[int] = ..., want_sections: _Optional[_Iterable[str]] = ..., inventory_now: _Optional[bool] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("seq", "observation", "crc")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    CRC_FIELD_NUMBER: _ClassVar[int]
    seq: int
    observation: bytes
    crc: int
    def __init__(self, seq: _Optional[int] = ..., observation: _Optional[bytes] = ..., crc: _Optional[int] = ...) -> None: ...

class ReportRequest(_message.Message):
    __slots__ = ("spool_epoch", "envelopes")
    SPOOL_EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    spool_epoch: bytes
    envelopes: _containers.RepeatedCompositeFieldContainer[Envelope]
    def __init__(self, spool_epoch: _Optional[bytes] = ..., envelopes: _Optional[_Iterable[_Union[Envelope, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("seq", "reason")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    seq: int
    reason: str
    def __init__(self, seq: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("acked_seq", "refused", "want_sections")
    ACKED_SEQ_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    WANT_SECTIONS_FIELD_NUMBER: _ClassVar[int]
    acked_seq: int
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    want_sections: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, acked_seq: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., want_sections: _Optional[_Iterable[str]] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("csr",)
    CSR_FIELD_NUMBER: _ClassVar[int]
    csr: bytes
    def __init__(self, csr: _Optional[bytes] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("certificate_chain",)
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    certificate_chain: bytes
    def __init__(self, certificate_chain: _Optional[bytes] = ...) -> None: ...

class TasksRequest(_message.Message):
    __slots__ = ("zone", "sweep_uid", "listens", "listening", "watch_uid", "watches")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    SWEEP_UID_FIELD_NUMBER: _ClassVar[int]
    LISTENS_FIELD_NUMBER: _ClassVar[int]
    LISTENING_FIELD_NUMBER: _ClassVar[int]
    WATCH_UID_FIELD_NUMBER: _ClassVar[int]
    WATCHES_FIELD_NUMBER: _ClassVar[int]
    zone: str
    sweep_uid: str
    listens: bool
    listening: bytes
    watch_uid: str
    watches: bool
    def __init__(self, zone: _Optional[str] = ..., sweep_uid: _Optional[str] = ..., listens: _Optional[bool] = ..., listening: _Optional[bytes] = ..., watch_uid: _Optional[str] = ..., watches: _Optional[bool] = ...) -> None: ...

class TasksResponse(_message.Message):
    __slots__ = ("sweep", "cancel", "listen")
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    sweep: SweepTask
    cancel: str
    listen: ListenTask
    def __init__(self, sweep: _Optional[_Union[SweepTask, _Mapping]] = ..., cancel: _Optional[str] = ..., listen: _Optional[_Union[ListenTask, _Mapping]] = ...) -> None: ...

class ListenTask(_message.Message):
    __slots__ = ("zone", "ranges", "leases", "digest")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    zone: str
    ranges: _containers.RepeatedScalarFieldContainer[str]
    leases: _containers.RepeatedCompositeFieldContainer[Lease]
    digest: bytes
    def __init__(self, zone: _Optional[str] = ..., ranges: _Optional[_Iterable[str]] = ..., leases: _Optional[_Iterable[_Union[Lease, _Mapping]]] = ..., digest: _Optional[bytes] = ...) -> None: ...

class SweepTask(_message.Message):
    __slots__ = ("uid", "zone", "ranges", "exclusions", "until", "rate_pps", "timeout_ms", "snmp_port", "seed", "cursor", "leases", "known", "secrets_key", "ports", "refusals", "lease_s", "watch")
    class PortsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    UID_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    RATE_PPS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    SNMP_PORT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    SECRETS_KEY_FIELD_NUMBER: _ClassVar[int]
    PORTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    uid: str
    zone: str
    ranges: _containers.RepeatedScalarFieldContainer[str]
    exclusions: _containers.RepeatedScalarFieldContainer[str]
    until: str
    rate_pps: int
    timeout_ms: int
    snmp_port: int
    seed: int
    cursor: str
    leases: _containers.RepeatedCompositeFieldContainer[Lease]
    known: _containers.RepeatedCompositeFieldContainer[Known]
    secrets_key: bytes
    ports: _containers.ScalarMap[str, int]
    refusals: _containers.RepeatedCompositeFieldContainer[RefusedLogin]
    lease_s: int
    watch: bool
    def __init__(self, uid: _Optional[str] = ..., zone: _Optional[str] = ..., ranges: _Optional[_Iterable[str]] = ..., exclusions: _Optional[_Iterable[str]] = ..., until: _Optional[str] = ..., rate_pps: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., snmp_port: _Optional[int] = ..., seed: _Optional[int] = ..., cursor: _Optional[str] = ..., leases: _Optional[_Iterable[_Union[Lease, _Mapping]]] = ..., known: _Optional[_Iterable[_Union[Known, _Mapping]]] = ..., secrets_key: _Optional[bytes] = ..., ports: _Optional[_Mapping[str, int]] = ..., refusals: _Optional[_Iterable[_Union[RefusedLogin, _Mapping]]] = ..., lease_s: _Optional[int] = ..., watch: _Optional[bool] = ...) -> None: ...

class Known(_message.Message):
    __slots__ = ("address", "credential", "vendor", "engine_id", "host_key", "certificate", "stamps_json", "dialect", "hashes")
    class HashesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    ENGINE_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_KEY_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    STAMPS_JSON_FIELD_NUMBER: _ClassVar[int]
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    address: str
    credential: str
    vendor: str
    engine_id: str
    host_key: str
    certificate: str
    stamps_json: str
    dialect: str
    hashes: _containers.ScalarMap[str, str]
    def __init__(self, address: _Optional[str] = ..., credential: _Optional[str] = ..., vendor: _Optional[str] = ..., engine_id: _Optional[str] = ..., host_key: _Optional[str] = ..., certificate: _Optional[str] = ..., stamps_json: _Optional[str] = ..., dialect: _Optional[str] = ..., hashes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RefusedLogin(_message.Message):
    __slots__ = ("credential", "address", "ago_s")
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AGO_S_FIELD_NUMBER: _ClassVar[int]
    credential: str
    address: str
    ago_s: int
    def __init__(self, credential: _Optional[str] = ..., address: _Optional[str] = ..., ago_s: _Optional[int] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("uid", "kind", "secret", "ranges", "vendors", "silent", "unpinned")
    class SecretEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    UID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    VENDORS_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    UNPINNED_FIELD_NUMBER: _ClassVar[int]
    uid: str
    kind: str
    secret: _containers.ScalarMap[str, str]
    ranges: _containers.RepeatedScalarFieldContainer[str]
    vendors: _containers.RepeatedScalarFieldContainer[str]
    silent: bool
    unpinned: bool
    def __init__(self, uid: _Optional[str] = ..., kind: _Optional[str] = ..., secret: _Optional[_Mapping[str, str]] = ..., ranges: _Optional[_Iterable[str]] = ..., vendors: _Optional[_Iterable[str]] = ..., silent: _Optional[bool] = ..., unpinned: _Optional[bool] = ...) -> None: ...

class TargetRow(_message.Message):
    __slots__ = ("address", "stage", "cause", "detail", "credential", "found_json", "at_ms", "took_ms", "alive", "learned", "refused")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    FOUND_JSON_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    TOOK_MS_FIELD_NUMBER: _ClassVar[int]
    ALIVE_FIELD_NUMBER: _ClassVar[int]
    LEARNED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    address: str
    stage: str
    cause: str
    detail: str
    credential: str
    found_json: str
    at_ms: int
    took_ms: int
    alive: bool
    learned: Known
    refused: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, address: _Optional[str] = ..., stage: _Optional[str] = ..., cause: _Optional[str] = ..., detail: _Optional[str] = ..., credential: _Optional[str] = ..., found_json: _Optional[str] = ..., at_ms: _Optional[int] = ..., took_ms: _Optional[int] = ..., alive: _Optional[bool] = ..., learned: _Optional[_Union[Known, _Mapping]] = ..., refused: _Optional[_Iterable[str]] = ...) -> None: ...

class ProgressRequest(_message.Message):
    __slots__ = ("sweep_uid", "counts", "rows", "cursor", "ended", "failure")
    class CountsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SWEEP_UID_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    sweep_uid: str
    counts: _containers.ScalarMap[str, int]
    rows: _containers.RepeatedCompositeFieldContainer[TargetRow]
    cursor: str
    ended: bool
    failure: str
    def __init__(self, sweep_uid: _Optional[str] = ..., counts: _Optional[_Mapping[str, int]] = ..., rows: _Optional[_Iterable[_Union[TargetRow, _Mapping]]] = ..., cursor: _Optional[str] = ..., ended: _Optional[bool] = ..., failure: _Optional[str] = ...) -> None: ...

class ProgressResponse(_message.Message):
    __slots__ = ("cancel",)
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    cancel: bool
    def __init__(self, cancel: _Optional[bool] = ...) -> None: ...
