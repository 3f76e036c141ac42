"""One writer: `python pusher.py URL RUN_ID FIRST COUNT` logs COUNT points with steps from FIRST, one request each, at
most 50 in a second, so that there is time to kill what it writes to.

Each point is sent again until it is acknowledged, as the mlflow client does when a server is away for a moment.
Prints how often it had to.
"""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

GIVE_UP_SECONDS = 120.0
PAUSE_SECONDS = 0.02


def main(url: str, run_id: str, first: int, count: int) -> None:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    repeated = 0
    for step in range(first, first + count):
        point = {
            "run_id": run_id,
            "key": "loss",
            "value": step / 7,
            "timestamp": 1_700_000_000_000 + step,
            "step": step,
        }
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                connection.request("POST", "/api/2.0/mlflow/runs/log-metric", json.dumps(point))
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
            else:
                if answer.status == 200:
                    break
                if answer.status != 503:
                    sys.exit(f"{answer.status} {body!r}")
            if time.monotonic() > deadline:
                sys.exit(f"step {step} was not taken for {GIVE_UP_SECONDS} s")
            repeated += 1
            time.sleep(0.05)
        time.sleep(PAUSE_SECONDS)
    sys.stdout.write(f"{repeated}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
