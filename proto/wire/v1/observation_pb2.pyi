from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SectionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SECTION_STATUS_UNSPECIFIED: _ClassVar[SectionStatus]
    SECTION_STATUS_OK: _ClassVar[SectionStatus]
    SECTION_STATUS_EMPTY: _ClassVar[SectionStatus]
    SECTION_STATUS_FAILED: _ClassVar[SectionStatus]
    SECTION_STATUS_DENIED: _ClassVar[SectionStatus]
    SECTION_STATUS_UNSUPPORTED: _ClassVar[SectionStatus]
SECTION_STATUS_UNSPECIFIED: SectionStatus
SECTION_STATUS_OK: SectionStatus
SECTION_STATUS_EMPTY: SectionStatus
SECTION_STATUS_FAILED: SectionStatus
SECTION_STATUS_DENIED: SectionStatus
SECTION_STATUS_UNSUPPORTED: SectionStatus

class Section(_message.Message):
    __slots__ = ("name", "status", "complete", "hash", "body", "reason", "collected_at_ms", "revision", "took_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COLLECTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TOOK_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: SectionStatus
    complete: bool
    hash: bytes
    body: bytes
    reason: str
    collected_at_ms: int
    revision: int
    took_ms: int
    def __init__(self, name: _Optional[str] = ..., status: _Optional[_Union[SectionStatus, str]] = ..., complete: _Optional[bool] = ..., hash: _Optional[bytes] = ..., body: _Optional[bytes] = ..., reason: _Optional[str] = ..., collected_at_ms: _Optional[int] = ..., revision: _Optional[int] = ..., took_ms: _Optional[int] = ...) -> None: ...

class Drop(_message.Message):
    __slots__ = ("first_seq", "last_seq", "count", "reason")
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    first_seq: int
    last_seq: int
    count: int
    reason: str
    def __init__(self, first_seq: _Optional[int] = ..., last_seq: _Optional[int] = ..., count: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ("protocol", "zone", "address", "part")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    protocol: str
    zone: str
    address: str
    part: str
    def __init__(self, protocol: _Optional[str] = ..., zone: _Optional[str] = ..., address: _Optional[str] = ..., part: _Optional[str] = ...) -> None: ...

class Observation(_message.Message):
    __slots__ = ("observed_at_ms", "agent_version", "boot_id", "state_hash", "sections", "drops", "hashes_only", "target")
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    DROPS_FIELD_NUMBER: _ClassVar[int]
    HASHES_ONLY_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    observed_at_ms: int
    agent_version: str
    boot_id: str
    state_hash: bytes
    sections: _containers.RepeatedCompositeFieldContainer[Section]
    drops: _containers.RepeatedCompositeFieldContainer[Drop]
    hashes_only: bool
    target: Target
    def __init__(self, observed_at_ms: _Optional[int] = ..., agent_version: _Optional[str] = ..., boot_id: _Optional[str] = ..., state_hash: _Optional[bytes] = ..., sections: _Optional[_Iterable[_Union[Section, _Mapping]]] = ..., drops: _Optional[_Iterable[_Union[Drop, _Mapping]]] = ..., hashes_only: _Optional[bool] = ..., target: _Optional[_Union[Target, _Mapping]] = ...) -> None: ...

class ObservationHead(_message.Message):
    __slots__ = ("observed_at_ms", "state_hash", "hashes_only", "target")
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    HASHES_ONLY_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    observed_at_ms: int
    state_hash: bytes
    hashes_only: bool
    target: Target
    def __init__(self, observed_at_ms: _Optional[int] = ..., state_hash: _Optional[bytes] = ..., hashes_only: _Optional[bool] = ..., target: _Optional[_Union[Target, _Mapping]] = ...) -> None: ...
