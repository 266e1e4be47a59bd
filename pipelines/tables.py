"""What the Spark stages share: finding CSV files, reading them by their own headers, exact sums, and failing with one line."""

import csv
import os
import re
import sys
from functools import reduce
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

from pyspark import SparkContext
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructField, StructType

# The columns that a stage needs, and as what Spark is to read them.
Columns = Dict[str, DataType]

MONEY = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"]

# No amount of money is near this, nor is the sum of a customer's. In whole ten-thousandths they have room in 64 bits.
LARGEST = 1e12
LARGEST_SUM = 9e14


class Refusal(Exception):
    """What is wrong with the input, in words for people."""


def run_main(main: Callable[[], None]) -> None:
    """Ends the program with one line on stderr when there is a refusal."""
    try:
        main()
    except Refusal as refusal:
        say_error(f"{Path(sys.argv[0]).name}: {refusal}")
        sys.exit(1)


def say_error(line: str) -> None:
    """spark-submit sends Python's own stderr to stdout, so the line goes through Java."""
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        SparkContext._ensure_initialized()
        SparkContext._jvm.java.lang.System.err.println(line)
    else:
        print(line, file=sys.stderr)


def exact_sum(name: str) -> Column:
    """A sum of money in whole ten-thousandths, so that it is the same in whatever order Spark adds it up; null where it is too large."""
    return F.try_sum(F.rint(F.col(name) * 10_000).cast("long"))


def is_no_money(name: str, largest: float) -> Column:
    """What could not be read as a number is null in Spark."""
    return F.col(name).isNull() | F.isnan(name) | (F.abs(name) > largest)


def csv_files(folder: Path) -> List[Path]:
    """All CSV files below a folder, sorted, without hidden ones."""
    if not folder.is_dir():
        raise Refusal(f"there is no folder {folder}.")
    found: List[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if name.endswith(".csv") and not name.startswith(".")]
    return sorted(found)


# The files that have the same columns in the same order, by these columns.
Layouts = Dict[Tuple[str, ...], List[Path]]


def find_layouts(files: Sequence[Path], columns: Columns) -> Layouts:
    """Reads the first line of each file."""
    layouts: Layouts = {}
    for file in files:
        with file.open(newline="", encoding="utf-8-sig", errors="replace") as lines:
            header = tuple(next(csv.reader(lines), []))
        missing = [column for column in columns if column not in header]
        if missing:
            raise Refusal(f"{file} has no column {', '.join(missing)}: its first line is {','.join(header)[:300] or 'empty'}.")
        layouts.setdefault(header, []).append(file)
    return layouts


def read_tables(spark: SparkSession, layouts: Layouts, columns: Columns) -> DataFrame:
    """Reads the named columns of all files. Spark takes columns by position, whatever the first line says, and so
    each layout is read with a schema of its own."""
    frames = [read_layout(spark, header, files, columns) for header, files in sorted(layouts.items())]
    return reduce(DataFrame.unionByName, frames)


def read_layout(spark: SparkSession, header: Sequence[str], files: Sequence[Path], columns: Columns) -> DataFrame:
    schema = StructType([StructField(name, columns.get(name, StringType())) for name in header])
    # Spark reads patterns, in which these characters mean something, and takes the rest as it is: no percent-encoding.
    paths = ["file://" + re.sub(r"[\\\[\]{}*?]", r"\\\g<0>", str(file.absolute())) for file in files]
    return spark.read.csv(paths, schema=schema, header=True, escape='"').select(*columns)
