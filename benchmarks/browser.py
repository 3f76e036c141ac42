"""Chromium as a person has it: driven over its own protocol, with as little of it switched on as possible.

Test drivers ask the browser to note for every request and timer which line of a script made it. That makes it parse
scripts a second time, and takes a third of a second of a page's start. Here nothing is asked for but answers.
"""

import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
READ = 1 << 20


class Late(Exception):
    """No answer in time."""


def chosen() -> str:
    """The program: as LAKEWARD_TEST_BROWSER says, or what is installed."""
    found = os.environ.get("LAKEWARD_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        sys.exit("no Chromium here: install one, or name it with LAKEWARD_TEST_BROWSER")
    return found


def version() -> str:
    told = subprocess.run([chosen(), "--version"], capture_output=True, text=True, check=True).stdout
    return next((word for word in told.split() if word[0].isdigit()), told.strip())


class Browser:
    """A headless browser with a profile of its own."""

    def __init__(self, width: int, height: int) -> None:
        self._profile = tempfile.mkdtemp(prefix="lakeward-browser-")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        own = [f"--window-size={width},{height}", f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$0" "$@" 3<&{to_read} 4>&{to_write} >/dev/null 2>&1', chosen(), *FLAGS, *own],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._rest = b""
        self._numbers = itertools.count(1)

    def call(self, method: str, params: dict[str, Any] | None = None, session: str = "", wait: float = 60) -> Any:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + wait
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _next(self, deadline: float, method: str) -> Any:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise Late(method)
            chunk = os.read(self._read, READ)
            if not chunk:
                raise RuntimeError("the browser has gone")
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    @contextmanager
    def tab(self) -> Iterator["Tab"]:
        """A tab with an empty profile: nothing cached."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        try:
            yield Tab(self, session)
        finally:
            self.call("Target.disposeBrowserContext", {"browserContextId": context})

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._profile, ignore_errors=True)


class Tab:
    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self._call("Performance.enable")

    def _call(self, method: str, params: dict[str, Any] | None = None, wait: float = 60) -> Any:
        return self._browser.call(method, params, self._session, wait)

    def go(self, url: str) -> None:
        """Returns when the new page has begun."""
        told = self._call("Page.navigate", {"url": url})
        if told.get("errorText"):
            raise RuntimeError(f"{url}: {told['errorText']}")

    def evaluate(self, function: str, argument: Any = None, wait: float = 60) -> Any:
        """What the function makes of the argument, its promise kept. `Late` if it takes longer than `wait` seconds."""
        told = self._call(
            "Runtime.evaluate",
            {"expression": f"({function})({json.dumps(argument)})", "awaitPromise": True, "returnByValue": True},
            wait,
        )
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    def cost(self) -> dict[str, float]:
        """What the browser counts of a page, in seconds: `TaskDuration` is all that its main thread did."""
        return {each["name"]: each["value"] for each in self._call("Performance.getMetrics")["metrics"]}
