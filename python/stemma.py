"""Logs to the run of ``stemma track``, from Python's standard library alone.

    import stemma

    stemma.log_params({"max_depth": 5, "seed": 7})
    for epoch in range(10):
        stemma.log_metric("loss", 1 / (epoch + 1), step=epoch)
    stemma.log_artifact("model.bin", "model")

Each call writes into the folders that ``stemma track`` names in ``$STEMMA_REPORT`` and ``$STEMMA_ARTIFACTS``; the tracker
takes what it finds there to MLflow while the program runs. No call waits for a server. All calls may be made by several
threads and processes at once.

Outside of ``stemma track`` nothing is logged: the first call says so on stderr, and the program runs as it would without.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import sys
import tempfile
import threading
import time as clock
from typing import Any, Callable, Iterable, Mapping, Optional

__all__ = [
    "log_artifact",
    "log_dict",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "log_text",
    "set_tag",
    "set_tags",
]

_warning = threading.Lock()


def log_param(key: str, value: Any) -> None:
    """Log a param. MLflow keeps its first value: another one later is refused."""
    log_params({key: value})


def log_params(params: Mapping[str, Any]) -> None:
    """Log several params, each value as ``str`` shows it."""
    _append("params.csv", map(_csv_line, params.items()))


def log_metric(key: str, value: float, step: Optional[int] = None, time: Optional[float] = None) -> None:
    """Log one point of a metric's curve; NaN and infinite values are kept.

    Without a step it comes one step after the last point of this metric. ``time`` is in seconds since 1970, by default now.
    """
    _append("metrics.jsonl", [_metric_line(key, value, step, time)])


def log_metrics(metrics: Mapping[str, float], step: Optional[int] = None) -> None:
    """Log a point of each of several metrics."""
    _append("metrics.jsonl", [_metric_line(key, value, step, None) for key, value in metrics.items()])


def set_tag(key: str, value: Any) -> None:
    """Set a tag of the run. The last value counts."""
    set_tags({key: value})


def set_tags(tags: Mapping[str, Any]) -> None:
    """Set several tags of the run."""
    _append("tags.csv", map(_csv_line, tags.items()))


def log_artifact(path: "str | os.PathLike[str]", artifact_path: Optional[str] = None) -> None:
    """Log a file as it is now, or a directory with all below it, as an artifact of the same name.

    ``artifact_path`` is the directory among the run's artifacts that it goes into.
    """
    source = os.path.abspath(os.fspath(path))
    target = os.path.join(artifact_path or "", os.path.basename(source))
    if not os.path.isdir(source):
        _place(target, lambda part: shutil.copyfile(source, part))
        return
    for folder, _, names in os.walk(source):
        for name in names:
            file = os.path.join(folder, name)
            _place(os.path.join(target, os.path.relpath(file, source)), lambda part, file=file: shutil.copyfile(file, part))


def log_text(text: str, path: str) -> None:
    """Log a text as an artifact of this path."""

    def write(part: str) -> None:
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(text)

    _place(path, write)


def log_dict(dictionary: Mapping[str, Any], path: str) -> None:
    """Log a dictionary as an artifact of this path, in JSON."""
    log_text(json.dumps(dictionary, indent=2, default=str), path)


def _csv_line(pair: "tuple[str, Any]") -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([pair[0], str(pair[1])])
    return line.getvalue()


def _metric_line(key: str, value: float, step: Optional[int], time: Optional[float]) -> str:
    number = float(value)
    point = {
        "key": key,
        # JSON has no words for NaN and the infinities: they go as texts.
        "value": number if math.isfinite(number) else str(number),
        "time": round((clock.time() if time is None else time) * 1000),
    }
    if step is not None:
        point["step"] = int(step)
    return json.dumps(point) + "\n"


def _append(name: str, lines: Iterable[str]) -> None:
    """Append whole lines in one write, which no other writer's lines can get into."""
    data = "".join(lines).encode("utf-8", "replace")
    folder = _folder("STEMMA_REPORT")
    if folder is None or not data:
        return
    with open(os.path.join(folder, name), "ab", buffering=0) as file:
        if file.write(data) != len(data):
            raise OSError("stemma: {} could not be written whole".format(name))


def _place(path: str, write: Callable[[str], Any]) -> None:
    """Let ``write`` make a file, then give it its name among the artifacts: nobody ever sees half of it."""
    relative = os.path.normpath(path)
    if os.path.isabs(relative) or relative in ("", os.curdir) or relative.split(os.sep)[0] == os.pardir:
        raise ValueError("an artifact's path is relative and stays within the artifacts, unlike {!r}".format(path))
    report, artifacts = _folder("STEMMA_REPORT"), _folder("STEMMA_ARTIFACTS")
    if report is None or artifacts is None:
        return
    target = os.path.join(artifacts, relative)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    # In the report's folder, where the tracker takes no notice of it.
    handle, part = tempfile.mkstemp(prefix=".part-", dir=report)
    os.close(handle)
    try:
        write(part)
        os.replace(part, target)
    except BaseException:
        os.remove(part)
        raise


def _folder(variable: str) -> Optional[str]:
    folder = os.environ.get(variable)
    if not folder and _warning.acquire(blocking=False):  # never released: one warning is enough
        print("stemma: nothing is logged, as this is not run by `stemma track`", file=sys.stderr)
    return folder or None
