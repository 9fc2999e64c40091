from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class BeginRequest(_message.Message):
    __slots__ = ("token_id", "instance_key")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_KEY_FIELD_NUMBER: _ClassVar[int]
    token_id: bytes
    instance_key: bytes
    def __init__(self, token_id: _Optional[bytes] = ..., instance_key: _Optional[bytes] = ...) -> None: ...

class BeginResponse(_message.Message):
    __slots__ = ("nonce", "server_time_ms")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    server_time_ms: int
    def __init__(self, nonce: _Optional[bytes] = ..., server_time_ms: _Optional[int] = ...) -> None: ...

class FinishRequest(_message.Message):
    __slots__ = ("token_id", "instance_key", "nonce", "csr", "proof", "hostname")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_KEY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    token_id: bytes
    instance_key: bytes
    nonce: bytes
    csr: bytes
    proof: bytes
    hostname: str
    def __init__(self, token_id: _Optional[bytes] = ..., instance_key: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., csr: _Optional[bytes] = ..., proof: _Optional[bytes] = ..., hostname: _Optional[str] = ...) -> None: ...

class FinishResponse(_message.Message):
    __slots__ = ("agent_id", "certificate_chain", "data_port")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    DATA_PORT_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    certificate_chain: bytes
    data_port: int
    def __init__(self, agent_id: _Optional[str] = ..., certificate_chain: _Optional[bytes] = ..., data_port: _Optional[int] = ...) -> None: ...

class RecoverRequest(_message.Message):
    __slots__ = ("agent_id", "nonce", "csr", "signature")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    nonce: bytes
    csr: bytes
    signature: bytes
    def __init__(self, agent_id: _Optional[str] = ..., nonce: _Optional[bytes] = ..., csr: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class RecoverResponse(_message.Message):
    __slots__ = ("certificate_chain", "data_port")
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    DATA_PORT_FIELD_NUMBER: _ClassVar[int]
    certificate_chain: bytes
    data_port: int
    def __init__(self, certificate_chain: _Optional[bytes] = ..., data_port: _Optional[int] = ...) -> None: ...
