"""The shipped rules with their cases and timelines, read once."""

from __future__ import annotations

from collector.ruletests import suite

SUITE = suite.read()
