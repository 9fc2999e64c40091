"""Power cuts, replayed: a real program's writes are recorded once, then the disk is rebuilt as a cut would leave it.

The model of the disk: what was synced is there. Of what was not, each write may be there, missing,
or torn at a 512-byte sector; creations, renames and removals keep their order, and any tail of them
may be missing (a journalling file system); syncing a file makes its name durable too (ext4, XFS).
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECTOR = 512
MARKS = "marks"
"""A file below the recorded folder: what its writer has been promised so far. It is no part of the disk."""


@dataclass(frozen=True)
class Op:
    kind: str
    path: str
    offset: int
    data: bytes


@dataclass
class Inode:
    durable: bytes = b""
    pending: list[Op] = field(default_factory=list)

    def after_cut(self, dice: random.Random) -> bytes:
        content = bytearray(self.durable)
        for op in self.pending:
            _write(content, op, dice)
        return bytes(content)

    def sync(self) -> None:
        content = bytearray(self.durable)
        for op in self.pending:
            _write(content, op, None)
        self.durable, self.pending = bytes(content), []


def _write(content: bytearray, op: Op, dice: random.Random | None) -> None:
    """Let `op` happen to `content`: whole without `dice`, else as a power cut decides."""
    data = op.data
    if dice is not None:
        fate = dice.randrange(3)
        if fate == 0:
            return
        if fate == 1:
            data = data[: dice.randrange(0, len(data) + 1, SECTOR)] if len(data) > SECTOR else data
    if op.kind == "T":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
        return
    content.extend(bytes(max(0, op.offset - len(content))))
    content[op.offset : op.offset + len(data)] = data


class Disk:
    """The folder as the program sees it and as a power cut would leave it."""

    def __init__(self) -> None:
        self.names: dict[str, Inode] = {}
        self.durable_names: dict[str, Inode] = {}
        self.name_ops: list[tuple[str, str, Inode | None]] = []
        self.promised = b""

    def apply(self, op: Op, root: str) -> None:
        if op.path == f"{root}/{MARKS}":
            self.promised += op.data
        elif op.kind in "WT":
            self._inode(op.path).pending.append(op)
        elif op.kind == "S":
            self._sync(op.path)
        elif op.kind == "U":
            self._name(op.path, self.names.pop(op.path, None), removed=True)
        elif op.kind == "N":
            inode = self.names.pop(op.path, Inode())
            target = op.data.decode()
            self.names[target] = inode
            self.name_ops.append((op.path, target, inode))

    def _inode(self, path: str) -> Inode:
        if path not in self.names:
            self.names[path] = Inode()
            self._name(path, self.names[path], removed=False)
        return self.names[path]

    def _name(self, path: str, inode: Inode | None, *, removed: bool) -> None:
        self.name_ops.append((path, "", None if removed else inode))

    def _sync(self, path: str) -> None:
        if path in self.names:
            self.names[path].sync()
            self._settle_through(path)
        else:  # a folder
            self._settle(len(self.name_ops))

    def _settle_through(self, path: str) -> None:
        last = max((at for at, op in enumerate(self.name_ops) if path in op[:2]), default=-1)
        self._settle(last + 1)

    def _settle(self, count: int) -> None:
        for op in self.name_ops[:count]:
            _rename(self.durable_names, op)
        del self.name_ops[:count]

    def after_cut(self, dice: random.Random) -> dict[str, bytes]:
        names = dict(self.durable_names)
        for op in self.name_ops[: dice.randrange(len(self.name_ops) + 1)]:
            _rename(names, op)
        return {path: inode.after_cut(dice) for path, inode in names.items()}


def _rename(names: dict[str, Inode], op: tuple[str, str, Inode | None]) -> None:
    path, target, inode = op
    if target:
        names.pop(path, None)
        names[target] = inode or Inode()
    elif inode is None:
        names.pop(path, None)
    else:
        names[path] = inode


@dataclass(frozen=True)
class Cut:
    """A folder as a power cut left it, and what had been promised by then."""

    folder: Path
    promised: str


def record(folder: Path, argv: Sequence[str], library: Path) -> list[Op]:
    """Run a Python program with its writes below `folder` recorded; return them."""
    trace = folder.with_suffix(".trace")
    trace.unlink(missing_ok=True)
    environment = os.environ | {
        "RECORD_DIR": str(folder), "RECORD_TRACE": str(trace), "LD_PRELOAD": str(library),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    subprocess.run([sys.executable, *argv], env=environment, check=True, timeout=300, cwd=Path(__file__).parents[2])
    return list(_ops(trace.read_bytes()))


def _ops(data: bytes) -> Iterator[Op]:
    at = 0
    while at < len(data):
        kind, path_length, offset, length = struct.unpack_from("<cHQI", data, at)
        at += 15
        path = data[at : at + path_length].decode()
        at += path_length
        yield Op(kind.decode(), path, offset, data[at : at + length])
        at += length


def cuts(ops: Sequence[Op], root: Path, count: int, scratch: Path, seed: int = 1) -> Iterator[Cut]:
    """Yield `count` folders, each as a cut after a random write would leave it; each is gone with the next."""
    dice = random.Random(seed)
    points = sorted(dice.sample(range(1, len(ops) + 1), min(count, len(ops))))
    points = sorted(points + [dice.randrange(1, len(ops) + 1) for _ in range(count - len(points))])
    disk, done = Disk(), 0
    for point in points:
        for op in ops[done:point]:
            disk.apply(op, str(root))
        done = point
        folder = scratch / "cut"
        shutil.rmtree(folder, ignore_errors=True)
        _restore(disk.after_cut(dice), root, folder)
        yield Cut(folder, disk.promised.decode())


def _restore(files: dict[str, bytes], root: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for path, content in files.items():
        if path.endswith("-shm"):
            continue  # mapped memory: gone with the power
        target = folder / Path(path).relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording library, built from `recorder.c`."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler is installed (Debian: apt-get install gcc libc6-dev)")
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library
