"""Reads statements by in-toto-attestation, and checks envelopes by securesystemslib.

stdin: {name: {"statement": text} or {"envelope": text, "key": public key as PEM}}; stdout: {name: "" or what is wrong}.
"""

import base64
import json
import sys

import google.protobuf.json_format as pb_json
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey


def check_statement(text):
    message = pb_json.Parse(text, StatementMessage())
    Statement.copy_from_pb(message).validate()
    pb_json.ParseDict(json.loads(text)["predicate"], Provenance())


def check_envelope(text, pem):
    envelope = Envelope.from_dict(json.loads(text))
    key = SSlibKey.from_crypto(load_pem_public_key(pem.encode()))
    key.keyid = json.loads(text)["signatures"][0]["keyid"]
    envelope.verify([key], 1)
    check_statement(base64.b64decode(json.loads(text)["payload"]).decode())


def verdict(each):
    try:
        if "envelope" in each:
            check_envelope(each["envelope"], each["key"])
        else:
            check_statement(each["statement"])
        return ""
    except Exception as error:  # whatever the packages say is the finding
        return f"{type(error).__name__}: {error}"


print(json.dumps({name: verdict(each) for name, each in json.load(sys.stdin).items()}))
