"""docs/api.md names every status and reason of an error, and every reason of a verdict."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
API = (ROOT / "docs/api.md").read_text()
# Errors of a start, which end the program: no call ever sees them.
ONLY_AT_START = {"server/main.cc", "server/rpc/listener.cc", "server/rpc/server.cc",
                 "server/storage/revision_note.cc", "server/rpc/unix_socket.cc",
                 "server/rpc/served_certificate.cc", "server/telemetry/metrics_collector.cc",
                 "server/registry/policy.cc"}


def constant_name(text):
    """`kBatchTooLarge` as BATCH_TOO_LARGE."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.removeprefix("k")).upper()


def documented():
    """The table of reasons: {reason: statuses}; of each the caller must be told what to do."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| ((?:`[A-Z_]+`(?:, )?)+) \| (.+) \|$", API, re.M)
    assert all(len(what) > 20 for _, _, what in rows)
    found = {reason: set(re.findall(r"`([A-Z_]+)`", statuses)) for reason, statuses, _ in rows}
    assert len(found) == len(rows), "a reason stands twice"
    return found


def enum_values(proto, enum):
    """{name without prefix: (number, comment)} of a proto's enum, without the unspecified one."""
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


def raised(text):
    """The pairs of status and reason of all errors that a source makes."""
    for call in re.finditer(r"\bError\(([^\"();]*?reason::k\w+(?:\s*:\s*reason::k\w+)?)", text):
        statuses = re.findall(r"StatusCode::k(\w+)", call.group(1))
        reasons = re.findall(r"reason::k(\w+)", call.group(1))
        if len(statuses) == len(reasons):
            yield from zip(statuses, reasons)
        else:
            yield from ((status, reason) for status in statuses for reason in reasons)


def test_every_reason_stands_in_the_table():
    known = set(enum_values("error_reason.proto", "ErrorReason"))
    assert known == set(documented()), known ^ set(documented())
    constants = re.findall(r"constexpr std::string_view k\w+ = \"(\w+)\"",
                           (ROOT / "server/base/error.h").read_text())
    assert known == set(constants), known ^ set(constants)


def test_every_status_that_is_raised_stands_beside_its_reason():
    table, bad, seen = documented(), [], 0
    for name, text in server_sources():
        for status, reason in raised(text):
            seen += 1
            if constant_name(status) not in table[constant_name(reason)]:
                bad.append(f"{name}: {constant_name(status)} with {constant_name(reason)}")
    assert not bad, "not in docs/api.md, under Errors:\n" + "\n".join(bad)
    assert seen > 80, "the errors of the sources are no longer found"


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
