"""Logs as apt 2.6 and dnf 4 write them."""

from __future__ import annotations

APT = """
Start-Date: 2026-01-15  08:00:00
Commandline: apt-get install -y cowsay
Requested-By: wang (1000)
Install: cowsay:amd64 (3.03+dfsg2-8), libtext-charwidth-perl:amd64 (0.04-11, automatic)
Upgrade: openssl:amd64 (3.0.14-1~deb12u2, 3.0.15-1~deb12u1)
End-Date: 2026-01-15  08:00:04

Start-Date: 2026-01-16  06:31:10
Commandline: /usr/bin/unattended-upgrade
Remove: oldlib:amd64 (1.0)
Error: Sub-process /usr/bin/dpkg returned an error code (1)

Start-Date: 2026-01-17  09:00:00
Commandline: apt-get update
End-Date: 2026-01-17  09:00:01
"""
DNF = """\
2026-01-15T08:00:00+0800 INFO --- logging initialized ---
2026-01-15T08:00:02+0800 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-28.el9.x86_64
2026-01-15T08:00:05+0800 SUBDEBUG Installed: python3-cow-say-3.03-1.el9.noarch
2026-01-16T08:00:00+0800 INFO --- logging initialized ---
"""
