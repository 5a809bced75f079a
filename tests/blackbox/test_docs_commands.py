"""Runs the commands of the docs: README.md, CONTRIBUTING.md and every page under docs/.

CONTRIBUTING.md, "Commands in the docs", tells how a block is written so that it runs here: the
blocks of a page are one shell session (docs_session.py) in a folder that `prepare` fills. What a
`console` block shows is compared with what is really printed, apart from times, dates and the like.
"""

import datetime
import re
import shutil
import sys
import zipfile

import pytest

from certificates import make_certificate
from dnc_server import ANY_PORT, HOST, REPO
from docs_session import TOOLS, Session, dev_commands
from list_files import flat, registry_name
from metrics_page import free_port

sys.path.append(str(REPO / "tests" / "support"))
from docs_pages import blocks, is_complete, pages, statements  # noqa: E402

# The docs are written as if today were this day: the dates of that month move with it.
DOCS_TODAY = datetime.date(2026, 8, 7)
TODAY = datetime.datetime.now(datetime.timezone.utc).date()

# Commands of these programs are only checked for their syntax, because they change the machine, ask
# another one, or take too long.
FOREIGN = {"build/bin/bench_bloom", "build/bin/bench_handler", "cmake", "curl", "df", "dmesg",
           "docker", "du", "free", "iostat", "journalctl", "kubectl", "openssl", "sed", "ss",
           "sudo", "sysctl", "systemctl", "timedatectl"}
# A statement may begin with these programs without naming one of ours, and is run.
RUN_TOO = {"cat", "cd", "echo", "export", "head", "ls", "mkdir", "printf", "/usr/bin/python3",
           "/tmp/dnc/bin/pip", "/tmp/dnc/bin/python"}
# What is asked of a server by HTTP is run where the page shows what it prints.
RUN_CURL = re.compile(r"^curl [^#]*http://127\.0\.0\.1:8061/(?:v1/|mcp)[^#]*json\.tool")
IN_PLACE = r"(?:^|[|;&(\n]\s*|\b(?:do|then|if) )(?:\w+=\S* )*"
OURS = re.compile(IN_PLACE + rf"({'|'.join(TOOLS)})(?=\s|$)")
DEV = re.compile(IN_PLACE + r"\./dev(?: +([^#|;&\n]*))?")

# These exit codes are answers.
ANSWERS = {"check": {0, 10, 11}, "doctor": {0, 12, 13}}
# These commands cannot do here what the page says; they must fail like this: page, command, what it
# prints.
FAILS_HERE = [
    # No area code is damaged here, so the files count as loaded already.
    ("operations.md", "dncctl load 2026-8-5_212_", "same-file"),
    # This server has answered only for a moment.
    ("operations.md", "--as-answered-at", "can't be told any more"),
]


def moved(match):
    day = datetime.date(*map(int, match[0].split("-"))) + (TODAY - DOCS_TODAY)
    return f"{day:%Y-%m-%d}" if "-08-" in match[0] else f"{day.year}-{day.month}-{day.day}"


def noon(day):
    """Returns seconds since 1970 for noon on a day of the docs' August."""
    moment = datetime.datetime(2026, 8, day, 12, tzinfo=datetime.timezone.utc)
    return int((moment + (TODAY - DOCS_TODAY)).timestamp())


class Page:
    """A page with values for its placeholders, in a folder of its own."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.port = free_port()
        self.http = ""  # where the page's server answers HTTP
        for made in ("etc/dncd", "run", "tmp", "var/lib"):
            (folder / made).mkdir(parents=True)
        for entry in REPO.iterdir():  # commands name files of the repository
            if entry.name.startswith(("build", ".")) or (folder / entry.name).exists():
                continue
            if entry.name == "clients":  # pip writes into the folder that it installs from
                shutil.copytree(entry, folder / "clients",
                                ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (folder / entry.name).symlink_to(entry)

    def statements(self):
        return [one for block in blocks(self.path) if block.language in ("sh", "console")
                for one in statements(block)]

    def as_run(self, text):
        text = re.sub(r"\b2026-(?:08-\d\d|8-\d)(?!\d)", moved, text)
        for place in ("/tmp/", "/var/lib/dncd", "/etc/dncd/", "/run/"):
            text = re.sub(rf"(?<![\w/.]){place}", f"{self.folder}{place}", text)
        text = re.sub(r"(127\.0\.0\.1|0\.0\.0\.0|dnc\.example\.org):50061", f"{HOST}:{self.port}",
                      text)
        if self.http:
            text = text.replace("127.0.0.1:8061", self.http)
        # A server that stays is listening already, so there is nothing to wait for.
        text = re.sub(r"^(dncd .*?) *& sleep 1$", r"STAYS=1 \1", text)
        return self.shortened(text) if "dncload" in text or "dncgen" in text else text

    @staticmethod
    def shortened(text):
        """Makes data small and measurements short: only whether the command works counts."""
        if "--numbers 10000000" in text:
            text = text.replace("--numbers 10000000", "--numbers 20000 --area-codes 201,212")
        text = re.sub(r"--(seconds|warm-up) \S+", "", text)
        text = re.sub(r"--gap \S+", "--gap 0.01:0.02", text)
        text = re.sub(r"--rate \d+", "--rate 50", text)
        text = re.sub(r"--p99-limit-ms \d+", "--p99-limit-ms 60000", text)
        few = " --seconds 0.5 --warm-up 0 --pool 2000 --timeout 60"
        text = re.sub(r"(dncload (?:run|sweep|idle))\b", rf"\1{few}", text)
        few += " --schedule constant --probe-seconds 0.5 --least-rate 20 --most-rate 40"
        return re.sub(r"(dncload (?:search|overload))\b", rf"\1{few}", text)


def write_lists(folder):
    """Writes files of published lists, in the forms in which they come."""
    for day in (4, 5, 7):
        for area_code in (201, 212):
            lines = [*range(50 + day), *((86, 87) if day == 7 else ())]  # with what changed
            listed = [area_code * 10**7 + 5550100 + line for line in lines]
            packed = registry_name(noon(day), str(area_code), ".txt.zip")
            with zipfile.ZipFile(folder / packed, "w") as archive:
                archive.writestr(packed.removesuffix(".zip"), flat(listed))
    for day in (6, 7):
        told = datetime.datetime.fromtimestamp(noon(day) - 43200 - 3600, datetime.timezone.utc)
        rows = [f"{area_code}55501{80 + day},{told:%Y-%m-%dT%H:%M:%S},A\n"
                for area_code in (201, 212)]
        packed = registry_name(noon(day), "changes_all", ".txt.zip")
        with zipfile.ZipFile(folder / packed, "w") as archive:
            archive.writestr(packed.removesuffix(".zip"), "".join(rows))
    (folder / "tx.csv").write_text("name,phone\nA,2145550101\nB,2145550103\n")
    (folder / "WIRELINE-TO-WIRELESS-NORANGE.TXT").write_text("2145550102\r\n2145550104\r\n")


def write_tables(folder):
    """Writes tables of other programs."""
    (folder / "leads.csv").write_text("name,phone\nA,(201) 555-0100\nB,201-555-0199\n")
    (folder / "vicidial.txt").write_text("1\tA\tx\ty\t2015550141\n2\tB\tx\ty\t2015550142\n")
    (folder / "crm.csv").write_text("Name,Home,Mobile\nA,2015550143,2015550144\n")
    (folder / "split.csv").write_text("area,number\n201,5550145\n")
    (folder / "asked.csv").write_text(
        '"Name, first",number,Asked on\nA,2015550146,2026-01-05\n')


@pytest.fixture
def prepared(tmp_path, start_server, request):
    """Returns the page with everything that its commands look for, and a session on it."""
    folder = tmp_path / "page"
    folder.mkdir()
    page = Page(request.param, folder)
    write_lists(folder)
    write_tables(folder)
    certificate, key = make_certificate(folder / "etc/dncd", names=f"IP:{HOST}")
    (folder / "etc/dncd/ca.pem").write_bytes(certificate.read_bytes())
    assert key.name == "key.pem"
    (folder / "etc/dncd/dncd.yaml").write_text("{}\n")
    # What pip installs here, Debian's packages are enough for: it asks no registry.
    env = {"LISTEN": f"{HOST}:{page.port}", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    if page.path.name in ("README.md", "tenants.md"):  # they start a server for themselves
        env["DNC_SERVER"] = f"{HOST}:{page.port}"
    elif page.path.name == "load-testing.md":  # it loads what it asks for
        env["DNC_SERVER"] = start_server().address
    else:
        server = start_server(http_listen=ANY_PORT)
        page.http = server.http
        old = sorted(folder.glob(registry_name(noon(4), "*", ".txt.zip").split("_")[0] + "_*"))
        server.load([(path.name, path.read_bytes()) for path in old])
        # These lists have earlier data, so that no command asks before it loads.
        server.load([("tx.csv", b"phone\n2145550103\n")], "state:TX", noon(5), column="phone")
        server.load([("WIRELESS.TXT", b"2145550104\r\n")], "wireless", noon(5))
        env["DNC_SERVER"] = server.address
    page.session = Session(folder, env)
    if page.path.name in ("operations.md", "tables.md"):
        page.session.env["BEFORE"] = "dncctl tenants create acme --area-codes all"
    return page


def kind_of(text, commands):
    """Returns whether a statement is `run` or only `checked`. Fails if it is neither."""
    if OURS.search(text) or RUN_CURL.search(text):
        return "run"
    asked = DEV.findall(text)
    for arguments in asked:
        words = arguments.split() or ["help"]
        assert words[0] in commands, f"./dev has no {words[0]}"
        unknown = [word for word in words[1:]
                   if re.fullmatch("[a-z]+", word) and word not in commands[words[0]]]
        assert not unknown, f"./dev {words[0]} does not know {unknown}"
    first = next(word for word in re.split(r"[\s;]+", text) if not re.fullmatch(r"\w+=\S*", word))
    if asked or first in FOREIGN or " -m pytest " in text:
        missing = [path for path in re.findall(r"\btests/[\w/]+\.py\b", text)
                   if not (REPO / path).exists()]
        assert not missing, f"there is no {missing}"
        return "checked"
    assert first in RUN_TOO, (
        f"no test runs or checks `{first}`: see CONTRIBUTING.md, Commands in the docs")
    return "run"


def masked(lines):
    """Removes what differs between runs and machines."""
    text = "\n".join(lines)
    for pattern, word in [(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?", "TIME"),
                          (r"\b[0-9a-f]{32}\b", "DIGEST"), (r"/\S*/tmp/", "/tmp/"),
                          (r"\(\d+ days? left\)", "(DAYS)"), (r"[\d.]+ m?s\b", "SECONDS"),
                          (r"\([\d,]+/s\)", "(RATE)"), (r"\b127\.0\.0\.\d+:\d+", "ADDRESS")]:
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def problem(page, text, printed, outcome):
    """Returns why a statement did not do what the page says; empty if it did."""
    named = OURS.findall(text)
    if len(outcome.calls) < len(named):
        return f"{len(named)} of our programs are named, {len(outcome.calls)} ended"
    fails = [said for name, part, said in FAILS_HERE if page.path.name == name and part in text]
    for code, command in outcome.calls:
        asks_first = code == 2 and "not confirmed" in outcome.said
        allowed = next((codes for word, codes in ANSWERS.items()
                        if f" {word} " in f"{command} "), {0})
        if fails:
            if code == 0 or fails[0] not in outcome.said:
                return f"it was to fail by {fails[0]}, and ended with {code}"
        elif code not in allowed and not asks_first:
            return f"exit code {code} of {command}"
    if not named and "command not found" in outcome.said:
        return "no such command"
    if printed is not None and masked(printed) != masked(outcome.said.splitlines()):
        return "the page shows\n" + "\n".join(masked(printed)) + "\nand it prints\n" + "\n".join(
            masked(outcome.said.splitlines()))
    return ""


WITH_COMMANDS = [path for path in pages()
                 if any(block.language in ("sh", "console") for block in blocks(path))]


@pytest.mark.parametrize("prepared", WITH_COMMANDS, indirect=True,
                         ids=[str(path.relative_to(REPO)) for path in WITH_COMMANDS])
def test_the_commands_of_a_page_work(prepared):
    commands = dev_commands()
    all_of_it = prepared.statements()
    kinds = []
    for number, text, _ in all_of_it:
        assert is_complete(text), f"{prepared.path.name}:{number}: not shell: {text}"
        try:
            kinds.append(kind_of(text, commands))
        except AssertionError as error:
            raise AssertionError(f"{prepared.path.name}:{number}: {error}") from None
    before = prepared.session.env.pop("BEFORE", ":")
    outcomes = prepared.session.run(
        [before] + [prepared.as_run(text) if kind == "run" else ":"
                    for (_, text, _), kind in zip(all_of_it, kinds)])[1:]
    bad = [f"{prepared.path.name}:{number}: {why}\n  {text}\n{outcome.said[-1500:]}"
           for (number, text, printed), kind, outcome in zip(all_of_it, kinds, outcomes)
           if kind == "run" and (why := problem(prepared, text, printed, outcome))]
    assert not bad, "\n\n".join(bad)


def test_what_no_test_knows_is_refused():
    commands = dev_commands()
    assert {"build", "test", "bench", "demo", "help"} <= set(commands)
    assert {"lint", "sanitize"} <= commands["test"] and "overload" in commands["bench"]
    for good in ("./dev test lint unit", "DNC_JOBS=1 ./dev build  # comment", "X=1 curl -s x",
                 "if dncctl status; then echo up; fi", "KEY=$(dncctl keys create x --scope scrub)"):
        assert kind_of(good, commands)
    for bad in ("./dev tset", "./dev test lnit", "reboot", "./build.sh", "mydncctl status"):
        with pytest.raises(AssertionError):
            kind_of(bad, commands)
    assert masked(["3 s 2026-11-27"]) == masked(["0.1 s 2025-01-01"]) != masked(["3 s x"])
