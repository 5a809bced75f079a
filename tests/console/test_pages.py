"""Every page by real clicks, and that what it says is what the server says."""

import pytest

from dnc_server import Refused
from scene import full_list, load_everything, numbers
from waiting import wait_until


def test_coverage_shows_a_cell_an_area_code(browser, site):
    site.open(browser)
    browser.wait_level("fresh")
    told = site.server.coverage().area_codes
    cells = browser.script("return document.querySelectorAll('.map .cell[data-cell=fresh]').length")
    assert cells == len(told)
    browser.click('.tile[data-state="NY"]')
    browser.wait_text(".detail h2", "New York")
    browser.wait_text(".detail", "212")
    browser.click('.cell[data-code="907"]')
    browser.wait_text(".detail h2", "Alaska")
    browser.find('.detail tr.chosen[data-code="907"]')


def test_coverage_as_a_tenant(browser, site):
    site.open(browser)
    browser.find('#whose option[value="acme"]')
    browser.choose("#whose", "acme")
    browser.find('.cell[data-code="907"][data-cell="fresh"]')
    wait_until(lambda: len(browser.all('.map .cell[data-cell="fresh"]')) == 4)
    browser.find('.cell[data-code="213"][data-cell="unentitled"]')
    assert browser.level() == "fresh", "the line is of the server, whoever is looked at"


def test_coverage_of_one_list(browser, site):
    site.open(browser)
    browser.find('#lists option[value="wireless"]')
    browser.choose("#lists", "wireless")
    browser.click('.tile[data-state="NJ"]')
    browser.wait_text(".detail", "wireless")
    browser.wait_text(".lists", "national required")


def test_loads_tell_what_was_refused_and_why(browser, site):
    site.open(browser, "loads")
    browser.find('.load[data-kind="refused"]')
    assert "shrink: area code 201 would lose" in browser.text('.load[data-kind="refused"]')
    browser.click('.load[data-kind="refused"] summary')
    browser.wait_text('.load[data-kind="refused"] .about', "GUARD_REFUSED")
    browser.wait_text('.load[data-kind="refused"] .findings', "--allow shrink:201")
    assert len(browser.all(".load[data-kind=loaded]")) == 3


def test_a_dry_run_changes_nothing(browser, make_site, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    [(name, content)] = full_list([201], 1, count=6)
    (folder / name).write_bytes(content)
    site = make_site("--load-dir", str(folder))
    site.server.load(full_list([201], 3, count=4))
    before = site.server.coverage().release_id
    site.open(browser, "loads")
    browser.click("button", "Try files of the server")
    browser.type("dialog textarea", str(folder / name))
    browser.click("dialog .main")
    browser.find('.load[data-kind="dry"] details[open]')
    browser.wait_text('.load[data-kind="dry"] .change', "+2 −0 planned")
    browser.wait_text('.load[data-kind="dry"] .about', "No longer callable")
    assert site.server.coverage().release_id == before

    browser.click("button", "Try files of the server")
    browser.type("dialog textarea", "/etc/passwd")
    browser.click("dialog .main")
    browser.wait_text("dialog .trouble", "only from the folders")


def test_rolling_back_tells_what_becomes_callable(browser, make_site):
    site = make_site()
    load_everything(site.server, days=8)
    site.server.load(full_list([201], 3, count=9))
    was = site.server.coverage().release_id
    site.open(browser, "loads")
    browser.click('button[aria-label="Roll back national"]')
    browser.wait_text("#becomes-callable", "5")
    browser.wait_text("dialog .danger", "5 numbers become callable")
    browser.type("dialog .field:nth-of-type(1) input", "a wrong file")
    browser.type('dialog input[inputmode="numeric"]', "4")
    browser.click("dialog .danger")
    browser.wait_text("dialog .trouble", "Type 5")
    assert site.server.coverage().release_id == was
    browser.type('dialog input[inputmode="numeric"]', "5")
    browser.click("dialog .danger")
    wait_until(lambda: not browser.all("dialog"))
    assert site.server.coverage().release_id != was
    assert site.server.verdicts([numbers(201, 9)[8]]) == ["CLEAR"]
    browser.wait_text(".releases", "nothing to go back to")


def test_cancelled_nothing_is_rolled_back(browser, site):
    was = site.server.coverage().release_id
    site.open(browser, "loads")
    browser.click('button[aria-label="Roll back national"]')
    browser.find("#becomes-callable")
    browser.click("dialog .quiet", "Cancel")
    wait_until(lambda: not browser.all("dialog"))
    assert site.server.coverage().release_id == was


def check(browser, text):
    browser.type('input[type="tel"]', text)
    browser.click(".ask .main")


def test_one_number_is_explained(browser, site):
    site.open(browser, "number")
    check(browser, "(201) 555-0100")
    browser.wait_text(".verdict", "Must not be called")
    browser.wait_text(".verdict", "201 555 0100")
    browser.wait_text(".verdict", "LISTED")
    browser.wait_text(".result", "forbids the call")
    browser.wait_text(".result", "at the latest")
    browser.wait_text(".history", "first seen")
    assert "release" in browser.text(".history")
    check(browser, "2015550150")
    browser.wait_text(".verdict", "May be called")
    browser.find('.verdict[data-kind="clear"]')
    browser.wait_text(".facts", "Holds until")
    browser.wait_text(".facts", "(in 12 days)")
    check(browser, "2015550102")
    browser.wait_text(".result", "says wireless")
    check(browser, "12")
    browser.wait_text(".verdict", "Not a number to call")
    browser.find('.verdict[data-kind="no"]')


def test_an_error_is_no_permission(browser, site):
    site.open(browser, "number")
    check(browser, "2015550150")
    browser.find('.verdict[data-kind="clear"]')
    browser.click("summary", "As of a moment")
    browser.script("document.querySelector('.fields input').value = '1999-01-01T00:00'")
    browser.click(".ask .main")
    browser.find('.verdict[data-kind="no"]')
    browser.wait_text(".verdict", "there is no answer")


def test_what_was_clear_once_permits_nothing_now(browser, site):
    site.open(browser, "number")
    browser.click("summary", "As of a moment")
    browser.script("""
        const at = new Date(Date.now() - 3600000 - new Date().getTimezoneOffset() * 60000);
        document.querySelector('.fields input').value = at.toISOString().slice(0, 16)""")
    check(browser, "2015550150")
    browser.wait_text(".verdict", "Could have been called then")
    assert not browser.all('.verdict[data-kind="clear"]')
    check(browser, "2015550100")
    browser.wait_text(".verdict", "Must not be called")


# The answer of a check ends a moment after it has come.
SHORT_ANSWERS = """
window.fetch = ((before) => async (path, options) => {
  const answer = await before(path, options);
  if (!path.startsWith("/v1/check/")) return answer;
  const told = await answer.json();
  told.result.validUntil = new Date(Date.now() + LENGTH).toISOString();
  return Response.json(told);
})(window.fetch);
"""


def test_a_permission_is_not_shown_behind_its_end(browser, site):
    site.open(browser, "number")
    browser.script(SHORT_ANSWERS.replace("LENGTH", "2000"))
    check(browser, "2015550150")
    browser.wait_text(".verdict", "the answer has ended")
    assert not browser.all('.verdict[data-kind="clear"]')
    browser.wait_text(".facts", "ago)")
    browser.find("h2", "When it came and went")

    # When the clock has gone on while the page slept, it is judged anew as it wakes.
    site.open(browser, "number")
    browser.script(SHORT_ANSWERS.replace("LENGTH", "3600000"))
    check(browser, "2015550150")
    browser.find('.verdict[data-kind="clear"]')
    browser.script("""
        const real = Date.now;
        Date.now = () => real() + 7200000;
        dispatchEvent(new Event("focus"))""")
    browser.wait_text(".verdict", "the answer has ended")


def test_activity_is_what_the_server_counted(browser, site):
    site.open(browser, "activity")
    browser.find(".plot canvas")
    assert len(browser.all(".plot canvas")) == 3
    told = site.server.call(site.server.registry.GetActivity,
                            site.server.stubs.registry.GetActivityRequest())
    shown = int(browser.text(".figures div:nth-child(1) dd").replace(",", ""))
    assert 27 <= shown <= sum(each.numbers for each in told.total.numbers)
    browser.click("summary", "The same as a table")
    browser.find(".as-table tbody tr")
    browser.wait_text(".as-table thead", "not covered")


def test_a_tenant_from_its_making_to_its_suspension(browser, make_site):
    site = make_site()
    load_everything(site.server)
    site.open(browser, "tenants")
    browser.click("button", "New tenant")
    browser.type("dialog .field:nth-of-type(1) input", "globex")
    browser.type("dialog textarea", "201, 9999")
    browser.click("dialog .main")
    browser.wait_text("dialog .trouble", "9999 is not an area code.")
    browser.type("dialog textarea", "201 212")
    browser.click("dialog .main")
    browser.wait_text(".detail h2", "globex")
    browser.wait_text(".detail", "201, 212")

    browser.click("button", "Quotas and area codes")
    browser.type('dialog input[type="number"]', "1234")
    browser.click("dialog .main")
    browser.wait_text(".detail .facts", "1,234")

    browser.click(".detail button", "New key")
    browser.type('dialog input[type="text"]', "a dialer")
    browser.click("dialog .main")
    browser.wait_text("dialog h2", "Key ")
    secret = browser.script("return document.querySelector('.secret').value")
    browser.keys("\ue00c")
    browser.find(".secret")
    browser.click("dialog .main", "I have stored it")
    identity = site.server.identity(secret)
    assert len(site.server.scrub(metadata=identity, numbers=[2015550150]).verdicts) == 1
    assert secret not in browser.script("return document.documentElement.outerHTML")

    browser.click("button", "Suspend")
    browser.click("dialog .danger", "Suspend")
    browser.wait_text(".detail .facts", "suspended")
    with pytest.raises(Refused) as refusal:
        site.server.scrub(metadata=identity, numbers=[2015550150])
    assert refusal.value.reason == "TENANT_SUSPENDED"
    browser.click("button", "Resume")
    browser.click("dialog .main", "Resume")
    browser.wait_text(".detail .facts", "active")

    browser.click(".detail button", "Revoke")
    browser.click("dialog .danger", "Revoke")
    browser.wait_text(".detail table", "revoked")
    with pytest.raises(Refused) as refusal:
        site.server.scrub(metadata=identity, numbers=[2015550150])
    assert refusal.value.reason == "UNAUTHENTICATED"
    browser.wait_text(".detail .history", "created tenant globex")


def test_a_page_without_a_key_says_how_to_make_one(browser, site):
    for page in ("coverage", "loads", "activity", "tenants"):
        site.open(browser, page, key=False)
        browser.find(".needs-key")
        said = browser.text(".needs-key")
        assert "--create-operator-key" in said and "dncctl keys create --scope operate" in said
    browser.type(".needs-key input", "nonsense")
    browser.click(".needs-key .main")
    browser.wait_text(".needs-key .trouble", "A key begins with dnck_.")
    browser.type(".needs-key input", site.key)
    browser.click(".needs-key .main")
    browser.wait_text("#main", "acme")


def test_the_key_is_in_the_page_s_memory_alone(browser, site):
    site.open(browser)
    browser.wait_level("fresh")
    kept = browser.script("""
        return [document.cookie, localStorage.length, sessionStorage.length, location.href,
                document.documentElement.outerHTML,
                performance.getEntriesByType("resource").map((each) => each.name).join()]""")
    assert kept[:3] == ["", 0, 0]
    assert not any(site.key in str(each) for each in kept)
    assert browser.script("""return (await indexedDB.databases()).length""") == 0
    browser.do("POST", "/refresh", {})
    browser.find(".needs-key")
    browser.wait_level("unknown")


def test_it_asks_nobody_but_its_server(browser, site):
    site.open(browser)
    browser.wait_level("fresh")
    for page in ("loads", "number", "activity", "tenants"):
        browser.click(f'.bar a[href="#/{page}"]')
        browser.find(f".page-{page} h1")
    browser.find(".page-tenants table")
    asked = browser.script(
        "return performance.getEntriesByType('resource').map((each) => each.name)")
    assert asked
    for url in asked:
        assert url.startswith((f"{site.url}console/", f"{site.url}v1/")), url
