"""dncctl for tenants: who is served, keys, lists, records, import, export, watch."""

import csv
import json
import os
import subprocess
import time

import pytest

from dnc_server import BIN
from list_files import DAY, flat, registry_name
from tenant_calls import operator_key
from waiting import PATIENCE

LISTED, FREE = "2015550100", "2015550999"
BASE_TIME = int(time.time()) - 2 * DAY


@pytest.fixture
def loaded(server):
    server.load([(registry_name(BASE_TIME, "201"), flat([int(LISTED)]))])
    return server


def rows(path, encoding="utf-8", delimiter=","):
    with open(path, encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_a_tenant_from_its_making_to_its_end(ctl, dncctl, tmp_path):
    made = ctl("tenants", "create", "acme", "--name", "Acme", "--area-codes", "201,212")
    assert made["state"] == "ACTIVE" and made["entitlement"]["area_codes"] == [201, 212]
    assert made["policy"]["consent_lifts"] == ["NATIONAL", "STATE"]
    changed = ctl("tenants", "set", "acme", "--ebr-lifts", "none", "--numbers-per-second", "500",
                  "--wireless-counts", "true")
    assert changed["policy"]["ebr_lifts"] == [] and changed["policy"]["wireless_counts"]
    assert changed["policy"]["consent_lifts"] == ["NATIONAL", "STATE"]
    assert changed["quotas"]["numbers_per_second"] == 500
    assert changed["display_name"] == "Acme"
    assert ctl("tenants", "set", "acme", "--area-codes", "all")["entitlement"]["all"]
    assert ctl("--tenant", "acme", "check", FREE)["verdict"] == "CLEAR"
    assert ctl("tenants", "remove", "acme", code=1)["error"]["reason"] == "NOT_SUSPENDED"
    assert ctl("tenants", "suspend", "acme")["state"] == "SUSPENDED"
    assert ctl("--tenant", "acme", "check", FREE, code=1)["error"]["reason"] == "TENANT_SUSPENDED"
    assert ctl("tenants", "resume", "acme")["state"] == "ACTIVE"
    shown = dncctl("tenants", "show", "acme")
    assert "EBR lifts           none" in shown.stdout
    assert "acme" in [t["tenant_id"] for t in ctl("tenants", "list")["tenants"]]
    ctl("--tenant", "acme", "add", FREE)
    ctl("tenants", "suspend", "acme")
    # Nobody calls for it any more, but the operator may read what it has.
    assert ctl("--tenant", "acme", "export", "--out", str(tmp_path / "acme.csv"))["records"] == 1
    assert ctl("--tenant", "acme", "add", FREE, code=1)["error"]["reason"] == "TENANT_SUSPENDED"
    ctl("tenants", "remove", "acme")
    assert "acme" not in [t["tenant_id"] for t in ctl("tenants", "list")["tenants"]]
    assert ctl("tenants", "show", "acme", code=1)["error"]["reason"] == "NOT_FOUND"


def test_an_option_at_creation_leaves_the_rest_at_its_default(ctl):
    plain = ctl("tenants", "create", "plain")["policy"]
    for option, field in (("--consent-lifts", "consent_lifts"), ("--ebr-lifts", "ebr_lifts")):
        given = ctl("tenants", "create", field.replace("_", "-"), option, "state")["policy"]
        assert given == {**plain, field: ["STATE"]}


def test_each_change_is_told(ctl):
    ctl("tenants", "create", "acme")
    ctl("tenants", "set", "acme", "--max-records", "5")
    changes = ctl("tenants", "changes", "acme")["changes"]
    assert len(changes) == 2 and all(c["changed_by"] == "local" for c in changes)
    assert changes[0]["after"]["quotas"]["max_records"] == 5
    assert len(ctl("tenants", "changes", "acme", "--limit", "1")["changes"]) == 1


@pytest.mark.parametrize("arguments", [
    ("tenants",), ("tenants", "create"), ("tenants", "create", "x", "--area-codes", "20"),
    ("keys", "create", "x"), ("keys", "create", "x", "--scope", "everything"),
    ("keys", "create", "x", "--scope", "scrub", "--expires-at", "soon"),
    ("lists", "create", "x", "--kind", "odd"), ("add",), ("record", "1", "2"), ("export",),
    ("import", "x.csv", "--delimiter", "ab"),
], ids=" ".join)
def test_usage(dncctl, arguments):
    assert dncctl(*arguments).returncode == 2


def test_keys(start_server, tmp_path):
    operator = operator_key(tmp_path / "keyed")
    server = start_server(data_dir=tmp_path / "keyed", key=operator, tenant="default")

    def run(*arguments, key=operator, code=0):
        done = subprocess.run(
            [str(BIN / "dncctl"), "--server", server.address, *arguments],
            env={**os.environ, "DNC_KEY": key}, capture_output=True, text=True, check=False,
            timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    run("tenants", "create", "acme", "--area-codes", "all")
    secret = run("keys", "create", "acme", "--scope", "write-lists", "--name", "crm").stdout.strip()
    assert secret.startswith("dnck_")
    run("add", FREE, key=secret)
    assert "SCOPE_MISSING" in run("--json", "check", FREE, key=secret, code=1).stdout
    listed = json.loads(run("--json", "keys", "list", "acme").stdout)["keys"]
    assert [(k["display_name"], k["scopes"]) for k in listed] == [("crm", ["WRITE_LISTS"])]
    assert secret not in run("keys", "list", "acme").stdout
    assert "operate" in run("keys", "list").stdout
    run("keys", "revoke", listed[0]["key_id"])
    run("add", FREE, key=secret, code=1)
    run("--tenant", "acme", "check", FREE, code=10)


def test_records(ctl, dncctl):
    said = dncctl("add", FREE, "(201) 555-0998", "12", "--channel", "call", "--reason", "asked")
    assert said.returncode == 1
    assert [line.split("  ")[1].split(":")[0] for line in said.stdout.splitlines()[:3]] \
        == ["added", "added", "refused"]
    again = ("add", FREE, "--channel", "text", "--reason", "again", "--made-by", "x")
    assert ctl(*again)["results"][0]["outcome"] == "UPDATED"
    assert ctl(*again)["results"][0]["outcome"] == "ALREADY_THERE"
    record, = ctl("record", FREE)["records"]
    assert (record["channel"], record["reason"], record["made_by"]) == ("TEXT", "again", "x")
    assert ctl("check", FREE, code=10)["rule"] == "OWN_DO_NOT_CALL"
    match, = [line for line in dncctl("check", FREE).stdout.splitlines() if "own:internal" in line]
    assert "since 20" in match and "release" not in match and "1970" not in match
    assert ctl("remove", FREE, code=1)["results"][0]["outcome"] == "REFUSED"
    gone = ctl("remove", FREE, "5550100", "--remove-do-not-call", "--reason", "typo", code=1)
    assert [r["outcome"] for r in gone["results"]] == ["REMOVED", "REFUSED"]
    assert ctl("record", FREE)["records"] == []
    assert "no record" in dncctl("record", FREE).stdout


def test_the_same_request_id_writes_once(ctl):
    first = ctl("add", FREE, "--request-id", "case-1", "--made-at", "2026-01-02")
    assert ctl("add", FREE, "--request-id", "case-1", "--made-at", "2026-01-02") == first
    assert ctl("add", "2015550998", "--request-id", "case-1", code=1)["error"]["reason"] \
        == "REQUEST_ID_REUSED"


def test_lists_and_blocks(ctl, dncctl):
    ctl("lists", "create", "friends", "--kind", "ebr", "--name", "Known")
    ctl("lists", "create", "loans", "--scope", "bank/loans")
    ctl("add", LISTED, "--list", "friends", "--ebr-kind", "inquiry", "--last-event-at",
        time.strftime("%Y-%m-%d", time.gmtime(time.time() - DAY)))
    assert ctl("check", LISTED)["rule"] == "EBR"
    ctl("lists", "block", "201555")
    assert ctl("check", FREE, code=10)["rule"] == "OWN_DO_NOT_CALL"
    kinds = {entry["list_id"]: entry for entry in ctl("lists", "list")["lists"]}
    assert kinds["internal"]["blocks"] == ["201555"]
    assert (kinds["friends"]["kind"], kinds["loans"]["scope"]) == ("EBR", "bank/loans")
    assert "bank/loans" in dncctl("lists", "list").stdout
    ctl("lists", "unblock", "201555")
    assert ctl("check", FREE)["verdict"] == "CLEAR"


def test_import_and_export_give_the_same_file(ctl, dncctl, tmp_path):
    source, first, second = (tmp_path / name for name in ("in.csv", "1.csv", "2.csv"))
    lines = [f"201-560-{i:04},2026-01-{1 + i % 28:02},\"asked, \"\"now\"\" {i}\""
             for i in range(10_000)] + [f"201561{i:04},,größer" for i in range(5_001)]
    source.write_text("Phone,Made At,note\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert ctl("import", str(source), "--column", "phone")["added"] == 15_001
    again = ctl("import", str(source), "--column", "phone", "--made-by", "crm", "--channel",
                "web")
    assert (again["added"], again["updated"]) == (0, 15_001)
    assert ctl("export", "--out", str(first))["records"] == 15_001
    exported = rows(first)
    assert exported[0][:3] == ["list_id", "number", "made_at"]
    assert exported[1][1:3] == ["2015600000", "2026-01-01T00:00:00Z"]
    assert exported[1][6] == 'asked, "now" 0' and exported[-1][6] == "größer"
    assert (exported[-1][3], exported[-1][4]) == ("crm", "WEB")
    back = ctl("import", str(first))
    assert (back["already_there"], back["refused"]) == (15_001, 0)
    assert dncctl("export", "--list", "internal", "--out", "-").stdout \
        == first.read_text(encoding="utf-8")
    ctl("export", "--out", str(second), "--list", "nope", code=1)
    assert not second.exists()


def test_refused_lines_are_told_and_can_be_imported_again(ctl, dncctl, tmp_path):
    source, refused = tmp_path / "in.csv", tmp_path / "refused.csv"
    source.write_bytes(b"number,expires_at\n2015600001,\n12,\n2015600002,never\n2015600003\n"
                       b"\n2015600004,2026-12-01\n2015600005,2040-01-01\n\xff2015600006,\n")
    said = ctl("import", str(source), "--strict", "--refused", str(refused), code=1)
    assert (said["added"], said["refused"]) == (2, 5)
    table = rows(refused, encoding="latin-1")
    assert table[0] == ["refused_line", "refused_because", "number", "expires_at"]
    assert [row[0] for row in table[1:]] == ["3", "4", "5", "7", "9"]
    assert "ten digits" in table[1][1] and "'never' is no time" in table[2][1]
    assert "1 fields instead of 2" in table[3][1] and "five years" in table[4][1]
    told = dncctl("import", str(source))
    assert "line 4: kept, but expires_at: 'never' is no time" in told.stderr
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(f"{','.join(table[0])}\n3,x,2015600012,\n")
    assert ctl("import", str(fixed))["added"] == 1


@pytest.mark.parametrize("text, arguments, message", [
    ("mobile,note\n2015550101,x\n", (), "--column"),
    ("number,expiry,x\n2015550101,2026-12-01,\n", (), "'expiry', 'x' are no fact"),
    ("number,Number\n2015550101,2015550102\n", (), "which column"),
    ("", (), "heading"),
    ("number\n2015550101\n", ("--list", "nope"), "no list of that id"),
    ("number\n2015550101\n", ("--made-at", "soon"), "no time"),
], ids=["no number", "unknown column", "twice", "empty", "no such list", "bad option"])
def test_imports_refused_as_a_whole(ctl, tmp_path, text, arguments, message):
    source = tmp_path / "in.csv"
    source.write_text(text)
    assert message in ctl("import", str(source), *arguments, code=1)["error"]["message"]
    assert ctl("export", "--out", str(tmp_path / "out.csv"))["records"] == 0


def test_forms_of_import_files(ctl, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("x;2015600001;web\ny;2015600002;text\n")
    done = ctl("import", str(source), "--columns=-,number,channel", "--delimiter", ";")
    assert done["added"] == 2
    assert ctl("record", "2015600002")["records"][0]["channel"] == "TEXT"
    refused = tmp_path / "refused.csv"
    source.write_text("number;note\n12;x\n")
    ctl("import", str(source), "--delimiter", ";", "--refused", str(refused), code=1)
    assert [row[2:] for row in rows(refused, delimiter=";")] == [["number", "note"], ["12", "x"]]
    ctl("import", str(source), "--refused", str(source), code=2)
    assert source.read_text() == "number;note\n12;x\n"
    source.write_text("lead,number\nx,2015600003\n")
    assert ctl("import", str(source), "--ignore", "lead")["added"] == 1


def test_lines_of_another_list_are_refused(ctl, tmp_path):
    ctl("lists", "create", "other")
    ctl("add", FREE, "--list", "other")
    exported = tmp_path / "all.csv"
    ctl("export", "--out", str(exported))
    assert ctl("import", str(exported), code=1)["refused"] == 1
    assert ctl("import", str(exported), "--list", "other")["already_there"] == 1


def test_watch_tells_changes_and_where_to_go_on(loaded, ctl):
    revision = ctl("add", FREE)["revision"]
    ctl("add", "2015550998")
    watch = subprocess.Popen(
        [str(BIN / "dncctl"), "--server", loaded.address, "--json", "watch", "--after",
         str(revision)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        first = json.loads(watch.stdout.readline())
        assert (first["outcome"], first["record"]["number"]) == ("ADDED", "2015550998")
        ctl("remove", FREE, "--remove-do-not-call")
        second = json.loads(watch.stdout.readline())
        assert (second["outcome"], second["record"]["number"]) == ("REMOVED", FREE)
        assert second["revision"] > first["revision"] > revision
        loaded.stop()
        assert f"watching again after revision {second['revision']}" in watch.stderr.readline()
    finally:
        watch.kill()
        watch.communicate()
