"""Keys: who may call and for how long, and that a revoked key ends what it began."""

import subprocess

import grpc
import pytest

from dnc_server import BIN, Refused
from list_files import flat
from tenant_calls import FREE, add, make_list, new_key, operator_key
from waiting import PATIENCE, wait_until


@pytest.fixture
def keyed(start_server, tmp_path):
    """A server that asks everybody for a key."""
    return start_server(data_dir=tmp_path / "keyed", key=operator_key(tmp_path / "keyed"),
                        tenant="default")


def test_only_with_a_key_beyond_loopback(tmp_path):
    command = [str(BIN / "dncd"), "--data-dir", str(tmp_path / "data"), "--listen", "0.0.0.0:0",
               "--metrics-listen", ""]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "--create-operator-key" in ended.stderr


def test_keys_permit_what_their_scopes_say(keyed):
    scrub = new_key(keyed, ["SCRUB"]).secret
    write = new_key(keyed, ["WRITE_LISTS"]).secret
    as_scrub, as_write = keyed.identity(scrub), keyed.identity(write)
    keyed.scrub(metadata=as_scrub, numbers=[FREE])
    add(keyed, [FREE], metadata=as_write)
    for call in (lambda: keyed.scrub(metadata=as_write, numbers=[FREE]),
                 lambda: add(keyed, [FREE], metadata=as_scrub),
                 lambda: keyed.call(keyed.tenants.ListTenants,
                                    keyed.stubs.tenant.ListTenantsRequest(), as_scrub),
                 lambda: keyed.call(keyed.registry.ListLoads,
                                    keyed.stubs.registry.ListLoadsRequest(), as_write),
                 lambda: keyed.scrub(metadata=keyed.identity(scrub, "default"), numbers=[FREE])):
        with pytest.raises(Refused) as refusal:
            call()
        assert (refusal.value.code, refusal.value.reason) == ("PERMISSION_DENIED", "SCOPE_MISSING")


def test_without_a_live_key_nothing_is_answered(keyed):
    made = new_key(keyed, ["SCRUB"])
    bad = [None, "dnck_nonsense", made.secret[:-1] + ("0" if made.secret[-1] != "0" else "1")]
    for key in bad:
        with pytest.raises(Refused) as refusal:
            keyed.scrub(metadata=keyed.identity(key), numbers=[FREE])
        assert (refusal.value.code, refusal.value.reason) == ("UNAUTHENTICATED",
                                                              "UNAUTHENTICATED")
        for stub, request in ((keyed.scrubs.ScrubStream, keyed.stubs.scrub.ScrubStreamRequest()),
                              (keyed.lists.ImportNumbers,
                               keyed.stubs.list.ImportNumbersRequest())):
            with pytest.raises(grpc.RpcError) as error:
                list(stub(iter([request]), metadata=keyed.identity(key)))
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_revoking_takes_effect_at_once(keyed):
    made = new_key(keyed, ["SCRUB", "WRITE_LISTS"])
    identity = keyed.identity(made.secret)
    keyed.scrub(metadata=identity, numbers=[FREE])
    tenant = keyed.stubs.tenant
    keyed.call(keyed.tenants.RevokeKey, tenant.RevokeKeyRequest(key_id=made.key.key_id))
    with pytest.raises(Refused) as refusal:
        keyed.scrub(metadata=identity, numbers=[FREE])
    assert refusal.value.reason == "UNAUTHENTICATED"
    keys = keyed.call(keyed.tenants.ListKeys, tenant.ListKeysRequest(tenant_id="default")).keys
    assert [key.HasField("revoked_at") for key in keys] == [True]
    changes = keyed.call(keyed.tenants.ListTenantChanges,
                         tenant.ListTenantChangesRequest(tenant_id="default")).changes
    assert any("revoked" in change.description for change in changes)
    assert all(made.secret not in change.description for change in changes)


def test_dncctl_with_a_key(keyed, tmp_path):
    key = new_key(keyed, ["SCRUB"]).secret
    command = [str(BIN / "dncctl"), "--server", keyed.address, "check", str(FREE)]
    without = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert without.returncode == 1 and "key" in without.stderr
    with_key = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=PATIENCE, env={"DNC_KEY": key, "HOME": str(tmp_path)})
    assert with_key.returncode == 11, with_key.stderr


def revoke(server, made):
    server.call(server.tenants.RevokeKey,
                server.stubs.tenant.RevokeKeyRequest(key_id=made.key.key_id))


def ended_by(stream):
    """Returns how many more answers a stream gives, and the code with which it ends."""
    count = 0
    try:
        for _ in stream:
            count += 1
    except grpc.RpcError as error:
        return count, error.code().name
    return count, "OK"


def fill(server, count):
    """Writes so many records, together too large for the buffers between server and client."""
    for at in range(0, count, 3000):
        add(server, range(2015600000 + at, 2015600000 + at + 3000), note="n" * 1000)


def test_an_export_ends_with_its_key(keyed):
    fill(keyed, 30_000)
    lists = keyed.stubs.list
    made = new_key(keyed, ["WRITE_LISTS"])
    for revoked, expected in ((False, "OK"), (True, "UNAUTHENTICATED")):
        stream = keyed.lists.ExportNumbers(lists.ExportNumbersRequest(),
                                           metadata=keyed.identity(made.secret))
        next(stream)
        if revoked:
            revoke(keyed, made)
        parts, code = ended_by(stream)
        assert code == expected
        assert (parts == 14) == (not revoked)


def test_an_export_ends_when_its_tenant_is_suspended(keyed):
    fill(keyed, 30_000)
    tenant = keyed.stubs.tenant
    made = new_key(keyed, ["WRITE_LISTS"])
    stream = keyed.lists.ExportNumbers(keyed.stubs.list.ExportNumbersRequest(),
                                       metadata=keyed.identity(made.secret))
    next(stream)
    now = keyed.call(keyed.tenants.GetTenant, tenant.GetTenantRequest(tenant_id="default")).tenant
    now.state = tenant.TENANT_STATE_SUSPENDED
    keyed.call(keyed.tenants.UpdateTenant, tenant.UpdateTenantRequest(tenant=now))
    assert ended_by(stream)[1] == "PERMISSION_DENIED"


def test_an_upload_and_a_watch_end_with_their_key(keyed, tmp_path):
    registry = keyed.stubs.registry
    content = flat([2015550100, 2015550101])

    def parts(made, revoke_before):
        steps = [registry.UploadReleaseRequest(options=keyed.stubs.load.LoadOptions()),
                 registry.UploadReleaseRequest(file=registry.FileStart(
                     name="2026-1-1_201_0.txt", size_bytes=len(content))),
                 registry.UploadReleaseRequest(chunk=content)]
        for number, step in enumerate([*steps, None]):
            if number == revoke_before:
                # What was sent before has arrived, so that the first look does not refuse it
                # already.
                if number > 1:
                    wait_until(lambda: any((tmp_path / "keyed/uploads").iterdir()))
                revoke(keyed, made)
            if step is not None:
                yield step

    for revoke_before in (1, 2, 3):  # 3: all is sent, and only the end is missing
        made = new_key(keyed, ["OPERATE"], tenant_id="")
        with pytest.raises(grpc.RpcError) as error:
            keyed.registry.UploadRelease(parts(made, revoke_before),
                                         metadata=keyed.identity(made.secret))
        assert error.value.code().name == "UNAUTHENTICATED"
    assert not keyed.loads()


def test_the_same_request_with_a_new_key_is_the_same_request(keyed):
    first, second = (keyed.identity(new_key(keyed, ["WRITE_LISTS"]).secret) for _ in range(2))
    answer = add(keyed, [FREE], metadata=first, request_id="case-1")
    assert add(keyed, [FREE], metadata=second, request_id="case-1") == answer
    with pytest.raises(Refused) as refusal:
        add(keyed, [FREE], metadata=second, request_id="case-1", made_by="another")
    assert refusal.value.reason == "REQUEST_ID_REUSED"


def test_an_import_is_into_one_list(keyed):
    make_list(keyed, "consents", "CONSENT")
    lists = keyed.stubs.list
    identity = keyed.metadata

    def part(list_id, number):
        return lists.ImportNumbersRequest(list_id=list_id,
                                          records=[lists.Record(number=str(number))])

    unnamed = [part("", FREE + 9), part("internal", FREE + 8)]
    assert [a.added for a in keyed.lists.ImportNumbers(iter(unnamed), metadata=identity)] == [1] * 2
    same = [part("consents", FREE), part("", FREE + 1), part("consents", FREE + 2)]
    assert [a.added for a in keyed.lists.ImportNumbers(iter(same), metadata=identity)] == [1] * 3
    stream = keyed.lists.ImportNumbers(iter([part("consents", FREE + 3), part("internal", FREE)]),
                                       metadata=identity)
    assert ended_by(stream) == (1, "INVALID_ARGUMENT")
    found = keyed.call(keyed.lists.GetRecord, lists.GetRecordRequest(number=str(FREE)))
    assert [record.list_id for record in found.records] == ["consents"]
