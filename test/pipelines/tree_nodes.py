"""Prints the nodes of a tree that Spark has saved, with all that its predictions come from, as JSON. Argument: the model's folder."""

import sys
from pathlib import Path

import pandas as pd

(data,) = Path(sys.argv[1]).glob("stages/1_*/data/*.parquet")
print(pd.read_parquet(data).sort_values("id").to_json(orient="records", double_precision=15))
