"""Programs that operators have, in Go: grpcurl, grpc_health_probe, ghz."""

import json
import subprocess

import pytest

from scene import TOOLS
from waiting import PATIENCE


@pytest.fixture(name="run")
def fixture_run(installed, scene):
    """Runs a program against the server: run(NAME, ARGUMENT...)."""

    def run(name, *arguments, code=0):
        if name in installed:
            pytest.skip(f"{name} is left out: {installed[name]}")
        done = subprocess.run([TOOLS / "go" / name, *arguments], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.address = scene.server.address
    run.key = f"authorization: Bearer {scene.told['key']}"
    run.authority = scene.told["ca"]
    run.listed = scene.told["listed"]
    return run


def test_grpcurl(run):
    def grpcurl(*arguments, **options):
        trust = ["-cacert", run.authority] if run.authority else ["-plaintext"]
        return run("grpcurl", *trust, "-H", run.key, *arguments, **options)

    services = grpcurl(run.address, "list").split()
    assert {"dnc.v1.ScrubService", "dnc.v1.ListService", "grpc.health.v1.Health"} <= set(services)
    for service in services:
        assert "is a service" in grpcurl(run.address, "describe", service)
    assert "rpc ScrubStream" in grpcurl(run.address, "describe", "dnc.v1.ScrubService")
    scrub = "dnc.v1.ScrubService/Scrub"
    answer = grpcurl("-d", json.dumps({"numbers": [run.listed]}), run.address, scrub)
    assert json.loads(answer)["verdicts"] == ["VERDICT_LISTED"]
    stream = grpcurl("-d", json.dumps({"scrub": {"numbers": [run.listed]}}) * 3, run.address,
                     "dnc.v1.ScrubService/ScrubStream")
    assert stream.count("VERDICT_LISTED") == 3
    refused = grpcurl("-d", json.dumps({"numbers": [run.listed] * 10_001}), run.address, scrub,
                      code=64 + 3)
    assert "BATCH_TOO_LARGE" in refused and "InvalidArgument" in refused
    assert "DeadlineExceeded" in grpcurl("-max-time", "3", run.address,
                                         "dnc.v1.ListService/WatchChanges", code=64 + 4)


def test_health_probe(run):
    def probe(*arguments, **options):
        trust = ["-tls", "-tls-ca-cert", run.authority] if run.authority else []
        return run("grpc-health-probe", "-addr", run.address, *trust, *arguments, **options)

    assert "SERVING" in probe()
    assert "SERVING" in probe("-service", "dnc.v1.ScrubService")
    probe("-service", "no.such", code=3)


def test_ghz(run):
    trust = ["--cacert", run.authority] if run.authority else ["--insecure"]
    report = json.loads(run(
        "ghz", *trust, "--call", "dnc.v1.ScrubService.Scrub", "-n", "2000", "-c", "50",
        "-m", json.dumps(dict([run.key.split(": ")])), "-d", json.dumps({"numbers": [run.listed]}),
        "-O", "json", run.address))
    assert report["statusCodeDistribution"] == {"OK": 2000}, report
