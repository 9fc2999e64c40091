"""Services come from systemctl where systemd runs, else from unit files and init scripts."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import init_scripts, services, unit_files
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
FILES = (CAPTURED / "systemctl-list-unit-files.txt").read_text()
UNITS = (CAPTURED / "systemctl-list-units.txt").read_text()
ROWS = {row["name"]: row for row in services.merge(services.parse_unit_files(FILES), services.parse_units(UNITS))}


def test_the_merged_rows_keep_to_the_catalogue() -> None:
    assert len(kept("services", list(ROWS.values()))) == len(ROWS)


@pytest.mark.parametrize(
    ("name", "enabled", "state"),
    [
        ("nginx.service", "enabled", "running"),
        ("libvirt-guests.service", "enabled", "running"),  # exited, and active: what it did still holds
        ("getty@tty1.service", "enabled", "running"),  # an instance, with its template's enablement
        ("always-fails.service", "enabled", "failed"),
        ("loops.service", "enabled", "failed"),  # waits to be started again
        ("cryptdisks.service", "masked", "stopped"),
        ("apt-daily.service", "static", "stopped"),
        ("ssh.service", "disabled", "stopped"),
        ("hwclock.service", "masked", "stopped"),  # not loaded at all
        ("virtlockd.service", "indirect", "stopped"),
        ("systemd-remount-fs.service", "enabled", "running"),  # until the next boot only
    ],
)
def test_a_service_has_its_enablement_and_state(name: str, enabled: str, state: str) -> None:
    assert (ROWS[name]["enabled"], ROWS[name]["state"]) == (enabled, state)


def test_a_description_keeps_its_blanks() -> None:
    assert ROWS["nginx.service"]["description"] == "A high performance web server and a reverse proxy server"


@pytest.mark.parametrize(
    "name",
    [
        "redis.service",  # a second name
        "getty@.service",  # a template
        "apparmor.service",  # only named by another unit
        "modprobe@fuse.service",  # an instance for a moment
    ],
)
def test_what_is_no_service_of_the_machine_is_left_out(name: str) -> None:
    assert name in FILES + UNITS
    assert name not in ROWS


def test_what_comes_and_goes_with_a_session_or_systemd_run_is_left_out() -> None:
    files = services.parse_unit_files("user@.service static -\nrun-r1f0a.service transient -\n")
    units = services.parse_units(
        "user@1000.service loaded active running User Manager for UID 1000\n"
        "run-r1f0a.service loaded active running /usr/bin/sleep 600\n"
    )
    assert services.merge(files, units) == []


def test_the_mark_older_systemctl_puts_before_a_failed_unit_is_no_name() -> None:
    assert services.parse_units("● a.service loaded failed failed The A\n") == {"a.service": ("failed", "The A")}


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemctl is not installed")
def test_unit_files_read_as_systemd_reads_them() -> None:
    command = ["systemctl", "--root=/", "list-unit-files", "--no-pager", "--plain", "--no-legend", "--full"]
    listing = subprocess.run([*command, "--type=service"], check=True, capture_output=True, text=True).stdout
    expected = {row["name"]: row["enabled"] for row in services.merge(services.parse_unit_files(listing), {})}
    assert {row["name"]: row["enabled"] for row in unit_files.rows(Path("/"))} == expected


def test_unit_files_name_masked_linked_and_aliased_units(tmp_path: Path) -> None:
    folder = tmp_path / "etc/systemd/system"
    (folder / "multi-user.target.wants").mkdir(parents=True)
    (folder / "app.service").write_text("[Unit]\nDescription=The app\n[Install]\nWantedBy=multi-user.target\n")
    (folder / "app2.service").write_text("[Unit]\n# Description=no\n[Service]\nExecStart=/bin/true\n")
    (folder / "other.service").symlink_to(folder / "app2.service")
    (folder / "gone.service").symlink_to("/dev/null")
    (folder / "multi-user.target.wants/app.service").symlink_to("../app.service")
    rows = {row["name"]: row for row in kept("services", services.collect(tmp_path))}
    assert rows == {
        "app.service": {"name": "app.service", "enabled": "enabled", "description": "The app"},
        "app2.service": {"name": "app2.service", "enabled": "enabled"},
        "gone.service": {"name": "gone.service", "enabled": "masked"},
    }


def script(root: Path, name: str, text: str, start: str | None = None) -> None:
    (root / "etc/init.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/init.d" / name).write_text(text)
    (root / "etc/init.d" / name).chmod(0o755)
    if start:
        (root / start).parent.mkdir(parents=True, exist_ok=True)
        (root / start).symlink_to(f"../init.d/{name}")


def test_init_scripts_are_services_and_run_level_links_enable_them(tmp_path: Path) -> None:
    lsb = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: {0}\n# Short-Description: {0} at work\n### END INIT INFO\n"
    script(tmp_path, "cron", lsb.format("cron"), "etc/rc3.d/S01cron")
    script(tmp_path, "atd", lsb.format("atd"))
    script(tmp_path, "crond", '#!/sbin/openrc-run\ndescription="Runs jobs"\n', "etc/runlevels/default/crond")
    script(tmp_path, "README", "not a service")
    rows = {row["name"]: row for row in kept("services", services.collect(tmp_path))}
    assert {name: row["enabled"] for name, row in rows.items()} == {
        "cron": "enabled", "atd": "disabled", "crond": "enabled",
    }  # fmt: skip
    assert rows["cron"]["description"] == "cron at work"
    assert rows["crond"]["description"] == "Runs jobs"


def test_a_unit_goes_before_the_script_of_its_name(tmp_path: Path) -> None:
    script(tmp_path, "cron", "#!/bin/sh\n")
    (tmp_path / "lib/systemd/system").mkdir(parents=True)
    (tmp_path / "lib/systemd/system/cron.service").write_text("[Unit]\nDescription=Cron\n")
    assert [row["name"] for row in services.collect(tmp_path)] == ["cron.service"]


def test_a_machine_without_a_service_manager_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        services.collect(tmp_path)


@pytest.mark.parametrize("parse", [services.parse_unit_files, services.parse_units])
def test_a_message_in_the_lists_place_is_malformed(parse: object) -> None:
    with pytest.raises(Malformed):
        parse("Denied\n")  # type: ignore[operator]


@given(st.text() | st.lists(st.sampled_from((FILES + UNITS).split())).map(" ".join), st.binary())
def test_any_text_is_services_or_malformed(text: str, data: bytes) -> None:
    for parse in (services.parse_unit_files, services.parse_units):
        with suppress(Malformed):
            parse(text)
    unit_files.parse_unit(data)
    init_scripts.parse_description(data)
