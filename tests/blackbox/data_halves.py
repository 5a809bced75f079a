"""What tests do with the halves of a data folder, and ask their servers."""

import shutil
import time

import grpc
import pytest

from dnc_server import Refused
from list_files import DAY, block, flat, registry_name
from tenant_calls import add, rule
from waiting import PATIENCE

NUMBERS = block(201, 555, 1200)
OPTED_OUT, LATER = 2015560100, 2015560101
TENANTS = ["tenants", "tenants.directory", "tenants.journal", "tenants.filter", "tenants.seal"]
PUBLISHED = ["store", "revision"]
NOTES = ["store/tenants.revision", "tenants/store.revision"]


def load(server):
    at = time.time() - DAY
    server.load([(registry_name(at, "201"), flat(NUMBERS))])


def filled_server(start_server, folder):
    """Makes a stopped server with a list and an opt-out, which tests start again."""
    server = start_server(data_dir=folder)
    load(server)
    add(server, [OPTED_OUT])
    server.stop()
    return server


def remove(folder, names):
    for name in names:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()


def restart(server, *options):
    """Starts the server once with these options."""
    command = list(server.command)
    server.command += options
    server.start()
    server.command = command
    server.wait_until_ready()


def starts(server):
    restart(server)
    assert server.verdicts([OPTED_OUT, NUMBERS[0]]) == ["LISTED", "LISTED"]
    return server


def put_back(folder, backup):
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)


def refused_watch(server, after_revision):
    lists = server.stubs.list
    with pytest.raises(grpc.RpcError) as told:
        next(server.lists.WatchChanges(lists.WatchChangesRequest(after_revision=after_revision),
                                       timeout=PATIENCE))
    return server.refused(told.value)


def goes_on_from_an_export(server, *numbers):
    """Checks that a caller who is told to export gets what is there, and can watch from there
    on."""
    lists = server.stubs.list
    parts = list(server.lists.ExportNumbers(lists.ExportNumbersRequest(), timeout=PATIENCE))
    told = {record.number for part in parts for record in part.records}
    assert told == {str(number) for number in numbers}
    stream = server.lists.WatchChanges(
        lists.WatchChangesRequest(after_revision=parts[-1].revision), timeout=PATIENCE)
    written = add(server, [2015569000]).revision
    assert next(stream).revision == written
    stream.cancel()


def never_reached(server, revision):
    with pytest.raises(Refused) as refused:
        server.scrub(numbers=[LATER], at_least_revision=revision)
    assert refused.value.reason == "REVISION_NOT_REACHED"
    assert "older backup" in refused.value.message
    with pytest.raises(Refused):
        rule(server, LATER, at_least_revision=revision)
