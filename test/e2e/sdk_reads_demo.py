"""Reads the demo through the unchanged pachyderm-sdk, and prints what it saw as JSON. Arguments: host, port, commit set."""

import json
import sys

from pachyderm_sdk import Client
from pachyderm_sdk.api import pfs, pps

host, port, commit_set = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = Client(host, port)
job = client.pps.inspect_job(
    job=pps.Job(pipeline=pps.Pipeline(name="train", project=pfs.Project(name="default")), id=commit_set), wait=True, details=True
)
print(
    json.dumps(
        {
            "repos": sorted(info.repo.name for info in client.pfs.list_repo(type="user")),
            "header": client.pfs.pfs_file(pfs.File.from_uri(f"raw_data@{commit_set}:/paysim-1.csv")).readline().decode().strip(),
            "output": [info.file.path for info in client.pfs.list_file(file=pfs.File.from_uri(f"train@{commit_set}:/"))],
            "jobs": {info.job.pipeline.name: pps.JobState(info.state).name for info in client.pps.inspect_job_set(job_set=pps.JobSet(id=commit_set))},
            "train": {"state": pps.JobState(job.state).name, "processed": job.data_processed, "input": job.details.input.pfs.repo},
        }
    )
)
