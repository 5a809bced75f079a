"""The call that dialers already speak: letters against a model, forms of requests, versions,
errors, and the clients that dialers are written with."""

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time

import pytest

from dialer_calls import CALLABLE, COLUMNS, MORE_COLUMNS, PATH, Answer, ask, get, multipart, post
from dnc_server import ANY_PORT
from list_files import DAY, block, changes, flat, registry_name
from tenant_calls import add, check, make_list, make_tenant, moment, new_key, operator_key
from waiting import PATIENCE, wait_until

NOW = int(time.time())
NUMBERS = block(214, 555, 600)  # of Texas
AGO = 3 * 366 * DAY  # a relationship of then is over
YOUNG = NOW - 5 * DAY


def csv_file(numbers):
    return ("list.csv", ("phone\n" + "".join(f"{number}\n" for number in numbers)).encode())


class Model:
    """What is on which list, and the letter that follows, by docs/dialers.md."""

    LISTS = {"national": "National (USA)", "state:TX": "State (TX)", "other:mine": "Other (mine)",
             "litigator:bar": "Litigator (bar)"}

    def __init__(self, numbers, draw):
        def some(share):
            return {number for number in numbers if draw.random() < share}

        self.lists = {name: some(0.15) for name in self.LISTS} | {"wireless": some(0.2)}
        self.records = {name: some(0.2) for name in ("internal", "consent", "ebr", "ended")}
        self.records["internal"] = some(0.08)
        # A list holds one record of a number.
        self.records["ended"] -= self.records["ebr"]

    def letter(self, number):
        if not isinstance(number, int):
            return "I"
        if number not in NUMBERS:
            return "B"
        on = {name for name, numbers in (self.lists | self.records).items() if number in numbers}
        if "internal" in on:
            return "P"
        if on & {"litigator:bar", "other:mine"}:
            return "D"
        listed = on & {"national", "state:TX"}
        if "wireless" in on:
            if listed and not on & {"consent", "ebr"}:
                return "D"
            return ("H" if listed else "G") if "ebr" in on else "W"
        if listed:
            return "X" if "consent" in on else "O" if "ebr" in on else "D"
        return "E" if "ebr" in on else "R" if "ended" in on and "consent" not in on else "C"

    def reason(self, number):
        """Without dates, and without the words of a blocked number."""
        return ";".join(shown if number in self.lists[name] else ""
                        for name, shown in self.LISTS.items())


@pytest.fixture(scope="module", name="draw")
def fixture_draw():
    seed = int(os.environ.get("DNC_SEED", random.SystemRandom().randrange(2**31)))
    print(f"DNC_SEED={seed} repeats this run")
    return random.Random(seed)


@pytest.fixture(name="door")
def fixture_door(start_server):
    """A server with all kinds of lists, its model in `model`, and exact dates of some numbers."""
    server = start_server(http_listen=ANY_PORT)
    return server


def fill(server, model):
    dated = set(sorted(model.lists["national"])[::2])
    server.load([(registry_name(YOUNG - DAY, "Texas"), flat(sorted(model.lists["national"] -
                                                                     dated) + [2145559999]))],
                obtained_at=YOUNG - DAY)
    server.load([(registry_name(YOUNG, "Changes"),
                  changes([(number, YOUNG - DAY // 2, "A") for number in sorted(dated)]))],
                obtained_at=YOUNG)
    for name in list(Model.LISTS)[1:]:
        server.load([csv_file(model.lists[name] | {2145559998})], name, obtained_at=YOUNG)
    server.load([("WIRELINE-TO-WIRELESS-NORANGE.TXT",
                  "".join(f"{n}\r\n" for n in model.lists["wireless"]).encode())], "wireless",
                obtained_at=YOUNG)
    make_list(server, "consent", "CONSENT")
    make_list(server, "ebr", "EBR")
    lists = server.stubs.list
    for name, numbers in model.records.items():
        facts = {"channel": lists.CHANNEL_CALL}
        if name in ("ebr", "ended"):
            facts |= {"ebr_kind": lists.EBR_KIND_TRANSACTION,
                      "last_event_at": moment(NOW - (AGO if name == "ended" else DAY)),
                      "made_at": moment(NOW - (AGO if name == "ended" else DAY))}
        if numbers:
            add(server, sorted(numbers), "ebr" if name == "ended" else name, **facts)
    return dated


def test_letters_are_those_of_the_model(door, draw):
    model = Model(NUMBERS, draw)
    dated = fill(door, model)
    asked = list(NUMBERS) + [3035550123, "42", "214555", "2145550100x"]
    draw.shuffle(asked)
    expected = "".join(model.letter(number) for number in asked)
    for form in ("multipart", "urlencoded", "json"):
        assert post(door, asked, form).letters() == expected, form
    assert get(door, asked[:300]).letters() == expected[:300]
    assert {"P", "D", "X", "O", "E", "R", "W", "G", "H", "C", "B", "I"} >= set(expected)
    # What gRPC says of them permits a call exactly where the letter does.
    answer = door.scrub(texts=[str(number) for number in asked])
    clear = door.stubs.verdict.VERDICT_CLEAR
    assert [v == clear for v in answer.verdicts] == [c in CALLABLE for c in expected]
    # Dates are those of the change list, and no others.
    day = time.strftime("%Y-%m-%d", time.gmtime(YOUNG - DAY // 2))
    for row in post(door, asked).rows():
        number = int(row[0]) if row[1] not in "BI" else None
        if number is None:
            continue
        wanted = model.reason(number)
        if number in dated:
            wanted = wanted.replace("National (USA)", f"National (USA) {day}")
        assert row[3] == wanted
    # Far more numbers than are told dates.
    for row in post(door, asked * 3).rows():
        if row[1] not in "BI":
            assert row[3] == model.reason(int(row[0]))


def load_national(server, numbers=(2145550100,), obtained_at=YOUNG):
    server.load([(registry_name(obtained_at, "Texas"), flat(numbers))], obtained_at=obtained_at)


def test_versions_and_ids(door):
    load_national(door)
    asked = ["2145550100|a b-1", "(214) 555-0123|x|y", "+12145550100"]
    for version in "12345":
        columns = COLUMNS + (MORE_COLUMNS if version == "5" else [])
        rows = post(door, asked, version=version).rows()
        assert [len(row) for row in rows] == [len(columns)] * 3
        assert [row[:3] for row in rows] == [["2145550100", "D", "a b-1"],
                                             ["(214) 555-0123", "C", "x|y"],
                                             ["+12145550100", "D", ""]]
        assert rows[0][4:6] == ["TX", "US"]
        answer = post(door, asked, "json", version=version, output="json")
        assert answer.headers["content-type"] == "application/json"
        lines = json.loads(answer.body)
        assert [list(line) for line in lines] == [columns] * 3
        assert [list(line.values()) for line in lines] == rows


def test_fifty_thousand_numbers_at_once(start_server):
    server = start_server(http_listen=ANY_PORT)
    numbers = [2145550000 + i for i in range(10_000)]
    load_national(server, numbers[::2])
    asked = [numbers[i * 7919 % len(numbers)] for i in range(50_999)]
    rows = post(server, asked).rows()
    assert [row[0] for row in rows] == list(map(str, asked))
    assert "".join(row[1] for row in rows) == "".join("CD"[n % 2 == 0] for n in asked)
    # A batch of gRPC may have fewer.
    too_many = post(server, asked + [1] * 100)
    assert too_many.reason() == "BATCH_TOO_LARGE" and b"51000" in too_many.body


def test_all_lines_are_of_one_snapshot(door):
    numbers = [2145550000 + i for i in range(10_000)]
    load_national(door, numbers[:5_000])
    over, loads = threading.Event(), []

    def load():
        while not over.is_set():
            shrinks = len(loads) % 2 == 1
            more = block(215, 555, len(loads) + 1)  # the same bytes would be refused
            door.load([csv_file((numbers[:1] if shrinks else numbers) + more)], "other:all",
                      obtained_at=YOUNG + len(loads),
                      allow=["shrink:other:all"] if shrinks else [])
            loads.append(1)

    loader = threading.Thread(target=load)
    loader.start()
    try:
        calls = 0
        while calls < 20 or len(loads) < 6:
            assert loader.is_alive()
            letters = post(door, numbers * 4).letters()
            assert letters[:10_000] * 4 == letters
            # With the other list all are listed, and without it the second half is clear.
            assert letters[5_000:10_000] in ("D" * 5_000, "C" * 5_000)
            calls += 1
    finally:
        over.set()
        loader.join()


def test_what_cannot_be_proven_is_blocked(start_server, clock):
    server = start_server(http_listen=ANY_PORT, environment=clock.env)
    assert get(server, [2145550100]).rows()[0][1] == "B"
    load_national(server)
    assert get(server, [2145550100, 2145550101, 3035550100]).letters() == "DCB"
    make_tenant(server, "narrow", entitlement=server.stubs.tenant.Entitlement(area_codes=[303]))
    row = ask(server, query={"phoneList": "2145550100,2145550101"},
              headers={"dnc-tenant": "narrow"}).rows()[1]
    assert row[1] == "B" and row[3] == ";;;;Blocked: the subscription does not cover this area code"
    clock.set(40 * DAY)
    # The server looks at the kernel's clock every few seconds.
    wait_until(lambda: get(server, [2145550100]).letters() == "B", "the data is too old")
    rows = get(server, [2145550100, 2145550101]).rows()
    assert [row[1] for row in rows] == ["B", "B"]
    assert rows[1][3] == ";;;;Blocked: the data of this area code is too old"


def test_scopes(door):
    load_national(door)
    make_list(door, "acme", "CONSENT", "acme")
    make_list(door, "spring", "INTERNAL", "acme/spring")
    add(door, [2145550100], "acme", channel=door.stubs.list.CHANNEL_WEB)
    add(door, [2145550101], "spring", channel=door.stubs.list.CHANNEL_CALL)
    asked = [2145550100, 2145550101]
    assert get(door, asked, projId="acme", campaignId="spring").letters() == "XP"
    assert get(door, asked, projId="acme").letters() == "XP"
    for brand, campaign in (("", ""), ("nobody", ""), ("ACME", ""), ("acme", "%"), ("", "spring"),
                            ("acme", "autumn"), ("a/b/c", "d"), ("\N{SNOWMAN}", "")):
        assert get(door, asked, projId=brand, campaignId=campaign).letters() == "DP", brand


def test_keys_and_quotas(start_server, folder):
    key = operator_key(folder)
    server = start_server(data_dir=folder, key=key, tenant="default", http_listen=ANY_PORT)
    load_national(server)
    secret = new_key(server, ["SCRUB"]).secret
    for answer in (get(server, [2145550100], loginId=secret),
                   post(server, [2145550100], loginId=secret),
                   post(server, [2145550100], "json", loginId=secret),
                   ask(server, query={"phoneList": "2145550100"}, headers={"loginId": secret}),
                   ask(server, query={"phoneList": "2145550100"},
                       headers={"Authorization": f"Bearer {secret}"})):
        assert answer.letters() == "D"
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert get(server, [2145550100], loginId=wrong).reason() == "UNAUTHENTICATED"
    both = ask(server, query={"phoneList": "2145550100", "loginId": secret},
               headers={"loginId": wrong})
    assert both.status != 200
    make_tenant(server, "small", quotas=server.stubs.tenant.Quotas(numbers_per_second=5))
    small = new_key(server, ["SCRUB"], "small").secret
    assert get(server, [2145550123] * 5, loginId=small).letters() == "CCCCC"
    answer = get(server, [2145550123] * 5, loginId=small)
    assert answer.reason() == "QUOTA_EXCEEDED" and answer.status == 429
    lists_key = new_key(server, ["WRITE_LISTS"]).secret
    assert get(server, [2145550123], loginId=lists_key).reason() == "SCOPE_MISSING"
    for text in (secret, wrong, small, secret[14:]):
        assert text not in server.log()


def test_an_empty_list(door):
    load_national(door)
    for answer in (get(door, []), post(door, []), post(door, [], "urlencoded")):
        assert (answer.status, answer.body) == (200, b"")
    assert json.loads(post(door, [], "json", output="json").body) == []


def test_errors_are_one_line_that_no_dialer_takes_for_an_answer(door):
    load_national(door)
    wanted = {"INVALID_REQUEST": [
        ask(door), ask(door, query={"phonelists": "1"}), get(door, [1], version="7"),
        get(door, [1], output="xml"), get(door, ["2145550100\n2145550101"]),
        get(door, ['"2145550100"']), get(door, ["2145550100|\x00"]),
        ask(door, "POST", body="phoneList=1", headers={"Content-Type": "text/plain"}),
        ask(door, "POST", body="phoneList=1"),
        ask(door, "POST", {"phoneList": "1"}, "phoneList=1",
            {"Content-Type": "application/x-www-form-urlencoded"}),
        ask(door, "POST", body='{"phoneList":["1",null]}',
            headers={"Content-Type": "application/json"}),
        ask(door, "POST", body='{"phoneList":"1","phoneList":"2"}',
            headers={"Content-Type": "application/json"}),
        ask(door, "POST", body=multipart({"phoneList": "1"})[:-8],
            headers={"Content-Type": "multipart/form-data; boundary=----dnc-test"}),
        ask(door, "POST", body=multipart({"phoneList": "1"}),
            headers={"Content-Type": "multipart/form-data"})]}
    for reason, answers in wanted.items():
        assert [answer.reason() for answer in answers] == [reason] * len(answers)
    assert ask(door, "PUT", body=b"").status == 405
    large = ask(door, "POST", body=b"x" * (5 << 20), headers={"Content-Type": "text/plain"})
    assert large.status == 413 and large.body[:1] == b"{"
    assert b"entry 2" in get(door, [1, '"']).body


def test_a_kept_connection_answers_again_and_again(door):
    load_national(door)
    connection = http.client.HTTPConnection(door.http, timeout=PATIENCE)
    connection.connect()
    made = connection.sock
    for turn in range(50):
        query = {"phoneList": "2145550100" if turn % 3 else ""}
        answer = ask(door, query=query, connection=connection)
        assert answer.body[:12] == (b"2145550100,D" if turn % 3 else b"")
        assert ask(door, connection=connection).reason() == "INVALID_REQUEST"
        assert connection.sock is made
    connection.close()


def test_overload_breaks_the_connection(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("guards: {min_first_numbers: 0}\nrpc: {threads: 1}\n"
                      "limits: {numbers_under_way: 1000, max_wait_microseconds: 100}\n")
    server = start_server("--config", str(config), http_listen=ANY_PORT)
    load_national(server)
    body = multipart({"phoneList": ",".join(["2145550100"] * 50_000)})
    head = (f"POST {PATH} HTTP/1.1\r\nHost: {server.http}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: multipart/form-data; boundary=----dnc-test\r\n\r\n").encode()
    host, port = server.http.rsplit(":", 1)
    results = []

    def call():
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(head + body)
            response = http.client.HTTPResponse(connection)
            try:
                response.begin()
                results.append(Answer(response))
            except (http.client.HTTPException, ConnectionError):
                results.append(None)

    for _ in range(20):
        threads = [threading.Thread(target=call) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if None in results:
            break
    # Each call has its whole answer, or none of it.
    whole = [answer for answer in results if answer is not None]
    assert None in results and whole
    assert {answer.letters() for answer in whole} == {"D" * 50_000}


NAMED = "2145550100,2145550123|id 7"
EXPECTED = ["2145550100,D,,National (USA);;;,TX,US,,,,,,,,",
            "2145550123,C,id 7,;;;,TX,US,,,,,,,,"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True,
                          **options).stdout


def url_of(server):
    return f"http://{server.http}{PATH}"


def test_curl(door, tmp_path):
    load_national(door)
    url = url_of(door)
    numbers = tmp_path / "numbers é \"x\".txt"
    numbers.write_text(NAMED + "\n")
    quoted = str(numbers).replace("\\", "\\\\").replace('"', '\\"')
    many = tmp_path / "many.txt"
    many.write_text(",".join(["2145550100"] * 48_000) + ("," + "2145550123|" + "x" * 200) * 2_900)
    get_it = run("curl", "-sSG", url, "--data-urlencode", f"phoneList={NAMED}")
    assert get_it.splitlines() == EXPECTED
    for arguments in (["-d", f"phoneList={NAMED.replace(' ', '+')}"],
                      ["-F", f"phoneList={NAMED}"], ["-F", f"phoneList=<{numbers}"],
                      ["-F", f'phoneList=@"{quoted}"'],
                      ["-F", f"phoneList={NAMED};type=text/plain", "-F", "version=3"],
                      ["-H", "Content-Type: application/json", "-d",
                       json.dumps({"phoneList": NAMED.split(",")})],
                      ["-H", "Transfer-Encoding: chunked", "-F", f"phoneList={NAMED}"]):
        assert run("curl", "-sSf", url, *arguments).splitlines() == EXPECTED, arguments
    # Above a mebibyte curl waits for a `100 Continue`.
    lines = run("curl", "-sSf", url, "-F", f"phoneList=<{many}").splitlines()
    assert len(lines) == 50_900
    assert lines[-1].startswith("2145550123,C,xxx")


def test_python(door):
    load_national(door)
    requests = pytest.importorskip("requests", reason="python3-requests is not installed")
    session = requests.Session()
    fields = {"phoneList": NAMED, "version": "2"}
    for answer in (session.get(url_of(door), params=fields, timeout=PATIENCE),
                   session.post(url_of(door), data=fields, timeout=PATIENCE),
                   session.post(url_of(door), json=fields, timeout=PATIENCE),
                   session.post(url_of(door), timeout=PATIENCE,
                                files={name: (None, value) for name, value in fields.items()}),
                   session.post(url_of(door), timeout=PATIENCE, data={"version": "2"},
                                files={"phoneList": ("l\u00e9ads.csv", NAMED, "text/csv")})):
        assert answer.text.splitlines() == EXPECTED
    answer = session.post(url_of(door), data={**fields, "output": "json"}, timeout=PATIENCE).json()
    assert [line["ResultCode"] for line in answer] == ["D", "C"]


PERL = r"""
use LWP::UserAgent; use HTTP::Request::Common;
my ($url, $list) = @ARGV;
my $agent = LWP::UserAgent->new(keep_alive => 1);
my @parts = (phoneList => $list, version => 2);
for my $request (POST($url, \@parts), POST($url, Content_Type => 'form-data', Content => \@parts)) {
  my $answer = $agent->request($request);
  die $answer->as_string unless $answer->is_success;
  print $answer->content;
}
"""


def test_perl(door):
    load_national(door)
    if subprocess.run(["perl", "-MLWP::UserAgent", "-e", "1"], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("libwww-perl is not installed")
    assert run("perl", "-e", PERL, url_of(door), NAMED).splitlines() == EXPECTED * 2


PHP = r"""
[, $url, $list] = $argv;
$curl = curl_init($url);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
$fields = ['phoneList' => $list, 'version' => '2'];
foreach ([$fields, http_build_query($fields)] as $body) {
  curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
  echo curl_exec($curl);
}
"""


def test_php(door):
    load_national(door)
    if shutil.which("php") is None or "curl" not in run("php", "-m"):
        pytest.skip("php-cli and php-curl are not installed")
    assert run("php", "-r", PHP, "--", url_of(door), NAMED).splitlines() == EXPECTED * 2


def test_the_records_of_another_number_change_nothing(door):
    """An opt-out is in the next answer."""
    load_national(door)
    assert get(door, [2145550123]).letters() == "C"
    add(door, [2145550123], channel=door.stubs.list.CHANNEL_CALL)
    assert get(door, [2145550123, 2145550124]).letters() == "PC"
    assert check(door, 2145550123).verdict == door.stubs.verdict.VERDICT_LISTED
