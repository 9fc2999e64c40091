"""The installed command: says on standard output what it was called with, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    print(json.dumps({"words": sys.argv[1:], "in": str(Path.cwd())}))
