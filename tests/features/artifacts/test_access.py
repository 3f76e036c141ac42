"""Who may do what: roles, workspaces, trash, and what a signed URL is worth."""

import base64
import time

import pytest
from transports import FILES, LISTERS, PROXY, READERS, WRITERS, Owner, encoded, plain, post, send

from lakeward.artifacts import signing
from lakeward.artifacts.signing import Grant
from server import Answer


def status(work):
    try:
        work()
    except Answer as answer:
        return answer.status
    return 200


@pytest.fixture
def filled(client, owner):
    WRITERS["files"](client, owner, "dir/f", b"content")
    return owner


@pytest.mark.parametrize("writer", WRITERS)
def test_writes_need_edit(callers, filled, writer):
    asked = {"nobody": 401, "reader": 403, "memberless": 403, "stranger": (403, 404), "editor": 200, "admin": 200}
    for who, expected in asked.items():
        found = status(lambda who=who: WRITERS[writer](getattr(callers, who), filled, f"by/{who}", b"x"))
        assert found == expected or found in (expected if isinstance(expected, tuple) else ()), who


@pytest.mark.parametrize("reader", READERS)
def test_reads_need_read(callers, filled, reader):
    asked = {"nobody": 401, "memberless": 403, "stranger": (403, 404), "reader": 200, "editor": 200, "admin": 200}
    for who, expected in asked.items():
        found = status(lambda who=who: READERS[reader](getattr(callers, who), filled, "dir/f"))
        assert found == expected or found in (expected if isinstance(expected, tuple) else ()), who


@pytest.mark.parametrize("lister", LISTERS)
def test_listings_need_read(callers, filled, lister):
    asked = {"nobody": 401, "memberless": 403, "stranger": (403, 404), "reader": 200, "editor": 200}
    for who, expected in asked.items():
        found = status(lambda who=who: LISTERS[lister](getattr(callers, who), filled, "dir"))
        assert found == expected or found in (expected if isinstance(expected, tuple) else ()), who


@pytest.mark.parametrize("target", ["{proxy}", "{files}"])
def test_deletes_need_edit(callers, filled, target):
    full = f"{PROXY}artifacts/{filled.proxy}/dir/f" if target == "{proxy}" else f"{FILES}{filled.files}/dir/f"
    for who, expected in {"nobody": 401, "reader": 403, "memberless": 403, "editor": 200}.items():
        assert status(lambda who=who: send(getattr(callers, who), "DELETE", full)) == expected


def test_another_workspace_sees_nothing(server, callers, filled):
    """Ids of another workspace than the one named are nothing, also for somebody who may do everything in both."""
    here, inside = (server.caller(x_mlflow_workspace=name) for name in ("default", "other"))
    theirs = Owner.new_run(inside)
    WRITERS["proxy"](inside, theirs, "f", b"theirs")
    for name, write in WRITERS.items():
        assert status(lambda write=write: write(inside, filled, "dir/f", b"stolen")) == 404, name
        assert status(lambda write=write: write(here, theirs, "f", b"stolen")) == 404, name
    for name, read in READERS.items():
        assert status(lambda read=read: read(inside, filled, "dir/f")) == 404, name
        assert status(lambda read=read: read(here, theirs, "f")) == 404, name
    assert READERS["files"](here, filled, "dir/f") == b"content"
    assert READERS["files"](inside, theirs, "f") == b"theirs"


def test_a_run_is_not_in_another_experiment(client, filled):
    other = client.experiment()
    mixed = Owner(filled.kind, other, filled.id)
    for transport in ("proxy", "files"):
        assert status(lambda transport=transport: READERS[transport](client, mixed, "dir/f")) == 404
        assert status(lambda transport=transport: WRITERS[transport](client, mixed, "dir/f", b"x")) == 404


def test_what_does_not_exist(client):
    for owner in (Owner("run", client.experiment(), "0" * 32), Owner("model", client.experiment(), "m-" + "0" * 32)):
        for name, write in WRITERS.items():
            assert status(lambda write=write, owner=owner: write(client, owner, "f", b"x")) == 404, name
        for name, read in READERS.items():
            assert status(lambda read=read, owner=owner: read(client, owner, "f")) == 404, name
        for name, listed in LISTERS.items():
            assert status(lambda listed=listed, owner=owner: listed(client, owner)) == 404, name


@pytest.mark.parametrize("path", ["", "0", "0/x", "artifacts", "x/y/z/w", "models/x/y", "..0/x/artifacts/f"])
def test_places_that_hold_no_artifacts(client, path):
    assert status(lambda: client.call("GET", f"{PROXY}artifacts", params={"path": path})) == 404
    if path:
        assert status(lambda: send(client, "PUT", f"{PROXY}artifacts/{encoded(path)}", b"x")) == 404


# ── the trash ────────────────────────────────────────────────────────────────────────────────────────────────────────


def trash(client, what, owner):
    if what == "experiment":
        client.post("experiments/delete", experiment_id=owner.experiment)
    elif owner.kind == "run":
        client.post("runs/delete", run_id=owner.id)
    else:
        client.call("DELETE", f"logged-models/{owner.id}")


@pytest.mark.parametrize("what", ["itself", "experiment"])
def test_the_trash_takes_nothing_new(client, filled, what):
    (begun,) = [post(client, "artifacts/create-multipart-upload", run_id=filled.id, path="late", num_parts=1)]
    field = {"run_id": filled.id} if filled.kind == "run" else {"model_id": filled.id}
    signed = post(client, "artifacts/presigned-upload-url", path="late", **field)
    trash(client, what, filled)
    for name, write in WRITERS.items():
        assert status(lambda write=write: write(client, filled, "new", b"x")) == 400, name
    for url in (signed["presigned_url"], begun["upload_credential_infos"][0]["signed_uri"]):
        assert status(lambda url=url: plain("PUT", url, b"x")) == 400
    for name, read in READERS.items():
        assert read(client, filled, "dir/f") == b"content", name
    assert LISTERS["proxy"](client, filled, "dir") == {"f": 7}


def test_the_trash_can_be_emptied(client, filled):
    """`mlflow gc` deletes the artifacts of runs that are in the trash."""
    trash(client, "itself", filled)
    send(client, "DELETE", f"{PROXY}artifacts/{filled.proxy}")
    assert LISTERS["proxy"](client, filled) == {}


@pytest.mark.parametrize("path", ["", "/", "dir", "dir/", "dir/f", "nothing", "nothing/below"])
def test_delete_through_the_proxy(client, filled, path):
    WRITERS["files"](client, filled, "dirt", b"")
    slash = "/" if path and path != "/" else ""
    send(client, "DELETE", f"{PROXY}artifacts/{filled.proxy}{slash}{path}")
    gone = path.strip("/") in ("dir", "dir/f")
    assert LISTERS["proxy"](client, filled) == (
        {} if path in ("", "/") else {"dirt": 0} if gone else {"dir": None, "dirt": 0}
    )


# ── signed URLs ──────────────────────────────────────────────────────────────────────────────────────────────────────


def signed_get(client, owner, path="dir/f"):
    return client.call("POST", "/api/2.0/fs/create-download-url", params={"path": f"{owner.files}/{path}"})["url"]


def signed_put(client, owner, path="dir/f"):
    return client.call("POST", "/api/2.0/fs/create-upload-url", params={"path": f"{owner.files}/{path}"})["url"]


def test_a_signed_url_is_for_one_method(client, filled):
    for url, wrong in (
        (signed_get(client, filled), ("PUT", "DELETE")),
        (signed_put(client, filled), ("GET", "HEAD", "DELETE")),
    ):
        for method in wrong:
            assert status(lambda url=url, method=method: plain(method, url)) == 403
    assert status(lambda: plain("POST", signed_put(client, filled))) == 405
    assert READERS["files"](client, filled, "dir/f") == b"content"


def test_a_changed_url_is_worth_nothing(client, filled):
    url = signed_get(client, filled)
    start = url.rindex("/") + 1
    for place in range(start, len(url), 7):
        other = "A" if url[place] != "A" else "B"
        forged = url[:place] + other + url[place + 1 :]
        with pytest.raises(Answer) as refused:
            plain("GET", forged)
        assert refused.value.status == 403
        assert b"SignatureDoesNotMatch" in refused.value.response.content
    for forged in (url[:start], url[:start] + "x", url + "A", url[:-5], url[:start] + "=" * 20, url[:start] + "é"):
        assert status(lambda forged=forged: plain("GET", forged)) in (403, 404)


def test_a_url_of_another_server_is_worth_nothing(client, filled):
    grant = Grant("GET", 1, f"{filled.files[1:]}/dir/f", int(time.time()) + 100)
    forged = f"{client.url}/api/2.0/lakeward/signed/{signing.sign(grant, b'another key')}"
    assert status(lambda: plain("GET", forged)) == 403


def test_an_old_url_asks_for_a_new_one(server, client, filled):
    """In the words of S3, which make the platform SDK fetch a new URL instead of giving up."""
    signed_get(client, filled)
    key = server.sql("SELECT value FROM secret_key WHERE name = 'signed-urls'")[0]["value"]
    grant = Grant("GET", 1, f"{filled.files[1:]}/dir/f", int(time.time()) - 1)
    with pytest.raises(Answer) as refused:
        plain("GET", f"{client.url}/api/2.0/lakeward/signed/{signing.sign(grant, key)}")
    answer = refused.value.response
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/xml")
    assert b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>" in answer.content


def test_signed_urls_need_no_credentials(server, client, callers, filled):
    """And those a caller sends along are not looked at."""
    url = signed_get(client, filled)
    assert plain("GET", url).content == b"content"
    wrong = {"authorization": "Bearer nobody's", "x-forwarded-for": "203.0.113.7"}
    assert plain("GET", url, None, wrong.items()).content == b"content"


def test_signed_urls_expire_within_the_hour(client, filled):
    soon = signing.bounded
    assert (soon(None), soon(10**9), soon(-5), soon(60)) == (900, 3600, 1, 60)
    url = signed_get(client, filled)
    grant = signing._decoder.decode(base64.urlsafe_b64decode(url.rsplit("/", 1)[1] + "==")[:-32])
    assert 0 < grant.expires - time.time() <= 3600


def test_both_processes_know_the_key(server, second, client, filled):
    url = signed_get(client, filled).replace(server.url, second.url)
    assert plain("GET", url).content == b"content"
    url = signed_get(second.local, filled).replace(second.url, server.url)
    assert plain("GET", url).content == b"content"
