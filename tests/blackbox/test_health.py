"""Health and reflection, as load balancers and tools ask them."""

import time

import grpc
import pytest
from google.protobuf import descriptor_pb2

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


def ask_reflection(server, version, questions):
    """Returns the answers, by either version of the service: they have the same messages."""
    reflection = server.stubs.reflection
    call = server.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection.ServerReflectionResponse.FromString)
    return list(call(iter(reflection.ServerReflectionRequest(**question)
                          for question in questions), timeout=PATIENCE))


def files_of(answer):
    return [descriptor_pb2.FileDescriptorProto.FromString(file)
            for file in answer.file_descriptor_response.file_descriptor_proto]


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_tells_the_contract(server, version):
    services, asked, file, again, unknown, nothing = ask_reflection(server, version, [
        {"list_services": "*", "host": "here"},
        {"file_containing_symbol": "dnc.v1.ScrubService.Scrub"},
        {"file_by_filename": "dnc/v1/list_service.proto"},
        {"file_by_filename": "dnc/v1/list_service.proto"},
        {"file_containing_symbol": "dnc.v1.NoSuchService"},
        {}])
    assert services.valid_host == "here"
    assert {service.name for service in services.list_services_response.service} == {
        "dnc.v1.ScrubService", "dnc.v1.RegistryService", "dnc.v1.TenantService",
        "dnc.v1.ListService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}
    # With all that it imports, of which each file comes once on a stream.
    names = [one.name for one in files_of(asked)]
    assert names[0] == "dnc/v1/scrub_service.proto"
    assert {"dnc/v1/verdict.proto", "google/protobuf/timestamp.proto"} <= set(names)
    names = [one.name for one in files_of(file)]
    assert names[0] == "dnc/v1/list_service.proto"
    assert "google/protobuf/timestamp.proto" not in names
    assert [one.name for one in files_of(again)] == ["dnc/v1/list_service.proto"]
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert nothing.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def test_every_method_of_the_contract_is_served(server):
    """With a message of its own or none; what comes is another error than that it is unknown."""
    for module in (server.stubs.scrub, server.stubs.registry, server.stubs.tenant,
                   server.stubs.list, server.stubs.health, server.stubs.reflection):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                call = server.channel.stream_stream(f"/{service.full_name}/{method.name}")
                with pytest.raises(grpc.RpcError) as error:
                    list(call(iter([b"\xff"]), timeout=PATIENCE))
                assert error.value.code() is grpc.StatusCode.INTERNAL, method.full_name
                assert server.refused(error.value).reason == "MALFORMED_CALL", method.full_name


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
