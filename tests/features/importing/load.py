"""Loads what came over with the unmodified client:  python load.py URL MODEL_URI RUN_ID"""

import sys
import tempfile
from pathlib import Path

import mlflow

url, model_uri, run_id = sys.argv[1:]
mlflow.set_tracking_uri(url)
uris = [model_uri, "models:/doubler/1", "models:/doubler@champion", "models:/doubler/Production", "models:/copied/1"]
for uri in uris:
    assert mlflow.pyfunc.load_model(uri).predict([21]) == [42], uri
with tempfile.TemporaryDirectory() as name:
    found = Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/deep", dst_path=name))
    assert (found / "er" / "bytes é 1+1.bin").read_bytes()[:256] == bytes(range(256))
prompt = mlflow.genai.load_prompt("prompts:/greeting-0@live")
assert prompt.format(name="you") == "Good day you, 0.", prompt.template
sys.stdout.write("loaded\n")
