"""Completions of a program for bash, zsh and fish: subcommands, options, and values of a fixed set.

Whatever else a value may be, file names are offered. The bash and the zsh function walk the words
before the cursor to find the subcommand: a word counts that is one of its parent's, and the value
of an option does not.
"""

from man_pages import INHERITING, brief


def all_commands(command):
    yield command
    for child in command.commands:
        yield from all_commands(child)


def key(command):
    """What follows the program's name: "lists create"."""
    return " ".join(command.path[1:])


def options_of(command, program):
    """Its own, and those that it inherits."""
    inherited = program.options if program.name() in INHERITING and command is not program else []
    own = {name for option in command.options for name in option.names}
    return [*command.options, *(option for option in inherited if own.isdisjoint(option.names))]


def long_names(options):
    return [name for option in options for name in option.names if name.startswith("--")]


def function_of(program):
    return "_" + program.name()


def cases(program, items):
    """Lines of a case statement by subcommand; `items` gives what is printed for a command."""
    lines = []
    for command in all_commands(program):
        said = items(command)
        if said:
            lines.append(f"    '{key(command)}') echo '{' '.join(said)}' ;;")
    return lines



def values_of(option):
    return ["true", "false"] if option.type == "BOOLEAN" else option.choices


def value_cases(program):
    """By subcommand and option: the values to choose from."""
    return [f"    '{key(command)} {option.names[-1]}') echo '{' '.join(values_of(option))}' ;;"
            for command in all_commands(program) for option in options_of(command, program)
            if values_of(option)]


def shell_tables(program):
    """Functions that bash and zsh share."""
    name = function_of(program)

    def table(suffix, what, lines):
        return [f"{name}_{suffix}() {{  # {what}", "  case \"$1\" in", *lines, "  esac", "}"]

    def valued(command):
        return long_names(option for option in options_of(command, program) if option.type)

    return [
        *table("commands", "SUBCOMMAND",
               cases(program, lambda command: [child.name() for child in command.commands])),
        *table("options", "SUBCOMMAND",
               cases(program, lambda command: long_names(options_of(command, program)))),
        *table("valued", "SUBCOMMAND: its options that take a value", cases(program, valued)),
        *table("values", "SUBCOMMAND OPTION", value_cases(program)),
        f"{name}_at() {{  # WORDS...: the subcommand that they lead to",
        "  local at='' word skip=''",
        "  for word in \"$@\"; do",
        "    if [[ -n $skip ]]; then skip=''; continue; fi",
        f"    if [[ \" $({name}_valued \"$at\") \" == *\" $word \"* ]]; then skip=1; continue; fi",
        f"    if [[ \" $({name}_commands \"$at\") \" == *\" $word \"* ]]; then",
        "      at=\"${at:+$at }$word\"",
        "    fi",
        "  done",
        "  echo \"$at\"",
        "}"]


def bash(program):
    name = function_of(program)
    return "\n".join([
        f"# Completion of {program.name()} for bash, made from its --help.",
        *shell_tables(program),
        f"{name}() {{",
        "  local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD - 1]}\"",
        "  local at offer",
        f"  at=\"$({name}_at \"${{COMP_WORDS[@]:1:COMP_CWORD - 1}}\")\"",
        f"  if [[ \" $({name}_valued \"$at\") \" == *\" $before \"* ]]; then",
        f"    offer=\"$({name}_values \"$at $before\")\"",
        "  elif [[ $word == -* ]]; then",
        f"    offer=\"$({name}_options \"$at\")\"",
        "  else",
        f"    offer=\"$({name}_commands \"$at\")\"",
        "  fi",
        "  # With nothing to offer, bash completes file names (-o default).",
        "  mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$word\")",
        "}",
        f"complete -o default -F {name} {program.name()}", ""])


def zsh(program):
    name = function_of(program)
    return "\n".join([
        f"#compdef {program.name()}",
        f"# Completion of {program.name()} for zsh, made from its --help.",
        *shell_tables(program),
        f"{name}() {{",
        "  local at before=\"${words[CURRENT-1]}\"",
        "  local -a offer",
        f"  at=\"$({name}_at \"${{(@)words[2,CURRENT-1]}}\")\"",
        f"  if [[ \" $({name}_valued \"$at\") \" == *\" $before \"* ]]; then",
        f"    offer=(${{=\"$({name}_values \"$at $before\")\"}})",
        "  elif [[ ${words[CURRENT]} == -* ]]; then",
        f"    offer=(${{=\"$({name}_options \"$at\")\"}})",
        "  else",
        f"    offer=(${{=\"$({name}_commands \"$at\")\"}})",
        "  fi",
        "  if (( ${#offer} )); then compadd -a offer; else _files; fi",
        "}",
        f"{name} \"$@\"", ""])


def fish_text(text):
    return "'" + brief(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_condition(command):
    """Whether the words before the cursor have led to the command and no further."""
    if len(command.path) == 1:
        return "__fish_use_subcommand" if command.commands else "true"
    seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in command.path[1:])
    if command.commands:
        names = " ".join(child.name() for child in command.commands)
        seen += f"; and not __fish_seen_subcommand_from {names}"
    return seen


def fish(program):
    lines = [f"# Completion of {program.name()} for fish, made from its --help."]
    for command in all_commands(program):
        begin = f"complete -c {program.name()} -n '{fish_condition(command)}'"
        lines += [f"{begin} -f -a {child.name()} -d {fish_text(child.about)}"
                  for child in command.commands]
        for option in options_of(command, program):
            long_name = option.names[-1].removeprefix("--")
            short = " -s h" if "-h" in option.names else ""
            values = f" -x -a '{' '.join(values_of(option))}'" if values_of(option) else " -r"
            lines.append(f"{begin} -l {long_name}{short}{values if option.type else ''} "
                         f"-d {fish_text(option.text)}")
    return "\n".join(lines) + "\n"
