"""The typed causes a target, or a part of it, can fail for: words that stay put, each with what to do about it."""

from __future__ import annotations

from typing import Final

REMEDIES: Final = {
    "no_answer": "nothing answers at this address: check that it is in use and nothing filters in between",
    "timeout": "it answered before and then stopped: raise the time-out or lower the rate for this range",
    "no_service": "something is here, and no service asked for answers: check that SNMP is on, filters and community",
    "no_credential": "something is here, and no credential is in scope for it: add one for this range",
    "credential_refused": "none of the credentials in scope was accepted: check community, view and sources on it",
    "unknown_user": "the SNMPv3 user does not exist on the device",
    "wrong_auth": "the SNMPv3 authentication key or algorithm is wrong",
    "wrong_priv": "the SNMPv3 privacy key or algorithm is wrong",
    "not_in_time_window": "the SNMPv3 clock of the device does not hold: check that its engine boots and time move on",
    "engine_changed": "the SNMPv3 engine is not the one it was, or not the pinned one: review the device",
    "unsupported_security_level": "the device wants another SNMPv3 security level",
    "authorization": "the credential is right and sees nothing: check the view or access group on the device",
    "malformed": "what it sent cannot be decoded: take a capture and report it with the model",
    "oid_not_increasing": "the device answers in circles: it was cut off; a newer firmware usually mends it",
    "too_big": "the device cannot fit its answer: lower the repetitions for this definition",
    "budget": "the device took more than its budget of time or rows: what was read is kept; raise the budget if needed",
    "error_status": "the device answered with an error of its own: see the detail",
    "budget_of_account": "the account has failed too often and was not tried: see its credential",
    "lease_ended": "not swept: the time has passed for which its credentials were lent; the sweep goes on by itself",
    "blackout": "not swept: a blackout or freeze was in force",
    "excluded": "not swept: excluded by the plan",
    "cancelled": "not swept: the sweep was cancelled",
    "unknown_model": "no definition knows this device: download its sample and add one",
    "refused": "the port refuses connections: the service is off or bound elsewhere",
    "host_key_changed": "the SSH host key or TLS certificate is not the pinned one: review it before anything is sent",
    "login_refused": "the login was refused: check user, password or key",
    "unparsed": "it answered in a form nothing here can read: take a sample and report it with the model",
    "unpinned": "a password goes to no host that nobody vouches for: review its key and pin it",
    "internal": "a fault of Muster's own: see the log",
}
"""Cause → remedy."""


class Failed(Exception):
    """A target, or a part of it, failed for `cause`, a word of `REMEDIES`; `detail` is one line without secrets."""

    def __init__(self, cause: str, detail: str = "") -> None:
        assert cause in REMEDIES, cause
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail = cause, detail

    @property
    def remedy(self) -> str:
        return REMEDIES[self.cause]
