"""The generated code is what protoc makes of the schema today, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.checkout import ROOT

PROTO = ROOT / "proto"
COMMAND = "python -m grpc_tools.protoc -I proto --python_out=proto --pyi_out=proto proto/wire/v1/*.proto"


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    schemas = sorted(PROTO.glob("wire/v1/*.proto"))
    assert schemas
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}",
         *schemas], check=True, cwd=PROTO,
    )  # fmt: skip
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*_pb2.py*")}
    kept = {path.relative_to(PROTO): path.read_bytes() for path in PROTO.glob("wire/v1/*_pb2.py*")}
    stale = sorted(str(name) for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    assert not stale, f"stale: {', '.join(stale)}; run `{COMMAND}`"
    assert len(kept) == 2 * len(schemas)


def test_the_command_that_makes_it_is_written_down() -> None:
    assert COMMAND in (PROTO / "README.md").read_text(encoding="utf-8")
