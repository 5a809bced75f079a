"""dncctl scrub and import of tables that other programs write: delimiters, headings, encodings, and
files that are no tables at all."""

import csv
import io
import json
import time
import zipfile

import pytest

from list_files import DAY, block, flat

NOW = int(time.time())
LISTED, CLEAR = "2015550101", "2015560101"
PLACES = "dnc_verdict dnc_reasons dnc_listed_since dnc_valid_until".split()


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 1000)))], obtained_at=NOW - 5 * DAY)
    return server


@pytest.fixture
def scrub(loaded, dncctl, tmp_path):
    """Scrubs a file's bytes; returns what dncctl printed, and the result's text or None."""

    def run(content, *arguments):
        source, result = tmp_path / "leads.csv", tmp_path / "result.csv"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        done = dncctl("scrub", "--in", str(source), "--out", str(result), *arguments)
        return done, result.read_bytes().decode("utf-8-sig", "replace") if result.exists() else None

    return run


def rows(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


# VICIdial's own layout: no heading, the phone number in the fifth column, its country code before.
VICIDIAL = [["v1", "src", "101", "1", LISTED, "Mr", "Ann"],
            ["v2", "src", "101", "1", CLEAR, "", "B"]]


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";"])
@pytest.mark.parametrize("extra", [(), ("--no-heading",)])
def test_leads_without_a_heading(scrub, delimiter, extra):
    text = "".join(delimiter.join(row) + "\n" for row in VICIDIAL)
    done, result = scrub(text, "--column-number", "5", *extra)
    assert done.returncode == 0, done.stderr
    table = rows(result, delimiter)
    assert [row[:7] for row in table] == VICIDIAL
    assert [row[7] for row in table] == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";"])
def test_the_delimiter_is_found(scrub, delimiter):
    text = f"id{delimiter}\"a, b; c\"{delimiter}Phone Number\n1{delimiter}x{delimiter}{LISTED}\n"
    done, result = scrub(text)
    assert done.returncode == 0, done.stderr
    assert rows(result, delimiter)[1][:4] == ["1", "x", LISTED, "LISTED"]


@pytest.mark.parametrize("text, arguments", [
    (f"{LISTED}\n{CLEAR}\n", ("--column", LISTED)),
    (f"{LISTED},x\n{CLEAR},y\n", ("--column", LISTED)),
    (f"x,{LISTED}\ny,{CLEAR}\n", ()),
    (f"x,{LISTED}\ny,{CLEAR}\n", ("--column", "phone")),
    (f"x,{LISTED}\n", ("--column-number", "3")),
    ("id,phone\n1,2\n", ("--column", "mobile")),
])
def test_a_number_is_never_a_heading(scrub, text, arguments):
    done, result = scrub(text, *arguments)
    assert done.returncode == 2 and result is None
    assert "column" in done.stderr


def test_what_spreadsheets_and_old_programs_add(scrub):
    done, result = scrub(f"sep=;\r\n\r\nid;phone\r\n1;{LISTED}\r\n\x1a")
    assert done.returncode == 0, done.stderr
    assert [row[2:3] for row in rows(result, ";") if len(row) > 1] == [["dnc_verdict"], ["LISTED"]]
    done, result = scrub(f"id|phone\r1|{LISTED}\r2|{CLEAR}\r")
    assert result.count("LISTED") == 1 and result.count("CLEAR") == 1


def test_a_list_of_bare_numbers(scrub):
    done, result = scrub(f"{LISTED}\n{CLEAR}\n")
    assert done.returncode == 0, done.stderr
    assert [row[1] for row in rows(result)] == ["LISTED", "CLEAR"]


def test_hardly_any_number_is_an_error(scrub):
    text = "id,name\n" + "1,Ann\n" * 50
    done, result = scrub(text, "--column", "name")
    assert done.returncode == 1 and result is None
    assert "0 of 50 numbers" in done.stderr and "--column" in done.stderr
    assert scrub("id,phone\n1,\n2,\n", "--column", "phone")[1] is None
    done, result = scrub(text, "--column", "name", "--allow-unreadable")
    assert done.returncode == 0 and result.count("INVALID") == 50


def workbook():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


@pytest.mark.parametrize("content, word", [
    (workbook(), "Excel"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel"),
    (b"%PDF-1.7\n" + bytes(range(256)), "PDF"),
    (f"<!DOCTYPE html>\n<html><td>{LISTED}</td></html>".encode(), "HTML"),
    (f"\n  <table><tr><td>{LISTED}</td></tr></table>".encode(), "HTML"),
    (f'<?xml version="1.0"?><Workbook>{LISTED}</Workbook>'.encode(), "XML"),
    (f'[{{"phone": "{LISTED}"}}]'.encode(), "JSON"),
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
    (b"\xff\xd8\xff\xe0" + bytes(100), "picture"),
    (b"BZh91AY&SY" + bytes(100), "bzip2"),
    (b"SQLite format 3\0" + bytes(100), "SQLite"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_table_is_named(loaded, scrub, dncctl, tmp_path, content, word):
    done, result = scrub(content, "--column-number", "1")
    assert done.returncode == 2 and result is None
    assert word in done.stderr
    source = tmp_path / "leads.csv"
    done = dncctl("import", str(source), "--column-number", "1")
    assert done.returncode == 1 and word in done.stderr
    assert loaded.verdicts([int(LISTED), int(CLEAR)]) == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252",
                                      "latin-1"])
def test_encodings_of_spreadsheets(scrub, encoding):
    done, result = scrub(f"Straße,phone\r\nKöln,{LISTED}\r\nMünchen,201\u00a0556-0101\r\n"
                         .encode(encoding), "--column", "phone")
    assert done.returncode == 0, done.stderr
    table = rows(result) if "utf" in encoding else None
    assert table is None or table[1][:3] == ["Köln", LISTED, "LISTED"]
    assert "CLEAR" in result.splitlines()[2]


@pytest.fixture
def scrub_bytes(loaded, dncctl, tmp_path):
    def run(content):
        source, result = tmp_path / "leads.csv", tmp_path / "result.csv"
        source.write_bytes(content)
        done = dncctl("scrub", "--in", str(source), "--out", str(result))
        assert done.returncode == 0, done.stderr
        return result.read_bytes()

    return run


def test_bytes_of_other_encodings_stay_as_they_are(scrub_bytes):
    assert scrub_bytes(b"name,phone\nK\xf6ln,2015550101\n").splitlines()[1].startswith(
        b"K\xf6ln,2015550101,LISTED,")


def test_several_numbers_a_lead(scrub):
    text = (f"id,Home,mobile\n1,{CLEAR},{LISTED}\n2,{CLEAR},\n3,{CLEAR},NULL\n4,,\n"
            f"5,{CLEAR},2015560102\n6,{CLEAR},4155550101\n7,{CLEAR},12\n")
    done, result = scrub(text, "--column", "home", "--column", "mobile")
    assert done.returncode == 0, done.stderr
    table = rows(result)
    assert table[0][3:] == PLACES + ["dnc_verdict_Home", "dnc_verdict_mobile"]
    assert [(row[3], row[7], row[8]) for row in table[1:]] == [
        ("LISTED", "CLEAR", "LISTED"), ("CLEAR", "CLEAR", ""), ("CLEAR", "CLEAR", ""),
        ("INVALID", "", ""), ("CLEAR", "CLEAR", "CLEAR"), ("NOT_COVERED", "CLEAR", "NOT_COVERED"),
        ("INVALID", "CLEAR", "INVALID")]
    assert table[1][4] == "NATIONAL"


def test_a_scrubbed_file_is_scrubbed_again(scrub):
    text = f"id,phone,city\n1,{LISTED},x\n2,{CLEAR}\n3,{CLEAR},x,more\n"
    first = scrub(text)[1]
    done, again = scrub(first)
    assert done.returncode == 2 and again is None and "--replace" in done.stderr
    done, again = scrub(first, "--replace")
    assert done.returncode == 0, done.stderr
    assert rows(again) == rows(first)
    several = f"a,b\n{LISTED},{CLEAR}\n"
    first = scrub(several, "--column", "a", "--column", "b")[1]
    done, again = scrub(first, "--column", "a", "--column", "b", "--replace")
    assert again == first
    done, again = scrub(first, "--column", "b", "--replace")
    assert rows(again) == [["a", "b"] + PLACES, [LISTED, CLEAR, "CLEAR", "", "",
                                                 rows(again)[1][5]]]
    assert scrub(first, "--column", "dnc_verdict", "--replace")[1] is None


def test_area_code_and_number_in_two_columns(scrub):
    text = "area,number\n201,5550101\n(201),556-0101\n201,2015560101\n212,2015560101\n,5550101\n"
    done, result = scrub(text, "--column", "number", "--area-code", "area")
    assert done.returncode == 0, done.stderr
    assert [row[2] for row in rows(result)[1:]] == [
        "LISTED", "CLEAR", "CLEAR", "INVALID", "INVALID"]
    done, result = scrub("201|5550101\n201|5560101\n", "--column-number", "2", "--area-code", "1",
                         "--no-heading")
    assert [row[2] for row in rows(result, "|")] == ["LISTED", "CLEAR"]


def test_notes_of_several_lines(scrub):
    """A line of a note is a row only if it has as many fields as the heading."""
    done, result = scrub(f'id,phone,note\n1,{CLEAR},"called\n2015550101\nasked"\n')
    assert done.returncode == 0, done.stderr
    assert rows(result)[1][3] == "CLEAR"
    done, result = scrub(f'id,phone,note\n1,{CLEAR},"called\n2,{LISTED},x\n3,{CLEAR},y"\n')
    assert done.returncode == 1 and result is None
    assert "line 2" in done.stderr


def test_scope(loaded, scrub, dncctl):
    for arguments in (["lists", "create", "loans", "--scope", "bank/loans"],
                      ["add", CLEAR, "--list", "loans"], ["lists", "create", "shop", "--scope",
                                                          "shop"]):
        assert dncctl(*arguments).returncode == 0
    for scope, verdict, code in (("bank/loans", "LISTED", 10), ("shop", "CLEAR", 0)):
        done, result = scrub(f"phone\n{CLEAR}\n", "--scope", scope)
        assert done.returncode == 0, done.stderr
        assert rows(result)[1][1] == verdict
        assert dncctl("check", CLEAR, "--scope", scope).returncode == code


def test_status_and_check_show_the_same_revision(loaded, dncctl):
    assert dncctl("add", CLEAR).returncode == 0
    status = json.loads(dncctl("--json", "status").stdout)
    check = json.loads(dncctl("--json", "check", CLEAR).stdout)
    assert status["revision"] == check["snapshot"]["revision"]


@pytest.mark.parametrize("arguments, words", [
    (["relases"], ["releases"]), (["chek", CLEAR], ["check"]), (["frob"], ["commands are"]),
    (["lists", "blok", "201"], ["block"]), ([], ["which command"]),
    (["scrub", "--colum", "x"], ["--column"]), (["releases", "--limit", "-5"], ["--limit", "'-5'"]),
    (["--timeout", "-5", "status"], ["0.001 to 86400"]),
])
def test_what_is_mistyped_is_told_shortly(loaded, dncctl, arguments, words):
    done = dncctl(*arguments)
    assert done.returncode == 2
    assert all(word in done.stderr for word in words), done.stderr
    assert len(done.stderr) < 400
