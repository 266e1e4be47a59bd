"""ETL of the demo: one row a customer, with the means of amount and balances and the number of frauds.

spark-submit etl.py --in DIR --out DIR

Reads the CSV files of each folder in DIR (or of DIR itself, when it has CSV files) and writes <out>/<folder>.csv.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Dict, List

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, StringType

from tables import LARGEST, Layouts, csv_files, fail, find_layouts, read_tables

CUSTOMER = "nameOrig"
MEANS = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"]
COLUMNS = {CUSTOMER: StringType(), **{name: DoubleType() for name in MEANS}, "isFraud": IntegerType()}


def main() -> None:
    parser = argparse.ArgumentParser(description="One row a customer: means of amount and balances, and the number of frauds.")
    parser.add_argument("--in", dest="source", type=Path, required=True, help="a folder with CSV files, or with folders of them")
    parser.add_argument("--out", type=Path, required=True, help="the folder for one CSV file a folder")
    arguments = parser.parse_args()
    buckets = find_buckets(arguments.source)
    spark = SparkSession.builder.appName("etl").getOrCreate()
    for name, layouts in buckets.items():
        rows = Observation()
        table = read_tables(spark, layouts, COLUMNS).observe(
            rows, F.count(F.lit(1)).alias("all"), F.count(F.when(is_bad(), 1)).alias("bad")
        )
        write_one_csv(by_customer(table), arguments.out / f"{name}.csv", rows)
        print(f"etl: {name}: {rows.get['all']} rows")
    spark.stop()


def find_buckets(source: Path) -> Dict[str, Layouts]:
    """The CSV files by the folder that they count for: the first one below `source`, or `source` for those in it."""
    buckets: Dict[str, List[Path]] = {}
    for file in csv_files(source):
        parts = file.relative_to(source).parts
        buckets.setdefault(parts[0] if len(parts) > 1 else source.resolve().name, []).append(file)
    if not buckets:
        fail(f"there is no CSV file below {source}.")
    return {name: find_layouts(files, COLUMNS) for name, files in buckets.items()}


def is_bad() -> Column:
    """What could not be read as its type is null in Spark; the split stage has left such rows out."""
    bad = F.col(CUSTOMER).isNull() | F.col("isFraud").isNull()
    for name in MEANS:
        bad = bad | F.col(name).isNull() | F.isnan(name) | (F.abs(name) > LARGEST)
    return bad


def by_customer(table: DataFrame) -> DataFrame:
    means = [mean(name).alias(f"avg_{name}") for name in MEANS]
    frauds = F.sum("isFraud").alias("sum_isFraud")
    return table.groupBy(CUSTOMER).agg(*means, frauds, F.count(F.lit(1)).alias("rows"))


def mean(name: str) -> Column:
    """The mean by way of whole ten-thousandths: such sums are the same in whatever order Spark adds them up."""
    return F.sum(F.rint(F.col(name) * 10_000).cast("long")) / 10_000 / F.count(F.lit(1))


def write_one_csv(table: DataFrame, target: Path, rows: Observation) -> None:
    """Writes one sorted file. Spark writes folders and would clear the target's, so it gets a hidden one beside the target."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = tempfile.mkdtemp(prefix=".etl-", dir=target.parent)
    try:
        folder = Path(hidden, "csv")
        one_part = table.repartition(1).sortWithinPartitions(CUSTOMER)
        one_part.write.csv(f"file://{folder.absolute()}", header=True, escape='"')
        if rows.get["bad"] > 0:
            fail(f"{target.stem}: {rows.get['bad']} of {rows.get['all']} rows have no customer, or no number where one is due.")
        (part,) = folder.glob("part-*.csv")
        os.replace(part, target)
    finally:
        shutil.rmtree(hidden)


if __name__ == "__main__":
    main()
