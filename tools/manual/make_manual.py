"""Writes the man pages and the completions of the programs, from what their --help prints.

    make_manual.py BIN_FOLDER VERSION OUT_FOLDER

OUT_FOLDER then has man/manN/*.gz, and completions/{bash,zsh,fish}.
"""

import gzip
import pathlib
import shutil
import sys

import completions
from command_table import read_command
from man_pages import man_pages

PROGRAMS = ("dncd", "dncctl", "dncgen", "dncload")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_program(program, version, out):
    for name, page in man_pages(program, version):
        # Without a time in it, so that the same version gives the same bytes.
        write(out / "man" / f"man{name[-1]}" / f"{name}.gz",
              gzip.compress(page.encode(), 9, mtime=0))
    name = program.name()
    write(out / "completions/bash" / name, completions.bash(program).encode())
    write(out / "completions/zsh" / f"_{name}", completions.zsh(program).encode())
    write(out / "completions/fish" / f"{name}.fish", completions.fish(program).encode())


def main():
    bin_folder, version, out = sys.argv[1:]
    out = pathlib.Path(out)
    shutil.rmtree(out, ignore_errors=True)
    for name in PROGRAMS:
        write_program(read_command(pathlib.Path(bin_folder) / name, [name]), version, out)


if __name__ == "__main__":
    main()
