"""MLflow's client of open-source Unity Catalog:  python uc_client.py URL NAME DIRECTORY.  Prints what it read back."""

import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient

url, name, directory = sys.argv[1:]
mlflow.set_tracking_uri(url)
mlflow.set_registry_uri(f"uc:{url}")
client = MlflowClient()
client.create_registered_model(name)
made = client.create_model_version(name, directory)
back = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{made.version}", dst_path=f"{directory}-back"))
sys.stdout.write(f"{made.status} {(back / 'data' / 'weights.bin').read_bytes().decode()}\n")
