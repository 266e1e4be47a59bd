"""Reads events into the classes of openlineage-python, which are generated from OpenLineage's JSON schemas, and stricter than it does.

stdin: {name: lines of events}; stdout: {name: [what is wrong, …]}.
"""

import enum
import importlib
import json
import pkgutil
import sys
import types
import typing

import attr
from openlineage.client import generated
from openlineage.client.generated import base

ANY = typing.Any
FACETS = {
    cls._get_schema(): cls
    for module in pkgutil.iter_modules(generated.__path__)
    for cls in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values()
    if isinstance(cls, type) and hasattr(cls, "_get_schema")
}
HINTS = {}
OWN = "pkg:npm/stemma"


def hints(cls):
    if cls not in HINTS:
        HINTS[cls] = typing.get_type_hints(cls)
    return HINTS[cls]


def check(hint, value, place):
    """What is wrong with a value that should be of a type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is ANY:
        return []
    if origin in (typing.Union, types.UnionType):
        found = [check(each, value, place) for each in args]
        return min(found, key=len)
    if origin is list:
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [wrong for i, each in enumerate(value) for wrong in check(args[0], each, f"{place}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{place}: no object"]
        return [wrong for key, each in value.items() for wrong in check(args[1], each, f"{place}.{key}")]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [] if value in [each.value for each in hint] else [f"{place}: {value!r} is no {hint.__name__}"]
    if isinstance(hint, type) and issubclass(hint, base.BaseFacet):
        return check_facet(hint, value, place)
    if attr.has(hint):
        return check_fields(hint, value, place)
    return [] if isinstance(value, hint) else [f"{place}: {value!r} is no {hint}"]


def check_fields(cls, value, place):
    if not isinstance(value, dict):
        return [f"{place}: no object"]
    fields = {field.name: field for field in attr.fields(cls)}
    wrong = [f"{place}.{key}: unknown" for key in value if key not in fields]
    for name, field in fields.items():
        if name in value:
            wrong += check(hints(cls).get(name, ANY), value[name], f"{place}.{name}")
            if field.validator is not None and not wrong:
                try:
                    field.validator(types.SimpleNamespace(**value), field, value[name])
                except Exception as error:
                    wrong.append(f"{place}.{name}: {error}")
        elif field.default is attr.NOTHING:
            wrong.append(f"{place}.{name}: missing")
    return wrong


def check_facet(general, value, place):
    """By the class that the facet itself names, which has to be one of those that belong here."""
    url = value.get("_schemaURL", "")
    if url.startswith(OWN):
        return [] if value.get("_producer", "").startswith(OWN) else [f"{place}: no producer"]
    cls = FACETS.get(url)
    if cls is None or not issubclass(cls, general):
        return [f"{place}: {url} is no {general.__name__}"]
    return check_fields(cls, value, place)


def check_event(event, place):
    name = event["schemaURL"].rsplit("/", 1)[-1]
    cls = {"RunEvent": base.RunEvent, "JobEvent": base.JobEvent, "DatasetEvent": base.DatasetEvent}[name]
    wrong = [] if event["schemaURL"] == cls._get_schema() else [f"{place}.schemaURL"]
    return wrong + check_fields(cls, event, place)


def verdict(text):
    lines = [json.loads(line) for line in text.splitlines()]
    return [wrong for i, event in enumerate(lines) for wrong in check_event(event, f"event {i + 1}")]


print(json.dumps({name: verdict(text) for name, text in json.load(sys.stdin).items()}))
