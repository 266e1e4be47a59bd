"""Training of the demo: a decision tree that tells customers with fraud from those without.

spark-submit train.py --in DIR --out DIR

Reads the ETL's CSV files below the first DIR, adds up what they have of each customer, and saves the model in the second. For `stemma track` it writes
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
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, LongType, StringType

from tables import LARGEST_SUM, MONEY, Refusal, csv_files, exact_sum, find_layouts, is_no_money, read_tables, run_main

CUSTOMER = "nameOrig"
SUMS = [f"sum_{name}" for name in MONEY]
COUNTS = ["sum_isFraud", "rows"]
COLUMNS = {CUSTOMER: StringType(), **{name: DoubleType() for name in SUMS}, **{name: LongType() for name in COUNTS}}
MEANS = [f"avg_{name}" for name in MONEY]
FEATURES = [*MEANS, "orgDiff", "destDiff"]
# The tree depends on how the rows lie in partitions: so there is a number of them that nothing else decides.
PARTITIONS = 8
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
        raise Refusal(f"there is no CSV file below {arguments.source}.")
    if arguments.out.exists():
        raise Refusal(f"{arguments.out} is there already.")
    layouts = find_layouts(files, COLUMNS)
    spark = SparkSession.builder.appName("train").getOrCreate()
    customers = prepare(read_tables(spark, layouts, COLUMNS)).cache()
    counts = count_parts(customers)
    model = fit(customers.where("isTrain"), arguments.max_depth, arguments.seed)
    params = {"maxDepth": arguments.max_depth, "seed": arguments.seed, "trainPercent": TRAIN_PERCENT, **counts}
    metrics = measure(model, customers)
    report(params, metrics)
    save(model, arguments.out)
    spark.stop()


def prepare(table: DataFrame) -> DataFrame:
    """Features, label and part of each customer, in an order that the customers alone decide."""
    # Rounded, or else the tree would learn from what floating point leaves of nothing: 1.8e-12 is no sign of honesty.
    org_diff = F.round(F.col("avg_newbalanceOrig") + F.col("avg_amount") - F.col("avg_oldbalanceOrg"), 4)
    dest_diff = F.round(F.col("avg_oldbalanceDest") + F.col("avg_amount") - F.col("avg_newbalanceDest"), 4)
    part = F.crc32(F.encode(CUSTOMER, "UTF-8")) % 100
    return (
        add_up(table)
        .sortWithinPartitions(CUSTOMER)
        .select(
            *MEANS,
            org_diff.alias("orgDiff"),
            dest_diff.alias("destDiff"),
            (F.col("sum_isFraud") > 0).cast("double").alias("label"),
            F.coalesce(part < TRAIN_PERCENT, F.lit(False)).alias("isTrain"),
            "bad",
        )
    )


def add_up(table: DataFrame) -> DataFrame:
    """One row a customer, with the means over all of its rows, wherever they were."""
    means = [(exact_sum(f"sum_{name}") / 10_000 / F.sum("rows")).alias(f"avg_{name}") for name in MONEY]
    frauds, bad = F.sum("sum_isFraud").alias("sum_isFraud"), F.count(F.when(is_bad(), 1)).alias("bad")
    return table.repartition(PARTITIONS, CUSTOMER).groupBy(CUSTOMER).agg(*means, frauds, bad)


def is_bad() -> Column:
    bad = F.col(CUSTOMER).isNull() | F.col("sum_isFraud").isNull() | F.col("rows").isNull() | (F.col("rows") < 1)
    for name in SUMS:
        bad = bad | is_no_money(name, LARGEST_SUM)
    return bad


def count_parts(customers: DataFrame) -> Dict[str, int]:
    """Counts customers and those with fraud in both parts, and refuses when a part lacks one of the two."""
    groups = customers.groupBy("isTrain").agg(F.count(F.lit(1)).alias("all"), F.sum("label").alias("fraud"), F.sum("bad").alias("bad"))
    found = {row["isTrain"]: row for row in groups.collect()}
    bad = sum(row["bad"] for row in found.values())
    if bad > 0:
        raise Refusal(f"{bad} rows have no customer, or no number where one is due.")
    counts: Dict[str, int] = {}
    for is_train, name in ((True, "train"), (False, "test")):
        everyone, fraud = (found[is_train]["all"], int(found[is_train]["fraud"])) if is_train in found else (0, 0)
        if fraud in (0, everyone):
            raise Refusal(f"the {name} part has {everyone} customers, {fraud} with fraud: it needs some with and some without; give it more rows.")
        counts[f"{name}Rows"], counts[f"{name}FraudRows"] = everyone, fraud
    return counts


def fit(train: DataFrame, max_depth: int, seed: int) -> PipelineModel:
    assembler = VectorAssembler(inputCols=FEATURES, outputCol="features")
    tree = DecisionTreeClassifier(labelCol="label", featuresCol="features", maxDepth=max_depth, seed=seed)
    return Pipeline(stages=[assembler, tree]).fit(train)


def measure(model: PipelineModel, customers: DataFrame) -> Dict[str, float]:
    """Areas by the tree's probabilities: its raw predictions are counts of rows, so a large leaf would outrank a pure one."""
    # All rows of a leaf have the same score: how many there are of each is all that the areas depend on.
    probability = vector_to_array("probability")[1].alias("probability")
    leaves = model.transform(customers).groupBy("isTrain", probability, "label").count().coalesce(1).cache()
    evaluator = BinaryClassificationEvaluator(rawPredictionCol="probability", labelCol="label", weightCol="count")
    return {
        f"{short} {name}": evaluator.setMetricName(metric).evaluate(leaves.where(F.col("isTrain") == is_train))
        for name, is_train in (("train", True), ("test", False))
        for short, metric in AREAS.items()
    }


def vector_to_array(name: str) -> Column:
    """As in pyspark.ml.functions, which cannot be imported without pandas."""
    spark = SparkSession.getActiveSession()
    return Column(spark._jvm.org.apache.spark.ml.functions.vector_to_array(F.col(name)._jc, "float64"))


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
    run_main(main)
