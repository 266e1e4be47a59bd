"""Does, through the unchanged pachyderm-sdk, what was done to a real pachd when sdk-pps.txt was recorded. Arguments: host, port,
and how many datums there are instead of a thousand.
"""

import json
import sys

from pachyderm_sdk.api import pfs, pps
from steps import client, step

P = pfs.Project(name="plsdk1")
DATUMS = int(sys.argv[3])
NO_ID = "00000000000040008000000000000000"


def pipeline(name):
    return pps.Pipeline(project=P, name=name)


def reads(repo, glob="/*"):
    return pps.Input(pfs=pps.PfsInput(project=P.name, name="in", repo=repo, branch="master", glob=glob))


def create(name, repo="in", glob="/*"):
    count = pps.Transform(cmd=["sh"], stdin=["for f in /pfs/in/*; do wc -c < $f > /pfs/out/$(basename $f); done"])
    named = pipeline(name) if name else None
    return client.pps.create_pipeline(pipeline=named, transform=count, input=reads(repo, glob))


# The defaults of the cluster that was recorded.
requests = {"cpu": 1, "memory": "256Mi", "disk": "1Gi"}
defaults = {"createPipelineRequest": {"resourceRequests": requests, "sidecarResourceRequests": requests}}
client.pps.set_cluster_defaults(cluster_defaults_json=json.dumps(defaults))
client.pfs.create_project(project=P)
source = pfs.Repo(name="in", project=P)
client.pfs.create_repo(repo=source)
with client.pfs.commit(branch=pfs.Branch(repo=source, name="master")) as commit:
    for number in range(DATUMS):
        commit.put_file_from_bytes(f"/f{number:04}", 1024 * b"x")
commit.wait()

missing = pps.Job(pipeline=pipeline("nope"), id=NO_ID)
step("inspect_pipeline missing", lambda: client.pps.inspect_pipeline(pipeline=pipeline("nope")))
step("inspect_job missing", lambda: client.pps.inspect_job(job=missing))
step("list_job missing pipeline", lambda: list(client.pps.list_job(pipeline=pipeline("nope"))))
step("delete_pipeline missing", lambda: client.pps.delete_pipeline(pipeline=pipeline("nope")))
step("start_pipeline missing", lambda: client.pps.start_pipeline(pipeline=pipeline("nope")))
step("list_datum missing job", lambda: list(client.pps.list_datum(job=missing)))
step("create bad glob", lambda: create("badglob", glob="/["))
step("create missing repo", lambda: create("norepo", repo="nope"))
step("create no name", lambda: create(None))
step("create 1000-datum pipeline", lambda: create("thousand"))
step("create again", lambda: create("thousand"))
thousand = pipeline("thousand")
job = next(iter(client.pps.list_job(pipeline=thousand))).job
jobs = pps.JobSet(id=job.id)
step("wait job (1000 datums of 1 KiB, 1 worker)", lambda: list(client.pps.inspect_job_set(job_set=jobs, wait=True)))
step("inspect_job", lambda: client.pps.inspect_job(job=job, details=True))
step("list_datum", lambda: len(list(client.pps.list_datum(job=job))))
step("inspect_job_set", lambda: list(client.pps.inspect_job_set(job_set=jobs)))
step("inspect_pipeline", lambda: client.pps.inspect_pipeline(pipeline=thousand, details=True))
