"""dncctl scrub and import of files that gzip has packed, or that are alone in a zip archive."""

import gzip
import io
import json
import shutil
import subprocess
import time
import zipfile

import pytest

from dnc_server import BIN
from list_files import DAY, block, flat
from tenant_calls import make_list
from waiting import PATIENCE

NOW = int(time.time())
LISTED, FREE = 2015550101, 2015560101
LEADS = f"name,phone\r\nAnn,{LISTED}\r\nBea,{FREE}\r\n"


@pytest.fixture(scope="module", name="loaded")
def fixture_loaded(stubs, tmp_path_factory):
    from dnc_server import Server  # pylint: disable=import-outside-toplevel
    server = Server(stubs, tmp_path_factory.mktemp("packed") / "data")
    server.wait_until_ready()
    server.load([("base.txt", flat(block(201, 555, 1000)))], obtained_at=NOW - 5 * DAY)
    yield server
    server.stop()


def dncctl(server, *arguments, **options):
    return subprocess.run([str(BIN / "dncctl"), "--server", server.address, *map(str, arguments)],
                          capture_output=True, timeout=PATIENCE, check=False, **options)


def zipped(*files, method=zipfile.ZIP_DEFLATED, comment=b""):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, text in files:
            archive.writestr(name, text)
        archive.comment = comment
    return packed.getvalue()


def info_zip(content, *options):
    if shutil.which("zip") is None:
        pytest.skip("needs zip, of Debian's package zip")
    return subprocess.run(["zip", "-q", *options], input=content, stdout=subprocess.PIPE,
                          check=True, timeout=PATIENCE).stdout


PACKED = {
    "gzip": gzip.compress,
    "gzip in two": lambda text: gzip.compress(text[:30]) + gzip.compress(text[30:]),
    "gzip filled up": lambda text: gzip.compress(text) + bytes(700),
    "zip": lambda text: zipped(("leads.csv", text)),
    "zip stored": lambda text: zipped(("leads.csv", text), method=zipfile.ZIP_STORED),
    "zip of a folder": lambda text: zipped(("x/", ""), ("x/leads.csv", text), ("README", "")),
    "zip of a Mac": lambda text: zipped(("leads.csv", text), ("__MACOSX/._leads.csv", b"\0\5\x16")),
    "zip with a comment": lambda text: zipped(("leads.csv", text), comment=b"c" * 65_535),
    "zip from a pipe": info_zip,
    "zip to a pipe": lambda text: info_zip(text, "-", "-"),
}


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_packed_leads_are_scrubbed(loaded, tmp_path, form, encoding):
    source, result = tmp_path / "leads", tmp_path / "result.csv"
    source.write_bytes(PACKED[form](LEADS.encode(encoding)))
    done = dncctl(loaded, "scrub", "--in", source, "--out", result)
    assert done.returncode == 0, done.stderr
    lines = result.read_bytes().decode("utf-8-sig").split("\r\n")
    assert [line.split(",")[:3] for line in lines] == [
        ["name", "phone", "dnc_verdict"], ["Ann", str(LISTED), "LISTED"],
        ["Bea", str(FREE), "CLEAR"], [""]]


@pytest.mark.parametrize("form", ["gzip", "zip", "zip to a pipe"])
def test_what_is_cut_off_or_damaged_gives_no_result(loaded, tmp_path, form):
    text = (LEADS + "".join(f"C{i},{FREE + i}\r\n" for i in range(20_000))).encode()
    whole = PACKED[form](text)
    source, result = tmp_path / "leads", tmp_path / "result.csv"
    broken = [whole[:at] for at in (len(whole) // 2, len(whole) - 1)]
    broken += [whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:]] if form == "gzip" else []
    middle = len(whole) // 2
    broken.append(whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1:])
    for content in broken:
        source.write_bytes(content)
        done = dncctl(loaded, "scrub", "--in", source, "--out", result)
        assert done.returncode != 0 and not result.exists(), len(content)
        assert b"damaged" in done.stderr, done.stderr


def test_of_stdin(loaded, tmp_path):
    packed = tmp_path / "leads.zip"
    packed.write_bytes(zipped(("leads.csv", LEADS)))
    result = tmp_path / "result.csv"
    with packed.open("rb") as file:
        done = dncctl(loaded, "scrub", "--in", "-", "--out", result, stdin=file)
    assert done.returncode == 0 and b"LISTED" in result.read_bytes()
    done = dncctl(loaded, "scrub", "--in", "-", "--out", result,
                  input=gzip.compress(LEADS.encode()))
    assert done.returncode == 0 and b"LISTED" in result.read_bytes()
    done = dncctl(loaded, "scrub", "--in", "-", "--out", tmp_path / "none",
                  input=packed.read_bytes())
    assert done.returncode == 2 and b"unzip -p" in done.stderr


WORKBOOK = zipped(("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "<workbook/>"))
NOT_READ = {
    "a workbook": (WORKBOOK, "Excel"),
    "a packed workbook": (gzip.compress(WORKBOOK), "Excel"),
    "a workbook in an archive": (zipped(("leads.xlsx", WORKBOOK)), "Excel"),
    "packed twice": (gzip.compress(gzip.compress(LEADS.encode())), "gzip"),
    "an archive in an archive": (zipped(("x.zip", zipped(("leads.csv", LEADS)))), "zip"),
    "a packed PDF": (gzip.compress(b"%PDF-1.7\n" + bytes(600)), "PDF"),
    "two files": (zipped(("a.csv", LEADS), ("b.csv", LEADS)), "2 files"),
    "no file": (zipped(), "no file"),
    "an empty file": (gzip.compress(b""), "empty"),
    "what unpacks to too much": (gzip.compress(LEADS.encode() + b"\n" * 5_000_000), "200 times"),
    "a zip of too much": (zipped(("l.csv", LEADS.encode() + b"\n" * 50_000_000)), "200 times"),
}


@pytest.mark.parametrize("case", NOT_READ)
def test_what_is_not_read_is_named(loaded, tmp_path, case):
    content, word = NOT_READ[case]
    source, result = tmp_path / "leads", tmp_path / "result.csv"
    source.write_bytes(content)
    done = dncctl(loaded, "scrub", "--in", source, "--out", result)
    assert done.returncode in (1, 2) and not result.exists()
    assert word in done.stderr.decode(), done.stderr


@pytest.mark.parametrize("form", PACKED)
def test_packed_records_are_imported(loaded, tmp_path, form):
    first = FREE + 1_000 + 10 * list(PACKED).index(form)
    source = tmp_path / "records"
    source.write_bytes(PACKED[form](f"number,note\n{first},a\n{first + 1},b\n".encode()))
    done = dncctl(loaded, "--json", "import", source)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 2
    assert loaded.verdicts([first, first + 1]) == ["LISTED", "LISTED"]


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_a_packed_export_goes_in_again(loaded, tmp_path, form):
    name = f"l{form}"
    first = FREE + 3_000 + 10 * list(PACKED).index(form)
    make_list(loaded, name, "INTERNAL", "acme")
    source = tmp_path / "records"
    text = f"list_id,number\n{name},{first}\n,{first + 1}\n"
    source.write_bytes(PACKED[form](text.encode()))
    done = dncctl(loaded, "--json", "import", source, "--all-lists")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 2
    assert loaded.verdicts([first, first + 1]) == ["LISTED", "LISTED"]
