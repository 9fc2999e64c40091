from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckInRequest(_message.Message):
    __slots__ = ("agent_version", "sent_at_ms", "spool_depth", "spool_bytes", "dropped_total", "rss_bytes", "cpu_ms", "hostname", "failing_sections")
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SPOOL_DEPTH_FIELD_NUMBER: _ClassVar[int]
    SPOOL_BYTES_FIELD_NUMBER: _ClassVar[int]
    DROPPED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_MS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    FAILING_SECTIONS_FIELD_NUMBER: _ClassVar[int]
    agent_version: str
    sent_at_ms: int
    spool_depth: int
    spool_bytes: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    hostname: str
    failing_sections: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, agent_version: _Optional[str] = ..., sent_at_ms: _Optional[int] = ..., spool_depth: _Optional[int] = ..., spool_bytes: _Optional[int] = ..., dropped_total: _Optional[int] = ..., rss_bytes: _Optional[int] = ..., cpu_ms: _Optional[int] = ..., hostname: _Optional[str] = ..., failing_sections: _Optional[_Iterable[str]] = ...) -> None: ...

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
