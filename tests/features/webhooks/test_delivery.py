"""How it is told: signed, at least once, again and again, never twice by two workers, and not for ever."""

import base64
import hashlib
import hmac
import time

import pytest

from features.webhooks.conftest import OWN

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def register(client, count: int = 1) -> None:
    for _ in range(count):
        client.post("registered-models/create", name=f"m{time.monotonic_ns()}")


def due_now(server) -> None:
    server.sql("UPDATE webhook_delivery SET next_at = now() WHERE state = 'PENDING'")


def signed(key: bytes, headers: dict[str, str], body: bytes, prefix: str) -> str:
    ident, moment = (
        headers[f"{prefix}-{'id' if prefix == 'webhook' else 'delivery-id'}"],
        headers[f"{prefix}-timestamp"],
    )
    content = f"{ident}.{moment}.".encode() + body
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
    assert not {"webhook-signature", "x-mlflow-signature"} & set(receiver.requests[0][0])


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
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
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


def test_gone_is_not_tried_again(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [410]
    register(client)
    deliver()
    assert log(hook)[0]["state"] == "DEAD"


def test_redirects_are_not_followed(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    receiver.answers = [(302, {"location": receiver.url + "/elsewhere"}), 200]
    register(client)
    deliver()
    [found] = log(hook)
    assert (found["state"], len(receiver.requests)) == ("PENDING", 1)
    assert found["attempts"][0]["problem"]


@pytest.mark.parametrize("url", ["http://localhost:{}/", "http://127.0.0.1:1/"])
def test_what_cannot_or_must_not_be_reached_is_tried_again(client, receiver, make, deliver, log, url):
    hook = make("registered_model.created", url=url.format(receiver.port))
    register(client)
    deliver()
    [found] = log(hook)
    assert (found["state"], receiver.requests) == ("PENDING", [])
    assert found["attempts"][0]["problem"]
    assert "response_status" not in found["attempts"][0]


def test_workers_share_the_queue(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    register(client, 30)
    deliver(workers=3)
    assert len(receiver.requests) == 30
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 30
    assert {each["state"] for each in log(hook)} == {"DELIVERED"}


def test_what_a_worker_died_over_is_sent_again(client, server, receiver, make, deliver, log):
    """As if a process had taken it and gone: it is leased, not lost."""
    hook = make("registered_model.created")
    register(client)
    server.sql("UPDATE webhook_delivery SET attempts = 1, next_at = now() + interval '30 seconds'")
    deliver()
    assert receiver.requests == []
    due_now(server)
    deliver()
    assert [each["number"] for each in log(hook)[0]["attempts"]] == [2]


def test_a_slow_webhook_does_not_hold_up_others(client, server, receiver, make, deliver, log):
    """Far more of one than may be under way at once, and still everything arrives."""
    first, second = make("registered_model.created"), make("registered_model.created")
    register(client, 20)
    deliver()
    assert len(receiver.requests) == 40
    for hook in (first, second):
        assert {each["state"] for each in log(hook)} == {"DELIVERED"}


def test_disabled_webhooks_wait(client, receiver, make, deliver, log):
    hook = make("registered_model.created")
    register(client)
    client.call("PATCH", f"{OWN}/{hook}", json={"status": "DISABLED"})
    deliver()
    assert receiver.requests == []
    client.call("PATCH", f"{OWN}/{hook}", json={"status": "ACTIVE"})
    deliver()
    assert len(receiver.requests) == 1


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
