"""Health and reflection, as load balancers and tools ask them."""

import time

import grpc
import pytest

from list_files import DAY, block, flat
from waiting import PATIENCE, wait_until

NOW = int(time.time())


def health(server, service=""):
    stub = server.stubs.health_grpc.HealthStub(server.channel)
    answer = stub.Check(server.stubs.health.HealthCheckRequest(service=service), timeout=PATIENCE)
    return server.stubs.health.HealthCheckResponse.ServingStatus.Name(answer.status)


def wait_for(server, service, status):
    wait_until(lambda: health(server, service) == status, f"{service!r} does not become {status}")


@pytest.mark.parametrize("service", ["", "dnc.v1.ScrubService"])
def test_serving_only_with_data(server, service):
    assert health(server, service) == "NOT_SERVING"
    assert health(server, "dnc.v1.RegistryService") == "SERVING"
    server.load([("base.txt", flat(block(201, 555, 20)))], obtained_at=NOW - DAY)
    wait_for(server, service, "SERVING")
    server.call(server.registry.RetireList, server.stubs.registry.RetireListRequest(
        list="national"))
    wait_for(server, service, "NOT_SERVING")


def test_serving_after_a_restart(server):
    server.load([("base.txt", flat(block(201, 555, 20)))], obtained_at=NOW - DAY)
    assert server.stop() == 0
    server.start()
    server.wait_until_ready()
    wait_for(server, "dnc.v1.ScrubService", "SERVING")


def test_unknown_service(server):
    with pytest.raises(grpc.RpcError) as error:
        health(server, "dnc.v1.NoSuchService")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection(server):
    reflection = server.stubs.reflection
    stub = server.stubs.reflection_grpc.ServerReflectionStub(server.channel)
    questions = [reflection.ServerReflectionRequest(list_services="*"),
                 reflection.ServerReflectionRequest(
                     file_containing_symbol="dnc.v1.ScrubService")]
    services, files = stub.ServerReflectionInfo(iter(questions), timeout=PATIENCE)
    names = {service.name for service in services.list_services_response.service}
    assert {"dnc.v1.ScrubService", "dnc.v1.RegistryService", "grpc.health.v1.Health"} <= names
    assert files.file_descriptor_response.file_descriptor_proto


def test_two_servers_share_neither_port_nor_data(start_server, tmp_path):
    import subprocess
    from dnc_server import BIN
    server = start_server()
    busy = [str(BIN / "dncd"), "--metrics-listen", ""]
    same_data = [*busy, "--data-dir", str(tmp_path / "data0"), "--listen", "127.0.0.1:0"]
    same_port = [*busy, "--data-dir", str(tmp_path / "other"), "--listen", server.address]
    for command in (same_data, same_port):
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE,
                                check=False)
        assert second.returncode != 0
        assert second.stderr.strip()
        assert "listening on" not in second.stdout
    assert server.verdicts([2015550101]) == ["NOT_COVERED"]
