"""The package clients/typescript as its user has it: installed by npm, checked by TypeScript, and
run against a real server, over plain and TLS connections."""

import filecmp
import json
import os
import re
import shutil
import subprocess

import pytest

from dnc_server import REPO
from scene import TOOLS
from waiting import PATIENCE

PACKAGE = REPO / "clients" / "typescript"
PROGRAM = REPO / "tests" / "interop" / "dnc_client.mjs"
TYPESCRIPT = TOOLS / "node" / "node_modules"


def run(*command, folder, **environment):
    done = subprocess.run([str(part) for part in command], cwd=folder, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10 * PATIENCE,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout
    return done.stdout


def tsc(*arguments, folder):
    """Runs TypeScript's compiler, which has only the types of the oldest Node that is served."""
    run(TYPESCRIPT / ".bin" / "tsc", *arguments, "--typeRoots", TYPESCRIPT / "@types", "--types",
        "node", folder=folder)


@pytest.fixture(name="project")
def fixture_project(installed, tmp_path):  # pylint: disable=unused-argument
    """A user's project, into which the package was installed by one command."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"private": true, "type": "module"}\n')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", PACKAGE, folder=project)
    return project


def test_it_has_the_projects_version():
    version = re.search(r"project\(dncd VERSION (\S+)", (REPO / "CMakeLists.txt").read_text())[1]
    assert json.loads((PACKAGE / "package.json").read_text())["version"] == version


def test_own_tests(installed):  # pylint: disable=unused-argument
    run("npm", "test", folder=PACKAGE)


def test_types_are_those_of_the_sources(installed, tmp_path):  # pylint: disable=unused-argument
    tsc("-p", PACKAGE, "--outDir", tmp_path, folder=tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in (PACKAGE / "types").iterdir())
    _, different, missing = filecmp.cmpfiles(tmp_path, PACKAGE / "types", made, shallow=False)
    assert not different + missing, "make them again: see the package's README"


def test_types_refuse_mistakes(project):
    shutil.copy(PACKAGE / "test" / "usage.ts", project)
    tsc("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "ES2022", "--module",
        "NodeNext", "usage.ts", folder=project)


def test_client(project, scene):
    shutil.copy(PROGRAM, project)
    said = run("node", PROGRAM.name, scene.settings, folder=project,
               NODE_EXTRA_CA_CERTS=scene.told["ca"])
    assert said.splitlines()[-1] == "ok", said
