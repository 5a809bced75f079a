"""Reads the option tables of a program from its --help and from that of its subcommands.

The programs declare their options once, with CLI11; man pages and completions are made from what
CLI11 prints of them. What this file does not understand is an error, so that a page never lacks an
option without anybody noticing.
"""

import dataclasses
import re
import subprocess

# CLI11 begins the texts in this column, or in the next line if the names are too long.
TEXT_COLUMN = 30
TABLES = ("Positionals:", "Options:", "Subcommands:")
SPEC = re.compile(
    r"(?P<names>\S+)"
    r"(?: (?P<type>TEXT|INT|UINT|FLOAT|BOOLEAN|ENUM)"
    r"(?::(?P<check>.+?))?(?:=(?P<default>\[.*\]|\S+))?)?"
    r"(?P<repeated> \.\.\.)?(?P<required> REQUIRED)?"
    r"(?: Needs: (?P<needs>--[\w-]+))?(?: Excludes: (?P<excludes>--[\w-]+))?")


class NotUnderstood(Exception):
    """A line of --help that is in none of the forms of CLI11 that are known here."""


@dataclasses.dataclass
class Option:
    """An option, or an argument without a name of its own (a positional)."""

    names: list
    text: str
    type: str  # "" for a flag
    choices: list
    limits: str  # "from 1 to 64", or ""
    default: str
    repeated: bool
    required: bool
    needs: str
    excludes: str


@dataclasses.dataclass
class Command:
    """A program or one of its subcommands."""

    path: list  # ["dncctl", "lists", "create"]
    about: str
    usage: str
    arguments: list = dataclasses.field(default_factory=list)
    options: list = dataclasses.field(default_factory=list)
    commands: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)  # (heading or "", lines)

    def name(self):
        return self.path[-1]


def choices_of(check):
    """The values of `{a,b}`, or the names of `value in {a->1,b->2} OR {1,2}`."""
    match = re.match(r"(?:value in )?\{([^}]*)\}", check)
    return sorted(value.split("->")[0] for value in match[1].split(",")) if match else []


def limits_of(check):
    match = re.search(r"in \[(\S+) - (\S+)\]", check)
    if match:
        return f"from {match[1]} to {match[2]}"
    return {"POSITIVE": "above 0", "NONNEGATIVE": "0 or more"}.get(check, "")


def parse_option(spec, text):
    match = SPEC.fullmatch(spec)
    if not match:
        raise NotUnderstood(f"option {spec!r}")
    check = match["check"] or ""
    choices, limits = choices_of(check), limits_of(check)
    if check and not choices and not limits:
        raise NotUnderstood(f"values of option {spec!r}")
    return Option(match["names"].split(","), text, match["type"] or "", choices, limits,
                  match["default"] or "", bool(match["repeated"]), bool(match["required"]),
                  match["needs"] or "", match["excludes"] or "")


def entries(lines):
    """The entries of a table: (what stands left, the text)."""
    found = []
    for line in lines:
        if line.startswith(" " * TEXT_COLUMN):
            if not found or found[-1][1]:
                raise NotUnderstood(f"text without a name: {line!r}")
            found[-1] = (found[-1][0], line.strip())
        elif len(line) > TEXT_COLUMN and line[TEXT_COLUMN - 2:TEXT_COLUMN] == "  ":
            found.append((line[:TEXT_COLUMN].strip(), line[TEXT_COLUMN:].strip()))
        else:
            found.append((line.strip(), ""))
    return found


def split_paragraphs(text):
    return [part.split("\n") for part in re.split(r"\n\s*\n", text.strip("\n")) if part.strip()]


def notes_of(lines):
    """Headed parts of a footer: (heading or "", lines)."""
    notes = []
    for line in lines:
        if re.fullmatch(r"\S.*:", line):
            notes.append((line[:-1], []))
        elif line.startswith("  ") and notes:
            notes[-1][1].append(line.strip())
        else:
            if not notes or notes[-1][0]:
                notes.append(("", []))
            notes[-1][1].append(line.strip())
    return notes


def parse_help(path, text):
    """The command of a --help, and (name, text) of each subcommand."""
    paragraphs = split_paragraphs(text)
    about, usage = [], ""
    for line in paragraphs.pop(0):
        if line.startswith("Usage: "):
            usage = line[len("Usage: "):]
        else:
            about.append(line)
    if not usage:
        raise NotUnderstood(f"no usage in the help of {' '.join(path)}")
    command, subcommands = Command(path, " ".join(about), usage), []
    for lines in paragraphs:
        if lines[0] not in TABLES:
            command.notes += notes_of(lines)
        elif lines[0] == "Subcommands:":
            subcommands = entries(lines[1:])
        else:
            table = command.options if lines[0] == "Options:" else command.arguments
            table += [parse_option(*entry) for entry in entries(lines[1:])]
    return command, subcommands


def read_command(program, path):
    """Runs PROGRAM SUBCOMMAND... --help, and those of its subcommands."""
    done = subprocess.run([str(program), *path[1:], "--help"], stdout=subprocess.PIPE, text=True,
                          check=True)
    command, subcommands = parse_help(path, done.stdout)
    command.commands = [read_command(program, [*path, name]) for name, _ in subcommands]
    return command
