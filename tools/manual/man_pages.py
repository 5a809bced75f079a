"""Man pages of a program: one of the program, one of each subcommand."""

import re

# The programs whose options before a subcommand hold after it, too.
INHERITING = ("dncctl",)
TYPES = {"TEXT": "TEXT", "INT": "NUMBER", "UINT": "NUMBER", "FLOAT": "NUMBER",
         "BOOLEAN": "true|false", "ENUM": "TEXT"}
HEADINGS = {"Exit codes": "EXIT STATUS", "Example": "EXAMPLES", "Examples": "EXAMPLES", "": "NOTES"}
SECTIONS = {"dncd": 8}
FILES = {"dncd": [
    ("/etc/dncd/dncd.yaml", "The configuration that the service reads; each key with its default."),
    ("/var/lib/dncd", "The data. Every acknowledged opt-out is in it: keep backups of it."),
    ("/usr/share/doc/dncd", "The guides that this page and the program's messages name.")]}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "'")
    return re.sub(r"^([.'])", r"\\&\1", text)


def quoted(text):
    """An argument of a macro."""
    return '"' + escape(text).replace('"', '\\(dq') + '"'


def section_of(path):
    return SECTIONS.get(path[0], 1)


def page_name(path):
    return "-".join(path)


def reference(path):
    return f"\\fB{escape(page_name(path))}\\fR({section_of(path)})"


def brief(text):
    """The beginning of a description, for the line that whatis shows."""
    text = re.split(r"(?:[.;:] |[.;:]$|\n)", text)[0]
    return text[:1].lower() + text[1:]


def value_of(option):
    if not option.type:
        return ""
    if option.choices:
        return "|".join(option.choices)
    return TYPES[option.type]


def remarks(option):
    """What the table says beside the text, as sentences."""
    said = []
    if option.limits:
        said.append(f"{option.limits[0].upper()}{option.limits[1:]}.")
    if option.default:
        said.append(f"The default is {option.default}.")
    if option.repeated:
        said.append("May be given more than once.")
    if option.needs:
        said.append(f"Needs {option.needs}.")
    if option.excludes:
        said.append(f"Not together with {option.excludes}.")
    if option.required and option.names[0].startswith("-"):
        said.append("Required.")
    return said


def option_lines(option):
    bold = ", ".join(f"\\fB{escape(name)}\\fR" for name in option.names)
    value = value_of(option) if option.names[0].startswith("-") else ""
    text = option.text.rstrip(".") + "." if option.text else ""
    sentences = " ".join([text, *remarks(option)]).strip()
    return [".TP", bold + (f" \\fI{escape(value)}\\fR" if value else ""), escape(sentences)]


def table(heading, options):
    return [f".SH {heading}", *(line for option in options for line in option_lines(option))]


def note_lines(heading, lines):
    if not heading or heading.startswith("Example"):
        # Commands and plain sentences, each in its line.
        return [".nf" if heading else ".PP", *map(escape, lines), *([".fi"] if heading else [])]
    said = []
    for line in lines:
        code, _, text = line.partition(" ")
        said += [".TP", f"\\fB{escape(code)}\\fR", escape(text.strip())]
    return said


def nested_lines(command):
    """A command of a command stands in the page of the one above it."""
    lines = [f".SS {quoted(command.usage)}", escape(command.about)]
    for option in [*command.arguments, *command.options]:
        if "--help" not in option.names:
            lines += option_lines(option)
    return lines


def render(command, parent, version):
    """The page of a program, or of a subcommand of `parent`."""
    path, program = command.path, command.path[0]
    lines = [f'.\\" Made from {" ".join(path)} --help.',
             f'.TH {quoted(page_name(path).upper())} {section_of(path)} "" '
             f'{quoted(f"dncd {version}")} "Do-not-call server"',
             ".SH NAME", f"{escape(page_name(path))} \\- {escape(brief(command.about))}",
             ".SH SYNOPSIS", f"\\fB{escape(command.usage)}\\fR",
             ".SH DESCRIPTION", escape(command.about)]
    if command.arguments:
        lines += table("ARGUMENTS", command.arguments)
    lines += table("OPTIONS", command.options)
    if parent is not None and program in INHERITING:
        lines += [".PP", f"The options of {reference(parent.path)} hold here, too."]
    if command.commands:
        lines += [".SH COMMANDS"]
    for child in command.commands:
        if parent is None:
            lines += [".TP", reference(child.path), escape(child.about)]
        else:
            lines += nested_lines(child)
    heading = None
    for note, said in command.notes:
        if HEADINGS.get(note, "NOTES") != heading:
            heading = HEADINGS.get(note, "NOTES")
            lines += [f".SH {quoted(heading)}"]
        lines += note_lines(note, said)
    if parent is None and program in FILES:
        lines += [".SH FILES"]
        for name, text in FILES[program]:
            lines += [".TP", f"\\fI{escape(name)}\\fR", escape(text)]
    others = [["dncd"], ["dncctl"], ["dncgen"], ["dncload"]] if parent is None else [parent.path]
    lines += [".SH SEE ALSO",
              ", ".join(reference(other) for other in others if other != path)]
    return "\n".join(lines) + "\n"


def man_pages(program, version):
    """Name and text of each page of a program."""
    for command, parent in [(program, None), *((child, program) for child in program.commands)]:
        yield (f"{page_name(command.path)}.{section_of(command.path)}",
               render(command, parent, version))
