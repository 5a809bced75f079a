"""dncctl import, add and remove: an opt-out gets in whatever the other cells of its row say."""

import csv
import json
import os
import subprocess
import time

import pytest

from dnc_server import BIN
from list_files import DAY, block, flat
from tenant_calls import operator_key
from waiting import PATIENCE

NOW = int(time.time())
FREE = 2015600000


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 1000)))], obtained_at=NOW - 5 * DAY)
    return server


@pytest.fixture
def import_text(ctl, tmp_path):
    def run(text, *arguments, code=0):
        source = tmp_path / "in.csv"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ctl("import", str(source), *arguments, code=code)

    return run


def rows(path, delimiter=","):
    with open(path, encoding="latin-1", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def record(ctl, number):
    found, = ctl("record", str(number))["records"]
    return found


@pytest.mark.parametrize("text", [
    "2026-08-05T14:00Z", "2026-08-05 14:00", "2026-08-05 14:00:00+00:00",
    "2026-08-05T14:00:00.000Z", "2026-08-05T10:00:00-0400", "2026-08-05 14:00:00 UTC",
    "2026-08-05 2:00 PM",
    "1785938400", "20260805T140000Z", "2026/08/05 14:00",
])
def test_times_of_other_programs(ctl, import_text, text):
    said = import_text(f"number,made_at\n{FREE},{text}\n")
    assert (said["added"], said["kept_without_facts"]) == (1, 0)
    assert record(ctl, FREE)["made_at"] == "2026-08-05T14:00:00Z"


BESIDE = {
    "made_at": ["yesterday", "8/5/2026", "2026-02-30", "2099-01-01", "1800-01-01"],
    "expires_at": ["never", "2027-01-01", "2026-13-01", "soon"],
    "channel": ["pigeon", "7"],
    "note": ["x" * 1001, "ö" * 600],
    "reason": ["y" * 300],
    "made_by": ["z" * 300],
    "source": ["s" * 600],
    "ebr_kind": ["inquiry", "marriage"],
    "last_event_at": ["2026-01-01", "?"],
}


@pytest.mark.parametrize("column, text", [(c, t) for c, texts in BESIDE.items() for t in texts])
def test_a_request_is_kept_without_the_fact(loaded, ctl, import_text, tmp_path, column, text):
    content = f"number,{column}\n{FREE},{text}\n{FREE + 1},\n"
    kept = tmp_path / "kept.csv"
    said = import_text(content, "--kept", str(kept))
    assert (said["added"], said["refused"], said["kept_without_facts"]) == (2, 0, 1)
    assert loaded.verdicts([FREE, FREE + 1]) == ["LISTED", "LISTED"]
    assert ctl("check", str(FREE), code=10)["rule"] == "OWN_DO_NOT_CALL"
    table = rows(kept)
    assert table[0] == ["kept_line", "kept_because", "number", column]
    assert table[1][0] == "2" and column in table[1][1] and len(table) == 2
    # The file of those lines can be imported again once it is corrected.
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(",".join(table[0]) + f"\n2,x,{FREE},\n")
    said = ctl("import", str(fixed))
    assert (said["added"], said["refused"]) == (0, 0)


def test_strict_refuses_and_names_the_fact(loaded, import_text, tmp_path):
    refused = tmp_path / "refused.csv"
    said = import_text(f"number,expires_at\n{FREE},never\n{FREE + 1},\n", "--strict", "--refused",
                       str(refused), code=1)
    assert (said["added"], said["refused"], said["kept_without_facts"]) == (1, 1, 0)
    assert "'never' is no time" in rows(refused)[1][1]
    assert loaded.verdicts([FREE, FREE + 1]) == ["CLEAR", "LISTED"]


# Spreadsheets and other programs write this when they have no end.
NO_ENDS = ["#N/A", "#NULL!", "#VALUE!", "nan", "N/A", "null", "-", "None"]


@pytest.mark.parametrize("kind, line", [
    ("consent", "2026-01-01,never,,"), ("consent", "2026-01-01,13/13/2030,,"),
    ("consent", "2026-01-01,0000-00-00,,"), ("consent", "2026-01-01,8/5/2030,,"),
    ("ebr", "2026-11-01,,inquiry,last week"), ("ebr", "2026-11-01,soon,inquiry,2026-11-01"),
] + [("consent", f"2026-01-01,{end},,") for end in NO_ENDS]
  + [("ebr", f"2026-11-01,{end},inquiry,2026-11-01") for end in NO_ENDS])
def test_an_exemption_is_never_wider_than_it_was_read(loaded, ctl, import_text, kind, line):
    ctl("lists", "create", "exempt", "--kind", kind)
    listed = 2015550100
    said = import_text(f"number,made_at,expires_at,ebr_kind,last_event_at\n{listed},{line}\n",
                       "--list", "exempt", code=1)
    assert (said["added"], said["refused"]) == (0, 1)
    assert loaded.verdicts([listed]) == ["LISTED"]


@pytest.mark.parametrize("heading", ["Expiry", "exp-end", "Valid To", "until", "EXPIRATION"])
def test_an_end_is_left_out_by_name_alone(loaded, ctl, import_text, heading):
    ctl("lists", "create", "exempt", "--kind", "consent")
    text, listed = f"number,{heading},shoe\n2015550100,2020-01-01,44\n", [2015550100]
    exempt = ("--list", "exempt", "--ignore-others")
    assert heading in json.dumps(import_text(text, *exempt, code=1))
    assert loaded.verdicts(listed) == ["LISTED"]
    # An opt-out does not need its end.
    assert import_text(text.replace("0100", "0101"), "--ignore-others")["added"] == 1
    said = import_text(text.replace("2020", "2040"), *exempt, "--map", f"{heading}=expires_at")
    assert (said["added"], said["columns_left_out"]) == (1, ["shoe"])
    assert loaded.verdicts(listed) == ["CLEAR"]
    said = import_text(text.replace("0100", "0102"), *exempt, "--ignore", heading)
    assert said["added"] == 1


def test_an_exemption_without_an_end(loaded, ctl, import_text):
    ctl("lists", "create", "exempt", "--kind", "consent")
    listed = [2015550100, 2015550101, 2015550102]
    said = import_text("number,expires_at\n{},\n{},NULL\n{},\\N\n".format(*listed),
                       "--list", "exempt")
    assert (said["added"], said["refused"]) == (3, 0)
    assert loaded.verdicts(listed) == ["CLEAR"] * 3


def test_what_stands_for_nothing(loaded, ctl, import_text):
    words = ["NULL", "null", "\\N", "N/A", "n/a", "#N/A", "None", "-", "", "0000-00-00",
             "0000-00-00 00:00:00"]
    text = "number,expires_at,made_at,channel\n" + "".join(
        f"{FREE + i},{word},{word},{'' if '0' in word else word}\n" for i, word in enumerate(words))
    said = import_text(text)
    assert (said["added"], said["kept_without_facts"]) == (len(words), 0)
    assert loaded.verdicts([FREE + i for i in range(len(words))]) == ["LISTED"] * len(words)
    assert record(ctl, FREE)["counts_until"] is None


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-16-le"])
def test_encodings(ctl, import_text, encoding):
    said = import_text(f"number;note\r\n{FREE};größer – “so”\r\n".encode(encoding))
    assert (said["added"], said["kept_without_facts"]) == (1, 0)
    assert record(ctl, FREE)["note"] == "größer – “so”"


def test_lines_with_other_counts_of_fields_keep_their_number(loaded, import_text):
    said = import_text(f"number,note,expires_at\n{FREE}\n{FREE + 1},a,b,c,d\n,,\n12\n", code=1)
    assert (said["added"], said["kept_without_facts"], said["refused"]) == (2, 2, 1)
    assert loaded.verdicts([FREE, FREE + 1]) == ["LISTED", "LISTED"]


def test_parts_end_by_bytes(loaded, ctl, tmp_path):
    """4,300 notes of 960 bytes are more than one message can carry, and so is their export."""
    source, exported = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("number,note\n" + "".join(
        f"{FREE + i},{'n' * 960}\n" for i in range(4_300)))
    assert ctl("import", str(source))["added"] == 4_300
    assert ctl("export", "--out", str(exported))["records"] == 4_300
    assert ctl("import", str(exported))["already_there"] == 4_300
    assert loaded.verdicts([FREE, FREE + 4_299]) == ["LISTED", "LISTED"]


@pytest.fixture
def small(start_server, tmp_path):
    """A server that takes seven numbers at once, and dncctl for it."""
    config = tmp_path / "dncd.yaml"
    config.write_text("limits:\n  max_batch: 7\n")
    server = start_server("--config", str(config))
    server.load([("base.txt", flat(block(201, 555, 1000)))], obtained_at=NOW - 5 * DAY)

    def run(*arguments, code=0):
        done = subprocess.run(
            [str(BIN / "dncctl"), "--server", server.address, "--json", *arguments],
            capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    return server, run


def test_a_server_that_takes_few_at_once(small, tmp_path):
    server, run = small
    source, result = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("number,expires_at\n" + "".join(
        f"{FREE + i},{'never' if i % 5 == 0 else '2027-01-01' if i % 5 == 1 else ''}\n"
        for i in range(100)) + "12,\n")
    said = run("import", str(source), code=1)
    assert (said["added"], said["kept_without_facts"], said["refused"]) == (100, 40, 1)
    numbers = [str(FREE + 100 + i) for i in range(20)]
    results = run("add", *numbers, "--request-id", "case")["results"]
    assert [entry["outcome"] for entry in results] == ["ADDED"] * 20
    assert run("add", *numbers, "--request-id", "case")["results"] == results
    assert len(run("remove", *numbers[:15], "--remove-do-not-call")["results"]) == 15
    source.write_text("id,phone\n" + "".join(f"{i},{FREE + i}\n" for i in range(1_000)))
    done = run("scrub", "--in", str(source), "--out", str(result))
    assert done["rows"] == 1_000
    table = rows(result)
    assert [row[0] for row in table[1:]] == [str(i) for i in range(1_000)]
    assert [row[2] for row in table[1:]] == \
        ["LISTED" if i < 100 or 115 <= i < 120 else "CLEAR" for i in range(1_000)]
    source.write_text("a,b\n" + "".join(f"{FREE + i},{FREE + i}\n" for i in range(50)))
    done = run("scrub", "--in", str(source), "--out", str(result), "--column", "a", "--column", "b")
    assert done["verdicts"] == {"LISTED": 50}
    answer = server.call(server.registry.GetStatus, server.stubs.registry.GetStatusRequest())
    assert answer.max_batch == 7 and answer.max_message_bytes == 4 << 20


@pytest.mark.parametrize("content", [
    f"\ufeffnumber,channel\n12,web\n{FREE},web\n", f"\ufeff\"number\",channel\r\n12,web\r\n",
    f"12,web\n{FREE},web\n", f"{FREE};web\n12;web\n", f"\ufeff12\tweb\n{FREE}\tweb\n",
], ids=["mark", "mark and quotes", "no heading", "semicolons", "tabs and mark"])
@pytest.mark.parametrize("again", [True, False], ids=["same options", "no options"])
def test_the_refused_file_goes_in_again(ctl, tmp_path, content, again):
    source, refused = tmp_path / "in.csv", tmp_path / "refused.csv"
    source.write_text(content, encoding="utf-8")
    options = () if "number" in content else ("--no-heading", "--map", "1=number", "--map",
                                              "2=channel")
    said = ctl("import", str(source), *options, "--refused", str(refused), code=1)
    assert said["refused"] == 1
    text = refused.read_text(encoding="utf-8")
    assert "12" in text
    head, line = text.splitlines()
    corrected = line[::-1].replace("21", str(FREE + 9)[::-1], 1)[::-1]
    refused.write_text(f"{head}\n{corrected}\n", encoding="utf-8")
    assert ctl("import", str(refused), *(options if again else ()))["added"] == 1
    assert record(ctl, FREE + 9)["channel"] == "WEB"


def test_columns(ctl, import_text):
    text = f'Lead,"Name, first",Mobile,Asked on\n1,Ann,{FREE},2026-08-05\n'
    message = import_text(text, "--column", "mobile", code=1)["error"]["message"]
    assert all(f"'{name}'" in message for name in ("Lead", "Name, first", "Asked on"))
    said = import_text(text, "--column", "Mobile", "--ignore", "Name, first", "--ignore", "Lead",
                       "--map", "Asked on=made_at")
    assert said["added"] == 1
    assert record(ctl, FREE)["made_at"] == "2026-08-05T00:00:00Z"
    said = import_text(text, "--map", "3=number", "--ignore-others")
    assert said["columns_left_out"] == ["Lead", "Name, first", "Asked on"]
    assert import_text(text, "--column-number", "3", "--ignore", "1,2,4")["already_there"] == 1
    assert import_text(f"Phone Number\n{FREE}\n")["already_there"] == 1
    assert import_text(f"Telefon\n{FREE}\n")["already_there"] == 1
    assert import_text(f"{FREE}\n")["already_there"] == 1
    assert import_text(f"number,,\n{FREE},,\n")["columns_left_out"] == ["2", "3"]
    assert import_text("area,number\n201,5600000\n", "--area-code", "area")["already_there"] == 1
    for wrong in (["--map", "Lead=birthday"], ["--map", "nope=note"], ["--map", "Lead"]):
        import_text(text, "--column", "Mobile", "--ignore-others", *wrong, code=1)


@pytest.mark.parametrize("text, blocked", [
    ("201XXXXXXX", "201"), ("201*", "201"), ("(201) 555-xxxx", "201555"),
    ("201-555-****", "201555"),
    ("1201XXXXXXX", "201"),
])
def test_a_block_is_offered_by_name(ctl, dncctl, import_text, text, blocked, tmp_path):
    import_text(f"number\n{text}\n", code=1)
    command = f"dncctl lists block {blocked} --list internal"
    assert command in dncctl("import", str(tmp_path / "in.csv")).stderr
    assert command in ctl("add", text, code=1)["results"][0]["message"]
    assert ctl("lists", "block", blocked)["revision"]


def test_the_tenant_that_was_written_to_is_named(loaded, ctl, dncctl, tmp_path):
    ctl("tenants", "create", "acme")
    source = tmp_path / "in.csv"
    source.write_text(f"number\n{FREE}\n")
    for command in (["add", str(FREE)], ["import", str(source)],
                    ["remove", str(FREE), "--remove-do-not-call"]):
        assert "acme: " in dncctl("--tenant", "acme", *command).stdout
        assert ctl("--tenant", "acme", *command)["tenant_id"] == "acme"


def test_notes_that_hold_numbers_go_out_and_in(ctl, import_text, tmp_path):
    note = "called\n2015550199\n2015550198, asked"
    assert import_text(f'number,note\n{FREE},"{note}"\n', "--ignore", "note")["added"] == 1
    assert import_text(f'number,channel,note\n{FREE},web,"{note}"\n')["updated"] == 1
    exported = tmp_path / "out.csv"
    ctl("export", "--out", str(exported))
    assert ctl("import", str(exported))["already_there"] == 1
    message = import_text(f'number,channel,note\n{FREE},web,"x\n2015600007,web,\n2015600008,,y"\n',
                          code=1)["error"]["message"]
    assert "line 2" in message


def test_errors_speak_of_options(start_server, tmp_path):
    operator = operator_key(tmp_path / "keyed")
    server = start_server(data_dir=tmp_path / "keyed", key=operator, tenant="default")

    def message(*arguments, **environment):
        done = subprocess.run(
            [str(BIN / "dncctl"), "--server", server.address, "--json", *arguments],
            env={**os.environ, **environment}, capture_output=True, text=True, check=False,
            timeout=PATIENCE)
        assert done.returncode == 1
        return json.loads(done.stdout)["error"]["message"]

    for environment in ({}, {"DNC_KEY": "dnck_x"}):
        said = message("add", str(FREE), **environment)
        assert "DNC_KEY" in said and "authorization" not in said
    said = message("add", str(FREE), DNC_KEY=operator)
    assert "--tenant" in said and "metadata" not in said
    said = message("--tenant", "default", "add", str(FREE), "--list", "nope", DNC_KEY=operator)
    assert "dncctl lists create" in said and "CreateList" not in said


def test_a_whole_export_goes_in_again(ctl, tmp_path):
    exported, again = tmp_path / "all.csv", tmp_path / "again.csv"
    ctl("lists", "create", "loans", "--scope", "bank/loans", "--name", "Loans, all")
    ctl("lists", "create", "friends", "--kind", "consent")
    ctl("add", str(FREE), "--note", "one\n2015600001\ntwo")
    ctl("add", str(FREE + 2), "--list", "loans")
    ctl("add", "2015550100", "--list", "friends", "--expires-at", "2040-01-01")
    ctl("lists", "block", "212", "201999")
    ctl("lists", "block", "305", "--list", "loans")
    ctl("export", "--out", str(exported))
    ctl("tenants", "create", "acme", "--area-codes", "all")
    acme = ("--tenant", "acme")
    said = ctl(*acme, "import", str(exported), "--all-lists")
    assert (said["added"], said["blocks"], said["refused"]) == (3, 3, 0)
    for number, code in ((FREE, 10), (FREE + 2, 10), (FREE + 3, 0), (2019990000, 10),
                         (2015550100, 0)):
        ctl(*acme, "check", str(number), code=code)
    ctl(*acme, "export", "--out", str(again))
    keep = [column for column in rows(exported)[0] if column != "made_by"]
    tables = [[[row[table[0].index(name)] for name in keep] for row in table]
              for table in (rows(exported), rows(again))]
    assert tables[0] == tables[1]
    said = ctl(*acme, "import", str(exported), "--all-lists")
    assert (said["added"], said["refused"]) == (0, 0)
