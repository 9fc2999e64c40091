"""A build backend of one file: an editable wheel that is a path entry and a `muster` command."""

from __future__ import annotations

import zipfile
from pathlib import Path

INFO = "small-1.dist-info"
WHEEL = "Wheel-Version: 1.0\nGenerator: small\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    name = "small-1-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("small.pth", str(Path.cwd()))
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1\n")
        wheel.writestr(f"{INFO}/WHEEL", WHEEL)
        wheel.writestr(f"{INFO}/entry_points.txt", "[console_scripts]\nmuster = small:main\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return name
