"""The listening socket that all API processes share, who holds how much of it, and whether somebody answers on it."""

import errno
import json
import mmap
import socket
import time

from lakeward.kit.errors import LakewardError
from lakeward.runtime.settings import SettingError

_BACKLOG = 2048
_NEAREST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared
_ABSENT = 0xFFFF_FFFF  # more than any process holds
_RETRY_SECONDS = 0.5  # processes of a server that was just killed need a moment to let go of the port


class PortTaken(LakewardError):
    """Another program listens there."""

    exit_code = 4


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; they wait until a process accepts them.

    Raises PortTaken, or SettingError for an address that this machine or this user cannot have.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingError(f"{host!r} is not an address of this machine: choose another --host.") from error
    # localhost is both ::1 and 127.0.0.1; the second is what people type
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    deadline = time.monotonic() + _RETRY_SECONDS
    while True:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
            sock.bind(address)
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            raise _refusal(error, host, port) from error
        return sock


def _refusal(error: OSError, host: str, port: int) -> LakewardError:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"Port {port} on {host} is taken, by another program or a Lakeward that runs already. "
            "Stop it, or choose another --port (0: any free one)."
        )
    if error.errno == errno.EACCES:
        return SettingError(f"This user may not listen on port {port}. Choose a --port above 1023.")
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingError(f"{host} is not an address of this machine: choose another --host.")
    return SettingError(f"Cannot listen on {host}:{port}: {error.strerror}.")


class Tally:
    """How many connections each API process holds, in memory that they share. Make it before they are forked."""

    def __init__(self, processes: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * processes)).cast("I")
        for number in range(processes):
            self.absent(number)

    def publish(self, number: int, count: int) -> None:
        self._counts[number] = count

    def absent(self, number: int) -> None:
        """It takes no connections: nobody waits for it."""
        self._counts[number] = _ABSENT

    def least(self) -> int:
        return min(self._counts)


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on this address."""
    host = _NEAREST.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_at(host: str, port: int) -> str | None:
    """Name and version of the Lakeward that answers there; None if none does."""
    import http.client  # noqa: PLC0415 - a server that starts needs it not

    host = _NEAREST.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/api/3.0/mlflow/server-info")
        found = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    name = str(found.get("server", "")) if isinstance(found, dict) else ""
    return name if name.startswith("lakeward") else None


class FirstAnswer:
    """One request to our own port, sent now; readable as soon as a process answers it."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._sock = socket.create_connection((host.strip("[]"), int(port)), timeout=5)
        request = f"GET /health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        self._sock.sendall(request.encode())

    def fileno(self) -> int:
        return self._sock.fileno()

    def answered(self) -> bool:
        """Call when readable. False: the process died before it answered, ask again."""
        try:
            return self._sock.recv(16).startswith(b"HTTP/")
        except OSError:
            return False

    def close(self) -> None:
        self._sock.close()
