"""Debian's Chromium, driven by WebDriver: clicks and keys go through the browser's own input, as a
person's do."""

import base64
import json
import re
import subprocess
import urllib.error
import urllib.request

from waiting import PATIENCE, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element in JSON
TAB, ENTER, ESCAPE, SPACE = "\ue004", "\ue007", "\ue00c", " "
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"

# Runs before the page's own programs, in every page: remembers what the tests want to know.
SPY = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
window.levels = [];
new MutationObserver(() => {
  const level = document.getElementById("line")?.dataset.level;
  if (level && window.levels.at(-1) !== level) window.levels.push(level);
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


class Browser:
    """One window. `find` waits until the element is there."""

    def __init__(self):
        # pylint: disable-next=consider-using-with
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            assert line, "chromedriver did not start"
            port = re.search(r"started successfully on port (\d+)", line)
        self.base = f"http://127.0.0.1:{port[1]}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US",
                     "--disable-background-networking", "--no-first-run"]
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments}}}})
        self.session = f"/session/{session['sessionId']}"
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=SPY)
        self.cdp("Emulation.setTimezoneOverride", timezoneId="America/New_York")
        self.shape()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"content-type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise LookupError(f"{value['error']}: {value['message']}") from None

    def do(self, method, path, body=None):
        return self.ask(method, self.session + path, body)

    def cdp(self, command, **params):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def close(self):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=PATIENCE)
            self.driver.stdout.close()

    def shape(self, width=1280, height=900, dark=False, scale=1):
        """The window, and whether the system is dark."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=scale, mobile=width < 700)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def open(self, url):
        """Loads the page anew, with nothing in its memory."""
        self.do("POST", "/url", {"url": "about:blank"})
        self.do("POST", "/url", {"url": url})

    def script(self, text, *arguments):
        return self.do("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def all(self, css):
        found = self.do("POST", "/elements", {"using": "css selector", "value": css})
        return [element[ELEMENT] for element in found]

    def find(self, css, containing=None):
        """The first element like that which is shown; waits for it."""
        def look():
            return self.script("""
                return [...document.querySelectorAll(arguments[0])].find((element) =>
                  (arguments[1] === null || element.textContent.includes(arguments[1])) &&
                  (element.tagName === "OPTION" || element.checkVisibility())) ?? null""",
                               css, containing)

        found = wait_until(
            look, lambda: f"no {css} {containing or ''} in:\n{self.text('main')[:2000]}")
        return found[ELEMENT]

    def with_element(self, css, containing, action):
        """Does something with an element; again with the new one if the page has put another in its
        place meanwhile."""
        while True:
            try:
                return action(f"/element/{self.find(css, containing)}")
            except LookupError as error:
                if "stale element" not in str(error):
                    raise

    def click(self, css, containing=None):
        self.with_element(css, containing, lambda at: self.do("POST", f"{at}/click", {}))

    def type(self, css, text):
        def fill(at):
            self.do("POST", f"{at}/clear", {})
            self.do("POST", f"{at}/value", {"text": text})

        self.with_element(css, None, fill)

    def choose(self, css, value):
        """Chooses an option of a select."""
        self.click(f'{css} option[value="{value}"]')

    def keys(self, *keys):
        """Presses keys, whatever has the focus."""
        actions = [{"type": kind, "value": key} for text in keys for key in text
                   for kind in ("keyDown", "keyUp")]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard",
                                                  "actions": actions}]})

    def tab_to(self, css, containing=None, most=80):
        """Presses the tab key until an element like that has the focus, and it is seen to."""
        for _ in range(most):
            self.keys(TAB)
            if self.script("""
                const at = document.activeElement;
                return at.matches(arguments[0]) &&
                  (arguments[1] === null || at.textContent.includes(arguments[1]))""",
                           css, containing):
                outline = self.script(
                    "return getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{css} does not show that it has the focus"
                return
        raise AssertionError(f"the tab key does not reach {css} {containing or ''}")

    def text(self, css):
        return self.script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def wait_text(self, css, words):
        wait_until(lambda: words in self.text(css),
                   lambda: f"{words!r} is not in {css}: {self.text(css)}")

    def level(self):
        return self.script("return document.getElementById('line')?.dataset.level")

    def wait_level(self, level):
        wait_until(lambda: self.level() == level,
                   lambda: f"the line is not {level}: {self.level()}, {self.text('#line')}")

    def levels(self):
        """Everything that the line has been since the page was loaded."""
        return self.script("return window.levels")

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.do("GET", "/screenshot")))

    def complaints(self):
        """What the browser's console says against the page's programs since the last call."""
        said = [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]
        # A refused or failed call is one of the things that the tests bring about.
        return [text for text in said if "Failed to load resource" not in text]
