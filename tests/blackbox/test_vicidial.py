"""VICIdial's own filter script, unmodified, against a MariaDB and this server. The script is not
ours: DNC_VICIDIAL_SCRIPT names its file, AST_DNCcom_filter.pl, and without it nothing runs here."""

import getpass
import http.client
import os
import pathlib
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import pytest

from dialer_calls import PATH
from dnc_server import ANY_PORT
from list_files import DAY, flat, registry_name
from metrics_page import free_port
from tenant_calls import add, make_list
from waiting import PATIENCE, wait_until

SCRIPT = os.environ.get("DNC_VICIDIAL_SCRIPT", "")
CONF = pathlib.Path("/etc/astguiclient.conf")  # the script's own choice
MODULES = ("DBI", "DBD::mysql", "WWW::Curl::Easy")
LETTERS = "XCOERWGHLFVIMBPDSTY"
TABLES = """
CREATE TABLE vicidial_list (lead_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
  status VARCHAR(6), list_id BIGINT UNSIGNED NOT NULL, phone_number VARCHAR(18) NOT NULL,
  comments VARCHAR(255) DEFAULT '', INDEX (list_id), INDEX (phone_number));
CREATE TABLE vicidial_settings_containers (container_id VARCHAR(40) PRIMARY KEY NOT NULL,
  container_entry MEDIUMTEXT);
CREATE TABLE vicidial_admin_log (admin_log_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
  event_date DATETIME NOT NULL, user VARCHAR(20) NOT NULL, ip_address VARCHAR(15) NOT NULL,
  event_section VARCHAR(30) NOT NULL, event_type VARCHAR(10), record_id VARCHAR(50) NOT NULL,
  event_code VARCHAR(255) NOT NULL, event_sql MEDIUMTEXT, event_notes MEDIUMTEXT);
CREATE TABLE vicidial_dnccom_filter_log (
  filter_log_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, lead_id INT UNSIGNED NOT NULL,
  list_id BIGINT UNSIGNED, filter_date DATETIME, new_status VARCHAR(6), old_status VARCHAR(6),
  phone_number VARCHAR(18), dnccom_data VARCHAR(255), KEY (lead_id));
"""


def why_not():
    if not SCRIPT:
        return "DNC_VICIDIAL_SCRIPT does not name VICIdial's AST_DNCcom_filter.pl"
    if shutil.which("mariadbd") is None or shutil.which("mariadb-install-db") is None:
        return "mariadb-server is not installed"
    for module in MODULES:
        if subprocess.run(["perl", f"-M{module}", "-e", "1"], capture_output=True,
                          check=False).returncode != 0:
            return f"Perl has no {module}"
    if CONF.exists() or not os.access(CONF.parent, os.W_OK):
        return f"the script reads {CONF}, which is there already or cannot be made"
    return ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it runs")


class Database:
    """A MariaDB of its own."""

    def __init__(self, folder):
        self.port, self.socket = free_port(), folder / "mariadb.sock"
        user = getpass.getuser()
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={folder / 'db'}",
                        f"--user={user}", "--auth-root-authentication-method=normal"],
                       capture_output=True, check=True)
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={folder / 'db'}", f"--user={user}",
             f"--socket={self.socket}", "--bind-address=127.0.0.1", f"--port={self.port}",
             f"--pid-file={folder / 'pid'}",
             "--innodb-flush-log-at-trx-commit=0"], stderr=subprocess.DEVNULL)
        wait_until(lambda: self.client(["-e", "SELECT 1"]).returncode == 0, "MariaDB is not ready")
        self.sql("CREATE DATABASE asterisk; CREATE USER vici@localhost IDENTIFIED BY 'vici';"
                 "CREATE USER vici@127.0.0.1 IDENTIFIED BY 'vici';"
                 "GRANT ALL ON asterisk.* TO vici@localhost, vici@127.0.0.1;", "")
        self.sql(TABLES)

    def client(self, arguments, **options):
        return subprocess.run(["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}",
                               "-BN", *arguments], capture_output=True, text=True, check=False,
                              timeout=PATIENCE, **options)

    def sql(self, text, database="asterisk"):
        """Returns the rows, each as a list of texts."""
        done = self.client([database] if database else [], input=text)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


@pytest.fixture(name="database", scope="module")
def fixture_database(tmp_path_factory):
    database = Database(tmp_path_factory.mktemp("mariadb"))
    CONF.write_text(f"PATHlogs => /tmp\nVARserver_ip => 127.0.0.1\nVARDB_server => 127.0.0.1\n"
                    f"VARDB_database => asterisk\nVARDB_user => vici\nVARDB_pass => vici\n"
                    f"VARDB_port => {database.port}\n")
    yield database
    CONF.unlink()
    database.stop()


@pytest.fixture(name="scrub")
def fixture_scrub(database):
    """Runs the script over leads with these numbers, and returns what it printed."""

    def run(address, numbers, **settings):
        settings = {"DNC_DOT_COM_URL": f"http://{address}{PATH}", "LOGIN_ID": "", "PROJ_ID": "",
                    "CAMPAIGN_ID": "", "VERSION": "2", "VICI_STATUS_SKIP": "SALE",
                    "ADD_INFO_TO_COMMENTS": "NO",
                    **{f"STATUS_{letter}": f"DNC{letter}" for letter in LETTERS}, **settings}
        entry = "\\n".join(f"{name} => {value}" for name, value in settings.items())
        rows = ",".join(f"('NEW',7,'{number}')" for number in numbers)
        database.sql("".join(f"TRUNCATE {table};" for table in (
            "vicidial_list", "vicidial_settings_containers", "vicidial_admin_log",
            "vicidial_dnccom_filter_log"))
            + f"INSERT INTO vicidial_settings_containers VALUES ('DNCDOTCOM', '{entry}');"
            + (f"INSERT INTO vicidial_list (status, list_id, phone_number) VALUES {rows};"
               if rows else ""))
        done = subprocess.run(["perl", SCRIPT, "--lists=77-7"], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        return done.stdout + done.stderr

    return run


def statuses(database):
    return dict(database.sql("SELECT phone_number, status FROM vicidial_list"))


def events(database):
    return [row[0] for row in database.sql(
        "SELECT event_code FROM vicidial_admin_log WHERE record_id = '7' ORDER BY admin_log_id")]


@pytest.fixture(name="door")
def fixture_door(start_server):
    server = start_server(http_listen=ANY_PORT)
    now = int(time.time())
    server.load([(registry_name(now - DAY, "Texas"),
                  flat([2145550000 + i for i in range(0, 60_000, 2)]))], obtained_at=now - DAY)
    return server


def test_each_lead_gets_the_status_of_its_letter(door, database, scrub):
    make_list(door, "consent", "CONSENT")
    make_list(door, "ebr", "EBR")
    lists = door.stubs.list
    fact = {"channel": lists.CHANNEL_CALL}
    add(door, [2145550001], **fact)
    add(door, [2145550002], "consent", **fact)
    add(door, [2145550003, 2145550004], "ebr", ebr_kind=lists.EBR_KIND_TRANSACTION,
        last_event_at={"seconds": int(time.time()) - DAY}, **fact)
    expected = {2145550000: "D", 2145550001: "P", 2145550002: "X", 2145550003: "E",
                2145550004: "O", 2145550005: "C", 3035550100: "B", 1005550100: "I"}
    for comments in ("NO", "YES"):
        said = scrub(door.http, [*expected, "555-0100"], ADD_INFO_TO_COMMENTS=comments)
        assert said == ""
        assert statuses(database) == {
            **{str(number): f"DNC{letter}" for number, letter in expected.items()},
            "555-0100": "NEW"}, "what is no number of ten digits is not sent"
        assert events(database) == ["DNC.com SCRUB STARTED", "DNC.com SCRUB FINISHED"]
    log = database.sql("SELECT phone_number, dnccom_data FROM vicidial_dnccom_filter_log")
    assert [row[0] for row in log] == list(map(str, expected))


def test_sixty_thousand_leads_in_two_calls(door, database, scrub):
    numbers = [2145550000 + i for i in range(60_000)]
    assert scrub(door.http, numbers) == ""
    got = statuses(database)
    assert got == {str(number): "DNCC" if number % 2 else "DNCD" for number in numbers}
    assert events(database)[-1] == "DNC.com SCRUB FINISHED"


def test_leads_that_are_all_skipped(door, database, scrub):
    """The script then sends nothing, or an empty list."""
    assert scrub(door.http, ["none"]) == ""
    assert statuses(database) == {"none": "NEW"}
    assert events(database) == ["DNC.com SCRUB STARTED", "DNC.com SCRUB FINISHED"]


def test_an_error_ends_the_script_and_sets_no_lead(door, database, scrub):
    for settings in ({"LOGIN_ID": "dnck_unknown"}, {"VERSION": "9"}):
        said = scrub(door.http, [2145550000, 2145550001], **settings)
        assert "doesnt match DNC.com. Exiting." in said
        assert set(statuses(database).values()) == {"NEW"}
        assert "DNC.com SCRUB FINISHED" not in events(database)


def test_a_broken_connection_is_tried_again_and_reported(database, scrub):
    """What overload does to it."""
    broken = []

    class Breaker(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1)
            broken.append(1)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with socketserver.TCPServer(("127.0.0.1", 0), Breaker) as breaker:
        thread = threading.Thread(target=breaker.serve_forever)
        thread.start()
        said = scrub(f"127.0.0.1:{breaker.server_address[1]}", [2145550000])
        breaker.shutdown()
        thread.join()
    assert broken and set(statuses(database).values()) == {"NEW"}
    # Some versions of the script write a statement of SQL that is none when they log it, and end
    # with that; others try five times, and log the list as failed.
    if "DNC.com SCRUB ERROR" in said:
        assert len(broken) == 1 and "DNC.com SCRUB FINISHED" not in events(database)
    else:
        assert len(broken) == 5 and "DNC.com SCRUB FAILED" in events(database)


def test_an_empty_list_is_answered_with_nothing(door):
    connection = http.client.HTTPConnection(door.http, timeout=PATIENCE)
    connection.request("GET", PATH + "?phoneList=")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.close()
