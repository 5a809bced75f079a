"""The metrics of a real server: they follow what it does, and reveal nobody."""

import re
import shutil
import subprocess
import time

import pytest

from dnc_server import REPO, Refused
from list_files import DAY, flat, registry_name
from metrics_page import Page, broken_rules, free_port
from tenant_calls import FREE, LISTED, add, make_tenant, new_key, operator_key

BASE_TIME = int(time.time()) - 2 * DAY
TENANT = "shop-of-nobody"


@pytest.fixture
def watched(start_server, tmp_path):
    """A server that asks for keys, with a list, and `server.page()`."""
    address = f"127.0.0.1:{free_port()}"
    server = start_server(data_dir=tmp_path / "data", key=operator_key(tmp_path / "data"),
                          tenant="default", metrics_listen=address)
    server.load([(registry_name(BASE_TIME, "201"), flat([LISTED]))])
    server.page = lambda: Page(address)
    return server


def test_writes_and_scrubs_move_them(watched):
    before = watched.page()
    assert (before["dnc_own_records"], before["dnc_own_verified"]) == (0, 1)
    assert before["dnc_own_proven"] == 1
    add(watched, [FREE, FREE + 1, 12])
    add(watched, [FREE])
    watched.verdicts([FREE, FREE + 1])  # both known
    after = watched.page()
    moved = {name: after[name] - before[name] for name in after.values if name in before.values}
    for name, by in {"dnc_own_records": 2, "dnc_own_writes_total": 2, "dnc_own_commits_total": 1,
                     'dnc_own_written_records_total{outcome="added"}': 2,
                     'dnc_own_written_records_total{outcome="already_there"}': 1,
                     'dnc_own_written_records_total{outcome="refused"}': 1,
                     'dnc_own_write_failures_total{reason="storage"}': 0,
                     # These are the two numbers of the scrub, and the one that was written again.
                     "dnc_own_filter_passed_total": 3, "dnc_own_store_reads_total": 3,
                     "dnc_own_filter_false_total": 0, "dnc_own_unknown_numbers_total": 0,
                     "dnc_own_damaged_tenants": 0}.items():
        assert moved[name] == by, f"{name} moved by {moved[name]}, not by {by}"
    assert moved["dnc_own_filter_asked_total"] >= 5
    assert moved["dnc_own_commit_seconds_total"] > 0
    assert after["dnc_own_filter_fill_ratio"] > 0
    assert after["dnc_own_revision"] > after["dnc_revision"] > 0
    assert after["dnc_own_writes_waiting"] == 0 < after["dnc_own_writes_waiting_limit"]
    assert 0 <= after["dnc_own_changes_kept_seconds"] < 600


def test_quotas_and_tenants_move_them(watched):
    tenant = watched.stubs.tenant
    before = watched.page()
    assert before['dnc_tenants{state="active"}'] == 1
    made = make_tenant(watched, TENANT,
                       quotas=tenant.Quotas(numbers_per_second=10, max_records=1))
    small = watched.identity(new_key(watched, ["SCRUB", "WRITE_LISTS"], TENANT).secret)
    assert watched.page()["dnc_live_keys"] == before["dnc_live_keys"] + 1
    refused = 0
    while refused < 3:
        try:
            watched.scrub(metadata=small, numbers=[FREE] * 1000)
        except Refused as refusal:
            assert refusal.reason == "QUOTA_EXCEEDED"
            refused += 1
    add(watched, [FREE, FREE + 1, FREE + 2], metadata=small)
    made.state = tenant.TENANT_STATE_SUSPENDED
    watched.call(watched.tenants.UpdateTenant, tenant.UpdateTenantRequest(tenant=made))
    after = watched.page()
    assert after['dnc_quota_refusals_total{quota="numbers"}'] == 3
    assert after['dnc_quota_refusals_total{quota="records"}'] == 2
    assert after['dnc_quota_refusals_total{quota="calls"}'] == 0
    assert after['dnc_tenants{state="active"}'] == 1
    assert after['dnc_tenants{state="suspended"}'] == 1


def test_they_tell_of_nobody(watched):
    make_tenant(watched, TENANT)
    key = new_key(watched, ["SCRUB", "WRITE_LISTS"], TENANT)
    identity = watched.identity(key.secret)
    add(watched, [FREE], metadata=identity, reason="a secret reason", request_id="case-4711")
    watched.scrub(metadata=identity, numbers=[FREE, LISTED])
    with pytest.raises(Refused):
        watched.scrub(metadata=watched.identity(key.secret + "0"), numbers=[FREE])
    text = watched.page().text
    assert 'dnc_scrubbed_numbers_total{verdict="listed"}' in text
    for told in (str(FREE), str(LISTED), "(201)", "201-555", TENANT, "default", key.secret,
                 key.key.key_id, "dnck_", "secret reason", "case-4711"):
        assert told not in text, told
    # Nothing else is as long as a number either, except a value or the bound of a bucket.
    labels = re.findall(r'(\w+)="([^"]*)"', text)
    assert labels
    assert not [pair for pair in labels if pair[0] != "le" and re.search(r"\d{7}", pair[1])]


def test_they_keep_prometheus_rules(watched):
    watched.call(watched.registry.GetStatus, watched.stubs.registry.GetStatusRequest())
    page = watched.page()
    assert not broken_rules(page.text)
    assert "dnc_handler_seconds_bucket" in page.text  # a page with histograms was looked at


@pytest.mark.parametrize("text, rule", [
    ("# HELP a_b x\n# TYPE a_b counter\na_b 1\n", "_total"),
    ("# HELP a_total x\n# TYPE a_total gauge\na_total 1\n", "_total"),
    ("# TYPE a_b gauge\na_b 1\n", "help"),
    ("# HELP a_b x\na_b 1\n", "type"),
    ("# HELP a_bits x\n# TYPE a_bits gauge\na_bits 1\n", "unit"),
    ("# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n", "unit"),
    ("# HELP a_count x\n# TYPE a_count gauge\na_count 1\n", "suffix"),
    ("# HELP aB x\n# TYPE aB gauge\naB 1\n", "name"),
    ("# HELP a_b x\n# TYPE a_b gauge\na_b 1\na_b 1\n", "twice"),
    ("# HELP a_b x\n# TYPE a_b gauge\na_b 1\n# HELP a_b x\n# TYPE a_b gauge\n", "twice"),
    ('# HELP a_b x\n# TYPE a_b gauge\na_b{cD="1"} 1\n', "label"),
])
def test_the_rules_find_what_breaks_them(text, rule):
    assert any(rule in broken for broken in broken_rules(text)), broken_rules(text)


def promtool():
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool, of Debian's package prometheus")
    return found


def test_promtool_has_nothing_to_say(watched):
    tool = promtool()
    watched.call(watched.registry.GetStatus, watched.stubs.registry.GetStatusRequest())
    done = subprocess.run([tool, "check", "metrics"], input=watched.page().text, text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_promtool_takes_the_alerts(tmp_path):
    """It also accepts them when their addresses are those of the operator's docs."""
    tool = promtool()
    text = (REPO / "deploy/prometheus/alerts.yml").read_text()
    replaced = text.replace("https://dncd.example.org/", "https://wiki.example.com/dncd/")
    for name, rules in (("shipped.yml", text), ("own.yml", replaced)):
        (tmp_path / name).write_text(rules)
        done = subprocess.run([tool, "check", "rules", str(tmp_path / name)], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_documentation_lists_what_is_shown(watched):
    watched.call(watched.registry.GetStatus, watched.stubs.registry.GetStatusRequest())
    text = (REPO / "docs/metrics.md").read_text()
    first_cells = re.findall(r"^\| ([^|]+) \|", text, re.M)
    documented = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    documented.remove("dnc_tls_certificate_not_after_seconds")  # only with TLS: test_tls.py
    assert watched.page().names() == documented
