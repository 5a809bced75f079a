"""How it looks: on a phone, in the dark, without jumping; and the pictures for the docs."""

import os
import pathlib

import pytest

from scene import REPO, full_list, states
from waiting import wait_until

PAGES = ["coverage", "loads", "number", "activity", "tenants"]
# Pictures go to a folder that is named here; docs/images is made so (docs/console.md).
PICTURES = os.environ.get("DNC_SCREENSHOTS")


def show(browser, site, page):
    """Opens a page with something on it."""
    site.open(browser, page)
    if page == "coverage":
        browser.wait_level("fresh")
        browser.click('.tile[data-state="AK"]')
        browser.wait_text(".detail h2", "Alaska")
    if page == "loads":
        browser.click('.load[data-kind="refused"] summary')
    if page == "number":
        browser.type('input[type="tel"]', "2015550102")
        browser.click(".ask .main")
        browser.find(".history")
    if page == "activity":
        browser.find(".plot canvas")
    if page == "tenants":
        browser.click('button[data-id="acme"]')
        browser.wait_text(".detail h2", "acme")
    browser.wait_level("fresh")


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_shows_all_without_scrolling_sideways(browser, site, page):
    browser.shape(360, 740)
    show(browser, site, page)
    wide = browser.script("""
        return [...document.querySelectorAll("body *")].filter((element) => {
          const box = element.getBoundingClientRect();
          return box.width && box.right > innerWidth + 1 &&
            !element.closest(".scroll, .hidden, pre, nav");
        }).map((element) => `${element.tagName} ${element.className}`)""")
    assert not wide, wide
    assert browser.script("return document.scrollingElement.scrollWidth") <= 360
    small = browser.script("""
        return [...document.querySelectorAll("button, .bar a, input, select, summary")].filter(
          (element) => element.checkVisibility() && element.type !== "checkbox" &&
            element.getBoundingClientRect().height < 24).map((element) => element.outerHTML)""")
    assert not small, f"too small for a finger: {small}"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_jumps(browser, site, page):
    show(browser, site, page)
    assert browser.script("return window.shift") < 0.05


CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map((each) => each / 255).map((each) =>
  each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
  .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255];
};
const bad = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
  if (element.closest(".cells, .hidden, :disabled, script, style, noscript")) continue;
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) bad.push(`${contrast.toFixed(2)} ${walker.currentNode.data.trim()}`);
}
return bad;
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_can_be_read(browser, site, page, dark):
    """Contrast of at least 4.5 (WCAG AA) in both colour schemes."""
    browser.shape(dark=dark)
    show(browser, site, page)
    ground = browser.script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(18, 20, 23)") == dark, ground
    bad = browser.script(CONTRAST)
    assert not bad, bad


def test_cells_differ_without_colours(browser, site):
    """Each state of a cell has a picture or a border of its own."""
    site.open(browser)
    browser.wait_level("fresh")
    looks = browser.script("""
        const cell = document.querySelector(".map .cell");
        const states = ["fresh", "soon", "stale", "damaged", "missing", "unentitled", "unknown"];
        return states.map((state) => {
          cell.dataset.cell = state;
          const style = getComputedStyle(cell);
          const drawn = style.backgroundImage.replaceAll(/rgba?\\([^)]*\\)/g, "colour");
          return `${drawn} ${style.borderStyle} ${style.backgroundColor === "rgba(0, 0, 0, 0)"}`;
        });""")
    assert len(set(looks)) == 7, looks


def test_every_control_has_a_name(browser, site):
    for page in PAGES:
        show(browser, site, page)
        tree = browser.cdp("Accessibility.getFullAXTree")["nodes"]
        nameless = [node for node in tree if not node.get("ignored") and
                    node.get("role", {}).get("value") in ("button", "link", "textbox", "combobox",
                                                          "checkbox", "table", "searchbox") and
                    not node.get("name", {}).get("value")]
        assert not nameless, (page, nameless)
        headings = [node for node in tree if node.get("role", {}).get("value") == "heading"]
        assert headings, page


DAY = (REPO / "tests/console/made_up_day.js").read_text()
SHOTS = {"coverage": ("coverage", 1280, 960, False),
         "coverage-trouble": ("coverage", 1280, 960, True),
         "coverage-phone": ("coverage", 390, 780, False), "loads": ("loads", 1280, 760, False),
         "number": ("number", 1280, 860, False), "activity": ("activity", 1280, 1140, True),
         "tenants": ("tenants", 1280, 640, False)}


def make_trouble(site):
    """Some area codes are stale, some soon, and some not loaded."""
    ages = {907: 33, 808: 33, 212: 28, 917: 28, 305: 27, 512: 32, 713: 32}
    missing = {307, 406, 605, 701}
    files = []
    for code in sorted(set(states()) - missing):
        files += full_list([code], ages.get(code, 3))
    site.server.load(files)
    return site


@pytest.mark.parametrize("name", SHOTS)
def test_pictures_for_the_docs(browser, site, make_site, name, tmp_path):
    page, width, height, dark = SHOTS[name]
    browser.shape(width, height, dark)
    if name == "coverage-trouble":
        make_trouble(make_site()).open(browser)
        browser.wait_level("bad")
        browser.click('.cell[data-code="907"]')
    elif name == "activity":
        day = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=DAY)["identifier"]
        show(browser, site, page)
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=day)
    else:
        show(browser, site, page)
    browser.script("scrollTo(0, 0)")
    folder = pathlib.Path(PICTURES) if PICTURES else tmp_path
    picture = folder / f"console-{name}.png"
    wait_until(lambda: browser.script("return document.fonts.status") == "loaded")
    browser.screenshot(picture)
    assert 10_000 < picture.stat().st_size < 250_000
    assert (REPO / f"docs/images/console-{name}.png").is_file(), "docs/console.md shows it"
