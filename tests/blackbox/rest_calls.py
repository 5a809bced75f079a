"""Calls of the contract by HTTP and JSON, made of gRPC's own requests by google.api.http."""

import http.client
import importlib
import json
import re
import urllib.parse

from google.protobuf import json_format

from waiting import PATIENCE

# The HTTP status of each gRPC code; of RESOURCE_EXHAUSTED it depends on the reason.
HTTP_STATUS = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400,
               "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404,
               "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": (413, 429, 503),
               "INTERNAL": 500, "DATA_LOSS": 500, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504}


class Problem(Exception):
    """A call that failed, as its problem+json object says."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status} {body}")
        assert headers["content-type"] == "application/problem+json", (status, headers, body)
        assert b"\n" not in body
        told = json.loads(body)
        assert set(told) - {"metadata"} == {"type", "title", "status", "detail", "reason"}, told
        assert told["status"] == status, told
        self.status, self.headers = status, headers
        self.reason, self.detail = told["reason"], told["detail"]
        self.metadata = told.get("metadata", {})


def rule_of(method):
    """(verb, path, body) of a method's descriptor."""
    annotations = importlib.import_module("google.api.annotations_pb2")
    rule = method.GetOptions().Extensions[annotations.http]
    verb = rule.WhichOneof("pattern")
    return (verb.upper(), getattr(rule, verb), rule.body) if verb else None


class Rest:
    """A caller on one kept connection."""

    def __init__(self, server, key=None, tenant=None):
        self.connection = http.client.HTTPConnection(server.http, timeout=PATIENCE)
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        if tenant:
            self.headers["dnc-tenant"] = tenant

    def send(self, verb, target, body=None, headers=None):
        """Returns the status, the headers and the body."""
        self.connection.request(verb, target, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        return (answer.status, {name.lower(): value for name, value in answer.getheaders()},
                answer.read())

    def ask(self, verb, target, value=None, headers=None):
        """Returns an answer in JSON; raises Problem."""
        body = None
        if value is not None:
            body = value if isinstance(value, (str, bytes)) else json.dumps(value)
            headers = {"content-type": "application/json", **(headers or {})}
        status, told, text = self.send(verb, target, body, headers)
        if status != 200:
            raise Problem(status, told, text)
        assert told["content-type"] == "application/json", told
        return json.loads(text)

    def call(self, method, request):
        """Asks what gRPC would ask; returns the answer as its message."""
        target, value = target_of(method, request)
        answer = method.output_type._concrete_class()
        return json_format.ParseDict(self.ask(rule_of(method)[0], target, value), answer)


def text_at(request, path):
    for name in path.split("."):
        request = getattr(request, name)
    return request


def parameters(message, left_out):
    """The fields that are set, for a query."""
    pairs = []
    for name, value in json_format.MessageToDict(message, preserving_proto_field_name=True).items():
        if name in left_out:
            continue
        for one in value if isinstance(value, list) else [value]:
            text = json.dumps(one) if isinstance(one, bool) else str(one)
            pairs.append((name, text))
    return urllib.parse.urlencode(pairs)


def target_of(method, request):
    """The target of a request, and the value of its body."""
    _, path, body = rule_of(method)
    names = re.findall(r"\{([^}]+)\}", path)
    for name in names:
        quoted = urllib.parse.quote(text_at(request, name), safe="")
        path = path.replace("{" + name + "}", quoted)
    if not body:
        query = parameters(request, names)
        return (f"{path}?{query}" if query else path), None
    whole = json_format.MessageToDict(request if body == "*" else getattr(request, body))
    return path, whole
