"""Files that are not what they should be are refused, and nothing changes."""

import time

import pytest

from dnc_server import Refused
from list_files import DAY, block, changes, flat, registry_name, zipped

NOW = int(time.time())
NUMBERS = block(201, 555, 40)


def refused(server, name, content, **options):
    """Loads what must be refused, and returns the refusal."""
    options.setdefault("obtained_at", NOW - DAY)
    with pytest.raises(Refused) as refusal:
        server.load_quickly([(name, content)], **options)
    assert refusal.value.message
    return refusal.value


def test_an_archive_cut_off_anywhere(server):
    whole = zipped("list.txt", flat(NUMBERS))
    for size in range(len(whole)):
        error = refused(server, "list.txt.zip", whole[:size])
        assert error.reason in ("DAMAGED_FILE", "BAD_FILE"), f"{size} of {len(whole)} bytes"
    assert server.verdicts(NUMBERS[:1]) == ["NOT_COVERED"]
    server.load([("list.txt.zip", whole)], obtained_at=NOW - DAY)
    assert server.verdicts(NUMBERS) == ["LISTED"] * len(NUMBERS)


def test_an_archive_with_a_flipped_bit(server):
    """If such an archive loads all the same, it has every number: some bytes of an archive mean
    nothing."""
    whole = zipped("list.txt", flat(NUMBERS))
    accepted = 0
    for at in range(0, len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        try:
            server.load_quickly([("list.txt.zip", bytes(damaged))], obtained_at=NOW - DAY)
        except Refused:
            continue
        accepted += 1
        assert server.verdicts(NUMBERS) == ["LISTED"] * len(NUMBERS), f"byte {at}"
    assert accepted < len(whole) // 2


@pytest.mark.parametrize("content", [
    b"", b"\n", b"<html><body>Session expired</body></html>\n", b"Invalid request.\n",
    b"%PDF-1.4\n%\xe2\xe3\n", b"\x00" * 4096, b"201;5550101\n", b"201,555010\n",
    b"201,55501011\n", b"101,5550101\n", b"201,5550101\n201,5550102,2026-01-01T00:00:00,A\n",
    b"2015550101,2026-01-01T00:00:00,X\n", b"2015550101,2026-13-01T00:00:00,A\n",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"201,5550101\n\n201,5550102\n",
], ids=lambda content: repr(content[:24]))
def test_foreign_text(server, content):
    error = refused(server, "list.txt", content)
    assert error.reason in ("BAD_FILE", "DAMAGED_FILE", "GUARD_REFUSED")
    assert "5550101" not in error.message
    assert server.verdicts([2015550101]) == ["NOT_COVERED"]


def test_errors_name_the_line(server):
    content = flat(NUMBERS) + b"garbage\n" + flat(NUMBERS)
    assert "line 41" in refused(server, "list.txt", content).message


def test_xml_that_is_cut_off_or_hostile(server):
    whole = b"<list val='201'><ac val='201'><ph val='5550101' /><ph val='101' /></ac></list>"
    for size in range(len(whole)):
        refused(server, "list.xml", whole[:size])
    entity = b"<!DOCTYPE list [<!ENTITY a '5550101'>]>" + whole
    refused(server, "list.xml", entity)
    server.load([("list.xml", whole)], obtained_at=NOW - DAY)
    assert server.verdicts([2015550101, 2010000101, 2015550102]) == ["LISTED", "LISTED", "CLEAR"]


def test_a_name_that_disagrees_with_the_content(server):
    plain = flat(NUMBERS)
    assert refused(server, registry_name(NOW - DAY, "201", ".txt.zip"), plain).reason in (
        "BAD_FILE", "DAMAGED_FILE")
    assert refused(server, registry_name(NOW - DAY, "201"),
                   zipped("list.txt", plain)).reason == "BAD_FILE"
    assert refused(server, registry_name(NOW - DAY, "201", ".xml"), plain).reason == "BAD_FILE"
    error = refused(server, registry_name(NOW - DAY, "305"), plain)
    assert error.guard == "GUARD_OUTSIDE_LABEL"
    allow = [f"outside-label:{registry_name(NOW - DAY, '305')}"]
    refused(server, registry_name(NOW - DAY, "305"), plain, allow=allow)
    assert refused(server, registry_name(NOW - DAY, "change"), plain).reason == "BAD_FILE"


def test_an_archive_with_two_members(server):
    import io
    import zipfile
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("one.txt", flat(NUMBERS))
        archive.writestr("two.txt", flat(block(201, 556, 10)))
    assert refused(server, "list.txt.zip", target.getvalue()).reason == "BAD_FILE"


def test_a_damaged_change_list_changes_nothing(server):
    server.load([("list.txt", flat(NUMBERS))], obtained_at=NOW - 3 * DAY)
    good = changes([(NUMBERS[0], NOW - 2 * DAY, "D"), (2015560001, NOW - 2 * DAY, "A")])
    refused(server, "changes.txt", good + b"2015560002,2026-01-01T00:00:00,Q\n")
    refused(server, "changes.txt", good[:-4])
    assert server.verdicts([NUMBERS[0], 2015560001]) == ["LISTED", "CLEAR"]
    server.load([("changes.txt", good)], obtained_at=NOW - DAY, allow=["shrink:201"])
    assert server.verdicts([NUMBERS[0], 2015560001]) == ["CLEAR", "LISTED"]


def test_a_csv_cell_that_is_no_number(server):
    for cell in ("", "n/a", "555-0101", "201-555-0101 ext 5", "+44 20 7946 0018"):
        content = f"name,phone\nA,2015550101\nB,{cell}\n".encode()
        error = refused(server, "list.csv", content, list_name="state:TX")
        assert error.reason == "BAD_FILE"
        assert "line 3" in error.message
    error = refused(server, "list.csv", b"a,b\nA,2015550101\n", list_name="state:TX",
                    column="mobile")
    assert error.reason == "BAD_FILE"
    assert "a" in error.message and "b" in error.message


def test_an_upload_that_breaks_off_changes_nothing(server):
    registry = server.stubs.registry

    def parts():
        options = server.stubs.load.LoadOptions()
        options.obtained_at.seconds = NOW - DAY
        yield registry.UploadReleaseRequest(options=options)
        yield registry.UploadReleaseRequest(
            file=registry.FileStart(name="list.txt", size_bytes=2400))
        yield registry.UploadReleaseRequest(chunk=flat(NUMBERS))

    with pytest.raises(Refused) as refusal:
        server.call(server.registry.UploadRelease, parts())
    assert refusal.value.reason in ("INVALID_REQUEST", "DAMAGED_FILE")
    assert server.verdicts(NUMBERS[:1]) == ["NOT_COVERED"]


@pytest.mark.parametrize("name", ["", ".", "..", "../list.txt", "a/b.txt", "x" * 300, "a\0b"])
def test_names_of_uploaded_files(server, name):
    if "\0" in name:
        name = "a\u0000b"
    assert refused(server, name, flat(NUMBERS)).reason == "INVALID_REQUEST"
