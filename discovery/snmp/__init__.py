"""SNMP: one engine a probe, a session a target and credential, and probes that need no credential.

engine = Engine(Limits(rate=2000))
session = Session(engine, ("192.0.2.7", 161), Community("…"))
values = await session.get("1.3.6.1.2.1.1.1.0")
answer = await session.walk("1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.1")
result = await session.run(script)      # a discovery.asking.Script
engine.close()
"""

from __future__ import annotations

from discovery.snmp.ber import Malformed
from discovery.snmp.credential import Community, Credential, User
from discovery.snmp.engine import Engine
from discovery.snmp.limits import Limits
from discovery.snmp.peer import Peer
from discovery.snmp.probe import Alive, CommunityQuestion, EngineQuestion, Taps, sweep
from discovery.snmp.session import Session
from discovery.snmp.target import Patience
from discovery.snmp.walking import Budget

__all__ = [
    "Alive", "Budget", "Community", "CommunityQuestion", "Credential", "Engine", "EngineQuestion", "Limits",
    "Malformed", "Patience", "Peer", "Session", "Taps", "User", "sweep",
]  # fmt: skip
