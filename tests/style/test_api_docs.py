"""docs/api.md names every status and reason of an error, and every reason of a verdict."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
API = (ROOT / "docs/api.md").read_text()
# These errors of a start end the program, so no call ever sees them.
ONLY_AT_START = {"server/main.cc", "server/wire/listener.cc", "server/rpc/server.cc",
                 "server/storage/revision_note.cc", "server/rpc/served_certificate.cc",
                 "server/telemetry/metrics_collector.cc", "server/registry/policy.cc"}


def constant_name(text):
    """Returns `kBatchTooLarge` as BATCH_TOO_LARGE."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.removeprefix("k")).upper()


def documented():
    """Returns the table of reasons, {reason: statuses}; each must tell the caller what to do."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| ((?:`[A-Z_]+`(?:, )?)+) \| (.+) \|$", API, re.M)
    assert all(len(what) > 20 for _, _, what in rows)
    found = {reason: set(re.findall(r"`([A-Z_]+)`", statuses)) for reason, statuses, _ in rows}
    assert len(found) == len(rows), "a reason stands twice"
    return found


def enum_values(proto, enum):
    """Returns {name without prefix: (number, comment)} of a proto's enum, without the unspecified
    one."""
    text = (ROOT / "proto/dnc/v1" / proto).read_text()
    body = re.search(r"^enum " + enum + r" \{\n(.*?)^\}", text, re.M | re.S).group(1)
    values = re.findall(r"((?:  //.*\n)+)  " + constant_name(enum) + r"_(\w+) = (\d+);", body)
    return {name: (int(number), " ".join(re.findall(r"// ?(.*)", comment)))
            for comment, name, number in values if name != "UNSPECIFIED"}


def server_sources():
    for path in sorted((ROOT / "server").rglob("*")):
        name = str(path.relative_to(ROOT))
        test_code = re.search(r"_test\.cc$|_fuzz\.cc$|/fake_|_fixture\.h$|/test_", name)
        if path.suffix in (".cc", ".h") and not test_code and name not in ONLY_AT_START \
                and not name.startswith("server/config/"):
            yield name, path.read_text()


def constants():
    """Returns the reasons of the code: {constant: (name of the reason, status)}."""
    found = re.findall(r"constexpr FailureReason (k\w+)\{\"(\w+)\",\s*absl::StatusCode::(k\w+)\};",
                       (ROOT / "server/base/error.h").read_text())
    assert len(found) > 30, "the reasons of the code are no longer found"
    return {constant: (name, constant_name(status)) for constant, name, status in found}


def test_every_reason_stands_in_the_table():
    known = set(enum_values("error_reason.proto", "ErrorReason"))
    assert known == set(documented()), known ^ set(documented())
    names = {name for name, _ in constants().values()}
    assert known == names, known ^ names


def test_every_status_that_is_raised_stands_beside_its_reason():
    """Each constant has one status. Those that a call can meet are in the table, and no others
    are."""
    of, raised, bad, seen = constants(), {}, [], 0
    for name, text in server_sources():
        for constant in re.findall(r"\breason::(k\w+)", text):
            seen += 1
            reason, status = of[constant]
            raised.setdefault(reason, set()).add(status)
            if status not in documented()[reason]:
                bad.append(f"{name}: {status} with {reason}")
    assert not bad, "not in docs/api.md, under Errors:\n" + "\n".join(bad)
    assert seen > 80, "the errors of the sources are no longer found"
    unused = {constant for constant in of if not any(
        f"reason::{constant}" in path.read_text() for path in (ROOT / "server").rglob("*.[ch]*"))}
    assert not unused, f"reasons that nothing raises: {unused}"


def test_the_contract_and_the_table_agree():
    table, bad = documented(), []
    for reason, (_, comment) in enum_values("error_reason.proto", "ErrorReason").items():
        for status in re.findall(r"\b([A-Z]+(?:_[A-Z]+)*)(?=:| or [A-Z_]+:)", comment):
            if status not in table[reason]:
                bad.append(f"{reason}: the contract says {status}")
    assert not bad, "\n".join(bad)


def test_every_reason_of_a_verdict_has_its_bit_and_meaning():
    rows = re.findall(r"^\| (\d+) \| `REASON_(\w+)` \| (.+) \|$", API, re.M)
    assert {name: int(bit) for bit, name, _ in rows} == {
        name: number for name, (number, _) in enum_values("verdict.proto", "Reason").items()}
    assert all(len(meaning) > 15 for _, _, meaning in rows)
