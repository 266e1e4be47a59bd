"""ETL of the demo: for each file one row a customer, with the sums of amount and balances, of frauds, and of rows.

spark-submit etl.py --in DIR --out DIR

Writes <out>/<path> for each CSV file <in>/<path>. Who wants means adds up the sums of a customer in all files, and divides them by
its rows: so a new file leaves the tables of all others as they are. In a worker with `datum_batching` it takes one datum after the
other in one Spark session.
"""

import argparse
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import List

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, StringType

from datums import each_datum
from tables import LARGEST, LARGEST_SUM, MONEY, Refusal, csv_files, exact_sum, find_layouts, is_no_money, read_tables, run_main

CUSTOMER = "nameOrig"
COLUMNS = {CUSTOMER: StringType(), **{name: DoubleType() for name in MONEY}, "isFraud": IntegerType()}


def main() -> None:
    parser = argparse.ArgumentParser(description="One row a customer: sums of amount and balances, number of frauds, number of rows.")
    parser.add_argument("--in", dest="source", type=Path, required=True, help="a folder with CSV files")
    parser.add_argument("--out", type=Path, required=True, help="the folder for a CSV file each, at the same path")
    arguments = parser.parse_args()
    spark = SparkSession.builder.appName("etl").getOrCreate()
    each_datum(lambda: sum_files(spark, arguments.source, arguments.out))
    spark.stop()


def sum_files(spark: SparkSession, source: Path, out: Path) -> None:
    files = csv_files(source)
    if not files:
        raise Refusal(f"there is no CSV file below {source}.")
    layouts = [find_layouts([file], COLUMNS) for file in files]
    for file, layout in zip(files, layouts):
        path = file.relative_to(source)
        rows = read_tables(spark, layout, COLUMNS)
        # One task does it all where it can: then Spark has nothing to send from task to task, and nothing to leave on the disk.
        if file.stat().st_size <= spark._jsparkSession.sessionState().conf().filesMaxPartitionBytes():
            rows = rows.coalesce(1)
        print(f"etl: {path}: {write_sums(rows, path, out)} rows", flush=True)


def write_sums(rows: DataFrame, path: Path, out: Path) -> int:
    """Answers how many rows there were."""
    read, summed = Observation(), Observation()
    sums = rows.observe(read, *rows_read()).groupBy(CUSTOMER).agg(*sums_of_customer()).observe(summed, too_large())
    target = out / path
    target.parent.mkdir(parents=True, exist_ok=True)
    # Spark writes folders and would clear the target's, so it gets a hidden one beside the target.
    hidden = tempfile.mkdtemp(prefix=".etl-", dir=target.parent)
    try:
        folder = Path(hidden, "csv")
        sums.coalesce(1).sortWithinPartitions(CUSTOMER).write.csv(f"file://{folder.absolute()}", header=True, escape='"')
        seen, large = read.get, summed.get["bad"]
        if seen["bad"] > 0:
            raise Refusal(f"{path}: {seen['bad']} of {seen['all']} rows have no customer, or no number where one is due.")
        if large > 0:
            raise Refusal(f"{path}: {large} customers have sums beyond {LARGEST_SUM:.0f}.")
        (part,) = folder.glob("part-*.csv")
        os.replace(part, target)
    finally:
        shutil.rmtree(hidden)
    return seen["all"]


# Each function of Spark's that makes a column has Java look through all of its jars, which takes longer than a small datum: so the
# columns are made once for all datums.


@cache
def rows_read() -> List[Column]:
    """How many rows there are, and how many that the split stage should have left out."""
    bad = F.col(CUSTOMER).isNull() | F.col("isFraud").isNull()
    for name in MONEY:
        bad = bad | is_no_money(name, LARGEST)
    return [F.count(F.lit(1)).alias("all"), F.count(F.when(bad, 1)).alias("bad")]


@cache
def sums_of_customer() -> List[Column]:
    sums = [(exact_sum(name) / 10_000).alias(f"sum_{name}") for name in MONEY]
    return [*sums, F.sum("isFraud").alias("sum_isFraud"), F.count(F.lit(1)).alias("rows")]


@cache
def too_large() -> Column:
    """How many customers have a sum that is."""
    bad = F.lit(False)
    for name in MONEY:
        bad = bad | is_no_money(f"sum_{name}", LARGEST_SUM)
    return F.count(F.when(bad, 1)).alias("bad")


if __name__ == "__main__":
    run_main(main)
