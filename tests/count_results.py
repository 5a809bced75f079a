"""Adds up the result files of a test run: what failed, what was skipped and what that would have
needed, and in the last line `N passed, N failed`, followed by `, N skipped` if any was.

A GoogleTest program counts with each of its tests. One that ended without saying so (a crash, a
sanitizer's report, a time limit) counts as a failure, even if all the tests that it had run passed.
"""

import dataclasses
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Results:
    """The tests of one result file, or of several."""

    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)  # names
    skipped: list = dataclasses.field(default_factory=list)  # names, with the reason of each

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def reason_of(skipped):
    """Returns what a <skipped> element says: GoogleTest writes the place in a line before it."""
    text = skipped.get("message") or skipped.text or ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and ".cc:" in lines[0]:
        lines = lines[1:]
    return " ".join(lines) or "no reason given"


def count_gtest(path):
    """Counts a GoogleTest file."""
    results = Results()
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None:
            results.failed.append(name)
        elif case.find("skipped") is not None:
            results.skipped.append((name, reason_of(case.find("skipped"))))
        elif case.get("status") == "notrun":
            results.skipped.append((name, "disabled"))
        elif case.get("status") == "run" and case.get("result") == "completed":
            results.passed += 1
    return results


def count_ctest(path):
    """Counts a ctest file, and for each program the GoogleTest file beside it, if there is one."""
    results = Results()
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name")
        ok = case.get("status") == "run" and case.find("failure") is None
        details = path.parent / "gtest" / f"{name}.xml"
        if not details.exists():
            results.add(Results(1) if ok else Results(failed=[name]))
            continue
        part = count_gtest(details)
        if not ok and not part.failed:
            part.failed.append(f"{name} (ended badly)")
        results.add(part)
    return results


def count_pytest(path):
    """Counts a pytest file."""
    results = Results()
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            results.failed.append(name)
        elif case.find("skipped") is not None:
            results.skipped.append((name, reason_of(case.find("skipped"))))
        else:
            results.passed += 1
    return results


def count_checks(path):
    """Counts lines of `pass NAME` and `fail NAME`."""
    lines = path.read_text().splitlines()
    return Results(sum(line.startswith("pass ") for line in lines),
                   [line[5:] for line in lines if line.startswith("fail ")])


def main():
    folder = pathlib.Path(sys.argv[1])
    counters = {"ctest.xml": count_ctest, "pytest.xml": count_pytest, "checks.txt": count_checks}
    results = Results()
    for name, counter in counters.items():
        for path in sorted(folder.rglob(name)):
            results.add(counter(path))
    for name, reason in results.skipped:
        print(f"skipped: {name}: {reason}")
    for name in results.failed:
        print(f"failed: {name}")
    skipped = f", {len(results.skipped)} skipped" if results.skipped else ""
    print(f"{results.passed} passed, {len(results.failed)} failed{skipped}")
    # A run in which nothing was tested is no success.
    sys.exit(1 if results.failed or results.passed == 0 else 0)


if __name__ == "__main__":
    main()
