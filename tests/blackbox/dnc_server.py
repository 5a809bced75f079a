"""A real dncd and a plain client of it."""

import os
import pathlib
import signal
import subprocess
import time

import grpc

from waiting import PATIENCE, wait_until

REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DNC_BIN_DIR", REPO / "build" / "bin"))
# pytest-xdist runs files side by side. Each worker's servers have their own address, so that a
# server of another worker cannot get a port that a test means to use again.
HOST = f"127.0.0.{2 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}"
ANY_PORT = f"{HOST}:0"


class Refused(Exception):
    """A call that failed, or a load that was refused, with its reason."""

    def __init__(self, code, reason, guard, message):
        super().__init__(f"{code} {reason} {guard}: {message}")
        self.code, self.reason, self.guard, self.message = code, reason, guard, message


def refused_start(data_dir, *arguments, env=None):
    """Returns what a server says that must not start."""
    command = [str(BIN / "dncd"), "--data-dir", str(data_dir), "--listen", ANY_PORT,
               "--metrics-listen", "", *arguments]
    if "--http-listen" not in arguments:
        command += ["--http-listen", ""]
    # pylint: disable-next=consider-using-with
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=env)
    line = process.stdout.readline()
    if " listening on " in line:
        process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert not line, f"it started: {line} {said}"
    assert process.returncode in (1, 2), said
    return said


class Server:
    """A running dncd. It starts at once. `stubs` are the generated modules (see conftest.py)."""

    def __init__(self, stubs, data_dir, *arguments, key=None, tenant=None,
                 metrics_listen="", listen=ANY_PORT, credentials=None, environment=None,
                 http_listen=""):
        self.stubs = stubs
        self.credentials = credentials  # of a client; none: plain text
        if "--config" not in arguments:
            # The lists of tests are small.
            config = pathlib.Path(str(data_dir) + ".yaml")
            config.write_text("guards: {min_first_numbers: 0}\n")
            arguments = ("--config", str(config), *arguments)
        self.http_listen = http_listen
        self.command = [str(BIN / "dncd"), "--data-dir", str(data_dir), "--listen", listen,
                        "--metrics-listen", metrics_listen, "--http-listen", http_listen,
                        *arguments]
        self.environment = {**os.environ, **(environment or {})}
        self.log_path = pathlib.Path(str(data_dir) + ".log")
        self.process = None
        self.metadata = self.identity(key, tenant)
        self.start()

    def start(self):
        with self.log_path.open("ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log,
                                            env=self.environment)
        line = self.process.stdout.readline().decode()
        assert " listening on " in line, f"dncd did not start: {line!r} {self.log()}"
        self.address = line.split(" listening on ")[1].strip()
        if self.http_listen:
            self.http = self.process.stdout.readline().decode().split(" HTTP on ")[1].strip()
        self.channel = self.connect(self.credentials)
        self.scrubs = self.stubs.scrub_grpc.ScrubServiceStub(self.channel)
        self.registry = self.stubs.registry_grpc.RegistryServiceStub(self.channel)
        self.tenants = self.stubs.tenant_grpc.TenantServiceStub(self.channel)
        self.lists = self.stubs.list_grpc.ListServiceStub(self.channel)

    def connect(self, credentials=None):
        """Returns a connection of its own."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        if credentials is None:
            return grpc.insecure_channel(self.address, options=options)
        return grpc.secure_channel(self.address, credentials, options=options)

    @staticmethod
    def identity(key=None, tenant=None):
        """Returns the metadata of a caller."""
        metadata = [("authorization", f"Bearer {key}")] if key else []
        return metadata + ([("dnc-tenant", tenant)] if tenant else [])

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM):
        self.channel.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return code

    def wait_until_ready(self):
        def ready():
            try:
                return self.verdicts([2015550123])
            except Refused:
                return None

        return wait_until(ready, lambda: f"dncd is not ready: {self.log()}")

    def call(self, method, request, metadata=None):
        """Returns the answer; raises Refused if the call fails."""
        try:
            return method(request, timeout=PATIENCE,
                          metadata=self.metadata if metadata is None else metadata)
        except grpc.RpcError as error:
            raise self.refused(error) from None

    def refused(self, error):
        status = self.stubs.status.Status()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status.ParseFromString(value)
        info = self.stubs.details.ErrorInfo()
        for detail in status.details:
            detail.Unpack(info)
        return Refused(error.code().name, info.reason, info.metadata.get("guard", ""),
                       error.details())

    def upload(self, files, list_name="national", obtained_at=None, allow=(), more=None,
               **csv):
        """Starts a load of `files`, which are (name, bytes). `more` are other fields of
        LoadOptions."""
        registry = self.stubs.registry

        def parts():
            options = self.stubs.load.LoadOptions(list=list_name, requested_by="tests",
                                                  allow=list(allow), **(more or {}))
            if obtained_at is not None:
                options.obtained_at.seconds = int(obtained_at)
            if csv:
                options.csv.CopyFrom(self.stubs.load.CsvOptions(**csv))
            yield registry.UploadReleaseRequest(options=options)
            for name, content in files:
                yield registry.UploadReleaseRequest(
                    file=registry.FileStart(name=name, size_bytes=len(content)))
                for at in range(0, len(content), 2**19):
                    yield registry.UploadReleaseRequest(chunk=content[at:at + 2**19])

        return self.call(self.registry.UploadRelease, parts()).load

    def load(self, files, *arguments, **options):
        """Loads files, and waits for the end. Raises Refused if the server refuses."""
        load = self.upload(files, *arguments, **options)
        registry = self.stubs.registry
        for answer in self.registry.WatchLoad(registry.WatchLoadRequest(load_id=load.id),
                                              timeout=PATIENCE, metadata=self.metadata):
            load = answer.load
        return self.checked(load)

    def load_quickly(self, files, *arguments, **options):
        """Does the same for hundreds of small loads: reads the records instead of watching."""
        load = self.upload(files, *arguments, **options)
        request = self.stubs.registry.ListLoadsRequest(page_size=1)
        end = time.monotonic() + PATIENCE
        while True:
            loads = self.call(self.registry.ListLoads, request).loads
            if loads and loads[0].id == load.id and loads[0].HasField("ended_at"):
                return self.checked(loads[0])
            assert time.monotonic() < end, f"the load does not end: {loads}"
            time.sleep(0.002)

    def checked(self, load):
        """Returns a load that has ended; raises Refused if it was refused."""
        names = self.stubs.load
        if load.state == names.LOAD_STATE_SUCCEEDED:
            return load
        assert load.state == names.LOAD_STATE_REFUSED, load
        raise Refused("", load.error_reason, names.Guard.Name(load.refused_by), load.error)

    def scrub(self, metadata=None, **fields):
        return self.call(self.scrubs.Scrub, self.stubs.scrub.ScrubRequest(**fields), metadata)

    def verdicts(self, numbers):
        answer = self.scrub(numbers=numbers)
        names = self.stubs.verdict.Verdict
        return [names.Name(verdict).replace("VERDICT_", "") for verdict in answer.verdicts]

    def coverage(self, list_name="national"):
        return self.call(self.registry.GetCoverage,
                         self.stubs.registry.GetCoverageRequest(list=list_name))

    def loads(self):
        return self.call(self.registry.ListLoads, self.stubs.registry.ListLoadsRequest()).loads
