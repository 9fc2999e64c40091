"""Databases and middleware are recognised by their processes, ports and packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.linux import databases_and_middleware as section
from agent.collectors.linux import servers
from agent.collectors.linux.products import PRODUCTS
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
CASES = [json.loads(line) for line in (CAPTURED / "servers.jsonl").read_text().splitlines()]
POSTGRES = next(product for product in PRODUCTS if product.name == "postgresql")
MYSQL = next(product for product in PRODUCTS if product.name == "mysql")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['product']}-{case['instance']}")
def test_a_process_is_recognised_with_its_instance_and_version(case: dict[str, Any]) -> None:
    product = servers.recognise(case["comm"], case["exe"], case["args"])
    assert (product.name if product else None) == case["product"]
    if product:
        text = servers.text_of(case["exe"], case["args"])
        assert servers.instance_of(product, text) == case["instance"]
        assert section.version_of(product, text, case["exe"], {}) == case["version"]


def plant(root: Path) -> Path:
    """Build the /proc of a machine that runs nginx, redis, PostgreSQL and MariaDB, from what they left there."""
    for line in (CAPTURED / "processes.jsonl").read_text().splitlines():
        told = json.loads(line)
        folder = root / "proc" / told["stat"].split(" ", 1)[0]
        folder.mkdir(parents=True)
        (folder / "stat").write_text(told["stat"])
        (folder / "cmdline").write_text(told["cmdline"])
        (folder / "cgroup").write_text(told.get("cgroup", "0::/system.slice/some.service\n"))
        (folder / "exe").symlink_to(told["exe"])
    return root


def installed(root: Path, **versions: str) -> None:
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text("\n\n".join(
        f"Package: {name.replace('_', '-')}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}"
        for name, version in versions.items()
    ))  # fmt: skip


def test_workers_and_masters_are_one_row(tmp_path: Path) -> None:
    rows = kept("databases_and_middleware", section.collect(plant(tmp_path)))
    assert [(row["product"], row["instance"], row["running"]) for row in rows] == [
        ("mariadb", "/srv/my", True),
        ("nginx", "/srv/ngx/nginx.conf", True),
        ("postgresql", "/srv/pgdata", True),
        ("redis", "16379", True),
    ]


def test_the_package_makes_the_version_exact_and_is_evidence(tmp_path: Path) -> None:
    installed(plant(tmp_path), postgresql_15="15.18-0+deb12u1", postgresql_13="13.2-1", nginx_core="1:1.22.1-9")
    rows = {row["product"]: row for row in kept("databases_and_middleware", section.collect(tmp_path))}
    assert rows["postgresql"]["version"] == "15.18"
    assert rows["postgresql"]["evidence"] == ["package", "process"]
    assert rows["nginx"]["version"] == "1.22.1"
    assert "version" not in rows["redis"]


def test_an_installed_server_that_does_not_run_is_told_by_its_data_directory(tmp_path: Path) -> None:
    installed(tmp_path, postgresql_15="15.18-0+deb12u1", haproxy="2.6.12-1+deb12u1")
    (tmp_path / "var/lib/postgresql/15/main").mkdir(parents=True)
    rows = kept("databases_and_middleware", section.collect(tmp_path))
    assert [(row["product"], row["instance"], row["version"], row["running"]) for row in rows] == [
        ("haproxy", "/etc/haproxy/haproxy.cfg", "2.6.12", False),
        ("postgresql", "/var/lib/postgresql/15/main", "15.18", False),
    ]


def test_an_installed_server_whose_process_is_hidden_but_whose_port_is_open_runs(tmp_path: Path) -> None:
    installed(tmp_path, memcached="1.6.18-1")
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:2BCB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   113        0 86093 1\n"
    )
    (row,) = kept("databases_and_middleware", section.collect(tmp_path))
    assert (row["running"], row["ports"], row["evidence"]) == (True, ["tcp/11211"], ["package", "port"])


def test_what_runs_in_a_container_belongs_to_the_container(tmp_path: Path) -> None:
    plant(tmp_path)
    for path in (tmp_path / "proc").glob("[0-9]*/cgroup"):
        path.write_text(f"0::/system.slice/docker-{'a1' * 32}.scope\n")
    assert section.collect(tmp_path) == []


def test_inside_a_container_its_own_processes_count(tmp_path: Path) -> None:
    plant(tmp_path)
    (tmp_path / "proc/self").mkdir()
    for path in [*(tmp_path / "proc").glob("[0-9]*"), tmp_path / "proc/self"]:
        (path / "cgroup").write_text(f"0::/docker/{'a1' * 32}\n")
    assert len(section.collect(tmp_path)) == 4


def test_a_fork_that_keeps_the_old_names_is_told_by_its_package() -> None:
    fork = section.in_fact(MYSQL, {"mariadb": ["10.5.22"]})
    assert fork.name == "mariadb"
    assert section.in_fact(MYSQL, {"mariadb": ["10.5.22"], "mysql": ["8.0"]}).name == "mysql"


def test_two_instances_of_one_name_are_told_apart_by_port() -> None:
    rows = [{"product": "weblogic", "instance": "AdminServer", "ports": [port]} for port in ("tcp/8001", "tcp/7001")]
    assert [row["instance"] for row in section.distinct(rows)] == ["AdminServer", "AdminServer tcp/8001"]


def test_an_instance_left_behind_without_ports_is_the_same_instance() -> None:
    rows = [{"product": "nginx", "instance": "", "ports": ports} for ports in ([], ["tcp/80"])]
    assert section.distinct(rows) == [rows[1]]


def test_a_relative_configuration_path_is_below_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cwd").symlink_to("/opt/kafka")
    assert servers.absolute(tmp_path, 7, "config/server.properties") == "/opt/kafka/config/server.properties"
    assert servers.absolute(tmp_path, 7, "AdminServer") == "AdminServer"


@given(st.text(), st.none() | st.text(), st.lists(st.text(alphabet=st.characters(exclude_characters="\0"))))
def test_no_command_line_breaks_recognition(name: str, executable: str | None, arguments: list[str]) -> None:
    for product in PRODUCTS:
        servers.instance_of(product, servers.text_of(executable, arguments))
    servers.recognise(name, executable, arguments)


def test_a_hostile_command_line_costs_little() -> None:
    arguments = ["minio", "server", *["--a"] * 2_000, "x" * 100_000]
    product = servers.recognise("minio", "/usr/bin/minio", arguments)
    assert product is not None
    assert servers.instance_of(product, servers.text_of("/usr/bin/minio", arguments)) == ""


def test_a_real_postgresql_is_found_by_its_data_directory(postgres_url: str) -> None:
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    rows = kept("databases_and_middleware", section.collect(Path("/")))
    (row,) = [row for row in rows if row["instance"] == f"{folder}/data"]
    assert (row["product"], row["kind"], row["running"]) == ("postgresql", "database", True)
    assert row["version"].startswith(row["executable"].split("/")[4])
