"""Validates bills of materials by cyclonedx-python-lib, strictly.

stdin: {name: text}; stdout: {name: "" or what is wrong}.
"""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)


def verdict(text):
    error = validator.validate_str(text)
    return "" if error is None else repr(error)[:2000]


print(json.dumps({name: verdict(text) for name, text in json.load(sys.stdin).items()}))
