"""Makes the OpenAPI document of /v1 from the contract, and a C++ source that holds it and what
/mcp tells of its tools.

    make_openapi.py CONTRACT.pb PYTHON_STUBS MCP_TOOLS.json VERSION OUT.json OUT.cc

CONTRACT.pb is a set of descriptors with the protos' comments (`protoc --include_source_info`).
PYTHON_STUBS is a folder with what protoc makes of google/api. What is in the document: each method
with a google.api.http rule, the messages that it takes and answers, and all comments. A message
that is both taken and answered has two schemas: an answer has every field that can't be unset, a
request has what its caller gives (`TenantInput`).
"""

import json
import pathlib
import re
import sys

from google.protobuf import descriptor_pb2

Field = descriptor_pb2.FieldDescriptorProto
MESSAGE, ENUM, SERVICE = 4, 5, 6  # the numbers of a file's fields, in the paths of comments
TIMESTAMP = ".google.protobuf.Timestamp"
U64 = (Field.TYPE_UINT64, Field.TYPE_FIXED64)
U32 = (Field.TYPE_UINT32, Field.TYPE_FIXED32)
JSON = "application/json"
ABOUT = """Tells before a call whether it may be made, and keeps the lists that decide it. This is
the gRPC contract dnc.v1 by protobuf's JSON mapping; docs/http.md tells what is different here.

Only VERDICT_CLEAR permits a call. An error, a timeout, an answer that is too short and a verdict
that you don't know all mean: do not call."""
# Services whose calls are made as a tenant.
OF_TENANTS = ("ScrubService", "ListService")


class Contract:
    """The descriptors by their names, and the comments."""

    def __init__(self, files):
        self.messages, self.enums, self.services, self.comments = {}, {}, [], {}
        for file in files:
            said = {tuple(at.path): at.leading_comments
                    for at in file.source_code_info.location}
            for i, message in enumerate(file.message_type):
                name = f".{file.package}.{message.name}"
                self.messages[name] = message
                self.comments[name] = text_of(said.get((MESSAGE, i), ""))
                for j, field in enumerate(message.field):
                    self.comments[name, field.name] = text_of(said.get((MESSAGE, i, 2, j), ""))
            for i, enum in enumerate(file.enum_type):
                name = f".{file.package}.{enum.name}"
                self.enums[name] = enum
                self.comments[name] = text_of(said.get((ENUM, i), ""))
                for j, value in enumerate(enum.value):
                    self.comments[name, value.name] = text_of(said.get((ENUM, i, 2, j), ""))
            for i, service in enumerate(file.service):
                self.services.append(service)
                self.comments[service.name] = text_of(said.get((SERVICE, i), ""))
                for j, method in enumerate(service.method):
                    self.comments[service.name, method.name] = text_of(
                        said.get((SERVICE, i, 2, j), ""))


def text_of(comment):
    """A comment without the breaks of its lines, apart from those between paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", comment)).strip()


def camel(name):
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


class Document:
    def __init__(self, contract, http, version):
        self.contract, self.http = contract, http
        self.schemas = {"Problem": PROBLEM}
        self.paths = {}
        for service in contract.services:
            for method in service.method:
                if method.options.HasExtension(http):
                    self.add(service, method)
        self.whole = {
            "openapi": "3.1.0",
            "info": {"title": "dncd", "version": version, "description": text_of(ABOUT),
                     "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"}},
            "servers": [{"url": "/"}],
            # A server on loopback lets callers without a key scrub and check.
            "security": [{"key": []}, {}],
            "tags": [{"name": service.name, "description": contract.comments[service.name]}
                     for service in contract.services
                     if any(method.options.HasExtension(http) for method in service.method)],
            "paths": self.paths,
            "components": {
                "securitySchemes": {"key": {
                    "type": "http", "scheme": "bearer",
                    "description": "A key of the server: `Authorization: Bearer dnck_...`."}},
                "responses": {"Problem": {
                    "description": "The call failed. Whatever the reason: do not call.",
                    "content": {"application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"}}}}},
                "schemas": dict(sorted(self.schemas.items()))}}

    def add(self, service, method):
        rule = method.options.Extensions[self.http]
        verb = rule.WhichOneof("pattern")
        path = getattr(rule, verb)
        request = self.contract.messages[method.input_type]
        in_path = re.findall(r"\{([^}]+)\}", path)
        said = self.contract.comments[service.name, method.name]
        made = {
            "operationId": method.name, "tags": [service.name],
            "summary": re.split(r"(?<=[.])\s", said)[0], "description": said,
            "parameters": [self.parameter(method.input_type, name, "path") for name in in_path]}
        if service.name in OF_TENANTS:
            made["parameters"].append({
                "name": "dnc-tenant", "in": "header", "required": False,
                "schema": {"type": "string"},
                "description": "The tenant as which an operator's key acts."})
        if rule.body == "*":
            name = method.input_type.rsplit(".", 1)[1]
            self.schemas[name] = self.object(method.input_type, True, left_out=in_path)
            body = {"$ref": f"#/components/schemas/{name}"}
            needed = len(request.field) > len(in_path)
        elif rule.body:
            field = next(field for field in request.field if field.name == rule.body)
            body, needed = self.schema(field, True), True
        else:
            made["parameters"] += [self.parameter(method.input_type, field.name, "query")
                                   for field in request.field if field.name not in in_path]
        if rule.body:
            made["requestBody"] = {"required": needed, "content": {JSON: {"schema": body}}}
        made["responses"] = {
            "200": {"description": self.contract.comments[method.output_type],
                    "content": {JSON: {"schema": self.reference(method.output_type, False)}}},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"}}
        # Two paths must not differ by the names of their parts alone.
        self.paths.setdefault(re.sub(r"\{[^}]*\.", "{", path), {})[verb] = made

    def parameter(self, message, name, place):
        """A field, or one of a field's: `tenant.tenant_id`."""
        inner = message
        *outer, last = name.split(".")
        for step in outer:
            inner = next(field.type_name for field in self.contract.messages[inner].field
                         if field.name == step)
        field = next(field for field in self.contract.messages[inner].field if field.name == last)
        schema = self.schema(field, True, described=False)
        if place == "path":
            schema["minLength"] = 1
        return {"name": last if place == "path" else name, "in": place,
                "required": place == "path", "schema": schema,
                "description": self.contract.comments[inner, last]}

    def reference(self, name, taken):
        """A message's schema, by its name among the components."""
        short = name.rsplit(".", 1)[1] + ("Input" if taken else "")
        if short not in self.schemas:
            self.schemas[short] = {}  # should it have itself
            self.schemas[short] = self.object(name, taken)
        return {"$ref": f"#/components/schemas/{short}"}

    def object(self, name, taken, left_out=()):
        fields = [field for field in self.contract.messages[name].field
                  if field.name not in left_out]
        made = {"type": "object", "description": self.contract.comments[name],
                "properties": {camel(field.name): self.described(name, field, taken)
                               for field in fields}}
        if taken:
            made["additionalProperties"] = False
        else:
            made["required"] = [camel(field.name) for field in fields if always_there(field)]
        return made

    def described(self, message, field, taken):
        return {**self.schema(field, taken),
                "description": self.contract.comments[message, field.name]}

    def schema(self, field, taken, described=True):
        if field.label == Field.LABEL_REPEATED:
            return {"type": "array", "items": self.one(field, taken)}
        return self.one(field, taken, described)

    def one(self, field, taken, described=True):
        if field.type in U64:
            made = {"type": ["string", "integer"] if taken else "string",
                    "pattern": "^(0|[1-9][0-9]{0,19})$"}
            if taken:
                made.update(minimum=0, maximum=2**64 - 1)
            return made
        if field.type in U32:
            return {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
        if field.type == Field.TYPE_BOOL:
            return {"type": "boolean"}
        if field.type == Field.TYPE_STRING:
            return {"type": "string"}
        if field.type == Field.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        if field.type == Field.TYPE_ENUM:
            return self.enum(field.type_name) if described else {
                "type": "string",
                "enum": [value.name for value in self.contract.enums[field.type_name].value]}
        if field.type_name == TIMESTAMP:
            return {"type": "string", "format": "date-time"}
        assert field.type == Field.TYPE_MESSAGE, f"{field.name} has a type without a schema"
        return self.reference(field.type_name, taken)

    def enum(self, name):
        short = name.rsplit(".", 1)[1]
        values = self.contract.enums[name].value
        lines = "\n".join(f"- `{value.name}`: {self.contract.comments[name, value.name]}"
                          for value in values)
        self.schemas[short] = {
            "type": "string", "enum": [value.name for value in values],
            "description": f"{self.contract.comments[name]}\n\n{lines}"}
        return {"$ref": f"#/components/schemas/{short}"}


def always_there(field):
    """Whether an answer has the field whatever its value."""
    return field.label == Field.LABEL_REPEATED or (
        field.type != Field.TYPE_MESSAGE and not field.HasField("oneof_index"))


PROBLEM = {
    "type": "object",
    "description": "Why a call failed (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "What kind of problem it is."},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened and what to do next."},
        "reason": {"type": "string", "description":
                   "Why, for programs: a value of dnc.v1.ErrorReason without its prefix. There "
                   "may be new ones; then go by the status."},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"},
                     "description": "Figures for programs, such as `max_batch`."}},
    "required": ["type", "title", "status", "detail", "reason"]}

# Characters of one literal.
PIECE = 15_000
SOURCE = """// Made from the protos by tools/openapi/make_openapi.py.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/rest/mcp_tools.h"
#include "server/rest/rest_routes.h"

namespace dnc {{

std::string_view OpenApiDocument() {{
  // A literal may be no longer than what each compiler takes.
  static const auto* const document = new std::string(absl::StrCat({text}));
  return *document;
}}

std::string_view McpToolDescriptions() {{
  static constexpr std::string_view kTools = R"tools({tools})tools";
  return kTools;
}}

}}  // namespace dnc
"""


def main():
    contract, stubs, tools, version, out_json, out_cc = sys.argv[1:]
    sys.path.insert(0, stubs)
    # pylint: disable-next=import-outside-toplevel
    from google.api import annotations_pb2  # before the options are read that it names
    files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(contract).read_bytes()).file
    own = [file for file in files if file.package == "dnc.v1"]
    document = Document(Contract(own), annotations_pb2.http, version)
    text = json.dumps(document.whole, ensure_ascii=False, separators=(",", ":"))
    pathlib.Path(out_json).write_text(text + "\n")
    pieces = [f'R"openapi({text[at:at + PIECE]})openapi"' for at in range(0, len(text), PIECE)]
    pathlib.Path(out_cc).write_text(SOURCE.format(
        text=",\n      ".join(pieces),
        tools=json.dumps(json.loads(pathlib.Path(tools).read_text()))))


main()
