"""Reads documents as the `prov` package does: PROV-JSON and PROV-N of the same graph have to be the same document.

stdin: {name: {"json": text, "provn": text}}; stdout: {name: how many records, or what is wrong}.
"""

import json
import sys

from prov.model import ProvDocument


def check(each):
    as_json = ProvDocument.deserialize(content=each["json"], format="json")
    as_n = ProvDocument.deserialize(content=each["provn"], format="provn", profile="strict")
    if as_json != as_n:
        only = [str(r) for r in as_json.get_records() if r not in as_n.get_records()]
        other = [str(r) for r in as_n.get_records() if r not in as_json.get_records()]
        return f"differ: {only[:3]} {other[:3]}"
    return len(as_json.get_records())


def verdict(each):
    try:
        return check(each)
    except Exception as error:  # whatever the package says is the finding
        return f"{type(error).__name__}: {error}"


print(json.dumps({name: verdict(each) for name, each in json.load(sys.stdin).items()}))
