"""How it is told: signed, at least once, again and again, never twice by two workers, and not for ever."""

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import ipaddress
import itertools
import ssl
import time

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from features.webhooks.conftest import OWN
from lakeward.runtime.db import Database
from lakeward.webhooks import sweep_deliveries
from lakeward_up import wait_until
from receiver import HOST, Receiver

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
_numbers = itertools.count()


def register(client, count: int = 1) -> None:
    for _ in range(count):
        client.post("registered-models/create", name=f"model {next(_numbers)}")


def due_now(server) -> None:
    server.sql("UPDATE webhook_delivery SET next_at = now() WHERE state = 'PENDING'")


def sweep(server, days: int = 30) -> int:
    async def work() -> int:
        db = await Database.open(server.backend.dsn_of(server.database), size=2)
        try:
            return await sweep_deliveries(db, days)
        finally:
            await db.close()

    return server.backend.loop.run(work())


def signed(key: bytes, headers: dict[str, str], body: bytes, prefix: str) -> str:
    ident = headers[f"{prefix}-id" if prefix == "webhook" else f"{prefix}-delivery-id"]
    content = f"{ident}.{headers[f'{prefix}-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def test_it_is_signed_twice(client, receiver, make, deliver, log):
    hook = make("registered_model.created", secret=SECRET)
    register(client)
    deliver()
    [(headers, body)] = receiver.requests
    assert headers["webhook-signature"] == signed(b"0123456789abcdef01234567", headers, body, "webhook")
    assert headers["x-mlflow-signature"] == signed(SECRET.encode(), headers, body, "x-mlflow")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"
    [found] = log(hook)
    assert (found["state"], found["delivery_id"], found["body"]) == ("DELIVERED", headers["webhook-id"], body.decode())
    assert [each["response_status"] for each in found["attempts"]] == [200]


def test_without_a_secret_there_is_no_signature(client, receiver, make, deliver):
    make("registered_model.created")
    register(client)
    deliver()
    assert not {"webhook-signature", "x-mlflow-signature", "authorization"} & set(receiver.requests[0][0])


def test_an_authorization_is_sent_to_its_host_alone(client, receiver, make, deliver):
    hook = make("registered_model.created", authorization="Bearer sesame")
    path = f"{OWN}/{hook}"
    assert "sesame" not in str(client.call("GET", path))
    assert client.refused("PATCH", path, {"url": "https://elsewhere.example.com/"}).status == 400
    client.call("PATCH", path, json={"url": receiver.url + "/other"})
    register(client)
    deliver()
    assert receiver.requests[0][0]["authorization"] == "Bearer sesame"
    moved = client.call("PATCH", path, json={"url": "https://elsewhere.example.com/", "authorization": ""})
    assert moved["webhook"]["has_secret"] is False


def test_a_failure_is_tried_again_under_the_same_id(client, server, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [500, (429, {"retry-after": "1000"}), 200]
    register(client)
    deliver()
    assert len(receiver.requests) == 1  # a pause follows
    [found] = log(hook)
    assert 2_000 < found["next_attempt_timestamp"] - time.time() * 1000 < 10_000
    due_now(server)
    deliver()
    [found] = log(hook)
    assert found["next_attempt_timestamp"] - time.time() * 1000 > 900_000
    due_now(server)
    deliver()
    [found] = log(hook)
    assert found["state"] == "DELIVERED"
    assert [each["response_status"] for each in found["attempts"]] == [500, 429, 200]
    assert len(set(receiver.ids())) == 1
    assert len({body for _, body in receiver.requests}) == 1


def test_it_is_dead_after_the_last_attempt_and_can_be_sent_again(client, server, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [500]
    register(client)
    for _ in range(10):
        deliver()
        due_now(server)
    [found] = log(hook)
    assert (found["state"], len(found["attempts"]), len(receiver.requests)) == ("DEAD", 8, 8)
    receiver.answers = [200]
    path = f"{OWN}/{hook}/deliveries/{found['delivery_id']}/send-again"
    assert client.call("POST", path) == {}
    deliver()
    assert log(hook)[0]["state"] == "DELIVERED"
    assert client.refused("POST", f"{OWN}/{hook}/deliveries/none/send-again").status == 404


def test_gone_ends_a_delivery_and_disables_the_webhook(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [410]
    register(client)
    deliver()
    assert log(hook)[0]["state"] == "DEAD"
    assert client.call("GET", f"{OWN}/{hook}")["webhook"]["status"] == "DISABLED"
    register(client)
    assert len(log(hook)) == 1


def test_redirects_are_not_followed(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [(302, {"location": receiver.url + "/elsewhere"}), 200]
    register(client)
    deliver()
    [found] = log(hook)
    assert (found["state"], len(receiver.requests)) == ("PENDING", 1)
    assert "redirects are not followed" in found["attempts"][0]["problem"]


@pytest.mark.parametrize("url", ["http://localhost:{}/", "http://127.0.0.1:1/"])
def test_what_cannot_or_must_not_be_reached_is_tried_again(client, receiver, make, deliver, log, url):
    hook = make("registered_model.created", url=url.format(receiver.port))
    register(client)
    deliver()
    [found] = log(hook)
    assert (found["state"], receiver.requests) == ("PENDING", [])
    assert found["attempts"][0]["problem"]
    assert "response_status" not in found["attempts"][0]


def test_a_certificate_that_is_not_trusted(client, make, deliver, log, tmp_path):
    with contextlib.closing(Receiver(self_signed(tmp_path))) as impostor:
        hook = make("registered_model.created", url=impostor.url, secret="sesame")
        register(client)
        deliver()
    assert impostor.requests == []
    assert "certificate is refused (self-signed certificate)" in log(hook)[0]["attempts"][0]["problem"]


def self_signed(folder) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "impostor")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_an_answer_need_not_be_short_or_plain(client, receiver, make, deliver, log):
    """What counts is that it was taken."""
    hook = make("registered_model.created")
    receiver.answers = [(200, {"content-encoding": "gzip"})]
    register(client)
    deliver()
    assert log(hook)[0]["state"] == "DELIVERED"


def test_workers_share_the_queue(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    register(client, 30)
    deliver(workers=3)
    assert len(receiver.requests) == len(set(receiver.ids())) == 30
    assert {each["state"] for each in log(hook)} == {"DELIVERED"}


def test_what_a_worker_died_over_is_sent_again(client, server, receiver, make, deliver, log):
    """As if a process had taken it and gone: it is leased, not lost."""
    hook = make("registered_model.created")
    register(client)
    server.sql("UPDATE webhook_delivery SET attempts = 1, next_at = now() + interval '20 seconds'")
    deliver()
    assert receiver.requests == []
    due_now(server)
    deliver()
    assert [each["number"] for each in log(hook)[0]["attempts"]] == [2]


def test_a_slow_receiver_holds_up_nobody_else(client, receiver, make, worker):
    """It keeps all its requests waiting; those of another arrive meanwhile, and its own one day."""
    with contextlib.closing(Receiver()) as slow:
        slow.open.clear()
        make("registered_model.created", url=slow.url)
        make("registered_model.created")
        register(client, 20)
        wait_until(lambda: len(receiver.requests) == 20)
        assert 0 < len(slow.requests) <= 8
        slow.open.set()
        wait_until(lambda: len(slow.requests) == 20)
        assert slow.most <= 8
        assert len(set(slow.ids())) == 20


def test_a_receiver_that_was_away_for_a_while(client, server, receiver, make, deliver, log):
    """While nobody answers one request at a time finds out; then all that waited arrives."""
    port = receiver.port
    receiver.close()
    hook = make("registered_model.created", url=f"http://{HOST}:{port}/")
    register(client, 12)
    deliver()
    assert {each["state"] for each in log(hook)} == {"PENDING"}
    with contextlib.closing(Receiver(port=port)) as back:
        due_now(server)
        deliver()
        assert len(set(back.ids())) == 12
    assert {each["state"] for each in log(hook)} == {"DELIVERED"}


def test_what_waits_goes_to_the_new_address(client, server, receiver, make, deliver, log):
    hook = make("registered_model.created", url="http://127.0.0.1:1/", secret="before")
    register(client)
    deliver()
    client.call("PATCH", f"{OWN}/{hook}", json={"url": receiver.url, "secret": "after"})
    due_now(server)
    deliver()
    [(headers, body)] = receiver.requests
    assert headers["x-mlflow-signature"] == signed(b"after", headers, body, "x-mlflow")
    assert [found["state"] for found in log(hook)] == ["DELIVERED"]


def test_disabled_webhooks_wait(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    register(client)
    client.call("PATCH", f"{OWN}/{hook}", json={"status": "DISABLED"})
    register(client)
    deliver()
    assert receiver.requests == []
    client.call("PATCH", f"{OWN}/{hook}", json={"status": "ACTIVE"})
    deliver()
    assert len(receiver.requests) == 1


def test_what_waits_for_a_deleted_webhook_is_forgotten(client, server, receiver, make, deliver):
    kept, gone = make("registered_model.created"), make("registered_model.created")
    register(client, 3)
    client.call("DELETE", f"{OWN}/{gone}")
    assert sweep(server) == 3
    deliver()
    assert len(receiver.requests) == 3
    assert {row["webhook_id"] for row in server.sql("SELECT webhook_id FROM webhook_delivery")} == {kept}


def test_nobody_waits_for_a_webhook_that_is_being_deleted(client, server, make):
    """Nor for one that is being changed: a model is registered while the other transaction is still open."""
    make("registered_model.created")

    async def beside() -> None:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            for statement in ("DELETE FROM webhook", "UPDATE webhook SET url = 'https://x'"):
                change = connection.transaction()
                await change.start()
                await connection.execute(statement)
                await asyncio.wait_for(asyncio.to_thread(register, client), 10)
                await change.rollback()
        finally:
            await connection.close()

    asyncio.run(beside())
    assert server.sql("SELECT count(*) FROM webhook_delivery")[0][0] == 2


def test_ended_deliveries_are_kept_for_so_many_days(client, server, make, deliver, log):
    hook = make("registered_model.created")
    register(client, 2)
    deliver()
    assert sweep(server, days=1) == 0
    old = log(hook)[0]["delivery_id"]
    server.sql("UPDATE webhook_delivery SET finished_at = now() - interval '25 hours' WHERE id = $1", old)
    assert sweep(server, days=1) == 1
    assert old not in [each["delivery_id"] for each in log(hook)]
    assert server.sql("SELECT count(*) FROM webhook_attempt")[0][0] == 1


def test_the_log_is_filtered_and_paged(client, make, receiver, deliver):
    hook = make("registered_model.created")
    register(client, 3)
    deliver()
    register(client, 2)
    path = f"{OWN}/{hook}/deliveries"
    assert len(client.call("GET", path, params={"state": "PENDING"})["deliveries"]) == 2
    page = client.call("GET", path, params={"max_results": 4})
    rest = client.call("GET", path, params={"max_results": 4, "page_token": page["next_page_token"]})
    assert (len(page["deliveries"]), len(rest["deliveries"])) == (4, 1)
    assert client.refused("GET", path, {"state": "LOST"}).status == 400
