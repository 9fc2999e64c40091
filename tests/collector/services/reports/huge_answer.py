"""Stands for the program that makes photos small when a photo has got hold of it: it says four gigabytes."""

from __future__ import annotations

import sys

from collector.thumbnail import MAX_BYTES

sys.stdin.buffer.read(4)
sys.stdout.buffer.write(b"\xff" * (4 + MAX_BYTES))
