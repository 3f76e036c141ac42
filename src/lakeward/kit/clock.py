"""The one clock: epoch milliseconds, as on the wire."""

import time


def now_ms() -> int:
    return time.time_ns() // 1_000_000
