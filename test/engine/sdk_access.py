"""Uses an engine with a token and TLS through the unchanged pachyderm-sdk, and prints what it saw as JSON.

Arguments: host, port, the file of the certificate to trust. The token is in PACH_PYTHON_AUTH_TOKEN, where the SDK looks for it.
"""

import json
import sys

import grpc
from pachyderm_sdk import Client
from pachyderm_sdk.api import pfs

host, port, ca_file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(ca_file, "rb") as file:
    root_certs = file.read()


def refusal(call):
    try:
        call()
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()}"
    return "accepted"


client = Client(host, port, root_certs=root_certs, tls=True)
one, two = [pfs.Repo(name=name) for name in ("one", "two")]
client.pfs.create_repo(repo=one)
with client.transaction.transaction() as transaction:
    client.pfs.create_repo(repo=two)
    commits = [client.pfs.start_commit(branch=pfs.Branch(repo=repo, name="master")) for repo in (one, two)]
try:
    with client.transaction.transaction() as given_up:
        client.pfs.create_repo(repo=pfs.Repo(name="three"))
        raise KeyError("changed my mind")
except KeyError:
    pass

stranger = Client(host, port, root_certs=root_certs, auth_token="wrong")
anonymous = Client(host, port, root_certs=root_certs, auth_token="")
print(
    json.dumps(
        {
            "version": f"{anonymous.get_version().major}.{anonymous.get_version().minor}",
            "warnings": list(anonymous.admin.inspect_cluster().warnings),
            "oneId": {commit.id for commit in commits} == {transaction.id},
            "inspected": client.pfs.inspect_commit(commit=pfs.Commit(repo=two, id=transaction.id)).commit.id == transaction.id,
            "givenUp": [client.transaction.transaction_exists(given_up), client.pfs.repo_exists(pfs.Repo(name="three"))],
            "wrong": refusal(lambda: list(stranger.pfs.list_repo())),
            "none": refusal(lambda: list(anonymous.pfs.list_repo())),
        }
    )
)
