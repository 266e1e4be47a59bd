"""Training on PaySim as its first pipelines had it, by somebody who knows MLflow and has never heard of stemma.

spark-submit paysim_mlflow.py --in DIR --out DIR [--experiment NAME]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Dict, Tuple

import mlflow
import mlflow.spark
import pyspark
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

MEANS = ["avg_amount", "avg_oldbalanceOrg", "avg_newbalanceOrig", "avg_oldbalanceDest", "avg_newbalanceDest"]
FEATURES = [*MEANS, "orgDiff", "destDiff"]
DEPTHS = [2, 5]
SEED = 54321
SPLIT_SEED = 12345


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains decision trees on PaySim, one for each depth, and keeps the best.")
    parser.add_argument("--in", dest="source", required=True, help="a folder with the ETL's CSV files")
    parser.add_argument("--out", required=True, help="a folder for the model")
    parser.add_argument("--experiment", default="paysim-fraud")
    arguments = parser.parse_args()

    spark = SparkSession.builder.appName("paysim").getOrCreate()
    train, test = load(spark, arguments.source)

    mlflow.set_experiment(arguments.experiment)
    with mlflow.start_run() as run:
        print(f"run {run.info.run_id}")
        mlflow.set_tag("dataset", "PaySim")
        mlflow.log_param("balanced", False)
        mlflow.log_params({"seed": SEED, "splitSeed": SPLIT_SEED, "depths": DEPTHS})
        candidates = [try_depth(depth, train, test) for depth in DEPTHS]
        depth, _, model = max(candidates, key=lambda candidate: candidate[1])
        mlflow.log_param("maxDepth", depth)
        metrics = {**evaluate(model, train, "train"), **evaluate(model, test, "test")}
        mlflow.log_metrics(metrics)
        log_tree(model)
        mlflow.spark.log_model(model, "model", pip_requirements=[f"pyspark=={pyspark.__version__}"])
        print(f"best depth {depth}: {metrics}")

    model.write().overwrite().save(f"file://{Path(arguments.out).absolute()}")
    spark.stop()


def load(spark: SparkSession, folder: str) -> Tuple[DataFrame, DataFrame]:
    raw = spark.read.csv(f"file://{Path(folder).absolute()}/*.csv", header=True)
    features = raw.select(
        *[F.col(name).cast("double") for name in MEANS],
        (F.col("avg_newbalanceOrig") + F.col("avg_amount") - F.col("avg_oldbalanceOrg")).alias("orgDiff"),
        (F.col("avg_oldbalanceDest") + F.col("avg_amount") - F.col("avg_newbalanceDest")).alias("destDiff"),
        (F.col("sum_isFraud") > 0).cast("double").alias("label"),
    )
    train, test = features.randomSplit([0.8, 0.2], seed=SPLIT_SEED)
    return train.cache(), test.cache()


def try_depth(depth: int, train: DataFrame, test: DataFrame) -> Tuple[int, float, PipelineModel]:
    with mlflow.start_run(run_name=f"depth {depth}", nested=True):
        mlflow.log_param("maxDepth", depth)
        assembler = VectorAssembler(inputCols=FEATURES, outputCol="features")
        tree = DecisionTreeClassifier(labelCol="label", featuresCol="features", maxDepth=depth, seed=SEED)
        model = Pipeline(stages=[assembler, tree]).fit(train)
        area = area_under(model.transform(test), "areaUnderPR")
        mlflow.log_metric("PR test", area)
        print(f"depth {depth}: {area}")
        return depth, area, model


def evaluate(model: PipelineModel, part: DataFrame, name: str) -> Dict[str, float]:
    predictions = model.transform(part)
    return {
        f"PR {name}": area_under(predictions, "areaUnderPR"),
        f"AUC {name}": area_under(predictions, "areaUnderROC"),
    }


def area_under(predictions: DataFrame, metric: str) -> float:
    evaluator = BinaryClassificationEvaluator(rawPredictionCol="prediction", labelCol="label", metricName=metric)
    return evaluator.evaluate(predictions)


def log_tree(model: PipelineModel) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tree.txt")
        path.write_text(model.stages[-1].toDebugString, encoding="utf-8")
        mlflow.log_artifact(str(path))


if __name__ == "__main__":
    main()
