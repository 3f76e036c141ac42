"""search_runs: the whole filter language, over a small experiment whose every answer is known."""

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType

from .expect import INVALID, refused

# letter: (name, status, user, start, end), (metrics, params, tags)
RUNS = {
    "a": (
        ("alpha", "FINISHED", "ada", 1000, 2000),
        ({"acc": 0.9, "loss": 0.1}, {"lr": "0.1", "opt": "adam"}, {"team": "blue"}),
    ),
    "b": (
        ("Beta", "FINISHED", "bob", 2000, 3000),
        ({"acc": 0.8, "loss": -5.0}, {"lr": "0.01", "opt": "Adam"}, {"team": "red"}),
    ),
    "c": (
        ("gamma", "FAILED", "ada", 3000, 3500),
        ({"acc": 0.7}, {"lr": "0.001", "opt": "sgd"}, {"team": "Blue", "odd": "y"}),
    ),
    "d": (("delta d", "RUNNING", "cyd", 4000, None), ({"loss": 1e6}, {"opt": "rms_prop"}, {})),
    "e": (("100%_e", "KILLED", "bob", 5000, 5001), ({}, {"lr": "1e-3", "note": "it's"}, {"team": "", "odd": "n"})),
    "f": (
        ("épsilon", "SCHEDULED", "zoé", 6000, None),
        ({"acc": -1.0, "val acc": 3, "k.with/all-of_it": 1}, {}, {"ключ": "да"}),
    ),
}

FILTERS = {
    "metric comparators": [
        ("metrics.acc > 0.8", "a"),
        ("metrics.acc >= 0.8", "ab"),
        ("metrics.acc < 0.8", "cf"),
        ("metrics.acc <= 0.8", "bcf"),
        ("metrics.acc = 0.8", "b"),
        ("metrics.acc != 0.8", "acf"),
    ],
    "metric values": [
        ("metrics.acc = -1", "f"),
        ("metrics.acc < -0.5", "f"),
        ("metrics.loss = -5.0", "b"),
        ("metrics.loss >= 1000000", "d"),
        ("metrics.loss >= 1e6", "d"),
        ("metrics.loss > 1.5E5", "d"),
        ("metrics.nobody > 0", ""),
        ("metrics.nobody != 0", ""),
    ],
    "metric spellings": [
        ("metric.acc > 0.8", "a"),
        ("metrics.`acc` > 0.8", "a"),
        ('metrics."acc" > 0.8', "a"),
        ("metrics.`val acc` = 3", "f"),
        ('metrics."val acc" = 3', "f"),
        ("metrics.`k.with/all-of_it` = 1", "f"),
        ("metrics.acc>0.8", "a"),
        ("   metrics.acc   >   0.8   ", "a"),
    ],
    "param comparators": [
        ("params.opt = 'adam'", "a"),
        ("params.opt != 'adam'", "bcd"),
        ("params.opt LIKE 'a%'", "a"),
        ("params.opt LIKE '%a%'", "ab"),
        ("params.opt ILIKE 'a%'", "ab"),
        ("params.opt ILIKE '%AM'", "ab"),
        ("params.lr LIKE '0.0%'", "bc"),
        ("params.opt LIKE 'rms_prop'", "d"),
        ("params.opt LIKE 's_d'", "c"),
        ("params.opt IS NULL", "ef"),
        ("params.opt IS NOT NULL", "abcd"),
        ("params.lr IS NULL", "df"),
    ],
    "param spellings": [
        ("param.opt = 'adam'", "a"),
        ("parameter.opt = 'adam'", "a"),
        ("parameters.opt = 'adam'", "a"),
        ('params.opt = "adam"', "a"),
        ('params."opt" = "adam"', "a"),
        ("params.`opt` = 'adam'", "a"),
        ('params.note = "it\'s"', "e"),
        ("params.lr = '0.1'", "a"),
        ("params.opt like 'a%'", "a"),
        ("params.opt is null", "ef"),
    ],
    "tag comparators": [
        ("tags.team = 'blue'", "a"),
        ("tags.team != 'blue'", "bce"),
        ("tags.team = ''", "e"),
        ("tags.team LIKE 'b%'", "a"),
        ("tags.team ILIKE 'b%'", "ac"),
        ("tags.team LIKE '%'", "abce"),
        ("tags.team IS NULL", "df"),
        ("tags.team IS NOT NULL", "abce"),
        ("tags.odd IS NOT NULL", "ce"),
        ("tag.team = 'red'", "b"),
        ("tags.`team` = 'red'", "b"),
        ("tags.`ключ` = 'да'", "f"),
        ("tags.`mlflow.runName` = 'alpha'", "a"),
        ("tags.mlflow.runName = 'alpha'", "a"),
    ],
    "attribute comparators": [
        ("attributes.status = 'FINISHED'", "ab"),
        ("attributes.status != 'FINISHED'", "cdef"),
        ("attributes.status LIKE 'F%'", "abc"),
        ("attributes.status ILIKE 'fin%'", "ab"),
        ("attributes.user_id = 'ada'", "ac"),
        ("attributes.user_id != 'ada'", "bdef"),
        ("attributes.user_id LIKE 'zo%'", "f"),
        ("attributes.run_name = 'alpha'", "a"),
        ("attributes.run_name LIKE '%a'", "abc"),
        ("attributes.run_name LIKE 'b%'", ""),
        ("attributes.run_name ILIKE 'b%'", "b"),
        ("attributes.run_name = 'épsilon'", "f"),
        ("attributes.run_name = 'delta d'", "d"),
        ("attributes.start_time > 3000", "def"),
        ("attributes.start_time >= 3000", "cdef"),
        ("attributes.start_time < 2000", "a"),
        ("attributes.start_time <= 2000", "ab"),
        ("attributes.start_time = 2000", "b"),
        ("attributes.start_time != 2000", "acdef"),
        ("attributes.end_time > 3000", "ce"),
        ("attributes.end_time <= 3000", "ab"),
    ],
    "attribute spellings": [
        ("status = 'FAILED'", "c"),
        ("attribute.status = 'FAILED'", "c"),
        ("attr.status = 'FAILED'", "c"),
        ("run.status = 'FAILED'", "c"),
        ("run_name = 'alpha'", "a"),
        ("attributes.`run name` = 'alpha'", "a"),
        ("attributes.`Run Name` = 'alpha'", "a"),
        ("`run name` = 'alpha'", "a"),
        ("start_time >= 6000", "f"),
        ("created >= 6000", "f"),
        ("attributes.created >= 6000", "f"),
        ("attributes.Created >= 6000", "f"),
        ('status = "FAILED"', "c"),
    ],
    "and": [
        ("metrics.acc > 0.75 AND params.opt ILIKE 'adam'", "ab"),
        ("metrics.acc > 0.75 and params.opt ILIKE 'adam' and tags.team = 'red'", "b"),
        ("metrics.acc > 0 AND metrics.acc < 0.85", "bc"),
        ("metrics.acc > 0 AND metrics.loss < 0", "b"),
        ("params.lr = '0.1' AND params.opt = 'adam' AND params.opt != 'sgd'", "a"),
        ("tags.team = 'blue' AND tags.odd IS NULL", "a"),
        ("status = 'FINISHED' AND start_time < 1500 AND metrics.loss = 0.1", "a"),
        ("params.opt = 'adam' AND params.opt = 'sgd'", ""),
        ("tags.team IS NULL AND params.opt IS NULL", "f"),
    ],
    "hostile values": [
        ("params.opt = '''; DROP TABLE runs; --'", ""),
        ("tags.team = 'x\\'", ""),
        ("params.opt = '$1'", ""),
    ],
}  # fmt: skip
CASES = [case for cases in FILTERS.values() for case in cases]

BAD_FILTERS = [
    "nonsense",
    "metrics.acc",
    "metrics.acc >",
    "metrics.acc > 'text'",
    "metrics.acc LIKE '1'",
    "metrics.acc = acc",
    "metrics.acc IS NULL",
    "params.opt > 'a'",
    "params.opt = adam",
    "params.lr = 0.1",
    "tags.team >= 'a'",
    "tags.team = 3",
    "attributes.flavour = 'x'",
    "attributes.status > 'A'",
    "attributes.status IS NULL",
    "attributes.start_time = 'soon'",
    "attributes.start_time LIKE '1%'",
    "attributes.run_name IN (1, 2)",
    "colour.acc > 1",
    "metrics.acc > 1 OR metrics.acc < 0",
    "(metrics.acc > 1)",
    "NOT metrics.acc > 1",
    "metrics.acc > 1; metrics.acc < 3",
    "metrics.acc ~ 1",
    "metrics.acc > 1 metrics.acc < 3,",
    "params.opt = 'open",
]


@pytest.fixture(scope="module")
def filled():
    """Experiments are filled once per mode and only read afterwards."""
    return {}


@pytest.fixture
def runs(side, client, filled):
    if side.mode not in filled:
        experiment = side.experiment("search")
        letters = {}
        for letter, ((name, status, user, start, end), (metrics, params, tags)) in RUNS.items():
            all_tags = tags | {"mlflow.user": user, "letter": letter}
            run = client.create_run(experiment, start_time=start, run_name=name, tags=all_tags).info.run_id
            client.log_batch(run, [Metric(k, v, 1, 0) for k, v in metrics.items()], [Param(*p) for p in params.items()])
            client.update_run(run, status=status)
            if end is not None:
                client.set_terminated(run, status, end_time=end)
            letters[run] = letter
        filled[side.mode] = experiment, letters
    return filled[side.mode]


def search(client, runs, *args, **kwargs):
    experiment, letters = runs
    return "".join(letters[r.info.run_id] for r in client.search_runs([experiment], *args, **kwargs))


@pytest.mark.parametrize(("condition", "expected"), CASES, ids=[c for c, _ in CASES])
def test_filter(client, runs, condition, expected):
    assert "".join(sorted(search(client, runs, condition))) == expected


@pytest.mark.parametrize("condition", ["", None])
def test_no_filter(client, runs, condition):
    experiment, letters = runs
    found = client.search_runs([experiment]) if condition is None else client.search_runs([experiment], condition)
    assert len(found) == len(letters)


def test_run_id_in_list(client, runs):
    _, letters = runs
    ids = {letter: run for run, letter in letters.items()}
    some = f"('{ids['a']}', '{ids['c']}', 'nobody')"
    assert sorted(search(client, runs, f"attributes.run_id IN {some}")) == ["a", "c"]
    assert sorted(search(client, runs, f"run_id NOT IN {some}")) == ["b", "d", "e", "f"]
    assert search(client, runs, f"run_id = '{ids['b']}'") == "b"
    assert sorted(search(client, runs, f"run_id != '{ids['b']}'")) == ["a", "c", "d", "e", "f"]
    assert search(client, runs, f"run_id IN ('{ids['b']}') AND status = 'FINISHED'") == "b"


def test_artifact_uri_is_searchable(client, runs):
    _, letters = runs
    for run, letter in letters.items():
        assert search(client, runs, f"attributes.artifact_uri LIKE '%{run}%'") == letter


@pytest.mark.parametrize("condition", BAD_FILTERS)
def test_bad_filter(client, runs, condition):
    with refused(INVALID):
        search(client, runs, condition)


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (None, "fedcba"),
            (["start_time ASC"], "abcdef"),
            (["attributes.start_time DESC"], "fedcba"),
            (["attribute.start_time"], "abcdef"),
            (["created DESC"], "fedcba"),
            (["Created ASC"], "abcdef"),
            (["end_time ASC"], "abce" + "fd"),
            (["end_time DESC"], "ecba" + "fd"),
            (["metrics.acc DESC"], "abcf" + "ed"),
            (["metrics.acc ASC"], "fcba" + "ed"),
            (["metrics.acc"], "fcba" + "ed"),
            (["metric.loss asc"], "bad" + "fec"),
            (["metrics.`val acc` DESC"], "f" + "edcba"),
            (['metrics."val acc" DESC'], "f" + "edcba"),
            (["metrics.nobody DESC"], "fedcba"),
            (["metrics.acc DESC", "start_time ASC"], "abcf" + "de"),
            (["params.lr ASC"], "cbae" + "fd"),
            (["params.lr DESC"], "eabc" + "fd"),
            (["params.lr DESC", "start_time ASC"], "eabc" + "df"),
            (["tags.odd ASC", "start_time ASC"], "ec" + "abdf"),
            (["tags.odd DESC", "start_time ASC"], "ce" + "abdf"),
            (["user_id ASC", "start_time DESC"], "caebdf"),
            (["user_id DESC", "start_time ASC"], "fdbeac"),
            (["status ASC", "start_time ASC"], "cabedf"),
            (["status DESC", "start_time ASC"], "fdeabc"),
            (["metrics.acc ASC", "metrics.loss ASC"], "fcba" + "de"),
        ],
        ids=str,
    )
    def test_order(self, client, runs, order, expected):
        assert search(client, runs, order_by=order) == expected

    def test_order_by_run_id(self, client, runs):
        experiment, letters = runs
        ids = [r.info.run_id for r in client.search_runs([experiment], order_by=["attributes.run_id ASC"])]
        assert ids == sorted(letters)

    def test_order_by_name(self, client, runs):
        """The collation is the database's business; equal letters stand together and DESC is the reverse of ASC."""
        forth = search(client, runs, order_by=["attributes.run_name ASC"])
        back = search(client, runs, order_by=["run_name DESC"])
        assert forth == back[::-1]
        assert forth.index("a") < forth.index("d") < forth.index("c")

    @pytest.mark.parametrize("size", [1, 2, 4, 5])
    @pytest.mark.parametrize("order", [["metrics.acc DESC"], ["params.lr ASC"], ["tags.odd"], ["end_time DESC"], None])
    def test_pages_follow_the_order(self, client, runs, size, order):
        experiment, letters = runs
        whole, paged, token = search(client, runs, order_by=order), "", None
        while True:
            page = client.search_runs([experiment], order_by=order, max_results=size, page_token=token)
            assert len(page) <= size
            paged += "".join(letters[r.info.run_id] for r in page)
            token = page.token
            if not token:
                break
        assert paged == whole

    @pytest.mark.parametrize(
        "order",
        ["flavour", "metrics.acc SIDEWAYS", "acc DESC", "colour.acc", "metrics.acc DESC ASC", "attributes.flavour ASC"],
    )
    def test_bad_order(self, client, runs, order):
        with refused(INVALID):
            search(client, runs, order_by=[order])


class TestOrderOfStrangeNumbers:
    @pytest.fixture
    def strange(self, side, client, experiment):
        """NaN counts as a value below all others but behind them in the list, a missing value comes last of all."""
        letters = {}
        for letter, value in {"a": 1.0, "n": float("nan"), "i": float("inf"), "j": float("-inf"), "b": -2.0}.items():
            run = side.run(experiment, start_time=1)
            client.log_metric(run, "m", value)
            letters[run] = letter
        letters[side.run(experiment, start_time=1)] = "-"
        return experiment, letters

    @pytest.mark.parametrize(("order", "expected"), [("ASC", "jbain-"), ("DESC", "iabjn-")])
    def test_order(self, client, strange, order, expected):
        assert search(client, strange, order_by=[f"metrics.m {order}"]) == expected

    @pytest.mark.parametrize(
        ("condition", "expected"), [("metrics.m > 0", "ai"), ("metrics.m < 0", "bj"), ("metrics.m = 1", "a")]
    )
    def test_comparison_leaves_nan_out(self, client, strange, condition, expected):
        assert "".join(sorted(search(client, strange, condition))) == expected


class TestScope:
    def test_several_experiments(self, side, client):
        first, second = side.experiment(), side.experiment()
        ids = [side.run(e, start_time=t) for e, t in ((first, 1), (second, 2), (first, 3))]
        found = client.search_runs([first, second])
        assert [r.info.run_id for r in found] == ids[::-1]
        assert {r.info.experiment_id for r in found} == {first, second}

    def test_no_experiments_no_runs(self, client):
        assert client.search_runs([]) == []

    def test_an_unknown_experiment_is_empty(self, client):
        assert client.search_runs(["999999999999"]) == []

    def test_a_known_and_an_unknown_one(self, side, client, experiment, run):
        assert [r.info.run_id for r in client.search_runs([experiment, "999999999999"])] == [run]

    def test_many_experiments(self, side, client, experiment, run):
        ids = [str(i) for i in range(900_000_000, 900_000_500)] + [experiment]
        assert [r.info.run_id for r in client.search_runs(ids)] == [run]

    def test_view_types(self, side, client, experiment):
        kept, gone = side.run(experiment), side.run(experiment)
        client.delete_run(gone)

        def ids(**kwargs):
            return {r.info.run_id for r in client.search_runs([experiment], **kwargs)}

        assert ids() == {kept}
        assert ids(run_view_type=ViewType.ACTIVE_ONLY) == {kept}
        assert ids(run_view_type=ViewType.DELETED_ONLY) == {gone}
        assert ids(run_view_type=ViewType.ALL) == {kept, gone}

    @pytest.mark.parametrize("size", [0, -1, 50001])
    def test_bad_page_size(self, client, experiment, size):
        with refused(INVALID):
            client.search_runs([experiment], max_results=size)

    def test_largest_page_size(self, client, experiment, run):
        assert len(client.search_runs([experiment], max_results=50000)) == 1

    def test_bad_page_token(self, client, experiment):
        with refused(INVALID):
            client.search_runs([experiment], page_token="made-up")

    def test_pages_over_many_equal_keys(self, side, client, experiment):
        """All runs share one start time and one metric value: the page token has to tell them apart all the same."""
        ids = set()
        for _ in range(23):
            run = side.run(experiment, start_time=7)
            client.log_metric(run, "m", 1)
            ids.add(run)
        for order in (None, ["metrics.m DESC"], ["tags.nobody ASC"]):
            seen, token = [], None
            while True:
                page = client.search_runs([experiment], order_by=order, max_results=5, page_token=token)
                seen += [r.info.run_id for r in page]
                token = page.token
                if not token:
                    break
            assert len(seen) == 23
            assert set(seen) == ids

    def test_runs_added_between_pages_do_not_push_others_out(self, side, client, experiment):
        ids = [side.run(experiment, start_time=t) for t in range(1, 7)]
        page = client.search_runs([experiment], max_results=3)
        side.run(experiment, start_time=100)
        rest = client.search_runs([experiment], max_results=10, page_token=page.token)
        assert set(ids) <= {r.info.run_id for r in [*page, *rest]}

    def test_found_runs_are_whole(self, client, experiment, run):
        client.log_batch(run, [Metric("m", 0.5, 7, 3)], [Param("p", "1")], [RunTag("t", "x")])
        client.set_terminated(run, end_time=9_999_999_999_999)
        (found,) = client.search_runs([experiment])
        whole = client.get_run(run)
        assert dict(found.info) == dict(whole.info)
        assert found.data.to_dictionary() == whole.data.to_dictionary()

    def test_after_a_change_the_search_sees_it_at_once(self, client, experiment, run):
        for step in range(20):
            client.log_metric(run, "m", step, step=step)
            assert len(client.search_runs([experiment], f"metrics.m = {step}")) == 1
        client.set_tag(run, "t", "now")
        assert len(client.search_runs([experiment], "tags.t = 'now'")) == 1
        client.delete_tag(run, "t")
        assert client.search_runs([experiment], "tags.t = 'now'") == []


class TestFluent:
    def test_frame(self, side, runs):
        experiment, _ = runs
        frame = mlflow.search_runs([experiment], "metrics.acc > 0", order_by=["metrics.acc DESC"])
        assert list(frame["metrics.acc"]) == [0.9, 0.8, 0.7]
        assert list(frame["params.opt"]) == ["adam", "Adam", "sgd"]
        assert list(frame["tags.letter"]) == ["a", "b", "c"]
        assert list(frame["status"]) == ["FINISHED", "FINISHED", "FAILED"]

    def test_list(self, side, runs):
        experiment, letters = runs
        found = mlflow.search_runs([experiment], output_format="list", max_results=2)
        assert [letters[r.info.run_id] for r in found] == ["f", "e"]

    def test_by_experiment_names(self, side, client, runs):
        experiment, letters = runs
        name = client.get_experiment(experiment).name
        found = mlflow.search_runs(experiment_names=[name], output_format="list")
        assert len(found) == len(letters)
