"""Absence is not emptiness: a data folder of which a part is missing, older or another's is
refused, with the file and the remedy; nothing is clear because an opt-out was lost."""

import shutil
import subprocess
import time

import pytest

from data_halves import (LATER, NOTES, NUMBERS, OPTED_OUT, PUBLISHED, TENANTS, filled_server,
                         goes_on_from_an_export, load, never_reached, put_back, refused_watch,
                         remove, restart, starts)
from dnc_server import BIN, Refused, refused_start
from list_files import DAY
from tenant_calls import add, new_key
from waiting import PATIENCE


@pytest.fixture
def filled(start_server, folder):
    return filled_server(start_server, folder)


def test_the_folder_is_told_to_be_whole(filled, folder):
    for _ in range(2):
        starts(filled).stop()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        PUBLISHED + TENANTS + ["clock", "uploads"])


@pytest.mark.parametrize("missing, named", [
    (TENANTS, "tenants"),
    (["tenants"], "tenants"),
    (PUBLISHED, "store"),
    (["store"], "store"),
    (["revision"], "revision"),
    (["store/tenants.revision"], "store/tenants.revision"),
    (["tenants.directory"], "tenants.directory"),
    (["tenants.journal"], "tenants.journal"),
    (["tenants/store.revision"], "tenants/store.revision"),
    (PUBLISHED + TENANTS, "uploads"),
    (PUBLISHED + TENANTS + ["uploads"], "clock"),
    (PUBLISHED + [name for name in TENANTS if name != "tenants.journal"] + ["uploads", "clock"],
     "tenants.journal"),
], ids=lambda value: value if isinstance(value, str) else "-".join(value)[:40])
def test_what_is_missing_is_named(filled, folder, missing, named):
    whole = folder.with_suffix(".whole")
    shutil.copytree(folder, whole)
    remove(folder, missing)
    said = refused_start(folder)
    assert named in said and "restore" in said, said
    assert named in refused_start(folder), "it does not heal by itself"
    shutil.rmtree(folder)
    whole.rename(folder)
    starts(filled)


@pytest.mark.parametrize("half", ["store", "tenants"])
@pytest.mark.parametrize("part", ["CURRENT", "MANIFEST-*", "*.sst", "*"])
def test_a_half_that_is_half_there(filled, folder, half, part):
    for _ in range(2):  # what was written goes to table files
        starts(filled).stop()
    for path in (folder / half).glob(part):
        path.unlink()
    said = refused_start(folder)
    assert half in said and "restore" in said, said


@pytest.mark.parametrize("linked", [False, True])
def test_a_mount_point_without_its_disk(filled, folder, tmp_path, linked):
    shutil.rmtree(folder / "tenants")
    (folder / "tenants").mkdir()
    if linked:
        (folder / "tenants").rmdir()
        (folder / "tenants").symlink_to(tmp_path / "not-mounted")
    said = refused_start(folder)
    assert "tenants" in said, said
    assert not list(folder.glob("tenants/*")), "nothing was begun there"


def test_new_tenants_are_said_aloud(filled, folder):
    starts(filled)
    lost = add(filled, [LATER]).revision
    filled.stop()
    remove(folder, TENANTS)
    restart(filled, "--new-tenants")
    assert "--new-tenants" in filled.log()
    # It is gone, as the operator declared; but nobody is told that it is there.
    assert filled.verdicts([OPTED_OUT]) == ["CLEAR"]
    for revision in (1, lost):
        never_reached(filled, revision)
    again = add(filled, [OPTED_OUT]).revision
    assert again > lost
    answer = filled.scrub(numbers=[OPTED_OUT], at_least_revision=again)
    assert answer.verdicts[0] == filled.stubs.verdict.VERDICT_LISTED
    tenant = filled.stubs.tenant
    changes = filled.call(filled.tenants.ListTenantChanges,
                          tenant.ListTenantChangesRequest()).changes
    assert any("--new-tenants" in change.description and "uid" in change.description
               for change in changes)
    filled.stop()
    starts(filled)
    with pytest.raises(Refused):
        filled.scrub(numbers=[LATER], at_least_revision=lost)


def test_who_watched_lost_tenants_is_told(filled, folder):
    remove(folder, TENANTS)
    restart(filled, "--new-tenants")
    assert refused_watch(filled, 2).reason == "CHANGES_TOO_OLD"
    goes_on_from_an_export(filled)


def test_new_tenants_empties_nothing_that_is_there(filled):
    restart(filled, "--new-tenants")
    assert filled.verdicts([OPTED_OUT]) == ["LISTED"]
    assert "take them away" in filled.log()


def test_new_published_lists_are_said_aloud(filled, folder):
    remove(folder, PUBLISHED)
    restart(filled, "--new-published")
    assert filled.verdicts([OPTED_OUT, NUMBERS[0]]) == ["LISTED", "NOT_COVERED"]
    load(filled)
    assert filled.verdicts([OPTED_OUT, NUMBERS[0]]) == ["LISTED", "LISTED"]
    filled.stop()
    starts(filled)


@pytest.mark.parametrize("older, named", [(TENANTS, "tenants"), (PUBLISHED, "store")],
                         ids=["tenants", "store"])
@pytest.mark.parametrize("killed", [False, True])
def test_halves_of_unlike_age(filled, folder, tmp_path, older, named, killed):
    """An older copy of one half, with its marks, lies beside the newer other half."""
    shutil.copytree(folder, tmp_path / "older")
    starts(filled)
    add(filled, [LATER])
    filled.load([("lit.csv", b"phone\n2015570100\n")], list_name="litigator:x",
                obtained_at=time.time() - DAY, column="phone")
    filled.stop(*([9] if killed else []))
    newer = tmp_path / "newer"
    shutil.copytree(folder, newer)
    remove(folder, older)
    for name in older:
        source = tmp_path / "older" / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy2(source, folder / name)
    said = refused_start(folder)
    assert named in said and "older" in said and "restore" in said, said
    # A whole copy of one moment is a restore.
    put_back(folder, newer)
    restart(filled)
    assert filled.verdicts([LATER, 2015570100]) == ["LISTED", "LISTED"]


def older_but_for(folder, older, kept):
    """Puts all of the copy `older` back, except for the folder `kept`."""
    (folder / kept).rename(folder.with_suffix(".kept"))
    put_back(folder, older)
    shutil.rmtree(folder / kept)
    folder.with_suffix(".kept").rename(folder / kept)


def load_later(server):
    server.load([("lit.csv", b"phone\n2015570100\n")], list_name="litigator:x",
                obtained_at=time.time() - DAY, column="phone")


@pytest.mark.parametrize("end", ["stopped", "killed after a list", "killed at once",
                                 "killed after a key"])
def test_an_older_half_with_the_loose_files_of_both(filled, folder, tmp_path, end):
    """The folder of the lists knows the opt-out that the rest has lost."""
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    starts(filled)
    add(filled, [LATER])
    if end == "killed after a list":
        load_later(filled)
    if end == "killed after a key":
        new_key(filled, ["SCRUB"])
    filled.stop(*([] if end == "stopped" else [9]))
    newer = tmp_path / "newer"
    shutil.copytree(folder, newer)
    older_but_for(folder, older, "store")
    # The mark of the lists is corrected; the tenants' half is the older one.
    for _ in range(2):
        said = refused_start(folder)
        assert "tenants is at revision" in said and "older" in said and "restore" in said, said
    # --new-tenants declares it lost, and the server goes on from there.
    remove(folder, TENANTS)
    for options in (["--new-tenants"], []):
        restart(filled, *options)
        filled.stop()
    put_back(folder, newer)
    starts(filled)
    assert filled.verdicts([LATER]) == ["LISTED"]


@pytest.mark.parametrize("end", ["stopped", "killed at once"])
def test_older_lists_with_the_loose_files_of_both(filled, folder, tmp_path, end):
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    starts(filled)
    load_later(filled)
    filled.stop(*([] if end == "stopped" else [9]))
    older_but_for(folder, older, "tenants")
    for _ in range(2):
        said = refused_start(folder)
        assert "store is at revision" in said and "older" in said and "restore" in said, said
    remove(folder, PUBLISHED)
    restart(filled, "--new-published")
    load(filled)
    filled.stop()
    starts(filled)


def test_notes_that_lay_beside_the_folders(filled, folder, tmp_path):
    """The notes lie where an earlier version left them."""
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    starts(filled)
    add(filled, [LATER])
    filled.stop(9)
    for note, loose in zip(NOTES, ("revision.tenants", "tenants.published")):
        (folder / note).rename(folder / loose)
    starts(filled).stop(9)
    assert not (folder / "revision.tenants").exists()
    older_but_for(folder, older, "store")
    assert "tenants is at revision" in refused_start(folder)


@pytest.mark.parametrize("half", [TENANTS, PUBLISHED], ids=["tenants", "store"])
def test_a_half_of_another_installation(filled, folder, start_server, tmp_path, half):
    other = start_server(data_dir=tmp_path / "other")
    load(other)
    for number in range(LATER, LATER + 5):
        add(other, [number])
    other.stop()
    remove(folder, half)
    for name in half:
        source = tmp_path / "other" / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy2(source, folder / name)
    assert "do not belong together" in refused_start(folder)


def test_a_crash_in_the_first_start_is_no_loss(start_server, folder):
    """A first start that ends before it has made everything leaves a folder that starts again."""
    server = start_server(data_dir=folder)
    server.stop()
    remove(folder, TENANTS + ["uploads", "clock", "revision", "store/tenants.revision"])
    said = refused_start(folder)
    assert "tenants" in said, "here the store names the other half already"
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "store").mkdir()
    server.start()


def test_the_operators_key_asks_for_whole_halves_too(filled, folder):
    remove(folder, TENANTS)
    made = subprocess.run([str(BIN / "dncd"), "--data-dir", str(folder), "--create-operator-key"],
                          capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert made.returncode == 1 and "dnck_" not in made.stdout
    assert "tenants" in made.stderr
    del filled
