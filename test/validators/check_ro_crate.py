"""Validates crates by roc-validator without the network.

stdin: {name: {"profile": identifier, "files": {path: text}}}; stdout: {name: [what is wrong, …]}.
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

import rocrate
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils import document_loader, http

logging.disable(logging.CRITICAL)

# The one document that has to be fetched, the context of RO-Crate 1.1, is in the package `rocrate`.
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": json.loads(
        (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text()
    )
}


class Response:
    status_code = 200
    headers = {"Content-Type": "application/ld+json"}
    from_cache = True

    def __init__(self, document):
        self.document = document
        self.text = json.dumps(document)
        self.content = self.text.encode()

    def json(self):
        return self.document


def get(self, url, *args, **kwargs):
    if url.rstrip("/") not in CONTEXTS:
        raise RuntimeError(f"the network was asked for {url}")
    return Response(CONTEXTS[url.rstrip("/")])


http.HttpRequester.get = get


def check(profile, files):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        settings = ValidationSettings(
            rocrate_uri=folder, profile_identifier=profile, requirement_severity=Severity.REQUIRED, offline=True
        )
        result = services.validate(settings)
        if len(result.executed_checks) < 40:
            return [f"only {len(result.executed_checks)} checks were made"]
        return [f"{issue.severity.name}: {issue.message} ({issue.violatingEntity})" for issue in result.get_issues()]


def verdict(each):
    try:
        return check(each["profile"], each["files"])
    except Exception as error:  # whatever the package says is the finding
        return [f"{type(error).__name__}: {error}"]


print(json.dumps({name: verdict(each) for name, each in json.load(sys.stdin).items()}))
