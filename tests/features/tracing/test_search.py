"""Search: the grammar, orders, pages; and that signatures and blocks find what reading all spans finds."""

import random

import pytest
from spans import BEGIN, ids, info, place, request, searched, send, sent, span

from lakeward.tracing import signature, tasks
from server import Caller, Server

WORDS = "apple banana cherry damson elder fig grape hazel indigo juniper kumquat lemon mango nutmeg olive".split()
KINDS = ("LLM", "TOOL", "AGENT")
T0 = BEGIN // 1_000_000


class World:
    """Traces with known contents: what a filter should find is computed by hand."""

    def __init__(self, client: Caller, experiment: str, count: int, seed: int = 0) -> None:
        dice = random.Random(seed)
        self.client, self.experiment = client, experiment
        self.traces: dict[str, list[dict]] = {}
        spans = []
        for number in range(count):
            trace, root = ids()
            made = []
            for index in range(dice.randint(1, 4)):
                text = " ".join(dice.choices(WORDS, k=6)) + f" Item{number:04d}"
                given = {"name": f"{dice.choice(WORDS)}-{index}", "type": dice.choice(KINDS), "text": text,
                         "code": dice.choice((0, 1, 2))}  # fmt: skip
                made.append(given)
                spans.append(
                    span(trace, root if not index else None, "" if not index else root, name=given["name"],
                         at=number * 10 + index, ms=number + 1, status={"code": given["code"]},
                         attributes={"mlflow.spanType": given["type"], "input.value": text, "rank": number % 5})
                )  # fmt: skip
            self.traces[trace] = made
        for at in range(0, len(spans), 400):
            assert send(client, experiment, request(*spans[at : at + 400])).status_code == 200
        self.order = list(self.traces)[::-1]

    def where(self, test) -> list[str]:
        """Traces with a span for which the test holds, newest first."""
        return [trace for trace in self.order if any(test(each) for each in self.traces[trace])]


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    return World(server.local, server.local.experiment(), 150)


SPAN_FILTERS = {
    "span.name = 'apple-0'": lambda s: s["name"] == "apple-0",
    "span.name != 'apple-0'": lambda s: s["name"] != "apple-0",
    "span.name IN ('fig-1', 'olive-2')": lambda s: s["name"] in ("fig-1", "olive-2"),
    "span.name NOT IN ('fig-1', 'olive-2')": lambda s: s["name"] not in ("fig-1", "olive-2"),
    "span.name LIKE 'fig%'": lambda s: s["name"].startswith("fig"),
    "span.name LIKE '%-3'": lambda s: s["name"].endswith("-3"),
    "span.name LIKE 'f_g-_'": lambda s: s["name"].startswith("fig-"),
    "span.name ILIKE '%MANGO%'": lambda s: "mango" in s["name"],
    "span.name RLIKE '^(fig|lemon)-[12]$'": lambda s: s["name"] in ("fig-1", "fig-2", "lemon-1", "lemon-2"),
    "span.type = 'TOOL'": lambda s: s["type"] == "TOOL",
    "span.type = 'TOOL' AND span.status = 'ERROR'": lambda s: s["type"] == "TOOL" and s["code"] == 2,
    "span.status IN ('OK', 'ERROR') AND span.name LIKE 'grape%'": lambda s: s["code"] and s["name"].startswith("grape"),
    "trace.text LIKE '%Item0042%'": lambda s: "Item0042" in s["text"],
    "trace.text LIKE '%item0042%'": lambda _: False,
    "trace.text ILIKE '%item0042%'": lambda s: "Item0042" in s["text"],
    "span.content LIKE '%juniper lemon%'": lambda s: "juniper lemon" in s["text"],
    "span.content LIKE '%juniper%mango%'": lambda s: "mango" in f"{s['name']} {s['text']}".partition("juniper")[2],
    "text LIKE '%uniper kumqua%'": lambda s: "uniper kumqua" in s["text"],
    "text LIKE '%nothing of that kind%'": lambda _: False,
    "span.attributes.rank = '3' AND span.name = 'fig-0'": None,
    "span.attributes.`input.value` LIKE 'apple%'": lambda s: s["text"].startswith("apple"),
    "span.attributes.missing = 'x'": lambda _: False,
}


@pytest.mark.parametrize("text", SPAN_FILTERS)
def test_spans_decide(world: World, text: str) -> None:
    test = SPAN_FILTERS[text]
    if test is None:
        expected = [t for n, t in enumerate(world.traces) if n % 5 == 3 and
                    any(each["name"] == "fig-0" for each in world.traces[t])][::-1]  # fmt: skip
    else:
        expected = world.where(test)
    assert searched(world.client, world.experiment, text) == expected
    assert searched(world.client, world.experiment, text, max_results=7) == expected, "page by page"
    assert sorted(searched(world.client, world.experiment, text, order_by=["request_id"], max_results=9)) == sorted(
        expected
    )


def test_signatures_of_long_texts() -> None:
    """A word has the same bits wherever it stands, also where one piece of a text ends and the next begins."""
    needed = signature.text_positions("hippogriff", folded=True)
    for at in range(signature._AT_ONCE - 12, signature._AT_ONCE + 2):
        for text in (b" " * at + b"HippoGriff", b"." * at + b"hippogriff" + b" " * 100_000):
            bits = int.from_bytes(signature.sign(text, frozenset()), "big")
            found = {place for place in range(signature.BITS) if bits >> (signature.BITS - 1 - place) & 1}
            assert found == needed | {0}
    assert signature.sign(b"", frozenset()) == bytes(signature.SIZE)


def test_blocks_find_the_same(server: Server, serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures in blocks, in new segments and in both."""
    from lakeward.runtime.db import Database

    with serving() as own:
        world = World(own.local, own.local.experiment(), 4_200, seed=7)

        async def seal() -> int:
            db = await Database.open(own.backend.dsn_of(own.database), size=2)
            try:
                return await tasks.seal_blocks(db)
            finally:
                await db.close()

        assert own.backend.loop.run(seal()) == 1
        assert own.sql("SELECT count(DISTINCT trace_seq) FROM trace_signature")[0][0] == 104
        for text in (
            "trace.text LIKE '%Item0000%'", "trace.text LIKE '%Item4150%'", "trace.text ILIKE '%item2077%'",
            "span.name = 'apple-3' AND span.type = 'LLM' AND span.status = 'ERROR'",
        ):  # fmt: skip
            expected = {
                "trace.text LIKE '%Item0000%'": lambda s: "Item0000" in s["text"],
                "trace.text LIKE '%Item4150%'": lambda s: "Item4150" in s["text"],
                "trace.text ILIKE '%item2077%'": lambda s: "Item2077" in s["text"],
            }.get(text, lambda s: s["name"] == "apple-3" and s["type"] == "LLM" and s["code"] == 2)
            assert searched(own.local, world.experiment, text, max_results=40) == world.where(expected)
        bounded = f"trace.text LIKE '%apple%' AND timestamp_ms >= {T0 + 41_000} AND timestamp_ms < {T0 + 41_500}"
        late = set(list(world.traces)[4100:4150])
        assert searched(own.local, world.experiment, bounded) == [
            trace for trace in world.where(lambda s: "apple" in s["name"] + s["text"]) if trace in late
        ]
        # a span that comes late to a trace in a block
        old = list(world.traces)[5]
        sent(own.local, world.experiment, span(old, at=60, name="late arrival"))
        assert searched(own.local, world.experiment, "span.name = 'late arrival'") == [old]
        gone = list(world.traces)[:20]
        own.local.post(
            "traces/delete-traces", experiment_id=world.experiment, request_ids=[f"tr-{each}" for each in gone]
        )
        assert searched(own.local, world.experiment, "trace.text LIKE '%Item0000%'") == []


# ── rows decide ──────────────────────────────────────────────────────────────────────────────────────────────────────


def told(client: Caller, experiment: str, at: int, ms: int | None = 10, **fields) -> str:
    trace = ids()[0]
    moment = f"2026-11-01T00:{at // 60:02d}:{at % 60:02d}Z"
    given = {"trace_id": f"tr-{trace}", "trace_location": place(experiment), "request_time": moment, "state": "OK"}
    given |= {"execution_duration": f"{ms / 1000}s"} if ms is not None else {}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": given | fields})
    return trace


def test_attributes_tags_and_metadata(client: Caller, experiment: str) -> None:
    one = told(client, experiment, 1, 10, state="OK", tags={"team": "Red", "mlflow.traceName": "a%b"},
               trace_metadata={"k": "v", "mlflow.trace.session": "s1"}, client_request_id="c1")  # fmt: skip
    two = told(client, experiment, 2, 20, state="ERROR", tags={"team": "blue", "x y": "1"}, trace_metadata={"k": "w"})
    three = told(client, experiment, 3, None, state="IN_PROGRESS")
    begin = 1_793_491_200_000

    def ask(text: str) -> set[int]:
        numbers = {one: 1, two: 2, three: 3}
        return {numbers[each] for each in searched(client, experiment, text)}

    expected = {
        f"timestamp_ms > {begin + 1500}": {2, 3},
        f"timestamp <= {begin + 2000}": {1, 2},
        "execution_time_ms >= 20": {2},
        "execution_time < 20.5": {1, 2},
        f"end_time = {begin + 1010}": {1},
        "status = 'OK'": {1},
        "trace.status != 'OK'": {2, 3},
        "attributes.status IN ('OK', 'ERROR')": {1, 2},
        "status NOT IN ('OK')": {2, 3},
        "name = 'a%b'": {1},
        "name LIKE 'a_b'": {1},
        "name IS NULL": {2, 3},
        f"request_id = 'tr-{two}'": {2},
        f"request_id IN ('tr-{two}', 'tr-{three}', 'tr-none')": {2, 3},
        "client_request_id = 'c1'": {1},
        "client_request_id IS NULL": {2, 3},
        "tags.team = 'Red'": {1},
        "tag.team != 'Red'": {2},
        "tags.team ILIKE 'r%'": {1},
        "tags.team LIKE 'r%'": set(),
        "tags.team RLIKE '^(Red|blue)$'": {1, 2},
        "tags.team IS NULL": {3},
        "tags.team IS NOT NULL": {1, 2},
        "tags.`x y` = '1'": {2},
        "tags.`mlflow.traceName` = 'a%b'": {1},
        "metadata.k = 'v'": {1},
        "request_metadata.k != 'v'": {2},
        "metadata.k IS NULL": {3},
        "metadata.`mlflow.trace.session` = 's1'": {1},
        "metadata.k = 'v' AND tags.team = 'Red' AND status = 'OK'": {1},
        "metadata.k = 'v' AND tags.team = 'blue'": set(),
    }
    found = {text: ask(text) for text in expected}
    assert found == expected


def test_orders(client: Caller, experiment: str) -> None:
    dice = random.Random(3)
    rows = []
    for number in range(25):
        ms = dice.choice([None, 5, 10, 15])
        name = dice.choice([None, "a", "b"])
        state = dice.choice(["OK", "ERROR"])
        tags = {} if name is None else {"mlflow.traceName": name}
        trace = told(client, experiment, number // 2, ms, state=state, tags=tags)
        rows.append({"id": trace, "at": number // 2, "ms": ms, "name": name, "state": state})

    def expected(*keys) -> list[str]:
        ordered = sorted(rows, key=lambda row: (-row["at"], row["id"]))
        for key, ascending in reversed(keys):
            ordered.sort(key=lambda row: (row[key] is not None, row[key] or 0) if row[key] is None else (1, row[key]),
                         reverse=not ascending)  # fmt: skip
            ordered.sort(key=lambda row: row[key] is None)
        return [row["id"] for row in ordered]

    for order_by, keys in (
        (["timestamp_ms ASC"], [("at", True)]),
        (["timestamp DESC"], [("at", False)]),
        (["execution_time_ms"], [("ms", True)]),
        (["attributes.execution_time DESC"], [("ms", False)]),
        (["name DESC", "status"], [("name", False), ("state", True)]),
        (["request_id"], [("id", True)]),
    ):
        for size in (3, 100):
            assert searched(client, experiment, order_by=order_by, max_results=size) == expected(*keys), (
                order_by,
                size,
            )


REFUSED = [
    "status", "status = OK", "nothing = 'x'", "span.nothing = 'x'", "span.content = 'x'", "span.attributes. = 'x'",
    "feedback.x > 'a'", "feedback.x = 1", "prompt = 'x'", "tags.k RLIKE '('", "span.name RLIKE '('", "a OR b",
    "metrics.x > 1", "timestamp_ms = 'x'", "issue.name = 'x'", "text = 'x'", "status = 'OK' AND (name = 'x')",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_filters_that_are_refused(world: World, text: str) -> None:
    body = {"locations": [place(world.experiment)], "filter": text}
    assert world.client.refused("POST", "/api/3.0/mlflow/traces/search", body).code == "INVALID_PARAMETER_VALUE"


def test_pages_are_of_their_search(world: World) -> None:
    path, where = "/api/3.0/mlflow/traces/search", [place(world.experiment)]
    token = world.client.post(path, locations=where, max_results=3)["next_page_token"]
    for more in ({"filter": "status = 'OK'"}, {"order_by": ["name"]}, {"locations": []}):
        body = {"locations": where, "page_token": token} | more
        assert world.client.refused("POST", path, body).status == 400
    for size in (0, -1, 5_001):
        assert world.client.refused("POST", path, {"locations": where, "max_results": size}).status == 400


def test_what_a_pattern_cannot_stretch(world: World) -> None:
    """Patterns that send naive matchers into the woods are answered like any other."""
    trace, root = ids()
    experiment = world.client.experiment()
    sent(world.client, experiment, span(trace, root, attributes={"input.value": "a" * 30_000}))
    assert searched(world.client, experiment, f"text LIKE '{'%a' * 40}%b'") == []
    assert searched(world.client, experiment, f"text LIKE '%{'a_' * 20}%'") == [trace]
    assert searched(world.client, experiment, "span.attributes.`input.value` RLIKE '^(a+)+$'") == [trace]


def test_deleted_experiments_show_nothing(client: Caller, experiment: str) -> None:
    told(client, experiment, 1)
    other = client.experiment()
    kept = told(client, other, 1)
    client.post("experiments/delete", experiment_id=experiment)
    answer = client.post("/api/3.0/mlflow/traces/search", locations=[place(experiment), place(other)])
    assert [each["trace_id"] for each in answer["traces"]] == [f"tr-{kept}"]


def test_purge_takes_traces_along(client: Caller, server: Server, experiment: str) -> None:
    trace = told(client, experiment, 1)
    sent(client, experiment, span(trace))
    said = {"assessment_name": "good", "feedback": {"value": True}}
    client.call("POST", f"/api/3.0/mlflow/traces/tr-{trace}/assessments", json={"assessment": said})
    client.post("experiments/delete", experiment_id=experiment)
    assert info(client, trace)["trace_id"] == f"tr-{trace}", "in the trash it can be looked at"
    client.call("POST", "/api/2.0/lakeward/purge", json={"experiment_ids": [experiment]})
    assert client.refused("GET", f"/api/3.0/mlflow/traces/tr-{trace}").status == 404
    assert server.sql("SELECT count(*) FROM trace WHERE experiment_id = $1", int(experiment))[0][0] == 0
    for table in ("trace_segment", "trace_signature", "trace_assessment"):
        orphans = f"SELECT count(*) FROM {table} x WHERE NOT EXISTS (SELECT FROM trace t WHERE t.seq = x.trace_seq)"
        assert server.sql(orphans)[0][0] == 0
