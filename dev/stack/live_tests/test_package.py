"""The package of a function as it is deployed checks Postgres against an authority of its own: `verify-full`.

Two stand-ins make that possible here. A relay speaks TLS before the stack's Postgres, with a certificate of a private
authority; and a Runtime API hands the program its event. The package is unpacked where Lambda has it, in /var/task.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.request
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import boto3

MIGRATE = os.environ.get("MIGRATE_FUNCTION", "")
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
# Mounts the package at Lambda's path, in a namespace of its own, and becomes its program.
RUN = "mount -t tmpfs none /var && mkdir /var/task && mount --bind {package} /var/task && exec /var/task/bootstrap"


def deployed() -> bytes:
    """The package that AWS has."""
    client = boto3.client("lambda", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    with urllib.request.urlopen(client.get_function(FunctionName=MIGRATE)["Code"]["Location"]) as answer:
        return answer.read()


class Authority:
    """A private authority with the certificate of one server, `localhost`."""

    def __init__(self, folder: Path):
        self.certificate, self.server, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        ca_key, request, names = folder / "ca.key", folder / "request", folder / "names"
        names.write_text("subjectAltName=DNS:localhost\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *new_key, "-keyout", ca_key, "-out", self.certificate, "-subj", "/CN=private")
        openssl("req", *new_key, "-keyout", self.key, "-out", request, "-subj", "/CN=localhost")
        signed = ["-CA", self.certificate, "-CAkey", ca_key, "-CAcreateserial", "-extfile", names]
        openssl("x509", "-req", "-in", request, "-out", self.server, *signed)


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class TlsRelay(threading.Thread):
    """Speaks TLS as Postgres does, and passes on what it hears to the stack's Postgres."""

    def __init__(self, authority: Authority, upstream: tuple[str, int]):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(authority.server, authority.key)
        self.upstream = upstream
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        # A client that refuses the certificate goes away.
        with contextlib.suppress(OSError), client, socket.create_connection(self.upstream) as upstream:
            if client.recv(8) != SSL_REQUEST:
                return
            client.sendall(b"S")
            with self.context.wrap_socket(client, server_side=True) as encrypted:
                relay(encrypted, upstream)


def relay(encrypted: ssl.SSLSocket, upstream: socket.socket) -> None:
    """Passes on until one side has ended. One thread does both ways: a connection of TLS belongs to one at a time."""
    while True:
        waiting = [encrypted] if encrypted.pending() else select.select([encrypted, upstream], [], [])[0]
        for source in waiting:
            heard = source.recv(65536)
            if not heard:
                return
            (upstream if source is encrypted else encrypted).sendall(heard)


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's side of a function: one event, and what the function answers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: dict | None = None
        self.asked, self.answered = False, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """The Runtime API: `next`, `response` and `error`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.server.asked:
            # There is no second event.
            self.server.answered.wait()
            return
        self.server.asked = True
        self.reply(200, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.answer = json.loads(body)
        self.reply(202, b"{}")
        self.server.answered.set()

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("lambda-runtime-aws-request-id", "1")
        self.send_header("lambda-runtime-deadline-ms", "4102444800000")
        self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:0:function:migrate")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class APackage(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.package = Path(folder.name) / "package"
        with zipfile.ZipFile(io.BytesIO(deployed())) as packed:
            packed.extractall(self.package)
        (self.package / "bootstrap").chmod(0o755)
        secrets = Path(folder.name) / "authority"
        secrets.mkdir()
        self.authority = Authority(secrets)
        server = urlsplit(os.environ["DATABASE_URL"])
        self.relay = TlsRelay(self.authority, (server.hostname, server.port))
        self.addCleanup(self.relay.listener.close)
        self.url = f"postgres://{server.username}:{server.password}@localhost:{self.relay.port}{server.path}"

    def migrates(self, ca_file: str) -> dict:
        """What `migrate` answers an operator when Postgres is checked against a file of its package."""
        api = RuntimeApi()
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "migrate",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "DATABASE_URL": f"{self.url}?sslmode=verify-full",
            "TLS_CA_FILE": ca_file,
        }
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", RUN.format(package=self.package)]
        process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        answered = api.answered.wait(30)
        process.terminate()
        said, _ = process.communicate()
        self.assertTrue(answered, said)
        return api.answer

    def test_postgres_with_a_certificate_of_a_private_authority_is_verified_by_the_packages_file(self) -> None:
        # As a build puts it there from the folder certificates/.
        (self.package / "certificates" / "own.pem").write_bytes(self.authority.certificate.read_bytes())
        answer = self.migrates("/var/task/certificates/own.pem")
        self.assertTrue(answer.get("applied"), answer)

    def test_it_is_refused_by_the_authorities_of_rds_which_every_package_has(self) -> None:
        answer = self.migrates("/var/task/certificates/rds/us-east-1.pem")
        self.assertEqual(answer.get("errorMessage"), "the database cannot be reached")
