"""The docs as text: their width, their links, and their code blocks."""

import functools
import pathlib
import re
import sys

import pytest

from test_sources import TEXT_SUFFIXES, files, name, tracked_files

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from docs_pages import ROOT, anchors, blocks, pages, prose  # noqa: E402

MAX_COLUMNS = 100
# A fenced block may be marked as one of these. tests/blackbox/test_docs_commands.py runs `sh` and
# `console`.
LANGUAGES = {"sh", "console", "text", "cpp", "python", "js", "yaml", "json", "proto"}
# A reader begins with these pages at the top of the repository.
ENTRIES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
CODE_FOLDERS = ("bench", "clients", "cmake", "deploy", "findings", "proto", "server", "tests",
                "tools")
MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")


def is_free_of_width(line):
    """Returns whether a line may be wide: rows of tables and links cannot be broken."""
    return line.lstrip().startswith("|") or "](" in line or re.search(r"https?://\S{40}", line)


@pytest.mark.parametrize("path", pages(), ids=name)
def test_lines_are_not_wide(path):
    printed = {number for block in blocks(path) if block.language == "console"
               for number, line in block.lines if not line.startswith("$ ")}
    bad = [f"{name(path)}:{number}: {len(line)} columns"
           for number, line in enumerate(path.read_text().splitlines(), 1)
           if len(line) > MAX_COLUMNS and number not in printed and not is_free_of_width(line)]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("path", pages(), ids=name)
def test_code_is_fenced_and_marked(path):
    bad = [f"{name(path)}:{block.number}: marked {block.language!r}, not one of {LANGUAGES}"
           for block in blocks(path) if block.language not in LANGUAGES]
    before = ""
    for number, line in prose(path):
        # Four blanks after an empty line make code, unless they continue an item of a list.
        if re.match(r" {4,}\S", line) and not before and not re.match(r" +([-*]|\d+\.) ", line):
            bad.append(f"{name(path)}:{number}: code by its indent; fence it")
        before = line.strip()
    assert not bad, "\n".join(bad)


@functools.cache
def anchors_of(path):
    return anchors(path)


@pytest.mark.parametrize("path", pages(), ids=name)
def test_links_and_their_anchors_lead_somewhere(path):
    bad = []
    for number, line in prose(path):
        for target in MARKDOWN_LINK.findall(line):
            if re.match(r"\w+:", target):
                continue
            file, _, anchor = target.partition("#")
            linked = (path.parent / file).resolve() if file else path
            if not linked.exists():
                bad.append(f"{name(path)}:{number}: no file {target}")
            elif anchor and anchor not in anchors_of(linked):
                bad.append(f"{name(path)}:{number}: no heading {target}")
    assert not bad, "\n".join(bad)


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / entry for entry in ENTRIES]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for target in MARKDOWN_LINK.findall(path.read_text()):
            linked = (path.parent / target.partition("#")[0]).resolve()
            if linked.suffix == ".md" and linked.is_file():
                waiting.append(linked)
    lost = sorted(name(path) for path in set(pages()) - reached)
    assert not lost, f"no link leads there: {lost}"


def test_sources_name_pages_that_exist():
    """Checks comments, error texts and help texts that send a reader to the docs."""
    bad = []
    for path in tracked_files():
        if path.suffix not in TEXT_SUFFIXES | {".service"} and path.name != "dev":
            continue
        if "protos" in path.parts or path in files(".md"):
            continue
        for page in set(re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(errors="replace"))):
            if not (ROOT / page).is_file():
                bad.append(f"{name(path)} names {page}")
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("path", pages(), ids=name)
def test_files_and_rooms_that_pages_name_exist(path):
    bad = []
    for number, line in prose(path):
        for named in re.findall(rf"`((?:{'|'.join(CODE_FOLDERS)})/[\w./*-]+)`", line):
            if not any(ROOT.glob(named.rstrip("/"))):
                bad.append(f"{name(path)}:{number}: there is no {named}")
    assert not bad, "\n".join(bad)


def test_these_tests_find_what_they_look_for(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n## `dncd`, twice & more\n\n```sh\nls # [x](y)\n```\n\n"
                    "## Same\n\n## Same\n\n[x](y)\n")
    assert anchors(page) == {"a-page", "dncd-twice--more", "same", "same-1"}
    assert [(block.language, [line for _, line in block.lines]) for block in blocks(page)] == [
        ("sh", ["ls # [x](y)"])]
    assert (13, "[x](y)") in list(prose(page)) and (6, "ls # [x](y)") not in list(prose(page))
