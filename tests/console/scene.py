"""What the console's tests look at: a server with every area code of the country, and what
happened to it."""

import pathlib
import re
import time

from list_files import DAY, flat, registry_name

REPO = pathlib.Path(__file__).resolve().parents[2]


def states():
    """Returns the server's table, {area code: state}."""
    text = (REPO / "server/rules/area_codes.cc").read_text()
    return {int(code): state for code, state in re.findall(r'\{(\d{3}), "([A-Z]{2})"\}', text)}


def numbers(area_code, count=4):
    """Returns numbers that nobody has: 555-0100 and the next ones."""
    return [area_code * 10**7 + 5550100 + line for line in range(count)]


def days_ago(days):
    return int(time.time() - days * DAY)


def full_list(codes, days, count=4):
    """Returns the files of a full list of some area codes, obtained so many days ago."""
    when = days_ago(days)
    return [(registry_name(when, str(code)), flat(numbers(code, count))) for code in codes]


def load_everything(server, ages=None, days=3, count=4):
    """Loads the national registry for every area code. `ages`: {area code: days} of those whose
    data is not `days` days old."""
    by_age = {}
    for code in states():
        by_age.setdefault((ages or {}).get(code, days), []).append(code)
    files = []
    for age, codes in sorted(by_age.items(), reverse=True):
        files += full_list(codes, age, count)
    return server.load(files)
