"""Whether this system is a container, and of what kind."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.linux import sysfs

MAX_ENVIRONMENT = 4 * 1024 * 1024
MAX_CGROUP = 64 * 1024

_FIRST_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of <linux/proc_ns.h>
_CGROUPS = re.compile(r"[/-](docker|lxc|kubepods|libpod|containerd|garden)\b")


def container_kind(root: Path) -> str | None:
    """Return docker, podman, lxc, systemd-nspawn, openvz …, or None where the system has its own kernel.

    The order is the trust: the process namespace, the manager's own word, its marker file, then the control group.
    """
    if sysfs.link_name(root / "proc/self/ns/pid") == _FIRST_PID_NAMESPACE:
        return None  # a machine whose disk was made from a container's image keeps that image's marks
    told = sysfs.text(root / "run/systemd/container") or _init_environment(root)
    if told:
        return told.split()[0][:64]
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "proc/vz").is_dir() and not (root / "proc/bc").exists():
        return "openvz"
    return parse_cgroup(sysfs.text(root / "proc/1/cgroup", MAX_CGROUP) or "")


def _init_environment(root: Path) -> str | None:
    environment = sysfs.raw(root / "proc/1/environ", MAX_ENVIRONMENT)
    values = [
        entry.removeprefix(b"container=") for entry in environment.split(b"\0") if entry.startswith(b"container=")
    ]
    return values[0].decode("utf-8", "replace") or None if values else None


def parse_cgroup(text: str) -> str | None:
    """Return the engine whose control group init lives in, or None; `kubepods` is told as kubernetes."""
    match = _CGROUPS.search(text)
    if match is None:
        return None
    return {"kubepods": "kubernetes", "libpod": "podman"}.get(match[1], match[1])
