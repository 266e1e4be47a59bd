"""The program of a pipeline with datum_batching, by the unchanged pachyderm-sdk: what it does depends on its argument."""

import os
import sys
import time

from pachyderm_sdk import Client, batch_all_datums

print("program started", flush=True)


def copy() -> None:
    path = os.environ["in"]
    with open(path, encoding="utf8") as source:
        text = source.read()
    if text == "bad":
        raise ValueError(f"{os.path.basename(path)} is bad")
    with open(f"/pfs/out/{os.path.basename(path)}", "w", encoding="utf8") as target:
        target.write(text.upper())


if sys.argv[1] == "decorator":
    batch_all_datums(copy)()
elif sys.argv[1] == "context":
    worker = Client().worker
    while True:
        with worker.batch_datum():
            copy()
elif sys.argv[1] == "one":
    with Client().worker.batch_datum():
        copy()
elif sys.argv[1] == "hang":
    worker = Client().worker
    while True:
        with worker.batch_datum():
            if os.environ["in"].endswith("slow"):
                time.sleep(1000)
            copy()
