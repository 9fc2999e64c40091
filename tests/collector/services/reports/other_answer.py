"""Stands for the program that makes photos small when a photo has got hold of it: it says what is no JPEG."""

from __future__ import annotations

import sys

sys.stdin.buffer.read(4)
sys.stdout.buffer.write((4).to_bytes(4) + b"GIF8")
