"""Traces: OTLP in, the list that people look through, one trace with its spans."""

import itertools
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, Wrong, latency, repeat, throughput
from benchmarks.scenarios.metrics import new_experiment
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line("otlp_in", "OTLP in, 500 spans of 50 traces a request, 8 connections", "spans/s", True, Times(15), Times(30)),
    Line("trace_list_text", "trace list by a text, 2,000 traces", "ms", must=Times(5), aim=Times(20)),
    Line("trace_list_span_name", "trace list by a span's name, 2,000 traces", "ms", must=Times(5), aim=Times(20)),
    Line("trace_one", "one trace with its ten spans", "ms", must=Times(3), aim=Times(6)),
)
SPANS = 10
TRACES = 50  # in a request
CORPUS = 2_000
NEEDLES = 5
NEEDLE = "hippogriff"
_TRACE_MARK = b"T" * 16
_VOCABULARY = 4_000
_START, _END = 0x5353535353535353, 0x5454545454545453  # stand where times will be put
_START_BYTES, _END_BYTES = _START.to_bytes(8, "little"), _END.to_bytes(8, "little")


class Corpus:
    """Requests of 50 traces with ten spans each: an agent, its retrieval, tools and model calls, with their texts."""

    def __init__(self, seed: int, needles: bool = False) -> None:
        dice = random.Random(seed)
        words = ["".join(dice.choices("etaoinshrdlucmfw", k=dice.randint(3, 9))) for _ in range(_VOCABULARY)]
        weights = [1 / (rank + 1) for rank in range(_VOCABULARY)]
        self._pieces = self._cut(dice, lambda count: " ".join(dice.choices(words, weights, k=count)), needles)

    def _cut(self, dice: random.Random, text: Callable[[int], str], needles: bool) -> list[list[bytes]]:
        """For each trace of the request: what stands between the places of its id."""
        request = ExportTraceServiceRequest()
        resource_spans = request.resource_spans.add()
        attribute = resource_spans.resource.attributes.add()
        attribute.key, attribute.value.string_value = "service.name", "shop"
        spans = resource_spans.scope_spans.add().spans
        for number in range(TRACES):
            root = dice.randbytes(8)
            for place in range(SPANS):
                span = spans.add()
                span.trace_id, span.span_id = _TRACE_MARK, dice.randbytes(8) if place else root
                if place:
                    span.parent_span_id = root
                span.name = "agent" if not place else ("retrieve", "rerank", "chat", "tool")[place % 4]
                span.start_time_unix_nano, span.end_time_unix_nano = _START, _END
                question = f"{NEEDLE} {text(30)}" if needles and number == 7 and place == 3 else text(30)
                if needles and number == 7 and place == 2:
                    span.name = f"seek the {NEEDLE}"
                self._describe(span, place, question, text(40))
        return [request.SerializeToString().split(_TRACE_MARK)]

    @staticmethod
    def _describe(span: Any, place: int, question: str, answer: str) -> None:
        texts = {
            "mlflow.spanType": "LLM" if place % 4 == 2 else "TOOL",
            "mlflow.spanInputs": f'{{"messages": [{{"role": "user", "content": "{question}"}}]}}',
            "mlflow.spanOutputs": f'{{"choices": [{{"message": {{"role": "assistant", "content": "{answer}"}}}}]}}',
        }
        if place % 4 == 2:
            texts["gen_ai.request.model"] = "large-1"
        for key, value in texts.items():
            attribute = span.attributes.add()
            attribute.key, attribute.value.string_value = key, value
        if place % 4 == 2:
            for key, count in (("gen_ai.usage.input_tokens", 30), ("gen_ai.usage.output_tokens", 40)):
                attribute = span.attributes.add()
                attribute.key, attribute.value.int_value = key, count

    def request(self, at_ns: int | None = None, lasting_ns: int = 500_000_000) -> tuple[bytes, list[str]]:
        """A body with new ids that happens then, now if nothing is said, and the traces it holds."""
        [pieces] = self._pieces
        ids = [secrets.token_bytes(16) for _ in range(TRACES)]
        marks = itertools.chain.from_iterable(itertools.repeat(each, SPANS) for each in ids)
        woven = [pieces[0]]
        for mark, piece in zip(marks, pieces[1:], strict=True):
            woven += (mark, piece)
        now = time.time_ns() if at_ns is None else at_ns
        body = b"".join(woven).replace(_START_BYTES, now.to_bytes(8, "little"))
        return body.replace(_END_BYTES, (now + lasting_ns).to_bytes(8, "little")), [f"tr-{each.hex()}" for each in ids]


async def run(bench: Bench) -> None:
    async with connections(bench.port, 8, bench.calls.greeting()) as opened:
        listed = await new_experiment(bench, opened[0], "traces to list")
        needled = await _fill(bench, opened[0], listed)
        written = await new_experiment(bench, opened[0], "traces written")
        await _otlp_in(bench, opened, written)
    await _lists(bench, listed, needled)


async def _fill(bench: Bench, connection: Connection, experiment: str) -> list[str]:
    """2,000 traces, five of which hold the needle; returns those."""
    corpora = [Corpus(seed) for seed in range(4)]
    special = Corpus(99, needles=True)
    found = []
    for number in range(CORPUS // TRACES):
        hit = number % (CORPUS // TRACES // NEEDLES) == 3
        body, ids = (special if hit else corpora[number % 4]).request()
        await connection.call(bench.calls.otlp(experiment, body))
        if hit:
            found.append(ids[7])
    return found


async def _otlp_in(bench: Bench, opened: list[Connection], experiment: str) -> None:
    corpora = [Corpus(seed) for seed in range(10, 18)]
    acknowledged: list[list[str]] = []

    def sender(connection: Connection, corpus: Corpus) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            body, ids = corpus.request()
            await connection.call(bench.calls.otlp(experiment, body))
            acknowledged.append(ids)

        return send

    workers = [sender(connection, corpus) for connection, corpus in zip(opened, corpora, strict=True)]
    loads = await repeat(bench, "otlp_in", workers, at_least=len(workers))
    await _verify(bench, opened[0], [trace_id for ids in acknowledged for trace_id in ids])
    throughput(bench, "otlp_in", loads, per_operation=TRACES * SPANS)


async def _verify(bench: Bench, connection: Connection, trace_ids: list[str]) -> None:
    """Every acknowledged trace is there, and one in a hundred has all its spans."""
    for at in range(0, len(trace_ids), 100):
        asked = trace_ids[at : at + 100]
        answer = msgspec.json.decode(plain(await connection.call(bench.calls.trace_infos(asked))))
        if {each["trace_id"] for each in answer.get("trace_infos", [])} != set(asked):
            raise Wrong("acknowledged traces are missing")
        whole = msgspec.json.decode(plain(await connection.call(bench.calls.trace(asked[0]))))["trace"]
        if len(whole["spans"]) != SPANS:
            raise Wrong(f"{len(whole['spans'])} of {SPANS} acknowledged spans of {asked[0]} are there")


async def _lists(bench: Bench, experiment: str, needled: list[str]) -> None:
    calls = bench.calls
    questions = {
        "trace_list_text": f"trace.text LIKE '%{NEEDLE}%'",
        "trace_list_span_name": f"span.name = 'seek the {NEEDLE}'",
    }
    async with connections(bench.port, 1, calls.greeting()) as (connection,):
        for line, where in questions.items():
            request = calls.search_traces(experiment, where)
            found = msgspec.json.decode(plain(await connection.call(request))).get("traces", [])
            if {each["trace_id"] for each in found} != set(needled):
                raise Wrong(f"{line}: {len(found)} traces, {len(needled)} expected")
            latency(
                bench, line, await repeat(bench, line, [lambda request=request: connection.call(request)], at_least=3)
            )
        one = calls.trace(needled[0])
        latency(bench, "trace_one", await repeat(bench, "trace_one", [lambda: connection.call(one)], at_least=3))
