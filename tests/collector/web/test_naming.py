"""What texts outside a page call a value: a mail or a message has nothing around it that says of what it speaks."""

from __future__ import annotations

import pytest

from collector.model import Path
from collector.web.naming import naming


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [
        (Path("device", "version"), "设备 版本", "Device Version"),
        (Path("packages", "nginx|amd64"), "软件包 nginx · amd64", "Packages nginx · amd64"),
        (Path("services", "cron.service"), "服务 cron.service", "Services cron.service"),
        (Path("relations", "powered_by|0a1b"), "关系 供电来自", "Relations powered by"),
        (Path("configuration", "running"), "配置 running", "Configuration running"),
    ],
)
def test_a_value_is_called_by_its_section_and_what_people_call_it_there(path: Path, zh: str, en: str) -> None:
    assert {tongue: call(path) for tongue, call in naming().items()} == {"zh": zh, "en": en}


def test_what_a_device_named_is_one_bounded_line() -> None:
    called = naming()["en"](Path("packages", "a" * 500 + "|all"))
    assert len(called) < 100
