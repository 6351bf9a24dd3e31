"""The JSON Schemas of requests and answers, made from what commands declare.

Knows: JSON Schema 2020-12.
Does not know: how requests are judged; both follow from the same types.
"""

from __future__ import annotations

import typing

import msgspec

from runpact.model.machine.answer import ERROR, FAILURE, SUCCESS, Answer
from runpact.model.machine.application import SCHEMA_VERSION, Application, Command
from runpact.model.machine.asked import LONGEST_ID
from runpact.model.machine.form import Form

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Schema = dict[str, typing.Any]  # a schema is a document of any shape


def request_schema(application: Application, command: Command) -> _Schema:
    """Return the schema that a request of one command fits."""
    definitions, params = _params_schema(command.form)
    required = ["schema_version", "command"]
    if any(each.required for each in command.form.parameters):
        required.append("params")
    schema = {
        "$schema": _DIALECT,
        "title": f"{application.name} {command.name}",
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "request_id": {"type": ["string", "null"], "minLength": 1, "maxLength": LONGEST_ID},
            "command": {"const": command.name},
            "params": params,
        },
    }
    if command.summary:
        schema["description"] = command.summary
    return _plain(schema | ({"$defs": definitions} if definitions else {}))


def all_schemas(application: Application) -> _Schema:
    """Return the schemas of all requests, by command, and of the answer."""
    return {
        "application": application.name,
        "version": application.version,
        "schema_version": SCHEMA_VERSION,
        "requests": {
            name: request_schema(application, command) for name, command in application.commands.items()
        },
        "answer": answer_schema(),
    }


def answer_schema() -> _Schema:
    """Return the schema that every answer fits."""
    schema: _Schema = msgspec.json.schema(Answer, schema_hook=_of_anything)
    definitions = {name: dict(each) for name, each in schema["$defs"].items()}
    answer = definitions.pop("Answer")
    properties = dict(answer["properties"])
    properties |= {
        "schema_version": {"const": SCHEMA_VERSION},
        "status": {"enum": [SUCCESS, FAILURE, ERROR]},
        "error": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Failure"}]},
    }
    for each in definitions.values():
        each["required"] = sorted(each["properties"])
    schema = {
        "$schema": _DIALECT,
        "title": "answer",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": definitions,
    }
    return _plain(schema)


def _plain(schema: _Schema) -> _Schema:
    """Return a schema as JSON gives it back."""
    return msgspec.json.decode(msgspec.json.encode(schema), type=_Schema)


def _of_anything(kind: type) -> _Schema:
    del kind
    return {"description": "what the command gave"}


def _params_schema(form: Form) -> tuple[_Schema, _Schema]:
    """Return the definitions that parameters need, and their own schema."""
    (schema,), definitions = msgspec.json.schema_components([form.declared], ref_template="#/$defs/{name}")
    closed = {name: _closed(each) for name, each in definitions.items()}
    name = schema["$ref"].rpartition("/")[2]
    params = closed[name]
    is_needed = any(f'"#/$defs/{name}"'.encode() in msgspec.json.encode(each) for each in closed.values())
    others = closed if is_needed else {key: each for key, each in closed.items() if key != name}
    return others, _with_aliases(params, form)


def _closed(schema: _Schema) -> _Schema:
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def _with_aliases(params: _Schema, form: Form) -> _Schema:
    if not form.aliases:
        return params
    properties = dict(params["properties"])
    required = [each for each in params.get("required", []) if each not in form.aliases.values()]
    clauses = []
    for own in dict.fromkeys(form.aliases.values()):
        names = [own, *(alias for alias, meant in form.aliases.items() if meant == own)]
        properties |= {
            alias: {"description": f"another name of `{own}`", **properties[own]} for alias in names[1:]
        }
        ways = [{"required": [name]} for name in names]
        absent: _Schema = {"not": {"anyOf": ways}}
        is_required = own in params.get("required", [])
        clauses.append({"oneOf": ways if is_required else [*ways, absent]})
    return {**params, "properties": properties, "required": required, "allOf": clauses}
