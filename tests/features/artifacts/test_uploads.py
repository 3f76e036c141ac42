"""Uploads in parts: any order, any process, again and again; and what is left of those nobody finishes."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from transports import FILES, LISTERS, PROXY, READERS, WRITERS, Owner, get, plain, post, send

from lakeward import artifacts
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectStore
from server import Answer

MIB = 1 << 20


class Upload:
    """An upload through the tracking API."""

    def __init__(self, client, owner, path, parts):
        self.client, self.owner, self.path = client, owner, path
        begun = post(client, "artifacts/create-multipart-upload", run_id=owner.id, path=path, num_parts=parts)
        self.id = begun["upload_id"]
        self.urls = [info["signed_uri"] for info in begun["upload_credential_infos"]]
        self.abort_url = begun["abort_credential_info"]["signed_uri"]

    def part(self, number, content):
        return plain("PUT", self.urls[number - 1], content).headers["etag"]

    def complete(self, etags, client=None):
        parts = [{"part_number": number, "etag": etag} for number, etag in etags.items()]
        post(
            client or self.client, "artifacts/complete-multipart-upload",
            run_id=self.owner.id, path=self.path, upload_id=self.id, part_etags=parts,
        )  # fmt: skip


def test_parts_in_any_order_and_again(client, owner):
    contents = {number: os.urandom(number * 100_000) for number in range(1, 8)}
    upload = Upload(client, owner, "dir/whole", 7)
    upload.part(3, b"a first try of the third")
    with ThreadPoolExecutor(7) as threads:
        numbers = [5, 1, 7, 3, 2, 6, 4]
        etags = dict(
            zip(numbers, threads.map(lambda number: upload.part(number, contents[number]), numbers), strict=True)
        )
    assert LISTERS["api"](client, owner) == {}  # nothing shows before it is complete
    upload.complete(etags)
    assert READERS["files"](client, owner, "dir/whole") == b"".join(contents.values())


def test_completion_is_answered_again(client, run):
    upload = Upload(client, run, "whole", 1)
    etags = {1: upload.part(1, b"content")}
    for _ in range(3):
        upload.complete(etags)
    assert READERS["proxy"](client, run, "whole") == b"content"


def test_many_complete_at_once(client, run):
    upload = Upload(client, run, "whole", 2)
    etags = {1: upload.part(1, b"a" * MIB), 2: upload.part(2, b"b")}
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: upload.complete(etags), range(6)))
    assert READERS["proxy"](client, run, "whole") == b"a" * MIB + b"b"


def test_wrong_etags_and_missing_parts(client, run):
    upload = Upload(client, run, "whole", 3)
    old = upload.part(1, b"old")
    new = upload.part(1, b"new")
    for etags in ({1: old}, {1: new, 2: '"x"'}, {1: new, 2: ""}, {}, {0: new}, {1: new, 10_001: new}):
        with pytest.raises(Answer) as refused:
            upload.complete(etags)
        assert (refused.value.status, refused.value.code) == (400, "INVALID_PARAMETER_VALUE")
    assert LISTERS["api"](client, run) == {}
    upload.complete({1: new})
    assert READERS["proxy"](client, run, "whole") == b"new"


def test_abort(client, run, server):
    upload = Upload(client, run, "whole", 2)
    upload.part(1, b"x")
    for _ in range(2):
        assert plain("DELETE", upload.abort_url).status_code == 200
    for work in (lambda: upload.part(2, b"y"), lambda: upload.complete({1: "x"})):
        with pytest.raises(Answer) as refused:
            work()
        assert refused.value.status == 404
    assert not Path(server.settings.objects_location, "uploads", upload.id).exists()


def test_abort_through_each_transport(client, run):
    target = f"{FILES}{run.files}/f"
    token = send(client, "POST", target + "?action=initiate-upload").json()["multipart_upload"]["session_token"]
    url = client.call(
        "POST", "/api/2.0/fs/create-abort-upload-url", json={"path": f"{run.files}/f", "session_token": token}
    )["abort_upload_url"]["url"]
    assert plain("DELETE", url).status_code == 200
    token = send(client, "POST", target + "?action=initiate-upload").json()["multipart_upload"]["session_token"]
    assert send(client, "DELETE", f"{target}?action=abort-upload&session_token={token}").status_code == 200
    begun = client.call("POST", f"{PROXY}mpu/create/{run.proxy}", json={"path": "f", "num_parts": 1})
    client.call("POST", f"{PROXY}mpu/abort/{run.proxy}", json={"path": "f", "upload_id": begun["upload_id"]})
    with pytest.raises(Answer) as refused:
        plain("PUT", begun["credentials"][0]["url"], b"x")
    assert refused.value.status == 404


def test_abort_of_what_is_no_upload(client, run):
    body = {"path": "f", "upload_id": "../../x"}
    assert client.refused("POST", f"{PROXY}mpu/abort/{run.proxy}", body).status == 404
    target = f"{FILES}{run.files}/f?action=abort-upload&session_token=x"
    assert client.refused("DELETE", target).status == 404


def test_abort_after_completion_changes_nothing(client, run):
    upload = Upload(client, run, "whole", 1)
    upload.complete({1: upload.part(1, b"content")})
    plain("DELETE", upload.abort_url)
    assert READERS["proxy"](client, run, "whole") == b"content"


def test_an_upload_belongs_to_its_path(client, run):
    """An id that leaks is of no use for another file, and none in another run."""
    upload = Upload(client, run, "mine", 1)
    etag = upload.part(1, b"x")
    other = Owner.new_run(client)
    for owner, path in ((run, "other"), (other, "mine")):
        answer = client.refused(
            "POST", "artifacts/complete-multipart-upload",
            {"run_id": owner.id, "path": path, "upload_id": upload.id,
             "part_etags": [{"part_number": 1, "etag": etag}]},
        )  # fmt: skip
        assert answer.status == 404
        answer = client.refused(
            "GET", "artifacts/get-presigned-upload-part-url",
            {"run_id": owner.id, "path": path, "upload_id": upload.id, "part_number": 1},
        )  # fmt: skip
        assert answer.status == 404
        with pytest.raises(Answer) as refused:
            send(client, "PUT", f"{FILES}{owner.files}/{path}?session_token={upload.id}&part_number=1", b"y")
        assert refused.value.status == 404


def test_a_new_url_for_a_part(client, owner):
    upload = Upload(client, owner, "f", 2)
    found = get(
        client, "artifacts/get-presigned-upload-part-url",
        run_id=owner.id, path="f", upload_id=upload.id, part_number=2,
    )  # fmt: skip
    etags = {
        1: upload.part(1, b"a"),
        2: plain("PUT", found["upload_credential_info"]["signed_uri"], b"b").headers["etag"],
    }
    upload.complete(etags)
    assert READERS["files"](client, owner, "f") == b"ab"


def test_parts_straight_to_the_file(client, run):
    """As the SDK does behind a storage proxy: no signed URLs, credentials on every request."""
    target = f"{FILES}{run.files}/f"
    token = send(client, "POST", target + "?action=initiate-upload").json()["multipart_upload"]["session_token"]
    parts = []
    for number, content in enumerate([b"one", b"two"], 1):
        query = f"?session_token={token}&upload_type=multipart&part_number={number}"
        etag = send(client, "PUT", target + query, content).headers["etag"]
        parts.append({"part_number": number, "etag": etag})
    query = f"?action=complete-upload&upload_type=multipart&session_token={token}"
    client.call("POST", "/", json={"parts": parts}, extensions={"target": (target + query).encode()})
    assert READERS["files"](client, run, "f") == b"onetwo"


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers(client, run, number):
    body = {"run_id": run.id, "path": "f", "num_parts": number}
    assert client.refused("POST", "artifacts/create-multipart-upload", body).status == 400
    token = send(client, "POST", f"{FILES}{run.files}/f?action=initiate-upload").json()["multipart_upload"][
        "session_token"
    ]
    body = {"path": f"{run.files}/f", "session_token": token, "start_part_number": number, "count": 1}
    assert client.refused("POST", "/api/2.0/fs/create-upload-part-urls", body).status == 400
    with pytest.raises(Answer) as refused:
        send(client, "PUT", f"{FILES}{run.files}/f?session_token={token}&part_number={number}", b"x")
    assert refused.value.status == 400


def test_ten_thousand_part_urls(client, run):
    started = time.perf_counter()
    assert len(Upload(client, run, "f", 10_000).urls) == 10_000
    assert time.perf_counter() - started < 5


def test_an_upload_not_to_overwrite(client, run):
    target = f"{FILES}{run.files}/f"
    begin = target + "?action=initiate-upload&overwrite=false"
    token = send(client, "POST", begin).json()["multipart_upload"]["session_token"]
    etag = send(client, "PUT", f"{target}?session_token={token}&part_number=1", b"slow").headers["etag"]
    WRITERS["files"](client, run, "f", b"quick")
    query = f"?action=complete-upload&session_token={token}"
    with pytest.raises(Answer) as refused:
        client.call(
            "POST", "/", json={"parts": [{"part_number": 1, "etag": etag}]},
            extensions={"target": (target + query).encode()},
        )  # fmt: skip
    assert (refused.value.status, refused.value.code) == (409, "ALREADY_EXISTS")
    assert READERS["files"](client, run, "f") == b"quick"


def test_another_process_completes(server, client, run, second):
    """Parts through one process, the rest through another: nothing is kept in either."""
    upload = Upload(client, run, "f", 2)
    etags = {1: upload.part(1, b"first ")}
    there = upload.urls[1].replace(server.url, second.url)
    etags[2] = plain("PUT", there, b"second").headers["etag"]
    upload.complete(etags, second.local)
    assert READERS["proxy"](client, run, "f") == READERS["files"](second.local, run, "f") == b"first second"


# ── what is left over ────────────────────────────────────────────────────────────────────────────────────────────────


def sweep(server, **options):
    async def work():
        db = await Database.open(server.backend.dsn_of(server.database), size=2)
        objects = ObjectStore.open(server.settings.objects_location, server.settings.objects)
        try:
            return await artifacts.sweep_uploads(db, objects, **options)
        finally:
            await db.close()
            objects.close()

    return asyncio.run(work())


@pytest.mark.parametrize("store", ["server", "s3_backed"])
def test_sweep(request, store):
    server = request.getfixturevalue(store)
    client = server.local
    run = Owner.new_run(client)
    young = Upload(client, run, "young", 1)
    young_etag = young.part(1, b"young")
    old = Upload(client, run, "old", 2)
    old.part(1, b"x")
    done = Upload(client, run, "done", 1)
    done.complete({1: done.part(1, b"done")})
    server.sql("UPDATE upload SET created_at = now() - interval '3 days' WHERE id = ANY($1::text[])", [old.id, done.id])

    assert sweep(server) == 2
    assert sweep(server) == 0
    with pytest.raises(Answer) as refused:
        old.part(2, b"y")
    assert refused.value.status == 404
    young.complete({1: young_etag})
    assert LISTERS["api"](client, run) == {"young": 5, "done": 4}


def test_sweep_finds_parts_without_an_upload(server, client, run):
    upload = Upload(client, run, "f", 1)
    upload.part(1, b"x")
    server.sql("DELETE FROM upload WHERE id = $1", upload.id)
    waiting = Upload(client, run, "g", 1)
    waiting.part(1, b"x")
    sweep(server)
    uploads = Path(server.settings.objects_location, "uploads")
    assert not (uploads / upload.id).exists()
    assert (uploads / waiting.id).exists()
