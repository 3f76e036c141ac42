"""The Lakeward demo: a morning of a data scientist, with the unmodified `mlflow` client and real data.

Two studies on data sets that ship inside scikit-learn, handwritten digits and breast cancer. Each study is one parent
run that searches the hyper-parameters of several model families (autolog records every candidate as a nested run),
keeps the best model of each family as a LoggedModel with metrics per data set, and ends by asking the server which
one is best, loading it back, predicting with it, and registering it as the champion. Beside that: learning curves over
hundreds of steps with checkpoints, figures, images, tables, system metrics, a run that fails and one that is
interrupted and resumed. Then an agent answers questions about Lakeward and its users judge the answers (`agent.py`).

    python examples/demo.py http://127.0.0.1:5000          any MLflow tracking URI, also `databricks`

Nothing here knows which server it talks to. Every random choice has a fixed seed, everything that is read back is
compared with what was written, and the exit code is 1 if anything differs.
"""

import argparse
import contextlib
import functools
import io
import logging
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # the links are printed once, at the end
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # matrices this small are faster without threads that wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git there is no commit tag, and that is fine

import agent
import joblib
import mlflow
import numpy as np
import pandas as pd
import sklearn
from matplotlib.figure import Figure
from mlflow.data.dataset import Dataset
from mlflow.entities import Metric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, classification_report, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 7
EPOCHS, INTERRUPTED_AT, CHECKPOINT_EVERY = 300, 150, 75
BOOSTING_STAGES = 300
PIP_REQUIREMENTS = [f"scikit-learn=={sklearn.__version__}", "skops"]  # named, so that no model import has to guess them
TRUSTED_TYPES = [  # skops loads nothing else: a stored model cannot run code when it is read back
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
]

# One family per line: what is searched, and over what. Five families, 22 candidates, 3 folds each, on both data sets.
FAMILIES: dict[str, tuple[ClassifierMixin, dict[str, list]]] = {
    "logistic-regression": (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=400)),
        {"logisticregression__C": [0.01, 0.1, 1.0, 10.0]},
    ),
    "k-nearest-neighbours": (
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        {"kneighborsclassifier__n_neighbors": [3, 5, 9], "kneighborsclassifier__weights": ["uniform", "distance"]},
    ),
    "random-forest": (
        RandomForestClassifier(random_state=SEED),
        {"n_estimators": [30, 60], "max_depth": [8, None]},
    ),
    "gradient-boosting": (
        HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=8, random_state=SEED),
        {"learning_rate": [0.1, 0.2], "l2_regularization": [0.0, 1.0]},
    ),
    "neural-network": (
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=60, random_state=SEED)),
        {"mlpclassifier__hidden_layer_sizes": [(32,), (64,)], "mlpclassifier__alpha": [1e-4, 1e-2]},
    ),
}


@dataclass
class Split:
    """One part of a data set: features, labels, and the MLflow dataset that says where metrics were measured."""

    features: pd.DataFrame
    labels: pd.Series
    dataset: Dataset


@dataclass
class Study:
    """One data set with its experiment, and what was written there, kept to compare with what is read back."""

    name: str
    experiment_id: str
    parts: dict[str, Split]
    run_id: str = ""
    models: dict[str, str] = field(default_factory=dict)  # family → LoggedModel id
    predictions: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # LoggedModel id → what it says about the test part
    accuracy: dict[str, float] = field(default_factory=dict)  # LoggedModel id → accuracy on the validation part


class Unexpected(Exception):
    """The server answered something else than what was written to it."""


def expect(holds: object, what: str) -> None:
    if not holds:
        raise Unexpected(what)


# ── The data ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def open_study(name: str, frame: pd.DataFrame) -> Study:
    """Split the data 60/20/20 and open the experiment. The name is a path, so it is valid in `databricks` mode too."""
    train, rest = train_test_split(frame, test_size=0.4, stratify=frame["target"], random_state=SEED)
    validation, test = train_test_split(rest, test_size=0.5, stratify=rest["target"], random_state=SEED)
    parts = {}
    for part, rows in {"train": train, "validation": validation, "test": test}.items():
        dataset = mlflow.data.from_pandas(rows, name=f"{name}-{part}", targets="target")
        parts[part] = Split(rows.drop(columns="target"), rows["target"], dataset)
    experiment = mlflow.set_experiment(f"/Shared/lakeward-demo/{name}")
    mlflow.set_experiment_tags({"data": f"sklearn.datasets.load_{name.replace('-', '_')}", "rows": len(frame)})
    return Study(name, experiment.experiment_id, parts)


def load_studies() -> list[Study]:
    digits = load_digits(as_frame=True).frame.astype("float64").astype({"target": "int64"})
    cancer = load_breast_cancer(as_frame=True).frame.astype("float64").astype({"target": "int64"})
    cancer.columns = [column.replace(" ", "_") for column in cancer.columns]
    return [open_study("digits", digits), open_study("breast-cancer", cancer)]


# ── The hyper-parameter search ───────────────────────────────────────────────────────────────────────────────────────


def search_family(study: Study, family: str) -> str:
    """One nested run: autolog records the search and each candidate below it; the winner is kept as a LoggedModel."""
    estimator, grid = FAMILIES[family]
    train = study.parts["train"]
    with mlflow.start_run(run_name=family, nested=True, tags={"family": family, "stage": "search"}):
        search = GridSearchCV(estimator, grid, cv=3).fit(train.features, train.labels)
        model = mlflow.sklearn.log_model(
            search.best_estimator_,
            name=f"{study.name}-{family}",
            params={"family": family, **{key: str(value) for key, value in search.best_params_.items()}},
            input_example=train.features.head(3),
            pip_requirements=PIP_REQUIREMENTS,
            tags={"study": study.run_id, "stage": "search"},
            skops_trusted_types=TRUSTED_TYPES,
        )
        for part in study.parts.values():
            measure(search.best_estimator_, part, model.model_id)
        validation = study.parts["validation"]
        mlflow.log_figure(confusion_figure(search.best_estimator_, validation), "figures/confusion.png")
        report = classification_report(validation.labels, search.predict(validation.features))
        mlflow.log_text(report, "reports/validation.txt")
    study.models[family] = model.model_id
    study.predictions[model.model_id] = search.predict(study.parts["test"].features)
    study.accuracy[model.model_id] = accuracy_score(validation.labels, search.predict(validation.features))
    return f"{len(search.cv_results_['params'])} candidates, best {study.accuracy[model.model_id]:.4f} on validation"


def measure(model: ClassifierMixin, part: Split, model_id: str) -> None:
    """Log one set of metrics, bound to the run, to the model and to the data they were measured on."""
    name = part.dataset.name.rsplit("-", 1)[-1]
    mlflow.log_input(part.dataset, context=name)
    probabilities = model.predict_proba(part.features)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    values = {
        f"{name}_accuracy": accuracy_score(part.labels, predicted),
        f"{name}_f1": f1_score(part.labels, predicted, average="macro"),
        f"{name}_log_loss": log_loss(part.labels, probabilities, labels=model.classes_),
    }
    mlflow.log_metrics(values, dataset=part.dataset, model_id=model_id)


def confusion_figure(model: ClassifierMixin, part: Split) -> Figure:
    figure = Figure(figsize=(5, 5), dpi=80)
    axes = figure.subplots()
    ConfusionMatrixDisplay.from_estimator(model, part.features, part.labels, ax=axes, colorbar=False)
    figure.tight_layout()
    return figure


# ── Learning curves ──────────────────────────────────────────────────────────────────────────────────────────────────


def train_network(study: Study) -> str:
    """A metric call per epoch. After half of them the machine is taken away; the run is resumed from its checkpoint."""
    network = MLPClassifier((48,), learning_rate_init=3e-4, random_state=SEED)
    run = mlflow.start_run(run_name="network-epochs", nested=True, tags={"stage": "curve"}, log_system_metrics=True)
    run_id = run.info.run_id
    mlflow.log_params({"hidden": 48, "learning_rate": 3e-4, "epochs": EPOCHS})
    train_epochs(study, network, range(1, INTERRUPTED_AT + 1))
    mlflow.end_run("KILLED")
    expect(mlflow.get_run(run_id).info.status == "KILLED", "the interrupted run should be KILLED")

    with mlflow.start_run(run_id=run_id, nested=True, log_system_metrics=True):
        path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="checkpoints/latest.joblib")
        train_epochs(study, joblib.load(path), range(INTERRUPTED_AT + 1, EPOCHS + 1))
    run = mlflow.get_run(run_id)
    expect(run.info.status == "FINISHED", "the resumed run should be FINISHED")
    steps = sorted(point.step for point in mlflow.MlflowClient().get_metric_history(run_id, "train_loss"))
    expect(steps == list(range(1, EPOCHS + 1)), "each epoch should be in the history exactly once")
    return f"{EPOCHS} epochs, interrupted at {INTERRUPTED_AT} and resumed, no step lost or doubled"


def train_epochs(study: Study, network: MLPClassifier, epochs: range) -> None:
    train, validation = study.parts["train"], study.parts["validation"]
    for epoch in epochs:
        network.partial_fit(train.features, train.labels, classes=np.unique(train.labels))
        probabilities = network.predict_proba(validation.features)
        values = {
            "train_loss": network.loss_,
            "validation_loss": cross_entropy(validation.labels, probabilities),
            "validation_accuracy": float((probabilities.argmax(axis=1) == validation.labels).mean()),
        }
        mlflow.log_metrics(values, step=epoch)
        if epoch % CHECKPOINT_EVERY == 0:
            keep_checkpoint(network, validation, epoch, values)


def keep_checkpoint(network: MLPClassifier, validation: Split, epoch: int, values: dict[str, float]) -> None:
    """The state to resume from as an artifact of the run, and a LoggedModel that can be ranked by its metrics."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "latest.joblib")
        joblib.dump(network, path)
        mlflow.log_artifact(path, "checkpoints")
    model = mlflow.sklearn.log_model(
        network,
        name=f"network-epoch-{epoch}",
        step=epoch,
        pip_requirements=PIP_REQUIREMENTS,
        skops_trusted_types=TRUSTED_TYPES,
        signature=mlflow.models.infer_signature(validation.features, validation.labels.to_numpy()),
    )
    metrics = {key: value for key, value in values.items() if key.startswith("validation")}
    mlflow.log_metrics(metrics, step=epoch, dataset=validation.dataset, model_id=model.model_id)


def cross_entropy(labels: pd.Series, probabilities: np.ndarray) -> float:
    """`log_loss` without its checks of the input, which would take most of a step's time."""
    return float(-np.log(probabilities[np.arange(len(labels)), labels].clip(1e-15)).mean())


def train_boosting(study: Study) -> str:
    """Autolog records the fit; the two curves of all stages follow in one request."""
    with mlflow.start_run(run_name="boosting-stages", nested=True, tags={"stage": "curve"}) as run:
        train = study.parts["train"]
        model = GradientBoostingClassifier(
            n_estimators=BOOSTING_STAGES, learning_rate=0.05, subsample=0.7, random_state=SEED
        ).fit(train.features, train.labels)
        curves = {
            f"{name}_loss": [
                cross_entropy(study.parts[name].labels, probabilities)
                for probabilities in model.staged_predict_proba(study.parts[name].features)
            ]
            for name in ("train", "validation")
        }
        now = int(time.time() * 1000)
        points = [Metric(key, loss, now, step) for key, curve in curves.items() for step, loss in enumerate(curve, 1)]
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics=points)
        figure = Figure(figsize=(6, 4), dpi=80)
        axes = figure.subplots()
        for name, curve in curves.items():
            axes.semilogy(range(1, BOOSTING_STAGES + 1), curve, label=name)
        axes.legend()
        axes.set(xlabel="stage", ylabel="log loss")
        mlflow.log_figure(figure, "figures/loss.png")
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "validation_loss")
    stored = [point.value for point in sorted(history, key=lambda point: point.step)]
    expect(stored == curves["validation_loss"], "the stored curve should be the computed one, to the last bit")
    return f"{len(points)} points in one request, read back bit for bit"


# ── What goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


def fail_on_missing_values(study: Study) -> str:
    """A real exception inside a run: the run ends as FAILED and keeps what was logged before."""
    train = study.parts["train"]
    reason, run_id = "", ""
    try:
        with mlflow.start_run(run_name="missing-values", nested=True, tags={"stage": "failure"}) as run:
            run_id = run.info.run_id
            mlflow.log_param("imputation", "none")
            LogisticRegression().fit(train.features.mask(train.features == 0), train.labels)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        mlflow.MlflowClient().set_tag(run_id, "error", reason)
    run = mlflow.get_run(run_id)
    expect(run.info.status == "FAILED" and run.data.params["imputation"] == "none", "the run should be kept as FAILED")
    return f"kept as FAILED: {reason}"


# ── The choice ───────────────────────────────────────────────────────────────────────────────────────────────────────


def choose_best(study: Study) -> str:
    """Ask the server for the best run and the best model, load it back both ways and predict."""
    runs = mlflow.search_runs(
        [study.experiment_id],
        filter_string=f"tags.`mlflow.parentRunId` = '{study.run_id}' AND tags.stage = 'search' "
        "AND attributes.status = 'FINISHED' AND metrics.validation_accuracy > 0.8",
        order_by=["metrics.validation_accuracy DESC", "metrics.validation_log_loss ASC"],
    )
    expect(set(runs["tags.family"]) == set(FAMILIES), "search_runs should find one run per family")
    best = runs.iloc[0]
    model_id = study.models[best["tags.family"]]
    validation, test = study.parts["validation"], study.parts["test"]
    on_validation = {"dataset_name": validation.dataset.name, "dataset_digest": validation.dataset.digest}
    ranked = mlflow.search_logged_models(
        [study.experiment_id],
        filter_string=f"tags.study = '{study.run_id}' AND metrics.validation_accuracy > 0.8",
        datasets=[on_validation],
        order_by=[
            {"field_name": "metrics.validation_accuracy", "ascending": False, **on_validation},
            {"field_name": "metrics.validation_log_loss", "ascending": True, **on_validation},
        ],
        output_format="list",
    )
    expect(ranked[0].model_id == model_id, "runs and models should agree on the best")
    expect(best["metrics.validation_accuracy"] == max(study.accuracy.values()), "the best should be the best")

    by_model = mlflow.pyfunc.load_model(f"models:/{model_id}").predict(test.features)
    by_run = mlflow.sklearn.load_model(f"runs:/{best['run_id']}/{ranked[0].name}").predict(test.features)
    expect(np.array_equal(by_model, study.predictions[model_id]), "models:/ should predict what was predicted before")
    expect(np.array_equal(by_run, study.predictions[model_id]), "runs:/ should predict what was predicted before")
    show_mistakes(study, by_model)
    mlflow.set_tags(
        {"best.family": best["tags.family"], "best.model_id": model_id, "second.model_id": ranked[1].model_id}
    )
    mlflow.log_metric("test_accuracy", accuracy_score(test.labels, by_model), dataset=test.dataset)
    return f"{best['tags.family']}, {accuracy_score(test.labels, by_model):.4f} on test, loaded back: equal predictions"


def promote_best(study: Study) -> str:
    """Register the two best models under aliases, and load one as a service would: by the alias."""
    name, test = f"main.demo.{study.name}", study.parts["test"]
    client, tags = mlflow.MlflowClient(), mlflow.get_run(study.run_id).data.tags
    for alias, place in (("challenger", "second"), ("champion", "best")):
        with contextlib.redirect_stderr(io.StringIO()):  # the client tells what it does
            version = mlflow.register_model(f"models:/{tags[f'{place}.model_id']}", name, tags={"study": study.run_id})
        client.update_model_version(name, version.version, f"The {place} model of the {study.name} study.")
        client.set_registered_model_alias(name, alias, version.version)
    client.update_registered_model(name, description=f"The best models of the {study.name} study.")
    client.set_registered_model_tag(name, "task", "classification")
    champion = client.get_model_version_by_alias(name, "champion")
    expect(champion.version == version.version and champion.tags["study"] == study.run_id, "the alias should lead here")
    predicted = mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(test.features)
    best = study.predictions[tags["best.model_id"]]
    expect(np.array_equal(predicted, best), "the champion should predict as the best model did")
    return f"{name} version {champion.version} is @champion, loaded by that name: equal predictions"


def show_mistakes(study: Study, predicted: np.ndarray) -> None:
    """What the best model gets wrong: a table, and for the digits the images themselves, one per step."""
    test = study.parts["test"]
    missed = predicted != test.labels
    wrong = test.features[missed]
    rows = pd.DataFrame({"row": wrong.index, "label": test.labels[missed], "predicted": predicted[missed]})
    mlflow.log_table(rows, "mistakes.json")
    expect(len(mlflow.load_table("mistakes.json", run_ids=[study.run_id])) == len(rows), "the table should read back")
    if study.name == "digits":
        for step, pixels in enumerate(wrong.to_numpy()[:8]):
            image = np.kron(pixels.reshape(8, 8) * 15.9, np.ones((12, 12))).astype("uint8")
            mlflow.log_image(image, key="misread", step=step)


# ── The story ────────────────────────────────────────────────────────────────────────────────────────────────────────


def chapters(study: Study) -> Iterator[tuple[str, Callable[[], str]]]:
    for family in FAMILIES:
        yield f"{study.name}: search {family}", functools.partial(search_family, study, family)
    curve = train_network if study.name == "digits" else train_boosting
    yield f"{study.name}: {curve.__name__.replace('_', ' ')}", functools.partial(curve, study)
    yield f"{study.name}: fail on missing values", functools.partial(fail_on_missing_values, study)
    yield f"{study.name}: choose the best", functools.partial(choose_best, study)
    yield f"{study.name}: promote the best", functools.partial(promote_best, study)


def tell(studies: list[Study], story: agent.Story, console: Console) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    told = [(study, list(chapters(study))) for study in studies]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=sum(len(each) for _, each in told) + len(list(story.chapters())))

        def go_on(title: str, chapter: Callable[[], str]) -> None:
            progress.update(task, description=title)
            began = time.monotonic()
            outcome = chapter()
            console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.1f} s[/]\n  {outcome}")
            progress.advance(task)

        for study, each in told:
            mlflow.set_experiment(experiment_id=study.experiment_id)
            with mlflow.start_run(run_name=f"{study.name} study", log_system_metrics=True) as run:
                study.run_id = run.info.run_id
                for title, chapter in each:
                    go_on(title, chapter)
        mlflow.set_experiment(experiment_id=story.experiment_id)
        for title, chapter in story.chapters():
            go_on(title, chapter)


def report(studies: list[Study], story: agent.Story, base: str, since: int, console: Console) -> None:
    """What is on the server now, asked from the server, with links."""
    for study in studies:
        runs = mlflow.search_runs([study.experiment_id], f"attributes.start_time >= {since}", output_format="list")
        statuses = pd.Series([run.info.status for run in runs]).value_counts().to_dict()
        parent = mlflow.get_run(study.run_id)
        system = [key for key in parent.data.metrics if key.startswith("system/")]
        expect(system, "the study should have system metrics")
        table = Table(title=f"{study.name}: {len(runs)} runs {statuses}", title_justify="left")
        for heading in ("model", "validation", "test", "log loss"):
            table.add_column(heading, no_wrap=True)
        for family, model_id in study.models.items():
            values = {metric.key: metric.value for metric in mlflow.get_logged_model(model_id).metrics}
            numbers = [f"{values[key]:.4f}" for key in ("validation_accuracy", "test_accuracy", "validation_log_loss")]
            mark = " [green]★[/]" if parent.data.tags["best.family"] == family else ""
            table.add_row(family + mark, *numbers)
        console.print(table)
        best = parent.data.tags["best.model_id"]
        best_run = mlflow.get_logged_model(best).source_run_id
        for label, path in {
            "study": f"/#/experiments/{study.experiment_id}/runs/{study.run_id}",
            "best model": f"/#/experiments/{study.experiment_id}/models/{best}",
            "confusion": f"/#/experiments/{study.experiment_id}/runs/{best_run}/artifacts/figures/confusion.png",
            "mistakes": f"/#/experiments/{study.experiment_id}/runs/{study.run_id}/artifacts/mistakes.json",
        }.items():
            show_link(label, base + path, console)
    for label, path in story.links().items():
        show_link(label, base + path, console)
    console.print(f"  in Python  mlflow.pyfunc.load_model('models:/{best}')", soft_wrap=True)


def show_link(label: str, url: str, console: Console) -> None:
    console.print(f"  {label:<11}[link={url}]{url}[/link]", soft_wrap=True)


def reachable(uri: str) -> bool:
    """Ask once. The client itself would try again for minutes before it says that nobody is there."""
    if not uri.startswith(("http://", "https://")):
        return True
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True  # somebody is there, and the client will show what they say
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    parser.add_argument("tracking_uri", nargs="?", default=default, help="where to log (default: %(default)s)")
    uri = parser.parse_args().tracking_uri.rstrip("/")
    console = Console(highlight=False)
    warnings.filterwarnings("ignore")  # short searches stop before they converge, on purpose
    logging.getLogger("mlflow").setLevel(logging.ERROR)

    if not reachable(uri):
        console.print(f"[red]✗ No server answers at {uri}.[/] Start one with `lakeward up`.")
        return 1
    mlflow.set_tracking_uri(uri)
    mlflow.set_system_metrics_sampling_interval(1)
    mlflow.sklearn.autolog(log_models=False, log_post_training_metrics=False, max_tuning_runs=None, silent=True)
    since = int(time.time() * 1000)
    began = time.monotonic()
    try:
        studies, story = load_studies(), agent.Story()
        tell(studies, story, console)
        base = uri if uri.startswith("http") else os.environ.get("DATABRICKS_HOST", "")
        report(studies, story, base, since, console)
    except (Unexpected, agent.Unexpected) as unexpected:
        console.print(f"[red]✗ {unexpected}[/]")
        return 1
    seconds = time.monotonic() - began
    console.print(f"[green]Everything read back as written.[/] {seconds:.0f} s with mlflow {mlflow.__version__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
