"""The last lines of ./dev test: what failed, what was skipped and why, and the totals."""

import pathlib
import subprocess
import sys

import pytest

COUNT = pathlib.Path(__file__).resolve().parents[1] / "count_results.py"

GTEST = """<testsuites><testsuite>
<testcase name="Runs" status="run" result="completed" classname="Disk" />
<testcase name="IsFull" status="run" result="skipped" classname="Disk">
  <skipped message="/a/disk_test.cc:7&#x0A;needs a small disk: run it as root&#x0A;">
    <![CDATA[/a/disk_test.cc:7
needs a small disk: run it as root
]]></skipped>
</testcase>
<testcase name="DISABLED_Old" status="notrun" result="suppressed" classname="Disk" />
%s</testsuite></testsuites>"""
GTEST_FAILURE = """<testcase name="Fails" status="run" result="completed" classname="Disk">
  <failure message="x" type="">x</failure></testcase>"""
CTEST = """<testsuite>
<testcase name="disk_test" classname="disk_test" status="run" />
<testcase name="package_test" classname="package_test" status="%s" />
</testsuite>"""
PYTEST = """<testsuites><testsuite>
<testcase classname="test_a" name="test_one" />
<testcase classname="test_a" name="test_two[x]"><skipped type="pytest.skip"
  message="needs /usr/bin/redis-server: ./dev bench compare installs it">/a.py:1: needs</skipped>
</testcase></testsuite></testsuites>"""


@pytest.fixture
def results(tmp_path):
    (tmp_path / "unit/gtest").mkdir(parents=True)
    (tmp_path / "python").mkdir()
    (tmp_path / "unit/gtest/disk_test.xml").write_text(GTEST % "")
    (tmp_path / "unit/ctest.xml").write_text(CTEST % "run")
    (tmp_path / "python/pytest.xml").write_text(PYTEST)
    (tmp_path / "checks.txt").write_text("pass tidy\n")
    return tmp_path


def count(results):
    done = subprocess.run([sys.executable, COUNT, results], capture_output=True, text=True,
                          check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_skipped_tests_say_what_they_need(results):
    code, lines = count(results)
    assert code == 0
    assert lines == ["skipped: Disk.IsFull: needs a small disk: run it as root",
                     "skipped: Disk.DISABLED_Old: disabled",
                     "skipped: test_a.test_two[x]: needs /usr/bin/redis-server: "
                     "./dev bench compare installs it",
                     "4 passed, 0 failed, 3 skipped"]


def test_failures_are_named(results):
    (results / "unit/gtest/disk_test.xml").write_text(GTEST % GTEST_FAILURE)
    (results / "unit/ctest.xml").write_text(CTEST % "fail")
    (results / "checks.txt").write_text("fail tidy\n")
    code, lines = count(results)
    assert code == 1
    assert lines[-4:] == ["failed: Disk.Fails", "failed: package_test", "failed: tidy",
                          "2 passed, 3 failed, 3 skipped"]


def test_a_program_that_ended_badly_has_failed(results):
    (results / "unit/ctest.xml").write_text(
        CTEST.replace('classname="disk_test" status="run"', 'classname="x" status="fail"') % "run")
    code, lines = count(results)
    assert code == 1
    assert "failed: disk_test (ended badly)" in lines
    assert lines[-1] == "4 passed, 1 failed, 3 skipped"


def test_without_skipped_tests_there_is_no_word_of_them(tmp_path):
    (tmp_path / "checks.txt").write_text("pass tidy\n")
    assert count(tmp_path) == (0, ["1 passed, 0 failed"])


def test_nothing_tested_is_no_success(tmp_path):
    assert count(tmp_path) == (1, ["0 passed, 0 failed"])
