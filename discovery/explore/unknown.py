"""What a device of no known model answers, for whoever writes a definition of it."""

from __future__ import annotations

from discovery.asking import Script
from discovery.explore.visit import Visit
from discovery.sample import sample


def unknown(visit: Visit) -> Script[None]:
    """Find `sample`."""
    if visit.silent:
        visit.findings.failed("sample", visit.silent)
        return
    lines = yield from sample(visit.device)
    visit.findings.add("sample", [{"object_id": visit.device.sysobjectid or None, "snmprec": lines or None}])
