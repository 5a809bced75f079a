"""Every page with the keyboard alone; whatever has the focus shows it."""

from browser import DOWN, ENTER, ESCAPE, LEFT, RIGHT, SPACE, UP
from waiting import wait_until


def start(browser, site, page):
    """Enters the key and goes to a page, with keys alone."""
    browser.open(site.url)
    browser.find("h1")
    browser.tab_to("#key")
    browser.keys(ENTER, site.key, ENTER)
    browser.wait_text("#key", "Key in use")
    if page != "coverage":
        browser.script("document.activeElement.blur()")
        browser.tab_to(f'.bar a[href="#/{page}"]')
        browser.keys(ENTER)
    browser.find(f".page-{page} h1")


def focused(browser, name):
    return browser.script("return document.activeElement.getAttribute(arguments[0])", name)


def test_the_first_tab_skips_to_the_page(browser, site):
    site.open(browser, key=False)
    browser.find(".needs-key")
    browser.tab_to("#skip", most=1)
    browser.keys(ENTER)
    assert browser.script("return document.activeElement.id") == "main"


def test_coverage(browser, site):
    start(browser, site, "coverage")
    browser.wait_level("fresh")
    browser.tab_to(".tile")
    assert focused(browser, "data-state") == "AL"
    assert "area codes" in focused(browser, "aria-label")
    for key, state in ((RIGHT, "GA"), (UP, "SC"), (LEFT, "NC"), (DOWN, "AL")):
        browser.keys(key)
        assert focused(browser, "data-state") == state
    browser.keys(ENTER)
    browser.wait_text(".detail h2", "Alabama")
    assert focused(browser, "aria-pressed") == "true"
    # The map is one stop of the tab key; the next one is behind it.
    browser.tab_to(".detail .scroll", most=1)


def test_loads(browser, site):
    start(browser, site, "loads")
    browser.find(".timeline details")
    browser.tab_to(".timeline summary", "refused")
    browser.keys(ENTER)
    browser.find('.load[data-kind="refused"] details[open]')
    browser.script("document.activeElement.blur()")
    browser.tab_to('button[aria-label="Roll back national"]')
    browser.keys(ENTER)
    browser.find("#becomes-callable")
    browser.keys(ESCAPE)
    wait_until(lambda: not browser.all("dialog"))
    assert focused(browser, "aria-label") == "Roll back national", "the focus comes back"


def test_number(browser, site):
    start(browser, site, "number")
    browser.script("document.activeElement.blur()")
    browser.tab_to('input[type="tel"]')
    browser.keys("2015550150", ENTER)
    browser.wait_text(".verdict", "May be called")


def test_activity(browser, site):
    start(browser, site, "activity")
    browser.find(".plot canvas")
    browser.tab_to("summary", "The same as a table")
    browser.keys(ENTER)
    browser.find(".as-table tbody tr")


def test_tenants(browser, site):
    start(browser, site, "tenants")
    browser.find(".page-tenants table")
    browser.tab_to('button[data-id="acme"]')
    browser.keys(SPACE)
    browser.wait_text(".detail h2", "acme")
    assert focused(browser, "data-id") == "acme"
    browser.tab_to(".detail button", "New key")
    browser.keys(ENTER)
    browser.find("dialog")
    browser.keys(ESCAPE)
    wait_until(lambda: not browser.all("dialog"))
