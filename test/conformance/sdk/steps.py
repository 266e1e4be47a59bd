"""What the scripts here do their steps with: `client`, of the server whose host and port are the arguments, and `step`."""

import json
import sys

import grpc
from betterproto import Message
from pachyderm_sdk import Client

client = Client(sys.argv[1], int(sys.argv[2]))


def plain(value):
    if isinstance(value, Message):
        return value.to_dict()
    if isinstance(value, bytes):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def step(name, work):
    """Prints one JSON line: the step's name, and its gRPC code and text, or what it answered. Gives the answer, or None."""
    try:
        value = work()
        print(json.dumps({"name": name, "answer": plain(value)}), flush=True)
        return value if value is not None else {}
    except grpc.RpcError as error:
        print(json.dumps({"name": name, "code": error.code().name, "text": error.details()}), flush=True)
        return None


def example(title):
    """Makes a step of a function, at once."""
    return lambda work: step(title, work)
