"""The Python client is of the contract and of the version that the rest is of."""

import re
import subprocess

from test_sources import ROOT

PACKAGE = ROOT / "clients" / "python"


def test_its_descriptors_are_the_contracts(tmp_path):
    made = tmp_path / "contract.binpb"
    subprocess.run(["bash", PACKAGE / "make_contract.sh", made], check=True)
    assert made.read_bytes() == (PACKAGE / "src/dnc/contract.binpb").read_bytes(), (
        "the contract has changed: run clients/python/make_contract.sh")


def test_it_has_the_projects_version():
    version = re.search(r"project\(dncd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert f'\nversion = "{version}"\n' in (PACKAGE / "pyproject.toml").read_text()
