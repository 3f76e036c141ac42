"""A real S3 protocol server in this process, with a bucket."""

import contextlib
import itertools
import logging
from collections.abc import Iterator

import httpx
from moto.server import ThreadedMotoServer

_buckets = itertools.count(1)


class S3:
    """`url()` and `options` are what the object store is opened with; every `url()` is a bucket of its own."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.options = {
            "endpoint": endpoint,
            "region": "us-east-1",
            "access_key_id": "test",
            "secret_access_key": "test",
        }

    def url(self) -> str:
        name = f"bucket-{next(_buckets)}"
        httpx.put(f"{self.endpoint}/{name}", trust_env=False, timeout=60).raise_for_status()
        return f"s3://{name}/some/prefix"


@contextlib.contextmanager
def s3_server() -> Iterator[S3]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3(f"http://{host}:{port}")
    finally:
        server.stop()
