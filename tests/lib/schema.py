# SPDX-License-Identifier: ISC
"""Holds answers to an OpenAPI document: status, content type, and the JSON Schema of the body.

Of JSON Schema it knows what our document uses, and raises for a word that it does not know.
"""

import re

from tap import Failure

TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "integer": int, "number": (int, float),
}
IGNORED = {"description", "title", "examples", "format", "x-one-of", "default", "deprecated"}


class Document:
    def __init__(self, document):
        self.document = document
        self.shapes = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$"), path)
            for path in document["paths"]
        ]
        self.shapes.sort(key=lambda shape: shape[1].count("{"))  # fixed paths go first

    def operation(self, method, path):
        """What the document says of a request, or None."""
        for shape, name in self.shapes:
            if shape.match(path) and method.lower() in self.document["paths"][name]:
                return self.document["paths"][name][method.lower()]
        return None

    def check(self, method, path, answer):
        """Raises unless the answer is one that the document has for this request."""
        operation = self.operation(method, path.partition("?")[0])
        if operation is None:
            return
        what = f"{method} {path}: {answer}"
        responses = operation["responses"]
        response = responses.get(str(answer.status), responses.get("default"))
        if response is None or (str(answer.status) not in responses and answer.status < 400):
            raise Failure("a status that is not in the document: " + what)
        content = response.get("content", {})
        kind = answer.headers.get("content-type", "").split(";")[0]
        if content and answer.body and kind not in content:
            raise Failure(f"a type that is not in the document ({list(content)}): {what}")
        schema = content.get(kind, {}).get("schema")
        if schema is not None and kind.endswith("json") and answer.body:
            self.judge(schema, answer.json(), f"{method} {path}")

    def judge(self, schema, value, place):
        if "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            self.judge(target, value, place)
        for word, bound in schema.items():
            if word not in IGNORED and word != "$ref":
                rule = RULES.get(word)
                if rule is None:
                    raise Failure(f"{place}: no rule for {word}")
                wrong = rule(self, schema, bound, value, place)
                if wrong:
                    raise Failure(f"{place}: {value!r:.200} breaks {word} {bound!r:.200}")

    def fits(self, schema, value, place):
        try:
            self.judge(schema, value, place)
            return True
        except Failure:
            return False


def is_of_type(value, name):
    return isinstance(value, TYPES[name]) and not (isinstance(value, bool) and name != "boolean")


def members(document, schema, bound, value, place):
    if isinstance(value, dict):
        for name, inner in bound.items():
            if name in value:
                document.judge(inner, value[name], f"{place}.{name}")


def others(document, schema, bound, value, place):
    if isinstance(value, dict):
        for name in value.keys() - schema.get("properties", {}).keys():
            if bound is False:
                raise Failure(f"{place}: {name} is not in the document")
            if isinstance(bound, dict):
                document.judge(bound, value[name], f"{place}.{name}")


def each(document, schema, bound, value, place):
    if isinstance(value, list):
        for i, inner in enumerate(value):
            document.judge(bound, inner, f"{place}[{i}]")


def names(document, schema, bound, value, place):
    for name in value if isinstance(value, dict) else ():
        document.judge(bound, name, f"{place}: the name {name}")


def sized(types, wrong):
    return lambda d, s, bound, value, p: isinstance(value, types) and wrong(value, bound)


# Word -> whether the value breaks it (or a Failure from deeper down).
RULES = {
    "type": lambda d, s, bound, value, p: not any(
        is_of_type(value, name) for name in ([bound] if isinstance(bound, str) else bound)
    ),
    "const": lambda d, s, bound, value, p: value != bound,
    "enum": lambda d, s, bound, value, p: value not in bound,
    "pattern": lambda d, s, bound, value, p: (
        isinstance(value, str) and not re.search(bound, value)
    ),
    "required": sized(dict, lambda value, bound: any(name not in value for name in bound)),
    "properties": members,
    "additionalProperties": others,
    "propertyNames": names,
    "items": each,
    "anyOf": lambda d, s, bound, value, p: not any(d.fits(one, value, p) for one in bound),
    "oneOf": lambda d, s, bound, value, p: sum(d.fits(one, value, p) for one in bound) != 1,
    "minLength": sized(str, lambda value, bound: len(value) < bound),
    "maxLength": sized(str, lambda value, bound: len(value) > bound),
    "minItems": sized(list, lambda value, bound: len(value) < bound),
    "maxItems": sized(list, lambda value, bound: len(value) > bound),
    "uniqueItems": sized(list, lambda value, bound: bound and len(set(map(str, value))) != len(value)),
    "minProperties": sized(dict, lambda value, bound: len(value) < bound),
    "maxProperties": sized(dict, lambda value, bound: len(value) > bound),
    "minimum": sized((int, float), lambda value, bound: value < bound),
    "maximum": sized((int, float), lambda value, bound: value > bound),
}
