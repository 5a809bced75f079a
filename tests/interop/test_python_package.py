"""The package of clients/python: with the runtimes of pins.txt, typed, and installed by pip."""

import os
import shutil
import subprocess

import pytest

from dnc_server import REPO
from scene import TOOLS
from waiting import PATIENCE

PACKAGE = REPO / "clients" / "python"


def run(*command, code=0, **environment):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE, check=False,
                          cwd=REPO, env={**os.environ, **environment})
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.mark.parametrize("runtime", ["python-4", "python-5", "python-6", "python"])
def test_its_tests_pass_with(installed, runtime):  # pylint: disable=unused-argument
    said = run(TOOLS / runtime / "bin" / "python", "-W", "error", "-m", "pytest", "-q", "-p",
               "no:cacheprovider", PACKAGE / "tests", PYTHONPATH=str(PACKAGE / "src"),
               PYTHONDONTWRITEBYTECODE="1")
    assert "passed" in said
    if runtime == "python":  # the newest has all that it can be used with
        assert "skipped" not in said, said


def test_its_types_are_right(installed, tmp_path):  # pylint: disable=unused-argument
    run(TOOLS / "python" / "bin" / "mypy", "--config-file", PACKAGE / "pyproject.toml",
        "--cache-dir", tmp_path, PACKAGE / "src", PACKAGE / "examples")


def test_it_is_installed_by_pip_from_its_folder_or_as_a_wheel(tmp_path):
    """As a user does it, with all that it needs from PyPI. There is no server: the example says
    that nobody may be called."""
    copy = tmp_path / "copy"  # pip writes into the folder that it installs from
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    wheel = run("bash", PACKAGE / "make_wheel.sh", tmp_path / "wheels").splitlines()[-1]
    folder = tmp_path / "venv"
    run("/usr/bin/python3", "-m", "venv", folder)
    for arguments in ([copy], ["--force-reinstall", "--no-deps", wheel]):
        run(folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)
        said = run(folder / "bin" / "python", PACKAGE / "examples" / "check.py", "2015550100",
                   code=1, DNC_SERVER="127.0.0.1:1", DNC_KEY="", PYTHONDONTWRITEBYTECODE="1")
        assert said.startswith("2015550100: do not call\n"), said
        said = run(folder / "bin" / "python", "-c",
                   "import dnc, os; print(os.listdir(os.path.dirname(dnc.__file__)))")
        assert "py.typed" in said and "contract.binpb" in said
