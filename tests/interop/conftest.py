"""Clients of other makers against a real server: the server is that of the black-box tests."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BLACKBOX = HERE.parent / "blackbox"
sys.path.insert(0, str(BLACKBOX))
SPEC = importlib.util.spec_from_file_location("blackbox_fixtures", BLACKBOX / "conftest.py")
FIXTURES = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(FIXTURES)
stubs = FIXTURES.stubs

from scene import Scene  # noqa: E402 (its folder is in the path only now)


@pytest.fixture(name="installed", scope="session")
def fixture_installed():
    """Installs what is missing. Returns the names of what can't be had here, each with the
    reason."""
    done = subprocess.run(["bash", HERE / "install.sh"], stdout=subprocess.PIPE, text=True,
                          check=True)
    return dict(line.split(": ", 1) for line in done.stdout.splitlines())


@pytest.fixture(name="scene", params=["plain", "tls"])
def fixture_scene(stubs, tmp_path, request):  # pylint: disable=redefined-outer-name
    made = Scene(stubs, tmp_path, request.param == "tls")
    yield made
    assert made.server.stop() == 0, made.server.log()
