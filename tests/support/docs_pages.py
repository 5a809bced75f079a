"""The pages of the docs, split into headings, prose and fenced blocks."""

import dataclasses
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Block:
    """A fenced block of a page."""

    language: str
    number: int  # of its first line in the page
    lines: list  # (number, text), without the fence's indent


def pages():
    """Returns README.md, the other pages at the top, and all under docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _walk(path):
    """Yields each line of a page as (number, text, block or None); the fences have a block of
    None."""
    block, indent = None, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = re.match(r"( *)```(.*)$", line)
        if fence and block is None:
            indent, block = fence[1], Block(fence[2].strip(), number + 1, [])
            yield number, line, None, block
        elif fence:
            block = None
            yield number, line, None, None
        elif block is not None:
            yield number, line.removeprefix(indent), block, None
        else:
            yield number, line, None, None
    assert block is None, f"{path}: a fence without its end"


def blocks(path):
    """Returns the fenced blocks, in their order."""
    found = []
    for number, line, block, begun in _walk(path):
        if begun is not None:
            found.append(begun)
        elif block is not None:
            block.lines.append((number, line))
    return found


def prose(path):
    """Yields (number, line) of everything outside blocks."""
    fenced = {number for block in blocks(path) for number, _ in block.lines}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if number not in fenced and not line.lstrip().startswith("```"):
            yield number, line


def anchors(path):
    """Returns the anchors of a page's headings, as GitHub makes them."""
    found = set()
    for _, line in prose(path):
        heading = re.match(r"#+ (.*)", line)
        if not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (given := anchor if number == 0 else f"{anchor}-{number}") in found:
            number += 1
        found.add(given)
    return found


def is_complete(text):
    """Returns whether bash takes the text as whole commands: no open quote, loop or here-
    document."""
    if text.endswith("\\"):
        return False
    checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True,
                             check=False)
    return checked.returncode == 0 and not checked.stderr


def statements(block):
    """The commands of a block of `sh` or `console`: (number of the first line, text, printed).
    `printed` is a list of the lines that a console shows under the command, of `sh` None."""
    found, text, begun = [], "", 0
    for number, line in block.lines:
        if block.language == "console":
            if not text and not line.startswith("$ "):
                assert found, f"line {number}: output before any command"
                found[-1][2].append(line)
                continue
            line = line.removeprefix("> ") if text else line.removeprefix("$ ")
        if not text and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begun = begun if text else number
        text += ("\n" if text else "") + line
        if is_complete(text):
            found.append((begun, text, [] if block.language == "console" else None))
            text = ""
    assert not text, f"line {begun}: bash does not take this as whole commands: {text}"
    return found
