"""Reads a run with MLflow's own client and, with Spark, its model; prints what it saw as JSON. Arguments: URI, run id, CSV folder."""

import json
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.artifacts import download_artifacts
from mlflow.tracking import MlflowClient
from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession

sys.path.insert(0, "pipelines")
from tables import csv_files, find_layouts, read_tables  # noqa: E402
from train import COLUMNS, prepare  # noqa: E402

uri, run_id, etl = sys.argv[1:]
client = MlflowClient(uri)
run = client.get_run(run_id)
with tempfile.TemporaryDirectory() as folder:
    mlflow.set_tracking_uri(uri)
    model_folder = download_artifacts(artifact_uri="models:/paysim-fraud@champion", dst_path=folder)
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    model = PipelineModel.load(f"file://{model_folder}/sparkml")
    customers = prepare(read_tables(spark, find_layouts(csv_files(Path(etl)), COLUMNS), COLUMNS))
    predictions = model.transform(customers).select("prediction").distinct().collect()
    spark.stop()
print(
    json.dumps(
        {
            "status": run.info.status,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": {key: value for key, value in run.data.tags.items() if key.startswith("pachyderm.")},
            "champion": client.get_model_version_by_alias("paysim-fraud", "champion").run_id,
            "artifacts": sorted(info.path for info in client.list_artifacts(run_id)),
            "inputs": [
                {"name": item.dataset.name, "digest": item.dataset.digest, "source_type": item.dataset.source_type, "tags": {t.key: t.value for t in item.tags}}
                for item in run.inputs.dataset_inputs
            ],
            "predictions": sorted(row.prediction for row in predictions),
        }
    )
)
