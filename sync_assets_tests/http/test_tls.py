"""Over TLS, to a server that offers HTTP/2: threads share a client, and each call is answered."""

import ssl
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import Credential
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.conftest import TOKEN
from sync_assets_tests.http.vendor import VENDOR

LOOPBACK = "127.0.0.1"
AT_ONCE = 24  # more than are kept open between calls
WAIT_SECONDS = 30


def certificate(folder: Path) -> Path:
    """A file with a key, and a certificate of the loopback address that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Vendor(ThreadingHTTPServer):
    """Answers with a call's path and authorization, once as many calls as `together` says wait."""

    daemon_threads = True
    request_queue_size = AT_ONCE

    def __init__(self, file: Path) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.together = threading.Barrier(1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["h2", "http/1.1"])
        # Not in `accept`: one slow handshake would hold up all others.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://{LOOPBACK}:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Vendor  # pyright: ignore[reportIncompatibleVariableOverride] - none other serves it

    def do_GET(self) -> None:
        self.server.together.wait()
        body = f"{self.path} {self.headers['authorization']}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing of a test's calls belongs on the terminal."""


@contextmanager
def serving(file: Path) -> Generator[Vendor]:
    with Vendor(file) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_each_of_many_calls_at_once_over_tls_gets_its_own_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: FakeClock, credential: Credential
):
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))  # as where a firm has an authority of its own
    paths = [f"/things/{number}" for number in range(AT_ONCE * 2)]
    clients = HttpClients(
        clock=clock, monotonic=clock.monotonic, sleep=clock.advance, timeout_seconds=WAIT_SECONDS
    )
    with closing(clients), serving(file) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        client = clients.client(VENDOR, server.url, credential)
        client.get("things")  # a first call goes alone: it may tell the budget
        server.together = threading.Barrier(AT_ONCE, timeout=WAIT_SECONDS)
        answers = [*pool.map(client.get, paths)]

    assert [each.text for each in answers] == [f"{path} Bearer {TOKEN}" for path in paths]
    assert {each.http_version for each in answers} == {"HTTP/1.1"}
