"""A real MLflow server that is quickly killed and started again: MLflow is loaded once, and each server is a fork.

mlflow-server.py FOLDER PORT CACHE. Each line of its input, "start" or "kill", is answered with the line "done"; a server that was
started answers a moment later. It ends, and its server with it, when its input does. CACHE keeps an empty database, which takes
seconds to make.
"""

import os
import shutil
import signal
import sys

folder, port, cache = sys.argv[1], int(sys.argv[2]), sys.argv[3]
database = f"{folder}/mlflow.db"
store = f"sqlite:///{database}"
# What `mlflow server` hands to the process that serves: its options, as variables.
os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
    _MLFLOW_SERVER_FILE_STORE=store,
    _MLFLOW_SERVER_REGISTRY_STORE=store,
    _MLFLOW_SERVER_ARTIFACT_ROOT="mlflow-artifacts:/",
    _MLFLOW_SERVER_ARTIFACT_DESTINATION=f"{folder}/artifacts",
    _MLFLOW_SERVER_SERVE_ARTIFACTS="true",
    _MLFLOW_SGI_NAME="uvicorn",
)

import uvicorn
from mlflow import __version__
from mlflow.server import fastapi_app, handlers

empty_database = f"{cache}/mlflow-{__version__}.db"


def copy(source, target):
    """Whole or not at all, as others may do the same."""
    draft = f"{target}.{os.getpid()}"
    shutil.copyfile(source, draft)
    os.rename(draft, target)


def serve():
    os.close(0)
    os.dup2(2, 1)
    if os.path.exists(empty_database) and not os.path.exists(database):
        copy(empty_database, database)
    handlers.initialize_backend_stores(store, store, "mlflow-artifacts:/")
    if not os.path.exists(empty_database):
        os.makedirs(cache, exist_ok=True)
        copy(database, empty_database)
    uvicorn.run(fastapi_app.app, host="127.0.0.1", port=port)


def kill(server):
    if server != 0:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


server = 0
for line in sys.stdin:
    kill(server)
    server = os.fork() if line == "start\n" else 0
    if line == "start\n" and server == 0:
        serve()
        os._exit(1)
    print("done", flush=True)
kill(server)
