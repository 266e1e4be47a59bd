"""Holds the ETL's tables against pandas' sums over the raw CSV files; prints what it found as JSON. Arguments: raw folder, ETL folders."""

import json
import sys
from pathlib import Path

import pandas as pd

MONEY = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"]
SUMS = [*(f"sum_{name}" for name in MONEY), "sum_isFraud", "rows"]


def raw_sums(folder: Path) -> pd.DataFrame:
    columns = ["type", "nameOrig", *MONEY, "isFraud"]
    rows = pd.concat(pd.read_csv(file, usecols=columns) for file in sorted(folder.glob("*.csv")))
    rows = rows[rows["type"].isin(["TRANSFER", "CASH_OUT"])].assign(rows=1)
    sums = rows.groupby("nameOrig")[[*MONEY, "isFraud", "rows"]].sum()
    return sums.set_axis(SUMS, axis="columns")


def etl_sums(folder: Path) -> pd.DataFrame:
    tables = pd.concat(pd.read_csv(file) for file in sorted(folder.rglob("*.csv")))
    return tables.groupby("nameOrig")[SUMS].sum()


def compare(expected: pd.DataFrame, found: pd.DataFrame) -> dict:
    deviation = (found - expected).abs() / expected.abs().clip(lower=1)
    return {
        "customers": len(found),
        "unequal": len(expected.index.symmetric_difference(found.index)),
        "rows": int(found["rows"].sum()),
        "frauds": int(found["sum_isFraud"].sum()),
        "deviation": float(deviation.max().max()),
    }


raw, *layouts = sys.argv[1:]
expected = raw_sums(Path(raw))
kept = {"customers": len(expected), "rows": int(expected["rows"].sum()), "frauds": int(expected["sum_isFraud"].sum())}
print(json.dumps({"expected": kept, "found": [compare(expected, etl_sums(Path(folder))) for folder in layouts]}))
