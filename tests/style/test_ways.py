"""One way for each thing: a class in one file, one kind of lock, and the words of the glossary."""

import collections
import re

from test_sources import ROOT, files, includes, name, tracked_files

WORDS_OF_CODE = r"[A-Za-z_][A-Za-z0-9_]*"


def without_comments(text):
    return re.sub(r"//.*", "", text)


# --- A class's members stand in one .cc ---

# Matches `Result Outer::Inner::Member(` at the start of a line; the result may be on the line
# before.
MEMBER = re.compile(
    r"^(?![\s#}]|//|using |return )"       # a definition begins at the margin
    r"(?:[^\n;(){}=]*?[\s&*>])?"           # its result
    r"((?:[A-Z]\w*(?:<[^<>\n]*>)?::)+)"    # the classes; namespaces are lower case
    r"(?:~?\w+|operator\W{1,3})\(", re.M)
DECLARATION = re.compile(r"^\s*(?:class|struct)\s+(?:alignas\([^)]*\)\s+)?(\w+)\b[^;(){]*\{", re.M)


def defined_classes(text):
    """Returns the outermost classes whose members a source defines outside the class."""
    return {re.sub(r"<.*", "", match[1].split("::")[0])
            for match in MEMBER.finditer(without_comments(text))}


def declaring_files(texts):
    """Returns for each class the files that declare it; a declaration has a body."""
    declared = collections.defaultdict(list)
    for path, text in texts.items():
        for class_name in set(DECLARATION.findall(text)):
            declared[class_name].append(path)
    return declared


def declaring_file(path, class_name, texts, declared):
    """Returns which declaration a source means: classes of different programs may share a name."""
    if len(declared[class_name]) == 1:
        return declared[class_name][0]
    seen = {path, *(ROOT / include for include in includes(path))}
    return next((p for p in declared[class_name] if p in seen), None)


def test_members_are_found():
    text = """
void Store::Close() {}
absl::StatusOr<std::unique_ptr<Thing>> Thing::Open(const std::string& path) {
  Inside::Call();
}
Outer::Inner::Inner(int x) : x_(x) {}
Outer::~Outer() = default;
bool Sorter::operator()(int a) const { return a; }
template <typename T>
T Holder<T>::Get() { return value_; }
// Comment::Words(
storage::Release Plain() { return Release::Of(1); }
const int kConstant = Helper::Value();
"""
    assert defined_classes(text) == {"Store", "Thing", "Outer", "Sorter", "Holder"}


def test_a_class_stands_in_one_source():
    paths = [p for room in ("server", "clients", "tools") for p in files(".cc", ".h", under=room)]
    texts = {p: p.read_text() for p in paths}
    declared = declaring_files(texts)
    places = collections.defaultdict(set)
    for path in paths:
        if path.suffix != ".cc" or path.name.endswith(("_test.cc", "_fuzz.cc")):
            continue
        for class_name in defined_classes(texts[path]):
            declaring = declaring_file(path, class_name, texts, declared)
            places[class_name, declaring].add(name(path))
    bad = [f"{class_name}: {', '.join(sorted(where))}"
           for (class_name, _), where in sorted(places.items(), key=str) if len(where) > 1]
    assert not bad, "classes with members in several sources:\n" + "\n".join(bad)


# --- Rooms ---

MAX_ROOM = 45
# These exist only for tests, and do not count.
FOR_TESTS = re.compile(r"_test\.cc$|_fuzz\.cc$|fixture|^fake_|^test_|_test_util\.h$")


def test_rooms_are_small():
    rooms = collections.Counter(
        path.parent.name for path in files(".cc", ".h", under="server")
        if path.parent.parent == ROOT / "server" and not FOR_TESTS.search(path.name))
    large = {room: count for room, count in rooms.items() if count > MAX_ROOM}
    assert not large, f"above {MAX_ROOM} sources and headers; look for the missing room: {large}"


# --- Locks ---

# absl::Mutex has what Clang's -Wthread-safety checks, and its conditions cannot miss a wake-up.
# std::call_once is no lock.
OTHER_LOCKS = re.compile(
    r"std::(?:(?:recursive_|shared_|timed_)*mutex|condition_variable(?:_any)?|lock_guard"
    r"|unique_lock|scoped_lock|shared_lock)\b|#include <(?:condition_variable|shared_mutex)>")


def test_locks_are_annotated_ones():
    # The only wait with a timeout, which says why.
    wait = "server/base/steady_wait.h"
    bad = [f"{name(path)}:{i}" for path in files(".cc", ".h", under="server") if name(path) != wait
           for i, line in enumerate(without_comments(path.read_text()).splitlines(), 1)
           if OTHER_LOCKS.search(line)]
    assert not bad, f"use absl::Mutex and ABSL_GUARDED_BY: {bad}"


def test_timeouts_do_not_follow_the_time_of_day():
    """absl's own timeouts follow the machine's clock, which somebody may set back by hours
    meanwhile."""
    bad = [f"{name(path)}:{i}" for path in files(".cc", ".h", under="server")
           if not FOR_TESTS.search(path.name)
           for i, line in enumerate(without_comments(path.read_text()).splitlines(), 1)
           if re.search(r"With(?:Timeout|Deadline)\(|\bCondVar\b", line)]
    assert not bad, f"use SteadyWait: {bad}"


# --- Words ---

# Words that are refused, and what to use instead; docs/glossary.md has the reasons.
RETIRED = [
    (r"\bWorld(?:Reader)?\b", "RegistryState, its loader"),
    (r"\bDrafter\b|\bAreaDraft\b|\bDraftRelease\b", "ReleaseBuilder, AreaBuilder"),
    (r"\bFileStage\b|\bStagedFiles\b", "ParsedFiles"),
    (r"\bCallSite\b|\bcall_site\b", "RpcContext"),
    (r"(?i:\bgatekeepers?\b)", "Authorizer, Permission"),
    (r"\bScrubGate\b|\bscrub_gate\b", "AdmissionControl"),
    (r"\bMarkPossible\w*|\bMarkContained\w*", "MayContainBatch, ContainsBatch"),
    (r"\bkMost[A-Z]\w*", "kMax..."),
    (r"\bOwn(?:Records?|Facts?|Lists|Turns?)(?:[A-Z]\w*)?\b", "tenant records"),
    (r"\bown_(?:records?|facts?|lists|turns?)\b", "tenant records"),
    # Within a sentence "a tenant's own lists" is plain English; as a noun by itself it is not.
    (r"(?i:(?<!'s )(?<!s' )(?<!\bits )(?<!\btheir )(?<!\bwhose )(?<!\byour )\bown lists\b)",
     "tenant records"),
    (r"\bOwnBooks\b|\bown_books\b", "ledger"),
    (r"\bQuotaBook\b|(?i:\bquota[_ ]books?\b)", "QuotaMeter, quota meter"),
    (r"\bown_requests\b", "idempotency keys"),
    (r"\bTend\b|(?i:\btender\b)", "Maintain, maintenance"),
    (r"\bSettle\b|(?i:\bunsettled\b)", "RecoverFailedWrite, write_uncertain"),
    (r"\bRefusalLine\b|\brefusal_line\b", "DelayedRefusals"),
    (r"\bRevisionOrder::Turn\b", "RevisionOrder::Change, a change of the order"),
    (r"\bSealedValues?\b|(?i:\bsealed[_ ]values?\b)", "checked value"),
    (r"(?i:\b(?:image|filter)'?s? seals?\b)", "the filter image's checksum"),
]
# The table itself, and this list.
WORD_BOOKS = ("docs/glossary.md", "tests/style/test_ways.py")
TEXT = {".cc", ".h", ".py", ".sh", ".proto", ".cmake", ".md", ".yaml", ".yml", ".txt", ".json"}


def retired_words(text, allowed=frozenset()):
    """Yields line, word and its replacement."""
    for pattern, instead in RETIRED:
        for match in re.finditer(pattern, text):
            if match[0] not in allowed:
                yield text.count("\n", 0, match.start()) + 1, match[0], instead


def told_outside():
    """Returns what keeps its words because outsiders see it: the contract with its reasons,
    metrics, keys, options."""
    words = set()
    for path in files(".proto", under="proto"):
        words.update(re.findall(WORDS_OF_CODE, without_comments(path.read_text())))
    words.update(re.findall(r"\bdnc_[a-z_]+", (ROOT / "docs/metrics.md").read_text()))
    words.update(re.findall(WORDS_OF_CODE, (ROOT / "deploy/dncd.yaml").read_text().split("#")[0]))
    return words


def test_retired_words_are_found():
    sample = ("class World {};\nkMostBytes\nOwn lists have none.\nthe gatekeeper\nTend();\n"
              "OwnRecordView own_records RevisionOrder::Turn turn\n")
    found = [(line, word) for line, word, _ in retired_words(sample)]
    assert sorted(found) == [(1, "World"), (2, "kMostBytes"), (3, "Own lists"),
                             (4, "gatekeeper"), (5, "Tend"), (6, "OwnRecordView"),
                             (6, "RevisionOrder::Turn"), (6, "own_records")]
    plain = "a tenant's own lists; its own lists; OwnList; the whole world; dnc_own_records; almost"
    assert not list(retired_words(plain))


def test_retired_words_are_gone():
    allowed = told_outside()
    bad = []
    for path in tracked_files():
        if path.suffix not in TEXT or name(path) in WORD_BOOKS or "corpus" in path.parts:
            continue
        bad += [f"{name(path)}:{line}: {word}; say {instead}"
                for line, word, instead in retired_words(path.read_text(), allowed)]
    assert not bad, "\n".join(bad)
