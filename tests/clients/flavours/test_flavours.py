"""One small model per library. Nothing is fetched: every model is made here, from a configuration or a little data."""

import mlflow
import numpy as np
import pandas as pd
import pytest

ROWS = np.random.default_rng(7).normal(size=(60, 4))
LABELS = (ROWS[:, 0] + 0.5 * ROWS[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(ROWS, columns=list("abcd"))
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day", "night"]


@pytest.fixture
def logged(side, client, experiment):
    """Log in a run, and hand back both URIs of the model, READY and with its files."""

    def log(flavour, model, **kwargs):
        with mlflow.start_run(experiment_id=experiment) as run:
            info = flavour.log_model(model, name="model", pip_requirements=["mlflow"], **kwargs)
        assert str(client.get_logged_model(info.model_id).status) == "READY"
        assert "MLmodel" in {f.path for f in client.list_logged_model_artifacts(info.model_id)}
        return [f"runs:/{run.info.run_id}/model", f"models:/{info.model_id}"]

    return log


def test_pytorch(logged):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
    rows = torch.tensor(ROWS, dtype=torch.float32)
    expected = net(rows).detach().numpy()
    for uri in logged(mlflow.pytorch, net, serialization_format="pickle"):
        assert np.array_equal(mlflow.pytorch.load_model(uri)(rows).detach().numpy(), expected)
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(ROWS.astype(np.float32)), expected, atol=1e-6)


def test_xgboost(logged):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=5, max_depth=2, random_state=0).fit(FRAME, LABELS)
    expected = model.predict_proba(FRAME)
    for uri in logged(mlflow.xgboost, model):
        assert np.array_equal(mlflow.xgboost.load_model(uri).predict_proba(FRAME), expected)
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(FRAME), model.predict(FRAME))


def test_xgboost_booster(logged):
    import xgboost

    matrix = xgboost.DMatrix(FRAME, LABELS)
    booster = xgboost.train({"max_depth": 2, "objective": "binary:logistic"}, matrix, num_boost_round=4)
    for uri in logged(mlflow.xgboost, booster):
        assert np.array_equal(mlflow.xgboost.load_model(uri).predict(matrix), booster.predict(matrix))


def test_lightgbm(logged):
    import lightgbm

    data = lightgbm.Dataset(FRAME, LABELS)
    model = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 4, "seed": 0}, data, num_boost_round=5)
    expected = model.predict(FRAME)
    for uri in logged(mlflow.lightgbm, model):
        assert np.array_equal(mlflow.lightgbm.load_model(uri).predict(FRAME), expected)
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(FRAME), expected)


def test_onnx(logged):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(4, 2)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    rows = ROWS.astype(np.float32)
    expected = np.maximum(rows @ weights, 0)
    for uri in logged(mlflow.onnx, model):
        assert mlflow.onnx.load_model(uri) == model
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(rows)["y"], expected, atol=1e-5)


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    """A classifier of two layers with a vocabulary of six words."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast, pipeline

    torch.manual_seed(0)
    vocabulary = tmp_path_factory.mktemp("bert") / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    config = BertConfig(
        vocab_size=9, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=2
    )
    model = BertForSequenceClassification(config).eval()
    return pipeline("text-classification", model=model, tokenizer=BertTokenizerFast(str(vocabulary)), device="cpu")


def test_transformers(logged, tiny_bert):
    texts = ["good day", "bad night", "good bad good"]
    expected = tiny_bert(texts)
    for uri in logged(mlflow.transformers, tiny_bert):
        again = mlflow.transformers.load_model(uri, device="cpu")(texts)
        assert [a["label"] for a in again] == [e["label"] for e in expected]
        assert np.allclose([a["score"] for a in again], [e["score"] for e in expected], atol=1e-6)
    frame = mlflow.pyfunc.load_model(uri).predict(texts)
    assert list(frame["label"]) == [e["label"] for e in expected]


def test_a_chain_from_code(logged, tmp_path):
    """A langchain chain, logged as the code that makes it."""
    code = tmp_path / "chain_code.py"
    code.write_text(
        "import mlflow\n"
        "from langchain_core.output_parsers import StrOutputParser\n"
        "from langchain_core.prompts import PromptTemplate\n"
        "from langchain_core.runnables import RunnableLambda\n"
        "prompt = PromptTemplate.from_template('Say {word} twice')\n"
        "model = RunnableLambda(lambda value: value.to_string().upper())\n"
        "mlflow.models.set_model(prompt | model | StrOutputParser())\n"
    )
    for uri in logged(mlflow.langchain, str(code)):
        assert mlflow.langchain.load_model(uri).invoke({"word": "yes"}) == "SAY YES TWICE"
        assert mlflow.pyfunc.load_model(uri).predict([{"word": "no"}]) == ["SAY NO TWICE"]


def test_an_agent_from_code(logged, tmp_path):
    """The platform's interface for agents: responses in, responses out."""
    code = tmp_path / "agent_code.py"
    code.write_text(
        "import mlflow\n"
        "from mlflow.pyfunc import ResponsesAgent\n"
        "from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse\n"
        "class Echo(ResponsesAgent):\n"
        "    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:\n"
        "        text = request.input[-1].content\n"
        "        item = self.create_text_output_item(text=text[::-1], id='1')\n"
        "        return ResponsesAgentResponse(output=[item])\n"
        "mlflow.models.set_model(Echo())\n"
    )

    class FromCode:
        @staticmethod
        def log_model(model, **kwargs):
            return mlflow.pyfunc.log_model(python_model=model, **kwargs)

    request = {"input": [{"role": "user", "content": "abc"}]}
    for uri in logged(FromCode, str(code)):
        answer = mlflow.pyfunc.load_model(uri).predict(request)
        assert answer["output"][0]["content"][0]["text"] == "cba"


def test_autolog_lightgbm_and_xgboost(side, client, experiment):
    import lightgbm
    import xgboost

    mlflow.set_experiment(experiment_id=experiment)
    for flavour in (mlflow.lightgbm, mlflow.xgboost):
        flavour.autolog(log_models=False, silent=True)
    try:
        with mlflow.start_run() as first:
            data = lightgbm.Dataset(FRAME, LABELS)
            params = {"objective": "binary", "metric": "binary_logloss", "verbose": -1}
            lightgbm.train(params, data, num_boost_round=6, valid_sets=[data], valid_names=["train"])
        with mlflow.start_run() as second:
            matrix = xgboost.DMatrix(FRAME, LABELS)
            params = {"objective": "binary:logistic", "eval_metric": "logloss"}
            xgboost.train(params, matrix, num_boost_round=6, evals=[(matrix, "train")])
    finally:
        for flavour in (mlflow.lightgbm, mlflow.xgboost):
            flavour.autolog(disable=True)
    assert len(client.get_metric_history(first.info.run_id, "train-binary_logloss")) == 6
    assert len(client.get_metric_history(second.info.run_id, "train-logloss")) == 6
