"""Logs artifacts and a model with MLflow's own client, and reads them back: URI, folder. Prints what it saw as JSON."""

import json
import os
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.artifacts import download_artifacts
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

uri, folder = sys.argv[1], Path(sys.argv[2])
mlflow.set_tracking_uri(uri)


def double(model_input: list[int]) -> list[int]:
    return [2 * number for number in model_input]


files = {"notes.txt": b"a few words\n", "plots/one.bin": os.urandom(100_000), "empty": b"", "big.bin": os.urandom(20 * 1024 * 1024 + 1)}
for name, content in files.items():
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)

with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "made")
    model = mlflow.pyfunc.log_model(name="model", python_model=double, pip_requirements=["mlflow"], input_example=[1])

client = mlflow.MlflowClient(uri)
with tempfile.TemporaryDirectory() as back:
    made = Path(download_artifacts(run_id=run.info.run_id, artifact_path="made", dst_path=back))
    same = all((made / name).read_bytes() == content for name, content in files.items())
listed = {info.path: info.file_size for info in client.list_artifacts(run.info.run_id, "made")}
predicted = mlflow.pyfunc.load_model(model.model_uri).predict([1, 2, 3])
get_artifact_repository(run.info.artifact_uri).delete_artifacts("made/plots")
print(
    json.dumps(
        {
            "run": run.info.run_id,
            "model": model.model_id,
            "same": same,
            "listed": listed,
            "predicted": list(predicted),
            "left": [info.path for info in client.list_artifacts(run.info.run_id, "made")],
        }
    )
)
