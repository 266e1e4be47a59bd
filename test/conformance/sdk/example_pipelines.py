"""Uses pipelines as the pachyderm-sdk's own examples do. Arguments: host, port, and an empty project to work in."""

import json
import sys

import grpc
from pachyderm_sdk.api import pfs, pps
from steps import client, example

P = sys.argv[3]
PROJECT = pfs.Project(name=P)
SOURCE = pfs.Branch.from_uri(f"{P}/words@master")
COUNT = "for file in /pfs/in/*; do wc -c < $file > /pfs/out/$(basename $file); echo counted $(basename $file); done"


def pipeline(name):
    return pps.Pipeline(name=name, project=PROJECT)


def words():
    return pps.Input(pfs=pps.PfsInput(project=P, name="in", repo="words", branch="master", glob="/*"))


def put(**files):
    with client.pfs.commit(branch=SOURCE) as commit:
        for path, text in files.items():
            commit.put_file_from_bytes(f"/{path}", text.encode())
    commit.wait_all()
    return commit


def read(name, path):
    with client.pfs.pfs_file(file=pfs.File.from_uri(f"{P}/{name}@master:{path}")) as opened:
        return opened.read().decode().strip()


def last_job(name):
    return next(iter(client.pps.list_job(pipeline=pipeline(name)))).job


def ended(name):
    info = client.pps.inspect_job(job=last_job(name), wait=True)
    return [pps.JobState(info.state).name, info.data_processed, info.data_skipped, info.data_failed, info.data_total]


client.pfs.create_repo(repo=SOURCE.repo)
put(one="1", two="22")


@example("create_pipeline makes a pipeline, whose job counts")
def _():
    client.pps.create_pipeline(
        pipeline=pipeline("count"), transform=pps.Transform(cmd=["sh"], stdin=[COUNT]), input=words(), description="counts"
    )
    return [ended("count"), read("count", "/two")]


@example("a second file makes one more datum")
def _():
    put(three="333")
    return [ended("count"), read("count", "/three")]


@example("create_pipeline_v2 takes JSON, and answers it with the defaults")
def _():
    spec = {
        "pipeline": {"name": "sum", "project": {"name": P}},
        "transform": {"cmd": ["sh"], "stdin": ["cat /pfs/count/* | awk '{s+=$1} END {print s}' > /pfs/out/sum"]},
        "input": {"pfs": {"repo": "count", "glob": "/", "project": P}},
    }
    answer = client.pps.create_pipeline_v2(create_pipeline_request_json=json.dumps(spec))
    effective = json.loads(answer.effective_create_pipeline_request_json)
    return [effective["datumTries"], effective["outputBranch"], ended("sum"), read("sum", "/sum")]


@example("create_pipeline_v2 with dry_run makes nothing")
def _():
    spec = {"pipeline": {"name": "dry", "project": {"name": P}}, "transform": {"cmd": ["true"]}}
    client.pps.create_pipeline_v2(create_pipeline_request_json=json.dumps(spec), dry_run=True)
    return client.pps.pipeline_exists(pipeline("dry"))


@example("pipeline_exists and job_exists say whether there are such")
def _():
    nowhere = pps.Job(pipeline=pipeline("count"), id=32 * "0")
    return [client.pps.pipeline_exists(pipeline("count")), client.pps.job_exists(last_job("count")), client.pps.job_exists(nowhere)]


@example("inspect_pipeline says what a pipeline is")
def _():
    info = client.pps.inspect_pipeline(pipeline=pipeline("count"), details=True)
    return [info.version, info.details.description, info.details.transform.cmd, info.details.input.pfs.glob]


@example("list_pipeline lists a project's pipelines, the newest first")
def _():
    return [info.pipeline.name for info in client.pps.list_pipeline(projects=[PROJECT])]


@example("an input's commit makes a job in each pipeline behind it")
def _():
    infos = client.pps.inspect_job_set(job_set=pps.JobSet(id=put(four="4444").id), wait=True)
    return sorted([info.job.pipeline.name, pps.JobState(info.state).name] for info in infos)


@example("list_job lists the newest first")
def _():
    return [[info.data_processed, info.data_skipped] for info in client.pps.list_job(pipeline=pipeline("count"))]


@example("list_datum lists a job's datums, and inspect_datum says what one read")
def _():
    datums = list(client.pps.list_datum(job=last_job("count")))
    states = sorted(pps.DatumState(info.state).name for info in datums)
    read_by = sorted(client.pps.inspect_datum(datum=info.datum).data[0].file.path for info in datums)
    return [states, read_by]


@example("list_datum of an input lists what it would be")
def _():
    return sorted(info.data[0].file.path for info in client.pps.list_datum(input=words()))


@example("generate_datums hands them over in batches")
def _():
    return [len(batch) for batch in client.pps.generate_datums(words(), 3)]


@example("get_logs reads what the code has printed")
def _():
    lines = client.pps.get_logs(job=last_job("count"))
    return [line.message for line in lines if line.user]


@example("update with reprocess makes a new version, which does all again")
def _():
    client.pps.create_pipeline(
        pipeline=pipeline("count"),
        transform=pps.Transform(cmd=["sh"], stdin=[COUNT]),
        input=words(),
        update=True,
        reprocess=True,
    )
    versions = [info.version for info in client.pps.list_pipeline(pipeline=pipeline("count"), history=-1)]
    return [ended("count"), versions]


@example("a failing datum fails its job, and says which")
def _():
    client.pps.create_pipeline(
        pipeline=pipeline("fails"), transform=pps.Transform(cmd=["false"]), input=words(), datum_tries=1
    )
    state, *counts = ended("fails")
    return [state, counts, client.pps.inspect_job(job=last_job("fails")).reason]


@example("a stopped pipeline makes no jobs until it is started")
def _():
    before = last_job("count").id
    client.pps.stop_pipeline(pipeline=pipeline("count"))
    put(five="55555")
    stopped = [client.pps.inspect_pipeline(pipeline=pipeline("count")).stopped, last_job("count").id == before]
    client.pps.start_pipeline(pipeline=pipeline("count"))
    return [stopped, ended("count")]


@example("run_cron makes a tick, and a job")
def _():
    tick = pps.Input(cron=pps.CronInput(name="tick", spec="@never"))
    client.pps.create_pipeline(pipeline=pipeline("clock"), transform=pps.Transform(cmd=["true"]), input=tick)
    client.pps.run_cron(pipeline=pipeline("clock"))
    return ended("clock")


@example("a secret is created, listed without its data, and deleted")
def _():
    name = f"{P}-secret".replace("_", "-")
    client.pps.create_secret(name=name, data={"key": "value"})
    listed = [info.secret.name == name for info in client.pps.list_secret().secret_info if info.secret.name == name]
    client.pps.delete_secret(secret=pps.Secret(name=name))
    return [listed, [info.secret.name for info in client.pps.list_secret().secret_info if info.secret.name == name]]


@example("delete_pipeline is refused while another comes from it, and deletes its repo otherwise")
def _():
    try:
        client.pps.delete_pipeline(pipeline=pipeline("count"))
    except grpc.RpcError as error:
        refused = "direct provenance" in error.details()
    client.pps.delete_pipeline(pipeline=pipeline("sum"))
    client.pps.delete_pipeline(pipeline=pipeline("count"))
    return [refused, client.pfs.repo_exists(pfs.Repo.from_uri(f"{P}/count"))]
