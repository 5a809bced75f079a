"""Adds up the result files of a test run; prints `N passed, N failed`.

A GoogleTest program counts with each of its tests. One that ended without saying so (a crash, a
sanitizer's report, a time limit) counts as a failure, even if all the tests that it had run passed.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_gtest(path):
    """The tests that passed and the names of those that failed in a GoogleTest file."""
    passed, failed = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None:
            failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif case.get("status") == "run" and case.get("result") == "completed":
            passed += 1
    return passed, failed


def count_ctest(path):
    """Counts a ctest file, and for each program the GoogleTest file beside it, if there is one."""
    passed, failed = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name")
        ok = case.get("status") == "run" and case.find("failure") is None
        details = path.parent / "gtest" / f"{name}.xml"
        if not details.exists():
            passed += ok
            failed += [] if ok else [name]
            continue
        part_passed, part_failed = count_gtest(details)
        passed += part_passed
        failed += part_failed
        if not ok and not part_failed:
            failed.append(f"{name} (ended badly)")
    return passed, failed


def count_pytest(path):
    """Counts a pytest file; a skipped test counts neither way."""
    passed, failed = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed


def count_checks(path):
    """Counts lines of `pass NAME` and `fail NAME`."""
    lines = path.read_text().splitlines()
    return (
        sum(line.startswith("pass ") for line in lines),
        [line[5:] for line in lines if line.startswith("fail ")],
    )


def main():
    results = pathlib.Path(sys.argv[1])
    counters = {"ctest.xml": count_ctest, "pytest.xml": count_pytest, "checks.txt": count_checks}
    passed, failed = 0, []
    for name, counter in counters.items():
        for path in sorted(results.rglob(name)):
            part_passed, part_failed = counter(path)
            passed += part_passed
            failed += part_failed
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed")
    # A run in which nothing was tested is no success.
    sys.exit(1 if failed or passed == 0 else 0)


if __name__ == "__main__":
    main()
