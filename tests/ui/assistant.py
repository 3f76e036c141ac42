"""A support assistant's week: traces with tools and mistakes, conversations, judgements, registered models, prompts."""

import json
import random
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from server import Caller

HOUR = 3_600_000
MODEL = "gpt-5-mini"
SYSTEM = "You are the support assistant of a bookshop. Answer briefly, and look orders up before you speak of them."
TALKS = (
    ("Where is my order 7311?", "It left our store on Tuesday and arrives **tomorrow before noon**.", "orders"),
    ("Can I still change the address?", "Yes, until it is handed over tomorrow. Tell me the new one.", "orders"),
    ("What does gift wrapping cost?", "2.50 € a book:\n\n- paper from old maps\n- a card in your words", "policies"),
    ("I want my money back for 6120.", "I have refunded 18.90 €. It takes up to five days to reach you.", "refunds"),
    ("Do you have books by Tove Jansson?", "Yes, eleven of them. The most loved is *The Summer Book*.", "catalogue"),
)  # fmt: skip
STACK = 'Traceback (most recent call last):\n  File "shop.py", line 88, in get\n    raise TimeoutError("no answer")'
REFUND = '{"order": 6120, "amount": 18.9, "currency": "EUR"}'


@dataclass
class Assistant:
    """Ids of what was made."""

    experiment: str = ""
    traces: list[str] = field(default_factory=list)
    rich: str = ""  # with every kind of span, feedback and an expectation
    failed: str = ""
    failing: str = ""  # the span of it that failed first
    large: str = ""
    session: str = ""
    model: str = "digits"
    prompt: str = "support-answer"
    hook: str = ""  # of a webhook that was told something


def any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


class Recorder:
    """Spans of one trace, by hand."""

    def __init__(self, start_ms: int) -> None:
        self.trace = secrets.token_hex(16)
        self.start = start_ms
        self.spans: list[dict[str, Any]] = []

    def span(self, name: str, kind: str, at: float, ms: float, parent: str = "", **given: Any) -> str:
        span_id = secrets.token_hex(8)
        attributes = {"mlflow.spanType": json.dumps(kind), **given.pop("attributes", {})}
        for key, attribute in (("inputs", "mlflow.spanInputs"), ("outputs", "mlflow.spanOutputs")):
            if key in given:
                attributes[attribute] = json.dumps(given.pop(key))
        begin = int((self.start + at) * 1_000_000)
        made = {
            "traceId": self.trace, "spanId": span_id, "parentSpanId": parent, "name": name,
            "startTimeUnixNano": str(begin), "endTimeUnixNano": str(begin + int(ms * 1_000_000)),
            "attributes": [{"key": key, "value": any_value(value)} for key, value in attributes.items()],
        }  # fmt: skip
        self.spans.append(made | given)
        return span_id


def send(client: Caller, experiment: str, spans: list[dict[str, Any]], **resource: str) -> None:
    attributes = [{"key": key, "value": any_value(value)} for key, value in resource.items()]
    body = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}]}]}
    headers = {"x-mlflow-experiment-id": experiment, "content-type": "application/json"}
    answer = client.request("POST", "/v1/traces", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def usage(read: int, written: int) -> dict[str, Any]:
    cost = {"input_cost": read * 25e-8, "output_cost": written * 2e-6}
    return {
        "mlflow.chat.tokenUsage": json.dumps(
            {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
        ),
        "mlflow.llm.cost": json.dumps(cost | {"total_cost": sum(cost.values())}),
        "mlflow.llm.model": json.dumps(MODEL),
    }


def answer(client: Caller, world: Assistant, number: int, start: int, session: str, *, fails: bool = False) -> str:
    """One question with its retrieval, its calls of a model and of a tool."""
    rng = random.Random(number)
    question, reply, topic = TALKS[number % len(TALKS)]
    slow = 2.4 if rng.random() < 0.12 else 0.7 + rng.random() * 0.6
    record = Recorder(start)
    total = 2_300 * slow
    status = {"code": 2, "message": "TimeoutError: the shop's order system did not answer within 5 s"}
    who = {"session.id": session, "user.id": ("ana", "ben", "chen")[number % 3]}
    root = record.span(
        "answer", "AGENT", 0, total, inputs={"question": question},
        **({"status": status} if fails else {"outputs": {"answer": reply}, "status": {"code": 1}}), attributes=who,
    )  # fmt: skip
    found = [{"page_content": f"Rule {n} about {topic}.", "metadata": {"doc_uri": f"{topic}/{n}"}} for n in range(3)]
    search = record.span(
        "search_handbook", "RETRIEVER", 12, 240 * slow, root, inputs={"query": question}, outputs=found
    )
    record.span("embed", "EMBEDDING", 16, 60 * slow, search, inputs=question, outputs=[0.12, -0.4, 0.33])
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    arguments = REFUND if topic == "refunds" else json.dumps({"order": 7311})
    function = {"name": "refund" if topic == "refunds" else "look_up_order", "arguments": arguments}
    call = {"id": "call_1", "type": "function", "function": function}
    tools = [{"type": "function", "function": {"name": name, "description": f"{name} of the shop", "parameters": {}}}
             for name in ("look_up_order", "refund")]  # fmt: skip
    wanted = {"role": "assistant", "content": None, "tool_calls": [call]}
    record.span(
        "chat", "CHAT_MODEL", 270 * slow, 690 * slow, root,
        inputs={"model": MODEL, "messages": messages, "tools": tools},
        outputs={"choices": [{"message": wanted}]}, attributes=usage(820 + number, 40),
    )  # fmt: skip
    event = {
        "name": "exception", "timeUnixNano": str((start + 2_000) * 1_000_000),
        "attributes": [
            {"key": "exception.type", "value": any_value("TimeoutError")},
            {"key": "exception.message", "value": any_value("no answer within 5 s")},
            {"key": "exception.stacktrace", "value": any_value(STACK)},
        ],
    }  # fmt: skip
    tool = {"status": status, "events": [event]} if fails else {"outputs": {"state": "shipped", "carrier": "DHL"}}
    record.span(function["name"], "TOOL", 980 * slow, 310 * slow, root, inputs=json.loads(arguments), **tool)
    if not fails:
        history = [*messages, wanted, {"role": "tool", "tool_call_id": "call_1", "content": '{"state": "shipped"}'}]
        record.span(
            "chat", "CHAT_MODEL", 1_310 * slow, 930 * slow, root, inputs={"model": MODEL, "messages": history},
            outputs={"choices": [{"message": {"role": "assistant", "content": reply}}]}, attributes=usage(1_010, 96),
        )  # fmt: skip
    send(client, world.experiment, record.spans, **{"service.name": "bookshop", "environment": "production"})
    return f"tr-{record.trace}"


def judge(client: Caller, trace: str, name: str, value: Any, kind: str = "feedback", **more: Any) -> None:
    source = more.pop("source", ("LLM_JUDGE", "judge-small"))
    said = {
        "assessment_name": name,
        kind: {"value": value},
        "source": {"source_type": source[0], "source_id": source[1]},
    }
    client.post(f"/api/3.0/mlflow/traces/{trace}/assessments", assessment=said | more)


def large_trace(client: Caller, experiment: str, spans: int, now: int) -> str:
    """A batch job that calls a model for every book: as many spans as wanted, three levels deep."""
    record = Recorder(now - HOUR // 2)
    root = record.span("describe_all_books", "WORKFLOW", 0, spans * 10.0, inputs={"books": spans})
    shelf = ""
    for number in range(spans - 1):
        if number % 50 == 0:
            shelf = record.span(f"shelf {number // 50}", "CHAIN", number * 10, 490, root)
        else:
            record.span(
                f"describe {number}", "LLM", number * 10, 9, shelf, inputs={"book": number}, outputs=f"Book {number}"
            )
    for at in range(0, len(record.spans), 5_000):
        send(client, experiment, record.spans[at : at + 5_000])
    return f"tr-{record.trace}"


def build(client: Caller, count: int = 48) -> Assistant:
    world = Assistant()
    now = int(time.time() * 1000)
    world.experiment = client.experiment("/Shared/support/assistant", tags=[{"key": "team", "value": "support"}])
    rng = random.Random(3)
    for number in range(count):
        place = number % 3  # in its conversation
        back = (count - number + place) * 3.1 * HOUR - place * 80_000 + (number // 3 % 5) * 0.4 * HOUR
        session = f"chat-{number // 3:03d}"
        trace = answer(client, world, number, int(now - back), session, fails=number % 13 == 4)
        world.traces.append(trace)
        judge(client, trace, "relevance", round(0.62 + 0.36 * rng.random(), 2), rationale="Speaks of what was asked.")
        if number % 4 == 0:
            judge(client, trace, "helpful", number % 12 != 0, source=("HUMAN", "ana"))
    world.session = "chat-002"
    world.failed = world.traces[4]
    outline = client.get(f"/api/2.0/lakeward/traces/{world.failed}/outline")["spans"]
    world.failing = outline["ids"][outline["errors"][-1]]
    world.rich = answer(client, world, 3, now - 9 * 60_000, "chat-900")
    world.traces.append(world.rich)
    judge(
        client,
        world.rich,
        "correctness",
        True,
        source=("HUMAN", "ana"),
        rationale="The amount is the one of the invoice.",
    )
    judge(client, world.rich, "tone", "friendly", rationale="Thanks the customer, and stays short.")
    judge(
        client, world.rich, "expected_response", "18.90 € back within five days", "expectation", source=("HUMAN", "ben")
    )
    client.call("PATCH", f"/api/3.0/mlflow/traces/{world.rich}/tags", json={"key": "reviewed", "value": "yes"})
    world.large = large_trace(client, world.experiment, 3_000, now)
    return world


# ── the registry ─────────────────────────────────────────────────────────────────────────────────────────────────────


def registered(client: Caller, name: str, experiment: str, runs: list[str], models: list[str]) -> None:
    """A model with a version of each LoggedModel, aliases, a stage, descriptions."""
    about = "Digits classifier of the **form scanner**.\n\nReplaces the one by hand since March."
    client.post("registered-models/create", name=name, description=about, tags=[{"key": "team", "value": "vision"}])
    for number, model in enumerate(models):
        client.post(
            "model-versions/create", name=name, run_id=runs[number], model_id=model,
            source=f"mlflow-artifacts:/{experiment}/models/{model}/artifacts",
            description=f"Trained on week {30 + number}",
            tags=[{"key": "reviewed", "value": "yes" if number % 2 else "no"}],
        )  # fmt: skip
    client.post("registered-models/alias", name=name, alias="champion", version=str(len(models) - 2))
    client.post("registered-models/alias", name=name, alias="challenger", version=str(len(models)))
    client.post("model-versions/transition-stage", name=name, version="1", stage="Archived")
    for other in ("intent-router", "energy-demand"):
        client.post("registered-models/create", name=other, tags=[{"key": "team", "value": other.split("-")[0]}])


TEXTS = (
    "Answer the customer's question: {{ question }}",
    "Answer the question of {{ customer }} in at most three sentences.\n\nQuestion: {{ question }}\nOrder: {{ order }}",
    """Answer the question of {{ customer }} in at most two sentences, in {{ language }}.

Question: {{ question }}
Order: {{ order }}

Never promise what the order does not say.""",
)
CHAT = [
    {"role": "system", "content": SYSTEM + " Speak {{ language }}."},
    {"role": "user", "content": "{{ question }}"},
]


def prompt_version(client: Caller, name: str, template: str | list[dict[str, str]], message: str) -> None:
    text = template if isinstance(template, str) else json.dumps(template)
    kind = "text" if isinstance(template, str) else "chat"
    tags = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": text, "_mlflow_prompt_type": kind}
    client.post(
        "model-versions/create", name=name, source="prompt-template", description=message,
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )  # fmt: skip


def prompts(client: Caller, name: str) -> None:
    mark = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    client.post(
        "registered-models/create", name=name, description="What the assistant says to customers.",
        tags=[mark, {"key": "team", "value": "support"}],
    )  # fmt: skip
    for text, message in zip(
        TEXTS, ("First version", "Shorter, with the order", "Two sentences, any language"), strict=True
    ):
        prompt_version(client, name, text, message)
    client.post("registered-models/alias", name=name, alias="production", version="2")
    client.post("registered-models/alias", name=name, alias="staging", version="3")
    client.post("registered-models/create", name=f"{name}-chat", tags=[mark, {"key": "team", "value": "support"}])
    prompt_version(client, f"{name}-chat", CHAT, "As a conversation")
