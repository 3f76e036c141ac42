"""A Python that has the large libraries imported already: each program is a process of its own, forked from it.

Importing mlflow takes three seconds of a core, databricks-sdk two more; the tests run dozens of short programs. A
program started this way has its own memory, environment, directory and streams, and ends as any other does. Only what
a library reads at its import was read before; mlflow and the SDK read their settings when they are used.

    with warm_python(directory) as folder:     # `folder` holds a command `python`, to be put first on PATH

Programs on standard input and those of `-c` are run so; with anything else, `python` is the ordinary interpreter.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = (
    "mlflow", "mlflow.sklearn", "mlflow.genai", "mlflow.models", "mlflow.store.tracking.rest_store", "pandas",
    "sklearn.datasets", "sklearn.linear_model", "requests", "databricks.sdk", "databricks.sdk.service.iam",
    "databricks.sdk.service.catalog", "databricks.sdk.service.workspace",
)  # fmt: skip
COMMAND = f"""#!{sys.executable} -SIE
import json, os, socket, sys
if sys.argv[1:2] not in (["-"], ["-c"]):
    os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as line:
    line.connect(os.path.dirname(__file__) + "/line")
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(told).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(told)
    sys.exit(line.recv(1)[0])
"""


@contextlib.contextmanager
def warm_python(directory: Path, environment: dict[str, str]) -> Iterator[Path]:
    command = directory / "python"
    command.write_text(COMMAND)
    command.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(directory / "line"))
        line.listen()
        process = subprocess.Popen(
            [sys.executable, __file__, str(line.fileno())],
            env=environment, stdin=subprocess.DEVNULL, pass_fds=[line.fileno()], start_new_session=True,
        )  # fmt: skip
        try:
            yield directory
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def serve(line: socket.socket) -> None:
    """Import, then answer: returns in the process of a program, once for each, and never in this one."""
    for each in LIBRARIES:
        importlib.import_module(each)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        caller, _ = line.accept()
        if os.fork() == 0:
            break
        caller.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line.close()
    size, streams, _, _ = socket.recv_fds(caller, 4, 3)
    told = json.loads(caller.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    program = os.fork()
    if program:
        _, status = os.waitpid(program, 0)
        caller.sendall(bytes([os.waitstatus_to_exitcode(status) & 255]))
        os._exit(0)
    caller.close()
    become(*told, streams)


def become(words: list[str], directory: str, environment: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    if words[0] == "-c":
        program, sys.argv = words[1], ["-c", *words[2:]]
    else:
        program, sys.argv = sys.stdin.read(), words
    sys.path[0] = ""
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    exec(compile(program, "<stdin>", "exec"), vars(main))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
