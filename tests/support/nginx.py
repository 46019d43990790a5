"""The real nginx with the configuration operators are given, on a free port of this machine."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.ports import free_port, stop, wait_for_port
from tests.support.serving import ROOT

GIVEN = ROOT / "deploy" / "nginx.conf"


class Nginx:
    """Changed in nothing but addresses: its own, its certificate, where the blobs lie."""

    def __init__(self, folder: Path, blobs: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.certificate = folder / "certificate.pem"
        self._blobs = blobs
        self._process: subprocess.Popen[bytes] | None = None
        certify(self.certificate, folder / "key.pem")

    @property
    def trust(self) -> ssl.SSLContext:
        """Believes this server's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def start(self, *upstreams: int) -> None:
        site = GIVEN.read_text()
        servers = "".join(f"    server 127.0.0.1:{port};\n" for port in upstreams)
        site = re.sub(r"(    server 127\.0\.0\.1:\d+;\n)+", servers, site)
        site = re.sub(r"    listen \[::\].*\n", "", site)
        for given, here in {
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/letsencrypt/live/cordee.example.fr/fullchain.pem": str(self.certificate),
            "/etc/letsencrypt/live/cordee.example.fr/privkey.pem": str(self.folder / "key.pem"),
            "/var/lib/cordee/blobs": str(self._blobs),
        }.items():
            assert given in site, f"deploy/nginx.conf no longer says {given}"
            site = site.replace(given, here)
        (self.folder / "site.conf").write_text(site)
        (self.folder / "nginx.conf").write_text(_around(self.folder))
        command = ["/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)]
        self._process = subprocess.Popen(command)
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)


def _around(folder: Path) -> str:
    """What Debian's own nginx.conf gives around a site, in a folder of our own."""
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log warn;\n"
        "events { worker_connections 512; }\n"
        f"http {{\n{temporary}\n    include {folder}/site.conf;\n}}\n"
    )


def certify(certificate: Path, key: Path) -> None:
    """A certificate for localhost, signed by itself, for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, SHA256())
    )
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    key.write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
