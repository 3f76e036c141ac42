"""Commands and templates: a caller's words are never a command line, a template or an expression.

CVE-2023-4033, 2023-6709 (templates), 2023-6940, 2025-15379 (requirements of a build).
"""

import ast
from pathlib import Path

import pytest

from server import Caller

SOURCE = Path(__file__).parents[2] / "src" / "lakeward"


@pytest.mark.parametrize(
    "form",
    ["$(touch {0})", "`touch {0}`", "; touch {0} #", "| touch {0}", "\n touch {0} \n", "{{{{7*191}}}}", "${{7*191}}",
     "{{{{ cycler.__init__.__globals__.os.popen('touch {0}').read() }}}}", "#{{7*191}}", "<%= 7*191 %>",
     "' || (SELECT 7*191) || '"],
    ids=repr,
)  # fmt: skip
def test_words_stay_words(client: Caller, tmp_path: Path, form: str) -> None:
    marker = tmp_path / "it-ran"
    word = form.format(marker)
    experiment = client.experiment(f"e {word}")
    run = client.run(experiment, run_name=word, tags=[{"key": "k", "value": word}])
    client.post("runs/log-batch", run_id=run, params=[{"key": "p", "value": word}])
    answers = [
        client.get("runs/get", run_id=run),
        client.get("experiments/get", experiment_id=experiment),
        client.request("POST", "registered-models/create", json={"name": word, "description": word}).text,
        client.request("GET", "runs/get", params={"run_id": word}).text,
        client.request("GET", f"/ml/{'x'}", params={"q": word}).text,
    ]
    assert not marker.exists()
    assert "1337" not in "".join(map(str, answers)), "nobody computes what a caller wrote"
    assert client.get("runs/get", run_id=run)["run"]["info"]["run_name"] == word


def test_processes_are_started_without_a_shell() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(each.arg == "shell" for each in node.keywords)
                if shell or name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"):
                    wrong.append(f"{path.name}: {name}")
    assert wrong == []


def test_no_template_engine_is_imported() -> None:
    import grimp

    graph = grimp.build_graph("lakeward", include_external_packages=True, cache_dir=None)
    assert {"jinja2", "mako", "string.templatelib", "yaml"} & {
        each.partition(".")[0] for each in graph.modules
    } == set()
