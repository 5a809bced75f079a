"""A whole backup is restored: nobody is told that what came after it is there."""

import shutil
import subprocess
import time

import pytest

from data_halves import (LATER, OPTED_OUT, filled_server, goes_on_from_an_export, never_reached,
                         put_back, refused_watch, restart, starts)
from dnc_server import BIN, Refused
from tenant_calls import add
from waiting import PATIENCE


@pytest.fixture
def filled(start_server, folder):
    return filled_server(start_server, folder)


def test_an_older_backup_of_all_meets_no_later_revision(filled, folder, tmp_path):
    """The folder cannot know what came after it, but a caller who was told of it does."""
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)
    starts(filled)
    lost = add(filled, [LATER]).revision
    filled.stop()
    assert "was copied" not in filled.log()
    put_back(folder, backup)
    starts(filled)
    never_reached(filled, lost)
    told = refused_watch(filled, lost)
    assert told.reason == "CHANGES_TOO_OLD" and "older backup" in told.message
    watched = subprocess.run([str(BIN / "dncctl"), "--server", filled.address, "watch", "--after",
                              str(lost)], capture_output=True, text=True, check=False,
                             timeout=PATIENCE)
    assert watched.returncode != 0 and "older backup" in watched.stderr
    goes_on_from_an_export(filled, OPTED_OUT)
    filled.stop()
    starts(filled)
    assert filled.log().count("was copied since") == 1, "a copy is told once"
    assert "--restored" in filled.log()


def test_a_restore_is_said_aloud(filled, folder, tmp_path):
    backup = tmp_path / "backup"
    starts(filled)
    held = add(filled, [OPTED_OUT + 50]).revision
    time.sleep(1.1)  # moments are asked for in whole seconds
    answered_at = int(time.time())
    filled.stop()
    shutil.copytree(folder, backup)
    time.sleep(1.1)
    lost_at = int(time.time())
    revisions = []
    for options in ([], ["--restored"], ["--restored"]):
        restart(filled, *options)
        # Otherwise what is written again would get revisions that mean something else by now.
        for revision in revisions:
            never_reached(filled, revision)
            assert refused_watch(filled, revision).reason == "CHANGES_TOO_OLD"
        answer = filled.scrub(numbers=[OPTED_OUT, OPTED_OUT + 50, LATER], at_least_revision=held)
        listed, clear = (getattr(filled.stubs.verdict, f"VERDICT_{name}")
                         for name in ("LISTED", "CLEAR"))
        assert list(answer.verdicts) == [listed, listed, clear]
        revisions += [add(filled, [LATER + each]).revision for each in range(5)]
        assert revisions == sorted(set(revisions)) and revisions[-1] < 2**53
        filled.scrub(numbers=[LATER], at_least_revision=revisions[-1])
        filled.stop()
        put_back(folder, backup)
    restart(filled, "--restored")
    assert "--restored" in filled.log()
    tenant = filled.stubs.tenant
    changes = filled.call(filled.tenants.ListTenantChanges,
                          tenant.ListTenantChangesRequest()).changes
    assert any("--restored" in change.description and "uid" in change.description
               for change in changes)
    filled.stop()
    starts(filled)
    for revision in revisions:
        never_reached(filled, revision)
    time.sleep(1.1)
    # What was answered between the backup and now is not known; before and after that, it is.
    for at, known in ((answered_at, True), (lost_at, False), (int(time.time()), True)):
        request = {"numbers": [OPTED_OUT], "as_answered_at": {"seconds": at}}
        if known:
            filled.scrub(**request)
            continue
        with pytest.raises(Refused) as refused:
            filled.scrub(**request)
        assert refused.value.reason == "HISTORY_NOT_REACHED"
        assert "older backup" in refused.value.message
    assert refused_watch(filled, 1).reason == "CHANGES_TOO_OLD"
    goes_on_from_an_export(filled, OPTED_OUT, OPTED_OUT + 50)


def test_a_restore_that_is_said_late_tells_from_when(filled, folder, tmp_path):
    """The server ran on the backup before the operator declared it, as its own warning asks."""
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)
    time.sleep(1.1)  # moments are asked for in whole seconds
    starts(filled)
    add(filled, [LATER])
    time.sleep(1.1)
    answered_at = int(time.time())
    assert filled.verdicts([LATER]) == ["LISTED"]
    filled.stop()
    put_back(folder, backup)
    starts(filled)
    filled.stop()
    restart(filled, "--restored")
    with pytest.raises(Refused) as refused:
        filled.scrub(numbers=[LATER], as_answered_at={"seconds": answered_at})
    assert refused.value.reason == "HISTORY_NOT_REACHED"
