"""Finds the processes of known products, and which instance of the product each belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.collectors.base import Unsupported
from agent.collectors.linux import processes
from agent.collectors.linux.products import PRODUCTS, Product

_JAVA = frozenset({"java", "jsvc", "jsvc.exec"})
_KERNEL = 2  # kthreadd: its children are no programs
_MAX_TEXT = 4_096  # of a native program's arguments: its options; a JVM's are longer and matched one by one


@dataclass(frozen=True, slots=True)
class Server:
    """A process of a product."""

    pid: int
    parent: int
    product: Product
    executable: str | None
    text: str


def find_servers(root: Path) -> list[Server]:
    """Return the processes of products, in the order of their pids; raise `Denied`, `Malformed`.

    What runs inside a container is left out: it belongs to the container's own inventory.
    """
    own_container = processes.parse_container(processes.cgroup(root, "self"))
    found = []
    for pid in _pids(root):
        known = processes.name_and_parent(root, pid)
        if known is None or known[1] == _KERNEL:
            continue
        arguments = processes.arguments(root, pid)
        executable = processes.executable(root, pid)
        product = recognise(known[0], executable, arguments)
        if product and processes.parse_container(processes.cgroup(root, pid)) == own_container:
            found.append(Server(pid, known[1], product, executable, text_of(executable, arguments)))
    return found


def _pids(root: Path) -> list[int]:
    try:
        return processes.pids(root)
    except Unsupported:  # a file system without its kernel: what is installed is still told
        return []


def text_of(executable: str | None, arguments: Sequence[str]) -> str:
    """Return what the patterns of `products` run over: program path and arguments between NUL characters."""
    return "\0".join(("", executable or "", *arguments, ""))


def recognise(name: str, executable: str | None, arguments: Sequence[str]) -> Product | None:
    """Return the product of a process by command name, program path and arguments, or None.

    The title counts as well as the program's file: Debian's redis-server is a link to redis-check-rdb.
    """
    title = arguments[0].split(" ", 1)[0].rstrip(":") if arguments else ""
    names = {os.path.basename(path) for path in (executable or "", title)} | {name}
    if names & _JAVA:
        return next((product for product in PRODUCTS if product.java and _has_java(product, arguments)), None)
    text = text_of(executable, arguments)[:_MAX_TEXT]
    fit = (product for product in PRODUCTS if not names.isdisjoint(product.programs))
    return next((product for product in fit if pattern(product.only).search(text)), None)


def _has_java(product: Product, arguments: Iterable[str]) -> bool:
    return any(pattern(product.java).fullmatch(argument[:_MAX_TEXT]) for argument in arguments)


@cache
def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of `products`, compiled once it is needed."""
    return re.compile(text, re.DOTALL)


def instance_of(product: Product, text: str) -> str:
    """Return what tells this instance from others: data directory, configuration path, name or port."""
    text = text if product.java else text[:_MAX_TEXT]
    for wanted in product.instance:
        if match := pattern(wanted).search(text):
            return " ".join(group for group in match.groups() if group)
    return product.default


def absolute(root: Path, pid: int, instance: str) -> str:
    """Return a relative path below the directory the process works in, where that is told; else `instance`."""
    if instance.startswith("/") or "/" not in instance or " " in instance:
        return instance
    try:
        return os.path.normpath(os.path.join(os.readlink(f"{root}/proc/{pid}/cwd"), instance))
    except OSError:
        return instance


def heads_of(servers: Sequence[Server]) -> dict[int, int]:
    """Return pid → pid of the server it works for: its first ancestor whose parent is not of the product."""
    by_pid = {server.pid: server for server in servers}
    heads = {}
    for server in servers:
        head, steps = server, 0
        while (above := by_pid.get(head.parent)) and above.product is server.product and steps < len(servers):
            head, steps = above, steps + 1
        heads[server.pid] = head.pid
    return heads
