"""Numbers as people read them: bytes, counts, percent, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SPANS = ((86_400_000 * 365, "y"), (86_400_000 * 30, "mo"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "min"))
LAST_MS = 253_402_300_799_000


def bytes_text(number: float) -> str:
    """Return bytes in the largest binary unit that leaves at least one: 1610612736 → 1.5 GiB."""
    place = 0
    while abs(number) >= 1024 and place < len(_BINARY) - 1:
        number, place = number / 1024, place + 1
    return f"{_short(number)} {_BINARY[place]}"


def scaled(number: float, units: tuple[str, ...]) -> str:
    """Return a number in the largest of `units`, each a thousand of the one before."""
    place = 0
    while abs(number) >= 1000 and place < len(units) - 1:
        number, place = number / 1000, place + 1
    return f"{_short(number)} {units[place]}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if abs(number) < 100 else f"{number:.0f}"


def number_text(number: float) -> str:
    """Return a number with thin groups of thousands."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.4g}" if abs(number) < 1e15 else f"{number:.4g}"


def percent_text(ratio: float) -> str:
    return f"{ratio * 100:.0f} %" if ratio >= 0.1 or ratio == 0 else f"{ratio * 100:.1f} %"


def span(ms: int) -> tuple[int, str]:
    """Return a length of time as a whole number of one unit: s, min, h, d, mo, y."""
    for size, unit in _SPANS:
        if abs(ms) >= size:
            return abs(ms) // size, unit
    return abs(ms) // 1000, "s"


def exact(at: int) -> str:
    """Return a time (ms) to the second in the collector's own zone, the zone told."""
    text = _local(at).isoformat(sep=" ", timespec="seconds")
    return f"{text[:19]} {text[19:]}"


def machine(at: int) -> str:
    """Return a time (ms) as RFC 3339 in UTC, for `datetime=`."""
    return datetime.fromtimestamp(_clipped(at) / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def field_text(at: int) -> str:
    """Return a time (ms) as an `<input type=datetime-local>` takes it, in the collector's own zone."""
    return _local(at).strftime("%Y-%m-%dT%H:%M:%S")


def zone() -> str:
    """Return the collector's own zone as an offset: UTC+08:00."""
    return f"UTC{datetime.now(UTC).astimezone().isoformat()[-6:]}"


def read_field(text: str) -> int | None:
    """Return what an `<input type=datetime-local>` or an RFC 3339 text says, as ms; None when that is no time."""
    try:
        at = datetime.fromisoformat(text.strip())
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(_clipped(at) / 1000, UTC).astimezone()


def _clipped(at: int) -> int:
    return max(0, min(at, LAST_MS - int(timedelta(days=2).total_seconds() * 1000)))
