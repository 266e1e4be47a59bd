"""The split of `stemma split` in pandas: reads a CSV file, keeps two types, and writes a file for each bucket of customers."""

import sys
import time
import zlib
from pathlib import Path

import pandas as pd

source, out, buckets = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

# The time to import pandas is not counted.
started = time.perf_counter()
table = pd.read_csv(source)
table = table[table["type"].isin(["TRANSFER", "CASH_OUT"])]
for bucket, rows in table.groupby(table["nameOrig"].map(lambda name: zlib.crc32(name.encode()) % buckets)):
    folder = out / f"bucket-{bucket:02}"
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / source.name, index=False)
print((time.perf_counter() - started) * 1000)
