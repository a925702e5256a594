"""Over TLS, to a server that offers HTTP/2: one connection carries all calls."""

import socket
import ssl
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import Credential
from sync_assets_tests.http.conftest import TOKEN
from sync_assets_tests.http.vendor import VENDOR

LOOPBACK = "127.0.0.1"
AT_ONCE = 8


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


class Http2:
    """Answers no request before `at_once` of one connection wait for it."""

    def __init__(self, file: Path) -> None:
        self.at_once = 1
        self.headers: list[dict[bytes, bytes]] = []
        self.connections = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = f"https://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def accept(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, accepted: socket.socket) -> None:
        waiting: list[int] = []
        with self._context.wrap_socket(accepted, server_side=True) as wire:
            connection = H2Connection(H2Configuration(client_side=False))
            connection.initiate_connection()
            wire.sendall(connection.data_to_send())
            while data := wire.recv(65_536):
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self.headers.append(dict(event.headers))
                        waiting.append(event.stream_id)
                if len(waiting) >= self.at_once:
                    for stream in waiting:
                        headers = [(":status", "200"), ("content-type", "application/json")]
                        connection.send_headers(stream, headers)
                        connection.send_data(stream, b"{}", end_stream=True)
                    waiting.clear()
                wire.sendall(connection.data_to_send())


@contextmanager
def serving(file: Path) -> Generator[Http2]:
    server = Http2(file)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def test_one_connection_of_http2_carries_many_calls_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clients: HttpClients, credential: Credential
):
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))  # as where a firm has an authority of its own
    with serving(file) as server:
        client = clients.client(VENDOR, server.url, credential)
        first = client.get("things")
        server.at_once = AT_ONCE
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = [*pool.map(client.get, [f"things/{number}" for number in range(AT_ONCE)])]

    assert {each.http_version for each in (first, *answers)} == {"HTTP/2"}
    assert {each.status_code for each in answers} == {200}
    assert server.connections == 1
    assert {each[b"authorization"] for each in server.headers} == {f"Bearer {TOKEN}".encode()}
