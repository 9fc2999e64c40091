"""A real dnf installs, upgrades and removes below a folder; its history says who asked, its log says the same moved."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from agent.collectors.linux.dnf_history import history
from agent.collectors.linux.dnf_log import LOG, parse_dnf
from tests.agent.collectors.catalogue import kept
from tests.peers.daemons import program

SPEC = """\
Name: {}
Version: {}
Release: 1
Summary: sample
License: none
BuildArch: noarch
%description
sample
%files
"""
SAMPLES = (("cowsay", "3.03"), ("cowsay", "3.04"), ("python3-cow-say", "1.0"))
WANG, FROM_A_DIRECTORY = 1000, 4_000_000_000
LOGIN = 'echo "$0" > /proc/self/loginuid && exec "$@"'
"""Begins a program as one whom login(1) let in; it takes the right to say so (CAP_AUDIT_CONTROL)."""


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=120)


def may_log_in() -> bool:
    return subprocess.run(["sh", "-c", LOGIN, str(WANG), "true"], capture_output=True, check=False).returncode == 0


class Host:
    """A folder dnf looks after as if it were a machine, and a repository beside it; one transaction a second."""

    def __init__(self, folder: Path) -> None:
        self.root, self._repository, self._folder = folder / "root", folder / "repository", folder
        self._dnf = program("dnf", "dnf")

    def publish(self) -> None:
        rpmbuild, createrepo = program("rpmbuild", "rpm"), program("createrepo_c", "createrepo-c")
        for name, version in SAMPLES:
            spec = self._folder / "sample.spec"
            spec.write_text(SPEC.format(name, version))
            places = (f"_topdir {self._folder / 'build'}", f"_rpmdir {self._repository}")
            run(rpmbuild, "-bb", *(word for place in places for word in ("--define", place)), str(spec))
        run(createrepo, "--quiet", str(self._repository))

    def dnf(self, login: int, *words: str) -> None:
        run("sh", "-c", LOGIN, str(login), self._dnf, *words, "-q", "-y", "--noplugins", f"--installroot={self.root}",
            "--releasever=9", "--setopt=reposdir=/none", f"--setopt=cachedir={self._folder / 'cache'}",
            "--setopt=gpgcheck=0", f"--repofrompath=samples,file://{self._repository}")  # fmt: skip
        ended = int(time.time())
        while int(time.time()) == ended:
            time.sleep(0.01)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    host = Host(tmp_path_factory.mktemp("dnf"))
    if not may_log_in():
        pytest.skip("this process may not set a login uid (CAP_AUDIT_CONTROL)")
    host.publish()
    host.dnf(FROM_A_DIRECTORY, "install", "cowsay-3.03", "python3-cow-say")
    host.dnf(WANG, "upgrade", "cowsay", "--setopt=proxy=http://li:s3cret@proxy.invalid:3128")
    host.dnf(WANG, "remove", "python3-cow-say")
    (host.root / "etc/passwd").write_text(f"wang:x:{WANG}:{WANG}::/home/wang:/bin/sh\n")
    return host


def test_dnfs_history_names_who_was_logged_in_and_keeps_the_secret(host: Host) -> None:
    rows = kept("package_log", history(host.root) or [])
    assert [(row.get("actor"), row["packages"]) for row in rows] == [
        (f"uid {FROM_A_DIRECTORY}", ["cowsay", "python3-cow-say"]), ("wang", ["cowsay"]), ("wang", ["python3-cow-say"]),
    ]  # fmt: skip
    assert rows[1]["command"].startswith("upgrade cowsay --setopt=proxy=http://…@proxy.invalid:3128 -q -y")


def test_dnfs_log_tells_the_same_moves_at_the_same_times(host: Host) -> None:
    logged = parse_dnf((host.root / LOG).read_bytes())
    told = history(host.root) or []
    assert [row["packages"] for row in logged] == [row["packages"] for row in told]
    for said, row in zip(logged, told, strict=True):
        assert row["started"] <= said["started"] <= said["ended"] <= row["ended"]
