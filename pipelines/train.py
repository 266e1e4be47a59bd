"""Training of the demo: a decision tree that tells customers with fraud from those without.

spark-submit train.py --in DIR --out DIR

Reads the ETL's CSV files below the first DIR and saves the model in the second. For `stemma track` it writes
$STEMMA_REPORT/params.json, $STEMMA_REPORT/metrics.jsonl, $STEMMA_ARTIFACTS/model (in the shape of an MLflow model) and
$STEMMA_ARTIFACTS/tree.txt;
without these variables it prints params and metrics.
"""

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Dict

import pyspark
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, StringType

from tables import csv_files, fail, find_layouts, read_tables

CUSTOMER = "nameOrig"
MEANS = ["avg_amount", "avg_oldbalanceOrg", "avg_newbalanceOrig", "avg_oldbalanceDest", "avg_newbalanceDest"]
NUMBERS = [*MEANS, "sum_isFraud"]
COLUMNS = {CUSTOMER: StringType(), **{name: DoubleType() for name in NUMBERS}}
FEATURES = [*MEANS, "orgDiff", "destDiff"]
TRAIN_PERCENT = 80
AREAS = {"PR": "areaUnderPR", "AUC": "areaUnderROC"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains a decision tree on the ETL's tables.")
    parser.add_argument("--in", dest="source", type=Path, required=True, help="a folder with the ETL's CSV files")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the model; must not exist")
    parser.add_argument("--max-depth", type=int, default=5)
    parser.add_argument("--seed", type=int, default=54321)
    arguments = parser.parse_args()
    files = csv_files(arguments.source)
    if not files:
        fail(f"there is no CSV file below {arguments.source}.")
    if arguments.out.exists():
        fail(f"{arguments.out} is there already.")
    layouts = find_layouts(files, COLUMNS)
    spark = SparkSession.builder.appName("train").getOrCreate()
    customers = prepare(read_tables(spark, layouts, COLUMNS)).cache()
    train, test = customers.where("isTrain"), customers.where("NOT isTrain")
    counts = count_parts(customers)
    model = fit(train, arguments.max_depth, arguments.seed)
    params = {"maxDepth": arguments.max_depth, "seed": arguments.seed, "trainPercent": TRAIN_PERCENT, **counts}
    metrics = {**measure(model, train, "train"), **measure(model, test, "test")}
    report(params, metrics)
    save(model, arguments.out)
    spark.stop()


def prepare(table: DataFrame) -> DataFrame:
    """Features, label and part of each customer, in one partition and sorted: the tree depends on how rows lie in partitions."""
    # Rounded, or else the tree would learn from what floating point leaves of nothing: 1.8e-12 is no sign of honesty.
    org_diff = F.round(F.col("avg_newbalanceOrig") + F.col("avg_amount") - F.col("avg_oldbalanceOrg"), 4)
    dest_diff = F.round(F.col("avg_oldbalanceDest") + F.col("avg_amount") - F.col("avg_newbalanceDest"), 4)
    part = F.crc32(F.encode(CUSTOMER, "UTF-8")) % 100
    features = table.select(
        "*",
        org_diff.alias("orgDiff"),
        dest_diff.alias("destDiff"),
        (F.col("sum_isFraud") > 0).cast("double").alias("label"),
        (part < TRAIN_PERCENT).alias("isTrain"),
    )
    return features.repartition(1).sortWithinPartitions(*COLUMNS)


def count_parts(customers: DataFrame) -> Dict[str, int]:
    """Counts customers and those with fraud in both parts, and ends the program when a part lacks one of the two."""
    is_bad = F.col(CUSTOMER).isNull()
    for name in NUMBERS:
        is_bad = is_bad | F.col(name).isNull() | F.isnan(name)
    groups = customers.groupBy("isTrain").agg(
        F.count(F.lit(1)).alias("all"), F.sum("label").alias("fraud"), F.count(F.when(is_bad, 1)).alias("bad")
    )
    found = {row["isTrain"]: row for row in groups.collect()}
    bad = sum(row["bad"] for row in found.values())
    if bad > 0:
        fail(f"{bad} rows have no customer, or no number where one is due.")
    counts: Dict[str, int] = {}
    for is_train, name in ((True, "train"), (False, "test")):
        everyone, fraud = (found[is_train]["all"], int(found[is_train]["fraud"])) if is_train in found else (0, 0)
        if fraud in (0, everyone):
            fail(f"the {name} part has {everyone} customers, {fraud} with fraud: it needs some with and some without; give it more rows.")
        counts[f"{name}Rows"], counts[f"{name}FraudRows"] = everyone, fraud
    return counts


def fit(train: DataFrame, max_depth: int, seed: int) -> PipelineModel:
    assembler = VectorAssembler(inputCols=FEATURES, outputCol="features")
    tree = DecisionTreeClassifier(labelCol="label", featuresCol="features", maxDepth=max_depth, seed=seed)
    return Pipeline(stages=[assembler, tree]).fit(train)


def measure(model: PipelineModel, part: DataFrame, name: str) -> Dict[str, float]:
    """Areas by the tree's probabilities: its raw predictions are counts of rows, so a large leaf would outrank a pure one."""
    scores = model.transform(part).select("label", "probability").cache()
    evaluator = BinaryClassificationEvaluator(rawPredictionCol="probability", labelCol="label")
    areas = {f"{short} {name}": evaluator.setMetricName(metric).evaluate(scores) for short, metric in AREAS.items()}
    scores.unpersist()
    return areas


def report(params: Dict[str, int], metrics: Dict[str, float]) -> None:
    folder = os.environ.get("STEMMA_REPORT")
    if folder is None:
        print(json.dumps({"params": params, "metrics": metrics}))
        return
    Path(folder, "params.json").write_text(json.dumps(params) + "\n", encoding="utf-8")
    with Path(folder, "metrics.jsonl").open("a", encoding="utf-8") as lines:
        for key, value in metrics.items():
            lines.write(json.dumps({"key": key, "value": value, "step": 0}) + "\n")


def save(model: PipelineModel, target: Path) -> None:
    """Saves the model where the pipeline's output goes, and a copy with the tree as text where the run's artifacts go."""
    target.parent.mkdir(parents=True, exist_ok=True)
    model.save(f"file://{target.absolute()}")
    folder = os.environ.get("STEMMA_ARTIFACTS")
    if folder is None:
        return
    shutil.copytree(target, Path(folder, "model", "sparkml"))
    # By this file MLflow takes the folder for a model, and mlflow.spark.load_model reads it.
    spark = {"model_data": "sparkml", "pyspark_version": pyspark.__version__, "model_class": "pyspark.ml.pipeline.PipelineModel"}
    Path(folder, "model", "MLmodel").write_text(json.dumps({"flavors": {"spark": spark}}) + "\n", encoding="utf-8")
    # The first line names the tree by a random id, which would make equal trees look different.
    tree = model.stages[-1].toDebugString.split("\n", 1)[1]
    Path(folder, "tree.txt").write_text(tree, encoding="utf-8")


if __name__ == "__main__":
    main()
