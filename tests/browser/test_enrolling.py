"""The agents page makes the one line that enrols a machine, shows it once, and the line works."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.bench.programs import installed
from tests.browser.conftest import Collect, Visit

LINE = re.compile(r"^muster-agent enroll https://\S+ --token muster1\.\S+$")


def test_the_line_is_shown_once_and_enrols_a_machine(collect: Collect, visit: Visit, tmp_path: Path) -> None:
    served = collect([])
    here = visit(served)
    here.go("/agents")
    expect(here.page.get_by_text(here.says("agents.none.title"))).to_be_visible()
    here.page.get_by_role("button", name=here.says("agents.make_token")).click()
    expect(here.page.get_by_text(here.says("agents.token_once"))).to_be_visible()
    line = here.page.get_by_text(LINE)
    program, *words = shlex.split(line.inner_text())
    here.go("/agents")
    expect(line).to_have_count(0)
    subprocess.run(installed(program, *words, "--state", str(tmp_path / "agent")), check=True, capture_output=True)
    here.go("/agents")
    expect(here.page.get_by_role("row")).to_have_count(2)  # the head, and the machine
    assert [each["state"] for each in served.items("agents")] == ["active"]
