"""The scrub call of the dialers, as they make it."""

import csv
import http.client
import io
import json
import urllib.parse

from waiting import PATIENCE

PATH = "/app/main/rpc/scrub"
COLUMNS = ("Phone ResultCode Reserved Reason RegionAbbrev Country Locale CarrierInfo "
           "NewReassignedAreaCode TZCode CallingWindow UTCOffset DoNotCallToday "
           "CallingTimeRestrictions").split()
MORE_COLUMNS = "EBRType IsWirelessOrVoIP LineType".split()
CALLABLE = set("CEOXR")


class Answer:
    """What came back: status, headers in lower case, body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def reason(self):
        """Of an error, which is one line and does not begin with a digit: VICIdial stops there."""
        assert self.status != 200, self.body[:300]
        assert b"\n" not in self.body and self.body[:1] == b"{", self.body[:300]
        assert self.headers["content-type"] == "application/problem+json"
        problem = json.loads(self.body)
        assert problem["status"] == self.status and problem["detail"]
        return problem["reason"]

    def rows(self):
        """The lines as a reader of CSV and as a client that cuts at commas read them."""
        assert self.status == 200, self.body[:300]
        text = self.body.decode()
        assert "\r" not in text and (not text or text.endswith("\n"))
        rows = list(csv.reader(io.StringIO(text)))
        assert rows == [line.split(",") for line in text.split("\n")[:-1]]
        return rows

    def letters(self):
        return "".join(row[1] for row in self.rows())


def ask(server, method="GET", query=None, body=None, headers=None, connection=None):
    own = connection or http.client.HTTPConnection(server.http, timeout=PATIENCE)
    target = PATH + ("?" + urllib.parse.urlencode(query) if query else "")
    try:
        own.request(method, target, body, headers or {})
        answer = Answer(own.getresponse())
    finally:
        if connection is None:
            own.close()
    # None ends by closing the connection.
    assert int(answer.headers["content-length"]) == len(answer.body)
    return answer


def get(server, numbers, **fields):
    return ask(server, query={"phoneList": ",".join(map(str, numbers)), **fields})


def multipart(fields, boundary="----dnc-test", end="\r\n"):
    parts = [f'--{boundary}{end}Content-Disposition: form-data; name="{name}"{end}{end}{value}{end}'
             for name, value in fields.items()]
    return ("".join(parts) + f"--{boundary}--{end}").encode()


def post(server, numbers, form="multipart", **fields):
    phones = ",".join(map(str, numbers))
    fields = {"version": "2", "phoneList": phones, **fields}
    if form == "multipart":
        body, kind = multipart(fields), "multipart/form-data; boundary=----dnc-test"
    elif form == "urlencoded":
        body, kind = urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"
    else:
        if numbers:
            fields["phoneList"] = [str(number) for number in numbers]
        body, kind = json.dumps(fields), "application/json"
    return ask(server, "POST", body=body, headers={"Content-Type": kind})
