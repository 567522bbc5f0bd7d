"""Real servers of git repositories: git's daemon, HTTP as git's own CGI program answers, ssh."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

_PATIENCE = 20.0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextmanager
def daemon(home: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Serve the repositories in a directory with git's daemon; yield the URL of that."""
    port = _free_port()
    how = ("--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1")
    git = shutil.which("git") or "git"
    process = subprocess.Popen(
        [git, "daemon", *how, f"--port={port}", f"--base-path={home}"],
        env=dict(environ),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait()


class _Backend(BaseHTTPRequestHandler):
    """Hands requests on to `git http-backend`."""

    protocol_version = "HTTP/1.1"
    environ: ClassVar[dict[str, str]] = {}

    def answer(self) -> None:
        """Answer a request, whatever its method."""
        path, _, query = self.path.partition("?")
        data = self._body()
        about = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(data)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"],
            env={**self.environ, **about},
            input=data,
            capture_output=True,
            check=False,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = [x.partition(": ") for x in head.decode().split("\r\n")]
        status = next((value for key, _, value in fields if key == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for key, _, value in fields:
            if key != "Status":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def http(home: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Serve the repositories in a directory over HTTP; yield the URL of that."""
    about = {"GIT_PROJECT_ROOT": str(home), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "somebody"}
    methods = {"do_GET": _Backend.answer, "do_POST": _Backend.answer}
    handler = type("Backend", (_Backend,), {**methods, "environ": {**environ, **about}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sshd() -> str | None:
    """Return where the ssh server is, None where none is installed."""
    return shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextmanager
def ssh(home: Path, environ: dict[str, str]) -> Iterator[str]:
    """Serve this machine by ssh, for a key of its own; yield the URL of a directory.

    The environment gets the command that connects.
    """
    place, port = home / "ssh", _free_port()
    place.mkdir(mode=0o700)
    for name in ("host", "user"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)]
        subprocess.run(made, check=True)
    (place / "keys").write_text((place / "user.pub").read_text())
    lines = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": place / "host",
        "AuthorizedKeysFile": place / "keys",
        "PidFile": place / "pid",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "yes",
    }
    (place / "config").write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
    if os.geteuid() == 0:  # it separates its privileges there
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [str(sshd()), "-D", "-f", str(place / "config"), "-E", str(place / "log")]
    )
    environ["GIT_SSH_COMMAND"] = (
        f"ssh -p {port} -i {place / 'user'} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
        f"-o UserKnownHostsFile={place / 'known'} -o LogLevel=ERROR -F none"
    )
    try:
        _wait_for(port)
        yield f"ssh://127.0.0.1{home}"
    finally:
        process.terminate()
        process.wait()
