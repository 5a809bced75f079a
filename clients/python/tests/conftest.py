"""What the tests of the Python client share: a client of no server, and a real dncd."""

import datetime
import os
import pathlib
import subprocess
import sys
import time

import pytest

import dnc
from dnc import _contract

REPO = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("DNC_BIN_DIR", REPO / "build" / "bin"))
sys.path.append(str(REPO / "tests" / "blackbox"))
from certificates import make_certificate  # noqa: E402 (their folder is in the path only now)
from list_files import flat, registry_name  # noqa: E402
from waiting import PATIENCE, wait_until  # noqa: E402

HOST = f"127.0.1.{2 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}"
NOW = datetime.datetime.fromtimestamp(1_790_000_000, datetime.timezone.utc)
LISTED, FREE = "2015550100", "2015550199"


def digits(text):
    return int("".join(filter(str.isdigit, text)) or 0)


class FakeClient(dnc.Client):
    """A client whose requests are answered here: even numbers are CLEAR, odd ones LISTED, texts
    without ten digits INVALID. `most` numbers at once are taken; `revision` is answered; `fails`
    are thrown first."""

    def __init__(self, **options):
        super().__init__("127.0.0.1:1", key="", **options)
        self._core.now = lambda: NOW
        self.calls, self.most, self.revision, self.fails = [], 10_000, 7, []

    def _call(self, call):
        if self.fails:
            raise self.fails.pop(0)
        items = call.request.texts if call.method == "Scrub" else call.request.records
        if len(items) > self.most:
            raise dnc.InvalidRequest("too many", reason="BATCH_TOO_LARGE",
                                     metadata={"max_batch": str(self.most)})
        self.calls.append(type(call.request).FromString(call.request.SerializeToString()))
        return self.scrubbed(items) if call.method == "Scrub" else self.written(items)

    def scrubbed(self, texts):
        answer = _contract.ScrubResponse()
        for text in texts:
            good = 10**9 < digits(text) < 10**10
            answer.verdicts.append((2 if digits(text) % 2 else 1) if good else 5)
            answer.reasons.append((1 << 8 if digits(text) % 2 else 0) if good else 2)
        answer.snapshot.revision = self.revision
        asked = self.calls[-1]
        answer.snapshot.decided_at.seconds = 1_790_000_000
        for field in ("as_of", "as_answered_at"):
            if asked.HasField(field):
                answer.snapshot.decided_at.CopyFrom(getattr(asked, field))
        answer.snapshot.valid_until.seconds = 1_790_086_400
        return answer

    def written(self, records):
        answer = _contract.AddNumbersResponse(revision=self.revision)
        for record in records:
            answer.results.add(outcome=1 if digits(record.number) else 6)
        return answer


@pytest.fixture(name="fake")
def fixture_fake():
    with FakeClient() as made:
        yield made


class Dncd:
    """A real server with one list, keys and TLS: LISTED is on the list, FREE is not."""

    def __init__(self, folder):
        data, config, files = folder / "data", folder / "dncd.yaml", folder / "files"
        files.mkdir()
        certificate, key = make_certificate(folder, names=f"IP:{HOST}")
        config.write_text("guards: {min_first_numbers: 0}\n"
                          f"tls: {{certificate: {certificate}, key: {key}}}\n")
        self.ca_file = str(certificate)
        self.operator = self.run("dncd", "--data-dir", data, "--create-operator-key")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [BIN / "dncd", "--config", config, "--data-dir", data, "--listen", f"{HOST}:0",
             "--metrics-listen", ""], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().split(" listening on ")[1].strip()
        file = files / registry_name(time.time() - 86400, "201")
        file.write_bytes(flat(range(int(LISTED), int(LISTED) + 50)))
        wait_until(lambda: self.dncctl("status", check=False) is not None)
        self.dncctl("load", "--yes", file)
        self.dncctl("tenants", "create", "acme", "--area-codes", "all")
        self.key = self.dncctl("keys", "create", "acme", "--scope", "scrub", "--scope",
                               "write-lists").split()[0]

    @staticmethod
    def run(program, *arguments, check=True, **environment):
        done = subprocess.run([BIN / program, *arguments], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, timeout=PATIENCE, check=check,
                              env={**os.environ, **environment})
        return done.stdout.strip() if done.returncode == 0 else None

    def dncctl(self, *arguments, check=True):
        return self.run("dncctl", *arguments, check=check, DNC_SERVER=self.address,
                        DNC_KEY=self.operator, DNC_CA_FILE=self.ca_file)

    def client(self, kind=dnc.Client, **options):
        return kind(self.address, **{"key": self.key, "ca_file": self.ca_file,
                                     "deadline": PATIENCE, **options})

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return code


@pytest.fixture(name="dncd", scope="session")
def fixture_dncd(tmp_path_factory):
    made = Dncd(tmp_path_factory.mktemp("dncd"))
    yield made
    assert made.stop() == 0
