"""Finds the files that may hold certificates of this machine: where servers keep them, within bounds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

# Where to look (a glob below the root) and how many folders deep.
PLACES: tuple[tuple[str, int], ...] = (
    ("etc/ssl/certs", 0), ("etc/ssl", 0), ("etc/pki/tls/certs", 0), ("etc/letsencrypt/live", 1), ("etc/certs", 1),
    ("etc/nginx", 2), ("etc/apache2", 2), ("etc/httpd", 2), ("etc/haproxy", 2), ("etc/squid", 1),
    ("etc/postgresql*", 2), ("var/lib/postgresql/*/*", 0), ("var/lib/pgsql", 2), ("etc/mysql", 2),
    ("var/lib/mysql", 0), ("etc/mongod*", 1), ("etc/redis*", 1), ("etc/rabbitmq", 1), ("etc/kafka", 1),
    ("etc/elasticsearch", 2), ("etc/opensearch", 2), ("etc/etcd", 2), ("etc/kubernetes/pki", 1),
    ("var/lib/kubelet/pki", 0), ("etc/docker/certs.d", 1), ("etc/tomcat*", 1), ("etc/openvpn", 2),
    ("etc/ipsec.d/certs", 0), ("etc/swanctl/x509", 0), ("etc/postfix", 1), ("etc/dovecot", 1), ("etc/ldap", 2),
    ("etc/openldap/certs", 0), ("etc/cockpit/ws-certs.d", 0), ("etc/grafana", 1), ("etc/prometheus", 1),
    ("opt/*/conf", 2), ("opt/*/config", 2), ("opt/*/ssl", 1), ("opt/*/cert*", 1), ("opt/*/etc", 1),
    ("usr/local/*/conf", 2), ("usr/local/etc/*", 1),
)  # fmt: skip

# The distribution's own store of public authorities: thousands of rows that say nothing of this machine.
CA_STORES = ("usr/share/ca-certificates", "usr/share/pki", "etc/pki/ca-trust", "var/lib/ca-certificates")
_BUNDLES = re.compile(r"ca-certificates\.crt|ca-bundle.*|.*\.trust\.crt")
_HASH_LINK = re.compile(r"[0-9a-f]{8}\.\d+")  # openssl rehash: a second name of a file beside it

_SUFFIXES = (".pem", ".crt", ".cer", ".cert", ".der")
_KEYS = re.compile(r"(?i)(^|[^a-z])(priv(ate)?|priv-?key|keys?)([^a-z]|$)|\.key$")

MAX_FILES = 2_000
MAX_ENTRIES = 20_000


def files(root: Path) -> Iterator[Path]:
    """Yield the files to look into, each once by whatever name it was found first; bounded."""
    seen: set[tuple[int, int]] = set()
    entries = 0
    for pattern, depth in PLACES:
        for place in sorted(root.glob(pattern)):
            for path in _walk(place, depth):
                entries += 1
                if entries > MAX_ENTRIES or len(seen) >= MAX_FILES:
                    return
                identity = _identity(root, path) if is_candidate(path.name) else None
                if identity and identity not in seen:
                    seen.add(identity)
                    yield path


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the entries of a folder and of the folders in it, `depth` levels down, folders of keys left out."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for path in entries:
        if depth and path.is_dir() and not path.is_symlink() and not _KEYS.search(path.name):
            yield from _walk(path, depth - 1)
        else:
            yield path


def is_candidate(name: str) -> bool:
    """Return whether a file of this name may hold certificates of this machine, and is no private key by name."""
    if _BUNDLES.fullmatch(name) or _HASH_LINK.fullmatch(name) or _KEYS.search(name):
        return False
    return name.lower().endswith(_SUFFIXES)


def _identity(root: Path, path: Path) -> tuple[int, int] | None:
    """Return (device, inode) of a file to be read, None for what is no file or lies in a store of authorities."""
    try:
        if path.is_symlink():
            target = os.path.normpath(path.parent / os.readlink(path))
            if any(target.startswith((f"/{store}/", f"{root}/{store}/")) for store in CA_STORES):
                return None
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
