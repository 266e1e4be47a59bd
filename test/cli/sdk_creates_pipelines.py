"""Reads pipeline specs with the unchanged pachyderm-sdk and creates them. Arguments: host, port, files. Prints the names that the server then has."""

import json
import sys

from pachyderm_sdk import Client
from pachyderm_sdk.api import pps

host, port, *files = sys.argv[1:]
client = Client(host, int(port))
names = []
for file in files:
    with open(file, encoding="utf-8") as stream:
        request = pps.CreatePipelineRequest().from_json(stream.read())
    request.pipeline.project.name = "default"
    client.pps.create_pipeline(**{name: value for name, value in vars(request).items() if not name.startswith("_")})
    names.append(client.pps.inspect_pipeline(pipeline=request.pipeline, details=True).pipeline.name)
print(json.dumps(names))
