"""The datums that a program is given: the one in /pfs, or with `datum_batching` one after the other."""

import os
import subprocess
import traceback
from typing import Callable

from tables import Refusal

NOT_BATCHED = "datum batching not enabled"


def each_datum(work: Callable[[], None]) -> None:
    """Has `work` done for each datum that the worker puts into /pfs, and once where there is no worker, or it doesn't batch.

    With batching, an error fails the datum, and the next one comes. It doesn't return then: a worker that has no more datums
    ends the program.
    """
    if "PPS_WORKER_GRPC_PORT" not in os.environ or not next_datum(""):
        return work()
    while True:
        next_datum(error_of(work))


def next_datum(error: str) -> bool:
    """Waits until the next datum is in /pfs, and tells how it went with the one before. False where datums are not batched."""
    asked = subprocess.run(["stemma", "next-datum", "--error", error], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if asked.returncode != 0 and NOT_BATCHED not in asked.stderr:
        raise Refusal(asked.stderr.strip() or f"stemma next-datum ended with {asked.returncode}.")
    return asked.returncode == 0


def error_of(work: Callable[[], None]) -> str:
    """Why a datum failed, on one line; empty when it went well."""
    try:
        work()
        return ""
    except Refusal as refusal:
        return str(refusal)
    except Exception as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}".split("\n", 1)[0][:2000]
