"""Code in data: whatever is uploaded as a model, the server runs nothing of it.

CVE-2024-37052 … 37061, CVE-2024-27132, 27133. tests/architecture/test_imports.py proves that nothing which unpickles,
and no mlflow, is imported; here such a file goes through every call that looks at models.
"""

import json
import pickle
from pathlib import Path

from server import Caller


class Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.marker), "w")


def test_a_pickle_is_bytes(client: Caller, tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    bomb = pickle.dumps(Bomb(marker))
    experiment = client.experiment()
    run = client.run(experiment)
    place = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model"
    description = "flavors: {python_function: {loader_module: os, python_model: python_model.pkl}}\n"
    hostile = f"!!python/object/apply:os.system ['touch {marker}']\n"
    files = {"python_model.pkl": bomb, "model.pkl": bomb, "model.joblib": bomb, "MLmodel": description.encode()}
    for name, content in {**files, "conda.yaml": hostile.encode(), "MLproject": hostile.encode()}.items():
        assert client.request("PUT", f"{place}/{name}", content=content).status_code == 200
    client.post("registered-models/create", name="bomb")
    client.request(
        "POST", "model-versions/create", json={"name": "bomb", "source": f"runs:/{run}/model", "run_id": run}
    )
    model = {"artifact_path": "model", "flavors": {}, "utc_time_created": "", "run_id": run}
    client.post("runs/log-model", run_id=run, model_json=json.dumps(model))
    made = client.post("logged-models", experiment_id=experiment, name="bomb", source_run_id=run)
    client.get(f"logged-models/{made['model']['info']['model_id']}")
    client.call("GET", "artifacts/list", params={"run_id": run, "path": "model"})
    for name in files:
        assert (
            client.request("GET", "/get-artifact", params={"run_id": run, "path": f"model/{name}"}).status_code == 200
        )
    client.get("model-versions/search")
    client.get("runs/get", run_id=run)
    assert not marker.exists()
    pickle.loads(bomb).close()
    assert marker.exists(), "the file would have done it"
