"""ml-metadata on the graph of lineage-graph.ts: how many edges a second it takes, and how long it asks for a closure."""

import json
import sqlite3
import sys
import time

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

path, families, timed_edges, hops, repeats = sys.argv[1], json.loads(sys.argv[2]), *map(int, sys.argv[3:6])


def graph():
    """Each node with its number, its layer, and the numbers of those that it came from: as lineage-graph.ts has them."""
    numbers, number = {}, 0
    for layer in range(max(family["layers"] for family in families)):
        for at, family in enumerate(families):
            if layer >= family["layers"]:
                continue
            for place in range(family["width"]):
                number += 1
                numbers[at, layer, place] = number
                links = 0 if layer == 0 else 3 if place % 5 < 3 else 2
                origins = [numbers[at, layer - 1, (3 * place + k) % family["width"]] for k in range(links)]
                yield number, layer, origins, facts_of(number, layer, place)
    root["number"] = numbers[0, families[0]["layers"] - 1, 0]


def facts_of(number, layer, place):
    time = 1_700_000_000_000 + number * 1000
    if layer % 2 == 0:
        return {"state": "finished", "time": time, "sizeBytes": place * 1000}
    return {"state": "success", "time": time, "version": 1}


def properties(facts):
    return {name: pb.Value(string_value=fact) if isinstance(fact, str) else pb.Value(int_value=fact) for name, fact in facts.items()}


root = {}
config = pb.ConnectionConfig()
config.sqlite.filename_uri = path
store = metadata_store.MetadataStore(config)
commit_type = store.put_artifact_type(pb.ArtifactType(name="Commit"))
job_type = store.put_execution_type(pb.ExecutionType(name="Job"))

nodes = list(graph())
part, edges = [], 0
for node in nodes:
    if edges >= timed_edges:
        break
    part.append(node)
    edges += len(node[2])

ids = {}
started = time.perf_counter()
for begin in range(0, len(part), 1000):
    batch = part[begin : begin + 1000]
    commits = [node for node in batch if node[1] % 2 == 0]
    jobs = [node for node in batch if node[1] % 2 == 1]
    artifacts = [pb.Artifact(type_id=commit_type, name=str(n[0]), custom_properties=properties(n[3])) for n in commits]
    executions = [pb.Execution(type_id=job_type, name=str(n[0]), custom_properties=properties(n[3])) for n in jobs]
    ids.update(zip((n[0] for n in commits), store.put_artifacts(artifacts)))
    ids.update(zip((n[0] for n in jobs), store.put_executions(executions)))
    events = []
    for number, layer, origins, _ in batch:
        for origin in origins:
            artifact, execution, kind = (number, origin, pb.Event.OUTPUT) if layer % 2 == 0 else (origin, number, pb.Event.INPUT)
            events.append(pb.Event(artifact_id=ids[artifact], execution_id=ids[execution], type=kind))
    if events:
        store.put_events(events)
load_seconds = time.perf_counter() - started

# The rest goes into its tables directly, or it would take hours.
with sqlite3.connect(path) as sqlite:
    following = {kind: sqlite.execute(f"SELECT coalesce(max(id), 0) FROM {kind}").fetchone()[0] for kind in ("Artifact", "Execution")}
    for number, layer, origins, facts in nodes[len(part) :]:
        table = "Artifact" if layer % 2 == 0 else "Execution"
        following[table] += 1
        ids[number] = following[table]
        sqlite.execute(
            f"INSERT INTO {table}(id, type_id, name, create_time_since_epoch, last_update_time_since_epoch) VALUES(?, ?, ?, 0, 0)",
            (ids[number], commit_type if layer % 2 == 0 else job_type, str(number)),
        )
        for name, fact in facts.items():
            column = "string_value" if isinstance(fact, str) else "int_value"
            sqlite.execute(
                f"INSERT INTO {table}Property({table}_id, name, is_custom_property, {column}) VALUES(?, ?, 1, ?)",
                (ids[number], name, fact),
            )
        for origin in origins:
            pair = (number, origin, pb.Event.OUTPUT) if layer % 2 == 0 else (origin, number, pb.Event.INPUT)
            sqlite.execute(
                "INSERT INTO Event(artifact_id, execution_id, type, milliseconds_since_epoch) VALUES(?, ?, ?, 0)",
                (ids[pair[0]], ids[pair[1]], pair[2]),
            )

options = pb.LineageSubgraphQueryOptions(max_num_hops=hops, direction=pb.LineageSubgraphQueryOptions.Direction.UPSTREAM)
options.starting_artifacts.filter_query = f"id = {ids[root['number']]}"
times = []
for _ in range(repeats):
    started = time.perf_counter()
    answer = store.get_lineage_subgraph(options)
    times.append((time.perf_counter() - started) * 1000)
print(json.dumps({"edgesPerSecond": edges / load_seconds, "timedEdges": edges, "nodes": len(answer.artifacts) + len(answer.executions), "times": times}))
