"""A shell session that runs a docs page's commands, with our programs replaced by functions.

A function runs the real program and notes its exit code, so that a pipeline hides none."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess

from dnc_server import BIN, REPO
from waiting import PATIENCE

TOOLS = ("dncd", "dncctl", "dncgen", "dncload")
MARK = "\x1e"

FUNCTIONS = r"""
note() { printf '%s\t%s\n' "$1" "$2" >>"$SESSION/calls"; }
run() {  # PROGRAM ARGUMENTS...
  local code=0
  "$BIN/$1" "${@:2}" || code=$?
  note "$code" "$*"
  return "$code"
}
dncgen() { run dncgen "$@"; }
dncload() { run dncload "$@"; }
dncctl() {
  case " $* " in *" watch "*) watch "$@" ;; *) run dncctl "$@" ;; esac
}
# Ends with the first change that is told.
watch() {
  local line code=0
  coproc WATCH { exec "$BIN/dncctl" "$@"; }
  local process=$WATCH_PID
  IFS= read -r -t "$PATIENCE" line <&"${WATCH[0]}" || code=1
  printf '%s\n' "$line"
  kill -TERM "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  note "$code" "dncctl $*"
}
# Ends as soon as the server listens; with STAYS set, the server stays. One that still runs on the
# same data folder ends before.
dncd() {
  local folder="" said code=0 process arguments=("$@")
  [[ " $* " == *" --listen "* ]] || arguments+=(--listen "$LISTEN")
  while [ $# -gt 0 ]; do
    [ "$1" = --data-dir ] && folder="$2"
    shift
  done
  end_server "$SESSION/servers/${folder//\//_}"
  case " ${arguments[*]} " in *" --create-operator-key "* | *" --help "* | *" --version "*)
    run dncd "${arguments[@]}"
    return ;;
  esac
  said="$(mktemp -p "$SESSION")"
  "$BIN/dncd" --metrics-listen "" "${arguments[@]}" >"$said" 2>"$said.log" &
  process=$!
  echo "$process" >"$SESSION/servers/${folder//\//_}"
  until grep -q ' listening on ' "$said"; do
    kill -0 "$process" 2>/dev/null || {
      cat "$said.log" >&2
      note 1 "dncd ${arguments[*]}"
      return 1
    }
    sleep 0.02
  done
  if [ -n "${STAYS:-}" ]; then
    until "$BIN/dncctl" --server "$(sed -n 's/.* listening on //p' "$said")" check 2015550123 2>&1 |
      grep -qv STARTING; do sleep 0.02; done
  else
    cat "$said"
    end_server "$SESSION/servers/${folder//\//_}" || code=$?
  fi
  note "$code" "dncd ${arguments[*]}"
}
end_server() {  # FILE with its process
  [ -f "$1" ] || return 0
  local process code=0
  process="$(<"$1")"
  rm "$1"
  kill -TERM "$process" 2>/dev/null || return 0
  # Its parent may be another shell than this one; then it stays as a zombie.
  while grep -q '^State:[[:space:]]*[^ZX]' "/proc/$process/status" 2>/dev/null; do sleep 0.02; done
  wait "$process" 2>/dev/null || code=$?
  [ "$code" = 127 ] || return "$code"
}
"""


@dataclasses.dataclass
class Outcome:
    """What one statement of a page did."""

    said: str    # stdout and stderr together
    calls: list  # (exit code, command) of each of our programs


class Session:
    """Runs statements in one bash. `env` are variables to begin with; LISTEN says where a server
    listens that is given no address."""

    def __init__(self, folder, env):
        self.folder = pathlib.Path(folder)
        self.notes = self.folder / "session"
        (self.notes / "servers").mkdir(parents=True)
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith("DNC_")}
        self.env.update(env, SESSION=str(self.notes), BIN=str(BIN), PATIENCE=str(PATIENCE))

    def run(self, statements):
        """Returns an Outcome for each statement."""
        script = [FUNCTIONS, "exec 2>&1 </dev/null"]
        for statement in statements:
            script += [f"printf '\\n{MARK}\\n'; printf '{MARK}\\n' >>\"$SESSION/calls\"", statement]
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["bash", "-c", "\n".join(script)], cwd=self.folder, env=self.env,
            stdout=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            # This also ends servers that stayed: they are in the session's process group.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        calls = (self.notes / "calls").read_text().split(f"{MARK}\n")[1:]
        said = output.split(f"\n{MARK}\n")[1:]
        assert len(said) == len(calls) == len(statements), output
        return [Outcome(one, [(int(code), command) for code, command in
                              (line.split("\t", 1) for line in noted.splitlines())])
                for one, noted in zip(said, calls)]


def dev_commands():
    """Returns the subcommands of ./dev, and the words that may follow each, as ./dev help lists
    them."""
    told = subprocess.run([str(REPO / "dev"), "help"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout
    commands = {}
    for line, more in re.findall(r"^  ([a-z]+.*?)(?:  +(.*))?$", told, re.M):
        words = commands.setdefault(line.split()[0], set())
        words.update(re.findall(r"[a-z]+", " ".join(line.split()[1:])))
        if line.startswith("test"):
            words.update(more.split(":")[-1].split())
    return commands
