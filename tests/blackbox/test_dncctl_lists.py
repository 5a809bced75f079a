"""dncctl with lists and blocks: an export can be imported again as a whole, a watch shows them, and
`add` says why a record does not count."""

import csv
import json
import subprocess
import time

import pytest

from clock_shift import ShiftedClock
from dnc_server import BIN, Refused
from list_files import DAY, flat, registry_name
from tenant_calls import FREE, LISTED, add, make_list, moment
from waiting import PATIENCE, wait_until

NOW = int(time.time())
NOTES = ["plain", "2015550123", "call\n2015550124\nor\n(201) 555-0125,x", 'said "no", twice', " ",
         "a\r\nb", "größer; 201-555-0126", "", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o", "'", '"']


def ctl_of(server):
    def run(*arguments, code=0):
        done = subprocess.run([str(BIN / "dncctl"), "--server", server.address, *arguments],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done

    return run


def fill(server):
    for i, note in enumerate(NOTES):
        add(server, [FREE + i], note=note, reason="asked" if i % 2 else "")
    add(server, [LISTED], expires_at=moment(NOW + 6 * 366 * DAY), made_by="crm",
        channel=server.stubs.list.CHANNEL_WEB)
    lists = server.stubs.list
    server.call(server.lists.AddBlocks, lists.AddBlocksRequest(blocks=["212", "201556"]))


def test_an_export_goes_in_again_whole(start_server, tmp_path):
    one, other = start_server(), start_server()
    fill(one)
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    told = json.loads(ctl_of(one)("--json", "export", "--out", str(first)).stdout)
    assert (told["records"], told["blocks"]) == (len(NOTES) + 1, 2)
    back = json.loads(ctl_of(other)("--json", "import", str(first)).stdout)
    assert (back["added"], back["refused"], back["blocks"]) == (len(NOTES) + 1, 0, 2)
    ctl_of(other)("export", "--out", str(second))
    assert second.read_bytes() == first.read_bytes()
    assert other.scrub(numbers=[2125550100, 2015560100]).reasons == \
        one.scrub(numbers=[2125550100, 2015560100]).reasons
    # The same again, where everything is there already.
    again = json.loads(ctl_of(other)("--json", "import", str(first)).stdout)
    assert (again["added"], again["already_there"]) == (0, len(NOTES) + 1)


def test_all_lists_of_an_export_go_in_again(start_server, tmp_path):
    one, other = start_server(), start_server()
    fill(one)
    make_list(one, "acme", "INTERNAL", "acme")
    make_list(one, "consents", "CONSENT", "acme/summer")
    make_list(one, "empty", "EBR")
    lists = one.stubs.list
    one.call(one.lists.AddBlocks, lists.AddBlocksRequest(list_id="acme", blocks=["415"]))
    add(one, [FREE, LISTED], "acme", note="201-555-0199\n201-555-0198")
    add(one, [LISTED + 1], "consents", source="form, 7", expires_at=moment(NOW + DAY))
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    ctl_of(one)("export", "--out", str(first))
    heading = first.read_text(encoding="utf-8").splitlines()[0]
    assert heading.endswith(",source,block,list_kind,list_scope,list_name")
    back = json.loads(ctl_of(other)("--json", "import", str(first), "--all-lists").stdout)
    assert (back["added"], back["refused"], back["blocks"]) == (len(NOTES) + 4, 0, 3)
    ctl_of(other)("export", "--out", str(second))
    assert second.read_bytes() == first.read_bytes()
    # If one list is imported alone, the rows of the others are refused, and nothing of them is
    # taken.
    third = start_server()
    refused = tmp_path / "refused.csv"
    ctl_of(third)("import", str(first), "--refused", str(refused), code=1)
    with open(refused, newline="", encoding="utf-8") as file:
        told = {row["list_id"] for row in csv.DictReader(file)}
    assert told == {"acme", "consents"}
    # A list of the same name that means something else accepts nothing.
    fourth = start_server()
    make_list(fourth, "consents", "INTERNAL", "acme/summer")
    said = ctl_of(fourth)("import", str(first), "--all-lists", code=1)
    assert "another kind or scope" in said.stderr
    with pytest.raises(Refused):
        add(fourth, [FREE], "acme")


@pytest.fixture
def started(server):
    server.load([(registry_name(NOW - 2 * DAY, "201"),
                  flat([LISTED, LISTED + 1, LISTED + 2, LISTED + 3]))])
    return server


@pytest.fixture
def bring(started, tmp_path):
    """Imports a text and returns what was printed."""

    def run(text, *arguments, code=0):
        (tmp_path / "in.csv").write_text(text)
        done = ctl_of(started)("--json", "import", str(tmp_path / "in.csv"), *arguments, code=code)
        return json.loads(done.stdout)

    return run


def lists_of(server):
    answer = server.call(server.lists.ListLists, server.stubs.list.ListListsRequest())
    return {one.list_id: (one.kind, one.scope, list(one.blocks)) for one in answer.lists}


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_without_a_list_is_of_internal_alone(started, bring, order):
    make_list(started, "c", "CONSENT")
    make_list(started, "i", "INTERNAL")
    rows = [f"c,{LISTED + 2},web,", f",{LISTED},,", f"i,{FREE},,", f",{FREE + 1},,", ",,,201673"]
    said = bring("list_id,number,source,block\n" + "\n".join(rows[::order]) + "\n", "--all-lists")
    assert (said["added"], said["blocks"], said["refused"]) == (4, 1, 0)
    assert started.verdicts([LISTED, LISTED + 2, FREE, FREE + 1, 2016730000]) == \
        ["LISTED", "CLEAR", "LISTED", "LISTED", "LISTED"]
    made = lists_of(started)
    assert [made[name][2] for name in ("internal", "c", "i")] == [["201673"], [], []]


def test_the_first_line_without_a_heading_has_its_list(started, bring):
    make_list(started, "i", "INTERNAL")
    said = bring(f"i,{FREE}\n,{FREE + 1}\n", "--columns", "list_id,number", "--all-lists")
    assert (said["added"], said["refused"]) == (2, 0)
    assert started.verdicts([FREE, FREE + 1]) == ["LISTED", "LISTED"]


@pytest.mark.parametrize("kind", ["CONSENT", "EBR"])
@pytest.mark.parametrize("empty", ["", " ", "NULL", '""'])
@pytest.mark.parametrize("options", [(), ("--columns", "list_id,number,ebr_kind,last_event_at")])
def test_a_row_without_a_list_is_no_exemption(started, bring, kind, empty, options):
    """Such a row may be an opt-out whose list name was lost."""
    make_list(started, "e", kind)
    facts = "inquiry,2026-11-20" if kind == "EBR" else ","
    heading = "" if options else "list_id,number,ebr_kind,last_event_at\n"
    text = heading + f"{empty},{LISTED},{facts}\ne,{LISTED + 1},{facts}\n{empty},{FREE},{facts}\n"
    said = bring(text, "--list", "e", *options, code=1)
    assert (said["added"], said["refused"]) == (1, 2)
    answer = started.call(started.lists.ListRecords,
                          started.stubs.list.ListRecordsRequest(list_id="e"))
    assert [record.number for record in answer.records] == [str(LISTED + 1)]


def test_a_row_of_another_kind_is_no_exemption(started, bring):
    make_list(started, "c", "CONSENT")
    kinds = ["internal", "", "EBR", "what", "#N/A", "n/a"]
    text = "number,list_kind\n" + "".join(
        f"{LISTED + i},{kind}\n" for i, kind in enumerate(kinds))
    said = bring(text, "--list", "c", code=1)
    assert (said["added"], said["refused"]) == (1, 5)
    assert started.verdicts([LISTED + i for i in range(4)]) == ["LISTED", "CLEAR"] + ["LISTED"] * 2
    assert bring(f"number,list_kind\n{LISTED},consent\n", "--list", "c")["added"] == 1


def test_the_refusal_of_a_row_without_a_list_says_what_to_do(started, tmp_path):
    make_list(started, "c", "CONSENT")
    source, refused = tmp_path / "in.csv", tmp_path / "refused.csv"
    source.write_text(f"number,list_id\n{LISTED},c\n{LISTED + 1},\n{LISTED + 2}\n")
    ctl = ctl_of(started)
    done = ctl("import", str(source), "--list", "c", code=1)
    assert "line 3: " in done.stderr and "--list internal" in done.stderr
    ctl("import", str(source), "--list", "c", "--refused", str(refused), code=1)
    table = list(csv.reader(refused.read_text().splitlines()))
    assert [row[0] for row in table[1:]] == ["3", "4"]
    assert started.verdicts([LISTED, LISTED + 1, LISTED + 2]) == ["CLEAR", "LISTED", "LISTED"]
    # As opt-outs they go in as they are, and without the column everything belongs to the list.
    source.write_text(f"number,list_id\n{FREE},\n")
    ctl("import", str(source))
    assert started.verdicts([FREE]) == ["LISTED"]
    source.write_text(f"number\n{LISTED + 1}\n")
    ctl("import", str(source), "--list", "c")
    assert started.verdicts([LISTED + 1]) == ["CLEAR"]


def test_what_is_over_goes_out_and_in(start_server, tmp_path):
    """An opt-out of five years ends; its row in an export is valid all the same."""
    clock = ShiftedClock(tmp_path)
    one, other = (start_server(environment=clock.env) for _ in range(2))
    for server in (one, other):
        server.load([(registry_name(NOW - 2 * DAY, "201"), flat([LISTED, LISTED + 1, LISTED + 2]))])
        make_list(server, "c", "CONSENT")
    soon = moment(NOW + 3600)
    add(one, [FREE, FREE + 1], made_at=moment(NOW - 7 * 366 * DAY), expires_at=soon)
    add(one, [FREE + 2, LISTED])
    add(one, [LISTED + 1], "c", expires_at=soon)
    add(one, [LISTED + 2], "c")
    clock.set(2 * 3600)
    wait_until(lambda: one.verdicts([FREE, LISTED + 1]) == ["CLEAR", "LISTED"])
    table = tmp_path / "all.csv"
    ctl_of(one)("export", "--out", str(table))
    for server, added in ((other, 4), (one, 0)):
        refused = tmp_path / "refused.csv"
        told = ctl_of(server)("--json", "import", str(table), "--all-lists", "--refused",
                              str(refused))
        said = json.loads(told.stdout)
        assert (said["added"], said["over"], said["refused"]) == (added, 2, 0)
        assert (said["not_in_force"], said["kept_without_facts"]) == (1, 0)
        assert len(refused.read_text().splitlines()) == 1
        assert server.verdicts([FREE, FREE + 2, LISTED, LISTED + 1, LISTED + 2]) == \
            ["CLEAR", "LISTED", "LISTED", "LISTED", "CLEAR"]
    people = ctl_of(other)("import", str(table), "--all-lists").stdout
    assert "over already, not imported: 2" in people and "not in force now: 1" in people
    # Whatever else is wrong with a row is reported, whether it has ended or not.
    text = table.read_text().replace(str(FREE), "20155501")
    table.write_text(text)
    said = json.loads(ctl_of(other)("--json", "import", str(table), "--all-lists", code=1).stdout)
    assert (said["over"], said["refused"]) == (1, 1)


@pytest.mark.parametrize("rows", [
    ["o,,internal,", "o,,consent,"], ["o,,consent,", "o,,internal,"],
    ["o,,internal,", "o,,internal,acme"], ["o,,internal,acme", "o,,internal,"],
    ["o,,internal,", "o,,,acme"], ["o,,internal,", "o,,dnc,"], ["o,,what,"],
    [f"o,{LISTED},internal,", f"o,{LISTED + 1},consent,"],
])
def test_a_file_that_says_two_things_of_a_list_makes_none(started, bring, rows):
    text = "list_id,number,list_kind,list_scope\np,,internal,\n" + "\n".join(
        rows + [f"o,{LISTED + 1},,", f",{FREE},,"]) + "\n"
    assert "nothing was imported" in json.dumps(bring(text, "--all-lists", code=1))
    assert list(lists_of(started)) == ["internal"]
    assert started.verdicts([LISTED + 1, FREE]) == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("heading, row, number", [
    ("list_id,number,block", f"internal,{FREE},201666", True),
    ("list_id,number,block", f",{FREE},201666", True),
    ("number,block", f"{FREE},201666", True),
    ("number,block", ",201666", False),
    ("number,block", "NULL,201666", False),
    ("list_id,number,block,list_kind", "internal,,201666,what", False),
    ("list_id,number,block,list_kind", "internal,,201666,internal", False),
    ("list_id,number,block,list_kind", f"internal,{FREE},201666,internal", True),
])
def test_a_block_is_taken_whatever_stands_beside_it(started, bring, heading, row, number):
    said = bring(f"{heading}\n{row}\n")
    assert (said["added"], said["blocks"], said["refused"]) == (int(number), 1, 0)
    assert started.verdicts([2016660000, FREE]) == ["LISTED", "LISTED" if number else "CLEAR"]


def test_a_list_and_its_block_in_one_row(started, bring):
    said = bring("list_id,number,block,list_kind\no,,201666,internal\n", "--all-lists")
    assert (said["blocks"], said["refused"]) == (1, 0)
    assert lists_of(started)["o"][2] == ["201666"]
    assert started.verdicts([2016660000]) == ["LISTED"]


@pytest.mark.parametrize("row, number", [
    (f"{FREE},2016", "LISTED"), (f"{FREE},201666,", "LISTED"), (",what", "CLEAR"),
])
def test_a_block_that_is_not_taken_is_refused(started, bring, row, number):
    """The number is in force all the same."""
    said = bring(f"number,block\n{row}\n", code=1)
    assert (said["blocks"], said["refused"]) == (0, 1)
    assert started.verdicts([FREE, 2016660000]) == [number, "CLEAR"]


def test_of_an_exemption_all_is_taken_or_nothing(started, bring):
    make_list(started, "c", "CONSENT")
    text = f"number,expires_at,block\n{LISTED},,20155\n{LISTED + 1},#N/A,201555\n"
    said = bring(text, "--list", "c", code=1)
    assert (said["added"], said["blocks"], said["refused"]) == (0, 0, 2)
    assert started.verdicts([LISTED, LISTED + 1]) == ["LISTED", "LISTED"]


def test_watch_tells_lists_and_blocks(server):
    lists = server.stubs.list
    make_list(server, "acme", "INTERNAL", "acme")
    server.call(server.lists.AddBlocks, lists.AddBlocksRequest(blocks=["212"]))
    server.call(server.lists.RemoveBlocks, lists.RemoveBlocksRequest(blocks=["212"]))
    server.call(server.lists.AddBlocks, lists.AddBlocksRequest(list_id="acme", blocks=["201555"]))
    add(server, [FREE])
    for arguments, expected in (
            ((), ["made acme internal", "added internal 212XXXXXXX", "removed internal 212XXXXXXX",
                  "added acme 201555XXXX", f"added internal {FREE}"]),
            (("--json",), ["acme", ("ADDED", "212"), ("REMOVED", "212"), ("ADDED", "201555"),
                           ("ADDED", str(FREE))])):
        watch = subprocess.Popen(
            [str(BIN / "dncctl"), "--server", server.address, *arguments, "watch"],
            stdout=subprocess.PIPE, text=True)
        try:
            lines = [watch.stdout.readline() for _ in expected]
        finally:
            watch.kill()
            watch.communicate()
        if not arguments:
            assert [line.split(maxsplit=1)[1].strip() for line in lines] == expected
            continue
        told = [json.loads(line) for line in lines]
        assert told[0]["list_made"]["list_id"] == expected[0]
        assert [(t["outcome"], t.get("block") or t["record"]["number"]) for t in told[1:]] == \
            expected[1:]


def test_a_record_is_told_with_what_blocks_its_number(server):
    lists = server.stubs.list
    server.call(server.lists.AddBlocks, lists.AddBlocksRequest(blocks=["201555", "212"]))
    said = ctl_of(server)("record", str(FREE)).stdout
    assert "no record" in said and "internal blocks 201555" in said and "212" not in said
    assert "blocks" not in ctl_of(server)("record", "4155550100").stdout


def test_add_tells_what_is_in_force(server):
    ctl = ctl_of(server)
    assert "durable and in force" in ctl("add", str(FREE)).stdout
    make_list(server, "consents", "CONSENT")
    ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + 20 * 3600))
    said = ctl("add", str(LISTED), "--list", "consents", "--made-at", ahead).stdout
    assert "does not count before" in said and "durable and in force" not in said
    said = ctl("add", str(FREE + 1), "--made-at", "2001-01-01", "--expires-at", "2007-01-01",
               code=1).stdout
    assert "ended" in said and "nothing was written" in said
    ctl("add", str(FREE + 2), "--request-id", "a")
    ctl("remove", str(FREE + 2), "--remove-do-not-call")
    assert "durable and in force" in ctl("add", str(FREE + 2), "--request-id", "a").stdout
    assert server.verdicts([FREE + 2]) == ["LISTED"]
