"""Configurations as values: a device's output → text that only a change can change, and that no secret is in.

Volatile lines are left out. A secret becomes a token, its HMAC-SHA-256 (RFC 2104) under a key of the caller: equal
tokens, equal secrets, and that is all that can be told of it, by who has not the key. The text has a content address,
its SHA-256, and is kept compressed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Final

from discovery.failures import Failed
from discovery.ssh.platform import Block, Kind, Lines, Platform, joined
from discovery.ssh.screen import rendered
from wire.configuration import MAX_OCTETS, SALTED, address
from wire.sections import MAX_DOCUMENT

MIN_KEY: Final = 16
MAX_ANSWER_LINES: Final = 12

NONE: Final = Lines()
DENIED: Final = Lines((r"(?i)permission denied|authorization failed|not authorized|access denied|no privilege",))
REFUSED: Final = Lines((
    r"^\s*% ?(?:Invalid|Unknown|Incomplete|Ambiguous|Unrecognized|Bad)\b",
    r"(?i)\b(?:unrecognized|wrong|incomplete|ambiguous|too many) (?:command|parameter)",
    r"(?i)^\s*(?:unknown command|syntax error|bad command name|unknown action|command fail|command parse error)",
    r"^ERROR: % ",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Configuration:
    """`text`: normalised, no secrets in it. `sha256`: of it in UTF-8. `changed`: the device's stamp of a change."""

    kind: Kind
    platform: str
    text: str
    sha256: str
    changed: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the row of section `configuration`."""
        said = {"kind": self.kind, "platform": self.platform, "text": self.text, "sha256": self.sha256}
        return {**said, "changed": self.changed} if self.changed else said


def configuration(output: str, kind: Kind, platform: Platform, key: bytes) -> Configuration | None:
    """Return the configuration a command printed, None where the device says that there is none. Raises Failed.

    `key`: at least 16 octets; with one for all devices it shows who shares a secret, with one each it does not.
    """
    if len(key) < MIN_KEY:
        raise ValueError(f"a key has at least {MIN_KEY} octets")
    if len(output) > MAX_DOCUMENT:
        raise Failed("budget", f"more than {MAX_DOCUMENT} characters")
    output = output.encode("utf-8", "replace").decode()  # half a character can be neither matched nor kept
    lines = rendered(output).strip("\n").split("\n")
    if _is_answer(lines, platform):
        return None
    if platform.whole.sources and not platform.whole.match(lines[-1]):
        raise Failed("unparsed", "the end of the configuration is missing")
    changed = next((stamp for stamp in map(platform.changed.first, lines[:40]) if stamp), None)
    text = "\n".join(_blotted(_lasting(lines, platform), platform, key)) + "\n"
    if len(text) > MAX_DOCUMENT or len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) > MAX_OCTETS:
        raise Failed("budget", f"more than {MAX_OCTETS} octets")
    return Configuration(kind, platform.name, text, address(text), changed[:255].strip() if changed else None)


def token(secret: str, key: bytes) -> str:
    """Return what stands for a secret."""
    return f"<secret:{hmac.new(key, secret.encode('utf-8', 'replace'), hashlib.sha256).hexdigest()[:16]}>"


def _is_answer(lines: list[str], platform: Platform) -> bool:
    """Return whether a short output says that there is none. Raises Failed when it refuses the command."""
    if len(lines) > MAX_ANSWER_LINES:
        return False
    if any(map(platform.absent.match, lines)):
        return True
    if any(map(DENIED.match, lines)):
        raise Failed("authorization", "the user may not see the configuration")
    if any(map(REFUSED.match, lines)) or not any(map(str.strip, lines)):
        raise Failed("unparsed", "the device does not take the command")
    return False


def _lasting(lines: list[str], platform: Platform) -> list[str]:
    """Return the lines that are configuration, and of lines what is; without blank ones at both ends."""
    kept = []
    for line in lines:
        if not platform.volatile.match(line):
            kept.append(line)
        elif spans := platform.volatile.spans(line):
            kept.append(_marked(line, [(begin, end, "") for begin, end in spans]).rstrip())
    return "\n".join(kept).strip("\n").split("\n")


def _blotted(lines: list[str], platform: Platform, key: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(lines):
        if not platform.notable.match(lines[at]):
            found.append(lines[at])
            at += 1
            continue
        block = next((each for each in platform.blocks if each.begins.match(lines[at])), None)
        found.append(_line(lines[at], platform, key))
        at += 1
        if block:
            end = next((n for n in range(at, len(lines)) if block.ends.match(lines[n])), len(lines))
            found += _within(lines[at:end], block, platform, key)
            at = end
    return found


def _within(lines: list[str], block: Block, platform: Platform, key: bytes) -> list[str]:
    if block.secrets is not None:
        return [_line(line, platform, key, block.secrets) for line in lines]
    return [SALTED if block.salted else token("\n".join(lines), key)]


def _line(line: str, platform: Platform, key: bytes, more: Lines = NONE) -> str:
    salted = platform.salted.spans(line)
    marks = [(begin, end, SALTED) for begin, end in salted]
    for begin, end in joined([*platform.secrets.spans(line), *more.spans(line)]):
        if not any(begin < to and since < end for since, to in salted):
            marks.append((begin, end, token(line[begin:end], key)))
    return _marked(line, marks)


def _marked(line: str, marks: list[tuple[int, int, str]]) -> str:
    for begin, end, mark in sorted(marks, reverse=True):
        line = line[:begin] + mark + line[end:]
    return line
