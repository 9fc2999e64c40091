"""What can be done to a device of a running lab, by name. Each command takes what its table says, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from discovery.lab.device import Device, Refused
from discovery.lab.encoding import COUNTER, COUNTER64, GAUGE, TICKS, address, identifier, number, text
from discovery.snmp.ber import INTEGER

MAX_SECONDS: Final = 86_400.0
_UNSIGNED: Final = {"counter": COUNTER, "gauge": GAUGE, "ticks": TICKS, "counter64": COUNTER64}


def _seconds(device: Device, said: Mapping[str, Any]) -> None:
    device.delay = _number(said, "seconds", MAX_SECONDS)


def _prompt(device: Device, said: Mapping[str, Any]) -> None:
    device.prompt_delay = _number(said, "seconds", MAX_SECONDS)


def _loss(device: Device, said: Mapping[str, Any]) -> None:
    device.loss = _number(said, "ratio", 1.0)


def _reboot(device: Device, said: Mapping[str, Any]) -> int:
    device.reboot(_number(said, "seconds", MAX_SECONDS, 0.0))
    return device.boots


def _renumber(device: Device, said: Mapping[str, Any]) -> dict[str, int]:
    return {str(old): new for old, new in device.renumber(int(_number(said, "seed", 2**31, 0))).items()}


def _serial(device: Device, said: Mapping[str, Any]) -> int:
    return device.swap_serial(_text(said, "new"), _text(said, "old") if "old" in said else None)


def _edit(device: Device, said: Mapping[str, Any]) -> None:
    value = None if said.get("value") is None else _value(said)
    device.edit(_text(said, "oid"), value)


def _configure(device: Device, said: Mapping[str, Any]) -> int:
    return device.reconfigure(_text(said, "old"), _text(said, "new"))


def _save(device: Device, _: Mapping[str, Any]) -> None:
    device.save()


def _happen(device: Device, said: Mapping[str, Any]) -> bool:
    """Let a story of the device come true; return whether it has one of that name."""
    return device.happen(_text(said, "what"))


def _status(device: Device, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": device.source, "asked": device.asked, "boots": device.boots, "up_time": device.up_time,
            "delay": device.delay, "loss": device.loss, "silent": device.is_silent}  # fmt: skip


class Command(NamedTuple):
    """`takes`: the fields beside `do` and `address`."""

    run: Callable[[Device, Mapping[str, Any]], Any]
    takes: frozenset[str] = frozenset()


COMMANDS: Final[Mapping[str, Command]] = {
    "delay": Command(_seconds, frozenset({"seconds"})), "loss": Command(_loss, frozenset({"ratio"})),
    "reboot": Command(_reboot, frozenset({"seconds"})), "renumber": Command(_renumber, frozenset({"seed"})),
    "serial": Command(_serial, frozenset({"new", "old"})), "edit": Command(_edit, frozenset({"oid", "value", "type"})),
    "configure": Command(_configure, frozenset({"old", "new"})), "prompt": Command(_prompt, frozenset({"seconds"})),
    "happen": Command(_happen, frozenset({"what"})), "save": Command(_save), "status": Command(_status),
}  # fmt: skip


def do(devices: Mapping[str, Device], said: Any) -> Any:
    """Do what a request says to one device, or to all (address `*`), and return what came of it. Raises Refused."""
    if not isinstance(said, dict):
        raise Refused("an object with `do` and `address` is expected")
    command = COMMANDS.get(str(said.get("do")))
    if command is None:
        raise Refused(f"`do` is one of {', '.join(COMMANDS)}")
    unknown = said.keys() - command.takes - {"do", "address"}
    if unknown:
        raise Refused(f"it takes {', '.join(sorted(command.takes)) or 'nothing more'}")
    if said.get("address") == "*":
        return {address: command.run(device, said) for address, device in devices.items()}
    device = devices.get(str(said.get("address")))
    if device is None:
        raise Refused("no device at that address")
    return command.run(device, said)


def _number(said: Mapping[str, Any], name: str, most: float, default: float | None = None) -> float:
    value = said.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Refused(f"`{name}` is a number from 0 to {most:g}")
    return float(value)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Refused(f"`{name}` is a text")
    return value


def _value(said: Mapping[str, Any]) -> bytes:
    """Return an encoded value; its type is told, or shows by itself: a number or a text."""
    value, kind = said["value"], said.get("type") or ("integer" if isinstance(said["value"], int) else "text")
    try:
        if kind in _UNSIGNED or kind == "integer":
            return number(int(value), _UNSIGNED.get(kind, INTEGER))
        makes = {"text": text, "hex": lambda each: text(bytes.fromhex(each)), "oid": identifier, "address": address}
        return makes[kind](value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("a value that does not fit its type") from error
