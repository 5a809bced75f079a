"""Files of lists as other programs make them: sound files load, all others are refused."""

import io
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

from dnc_server import Refused
from list_files import DAY, block, flat, registry_name

NOW = int(time.time())
COUNT = 1200  # of an area code: above what a first list must have
MEMBER = "list.txt"


def tool(name, package):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}, of Debian's package {package}")
    return found


def run(folder, *command, stdin=None):
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def info_zip(*options):
    def make(folder, _):
        run(folder, tool("zip", "zip"), "-q", *options, "x.zip", MEMBER)
        return (folder / "x.zip").read_bytes()
    return make


def info_zip_of_pipe(folder, content):
    return run(folder, tool("zip", "zip"), "-q", "-", "-", stdin=content)


def info_zip_to_file(folder, content):
    """Info-ZIP's member has the mode of a pipe, and its end has the long record of large
    archives."""
    with (folder / "x.zip").open("wb") as target:
        subprocess.run([tool("zip", "zip"), "-q"], input=content, stdout=target, check=True)
    return (folder / "x.zip").read_bytes()


def info_zip_to_pipe(folder, _):
    return run(folder, tool("zip", "zip"), "-q", "-", MEMBER)


def info_zip_of_folder(folder, content):
    (folder / "lists").mkdir()
    (folder / "lists" / MEMBER).write_bytes(content)
    run(folder, tool("zip", "zip"), "-q", "-r", "x.zip", "lists")
    return (folder / "x.zip").read_bytes()


def info_zip_of_folder_with_empty(folder, content):
    (folder / "lists").mkdir()
    (folder / "lists" / "README").touch()
    (folder / "lists" / MEMBER).write_bytes(content)
    run(folder, tool("zip", "zip"), "-q", "-r", "x.zip", "lists")
    return (folder / "x.zip").read_bytes()


def info_zip_commented(folder, _):
    text = b"\n".join([b"word " * 30] * 160)  # some 24 KiB
    run(folder, tool("zip", "zip"), "-q", "-z", "x.zip", MEMBER, stdin=text + b"\n.\n")
    archive = (folder / "x.zip").read_bytes()
    assert len(archive) > len(text)
    return archive


def seven_zip(*options):
    def make(folder, _):
        run(folder, tool("7z", "p7zip-full"), "a", "-tzip", *options, "x.zip", MEMBER)
        return (folder / "x.zip").read_bytes()
    return make


def bsdtar(target):
    """bsdtar writes whole blocks to a pipe, with zeros behind the archive."""
    def make(folder, _):
        written = run(folder, tool("bsdtar", "libarchive-tools"), "--format", "zip", "-cf", target,
                      MEMBER)
        return written or (folder / target).read_bytes()
    return make


def jar(*options):
    def make(folder, _):
        run(folder, tool("jar", "default-jdk-headless"), *options, "x.zip", MEMBER)
        return (folder / "x.zip").read_bytes()
    return make


class Pipe(io.RawIOBase):
    """Takes bytes, and cannot go back."""

    def __init__(self):
        super().__init__()
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data)
        return len(data)


def python_zip(method=zipfile.ZIP_DEFLATED, name=MEMBER, comment=b"", beside=(), stream=False,
               zip64=False):
    def make(_, content):
        target = Pipe() if stream else io.BytesIO()
        with zipfile.ZipFile(target, "w", method) as archive:
            for other, text in beside:
                archive.writestr(other, text)
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=zip64) as member:
                member.write(content)
            archive.comment = comment
        return target.taken if stream else target.getvalue()
    return make


MAC = [("lists/", ""), ("__MACOSX/", ""), ("__MACOSX/lists/._list.txt", b"\x00\x05\x16\x07" * 30),
       ("lists/.DS_Store", b"\x00\x00\x00\x01Bud1")]
SOUND = {
    "zip": info_zip(), "zip stored": info_zip("-0"), "zip from a pipe": info_zip_of_pipe,
    "zip from a pipe to a file": info_zip_to_file, "zip to a pipe": info_zip_to_pipe,
    "zip of a folder": info_zip_of_folder, "zip forced long": info_zip("-fz"),
    "zip without extras": info_zip("-X"), "zip bzip2": info_zip("-Z", "bzip2"),
    "7z": seven_zip(), "7z stored": seven_zip("-mm=Copy"), "7z bzip2": seven_zip("-mm=BZip2"),
    "7z LZMA": seven_zip("-mm=LZMA"), "7z PPMd": seven_zip("-mm=PPMd"),
    "7z best": seven_zip("-mx=9"), "bsdtar": bsdtar("x.zip"),
    "bsdtar to a pipe": bsdtar("-"),
    "jar": jar("cf"), "jar without manifest": jar("cfM"), "jar stored": jar("cf0M"),
    "Python": python_zip(), "Python stored": python_zip(zipfile.ZIP_STORED),
    "Python bzip2": python_zip(zipfile.ZIP_BZIP2), "Python LZMA": python_zip(zipfile.ZIP_LZMA),
    "Python to a pipe": python_zip(stream=True), "Python forced long": python_zip(zip64=True),
    "Python with a comment": python_zip(comment=b"from the desk of " * 50),
    "Python with the longest comment": python_zip(comment=b"\xe9" * 65_535),
    "zip with a long comment": info_zip_commented,
    "an empty file beside": python_zip(beside=[("README", ""), ("lists", ""), ("lists/", "")]),
    "zip of a folder with an empty file": info_zip_of_folder_with_empty,
    "a folder exchange": python_zip(name="exchange/fullerton/list.txt"),
    "a name in UTF-8": python_zip(name="Liste f\u00fcr \u96fb\u8a71.txt"),
    "a Mac": python_zip(name="lists/list.txt", beside=MAC),
    "Windows": python_zip(beside=[("Thumbs.db", b"\xd0\xcf"), ("desktop.ini", "[x]\r\n")]),
}


@pytest.fixture(scope="module")
def shared(stubs, tmp_path_factory):
    """One server for all tests: each file is about an area code of its own."""
    from dnc_server import Server  # pylint: disable=import-outside-toplevel
    server = Server(stubs, tmp_path_factory.mktemp("forms") / "data")
    server.wait_until_ready()
    yield server
    server.stop()


def folder_with(tmp_path, content):
    (tmp_path / MEMBER).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("writer", SOUND)
def test_sound_archives_load(shared, tmp_path, writer):
    area = 201 + list(SOUND).index(writer)
    numbers = block(area, 777, COUNT)
    content = flat(numbers)
    archive = SOUND[writer](folder_with(tmp_path, content), content)
    name = registry_name(NOW - DAY, area, ".txt.zip")
    whole = len(archive.rstrip(b"\0"))
    for kept in (30, whole // 2, whole - 1):
        with pytest.raises(Refused):
            shared.load_quickly([(name, archive[:kept])])
    shared.load([(name, archive)])
    assert shared.verdicts([numbers[0], numbers[-1]]) == ["LISTED", "LISTED"]


def two_lists(folder, content):
    return python_zip(beside=[("other.txt", content)])(folder, content)


def only_beside(folder, content):
    return python_zip(name="__MACOSX/._list.txt")(folder, content)


def split(folder, content):
    """Makes the last part of an archive in several files."""
    (folder / MEMBER).write_bytes(content * 40)
    run(folder, tool("zip", "zip"), "-q", "-0", "-s", "64k", "x.zip", MEMBER)
    return (folder / "x.zip").read_bytes()


REFUSED = {
    "Deflate64": (seven_zip("-mm=Deflate64"), ["Deflate64", "unpack it"]),
    "a password": (seven_zip("-psecret"), ["encrypted", "password"]),
    "a password by AES": (seven_zip("-psecret", "-mem=AES256"), ["encrypted", "password"]),
    "a password of zip": (info_zip("-P", "secret"), ["encrypted", "password"]),
    "several files": (split, ["split over several files", "join"]),
    "two lists": (two_lists, ["2 files", "exactly one"]),
    "a list that lost all": (python_zip(beside=[("2026-8-5_212.txt", "")]),
                             ["2 files", "exactly one"]),
    "nothing but a resource fork": (only_beside, ["no file in it that could be a list"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_named(shared, tmp_path, case):
    make, hints = REFUSED[case]
    content = flat(block(299, 777, COUNT))
    archive = make(folder_with(tmp_path, content), content)
    with pytest.raises(Refused) as refusal:
        shared.load_quickly([(registry_name(NOW - DAY, 299, ".txt.zip"), archive)])
    assert refusal.value.reason == "BAD_FILE"
    for hint in hints:
        assert hint in refusal.value.message


EMPTY = {"an archive": (".txt.zip", lambda name: python_zip(name=name[:-4])(None, b"")),
         "a text": (".txt", lambda name: b""),
         "a text of a line end": (".txt", lambda name: b"\n"),
         "XML": (".xml", lambda name: b"<list type='change'></list>")}


@pytest.mark.parametrize("form", EMPTY)
def test_an_empty_change_list_loads(server, form):
    """Data that says that nothing changed on a day is as good as any other."""
    listed = block(201, 777, COUNT)
    server.load([(registry_name(NOW - 3 * DAY, 201), flat(listed))])
    before = server.coverage().area_codes[0]
    extension, make = EMPTY[form]
    name = registry_name(NOW - DAY, "changes", extension)
    load = server.load([(name, make(name))])
    assert load.files[0].kind == server.stubs.load.FILE_KIND_CHANGE
    assert load.files[0].records == 0
    assert server.verdicts([listed[0], 2019990001]) == ["LISTED", "CLEAR"]
    after = server.coverage().area_codes[0]
    assert after.numbers == before.numbers == COUNT
    newest = [max(entry.obtained_at.seconds, entry.known_by_silence_at.seconds)
              for entry in (before, after)]
    if form.startswith("a text"):  # a download that failed leaves the same
        assert newest[1] == newest[0], "no record proves nothing"
    else:
        assert newest[1] > newest[0], "what it may refresh, it refreshes"


def test_an_empty_list_that_may_be_a_full_one_is_refused(server):
    for label, extension, content in (("201", ".txt", b""), ("full", ".txt", b""),
                                      ("201", ".xml", b"<list val='201'/>"),
                                      ("changes", ".xml", b"<list type='full'/>")):
        with pytest.raises(Refused) as refusal:
            server.load([(registry_name(NOW - DAY, label, extension), content)])
        assert refusal.value.reason == "BAD_FILE"


LISTS = iter(range(1000))


def load_csv(server, text, **options):
    """Loads a list of its own, and returns its name."""
    name = f"litigator:form{next(LISTS)}"
    content = text if isinstance(text, bytes) else text.encode()
    server.load([("list.csv", content)], list_name=name, obtained_at=NOW - DAY, **options)
    return name


READ = {
    "a note of several lines": 'phone,note\n2015551001,"call\n2125551099\nbye"\n2015551002,x\n',
    "a note before the number": 'note,phone\n"a\n2125551099",2015551011\nb,2015551012\n',
    "empty rows at the end": "name,phone\na,2015551021\nb,2015551022\n,\n , \n\n",
    "CR alone": "name,phone\ra,2015551031\rb,2015551032\r",
    "Ctrl-Z": "phone\r\n2015551041\r\n2015551042\r\n\x1a",
    "fractions": "phone\n2015551051.0\n2015551052.00\n",
    "formulas": 'name;phone\na;="2015551061"\nb;"=""2015551062"""\n',
    "apostrophes": "phone\n'2015551071\n'201-555-1072\n",
    "marks of direction": "phone\n\u202a2015551081\u202c\n\u2066(201) 555-1082\u2069\n",
    "marks without width": "phone\n\ufeff2015551091\n201\u200b555\u200b1092\n",
    "odd spaces": "phone\n\u00a0201\u00a0555\u202f1101\n201\u20095551102\n",
    "full width": "phone\n" + "2015551111".translate({48 + i: 0xff10 + i for i in range(10)})
                  + "\n2015551112\n",
    "powers of ten": "phone\n2.015551121E+09\n2.015551122e9\n",
}


@pytest.mark.parametrize("case", READ)
def test_csv_that_is_read(shared, case):
    first = 2015551001 + 10 * list(READ).index(case)
    load_csv(shared, READ[case])
    assert shared.verdicts([first, first + 1]) == ["LISTED", "LISTED"]
    assert shared.verdicts([2125551099]) != ["LISTED"]  # of notes: on no list


DOUBTFUL = {
    "rows in quotes": ('phone,note\n2015552001,"a\n2015552002,b"\n', "line 2"),
    "a row within a note": ('note,phone\n"a\nx,2015552001\nb",2015552002\n', "line 2"),
    "rows after an empty one": ("a,phone\n,2015552001\n,\n,2015552002\n", "line 4"),
    "an empty number": ("a,phone\nx,2015552001\ny,\n", "line 3: column 2 is empty"),
    "lost digits": ("phone\n2.01555E+09\n", "scientific notation"),
    "nine digits and a fraction": ("phone\n201555200.0\n", "line 2"),
    "override of direction": ("phone\n\u202e1002555102\u202c\n", "U+202E"),
    "an ellipsis": ("phone\n2015552001\u2026\n", "U+2026"),
    "NUL bytes": (b"phone\n2015552001\n2015552\x00\x00\x00\n" + b"", "NUL"),
    "UTF-16": ("phone\n2015552001\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("phone\n2015552001\n".encode("utf-16-le"), "UTF-16"),
    "Ctrl-Z in the middle": ("phone\n2015552001\n\x1a\n2015552002\n", "Ctrl-Z"),
    "CR among LF": ("phone\n2015552001\r2015552002\n", "carriage return"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_csv_that_is_doubtful(shared, case):
    text, hint = DOUBTFUL[case]
    with pytest.raises(Refused) as refusal:
        load_csv(shared, text)
    assert refusal.value.reason == "BAD_FILE"
    assert hint in refusal.value.message
    assert "2015552" not in refusal.value.message


TEXTS = {"2015551001.0": True, '="2015551001"': True, "'2015551001": True,
         "\u202a2015551001\u202c": True, "\u202d(201) 555-1001\u202c": True,
         "\u200e+1 201 555 1001\u200f": True, "\u20672015551001\u2069": True,
         "\ufeff2015551001": True, "201\u200d5551001": True, "201\u202f555\u00a01001": True,
         "2.01555E+09": False, "201555100.0": False, "\u202e1001555102\u202c": False,
         "2015551001\u2026": False, "2015551001x5": False}


def test_texts_of_scrubs_are_read_alike(shared):
    """For a text that is not read, the answer says which character is wrong."""
    load_csv(shared, "phone\n2015551001\n")
    names = shared.stubs.verdict
    verdicts = shared.scrub(texts=list(TEXTS)).verdicts
    assert [verdict == names.VERDICT_LISTED for verdict in verdicts] == list(TEXTS.values())
    full = shared.scrub(texts=list(TEXTS), detail=shared.stubs.scrub.DETAIL_FULL)
    for text, verdict, result in zip(TEXTS, verdicts, full.results):
        assert result.verdict == verdict, text
        one = shared.call(shared.scrubs.CheckNumber,
                          shared.stubs.scrub.CheckNumberRequest(number=text))
        assert one.result.verdict == verdict, text
        assert one.result.explanation == result.explanation
        if not TEXTS[text]:
            assert verdict == names.VERDICT_INVALID
    explained = {text: result.explanation for text, result in zip(TEXTS, full.results)}
    assert "scientific notation" in explained["2.01555E+09"]
    assert "U+202E" in explained["\u202e1001555102\u202c"]
    assert "U+0078 `x`" in explained["2015551001x5"]


def test_reasons_by_name(shared):
    """DETAIL_REASONS gives the same answer as the bits, for numbers in each form and for other
    times."""
    load_csv(shared, "phone\n2015551001\n")
    scrub, verdict = shared.stubs.scrub, shared.stubs.verdict
    packed = b"".join(number.to_bytes(5, "little") for number in (2015551001, 5))
    for question in ({"numbers": [2015551001, 5]}, {"packed_numbers": packed},
                     {"texts": ["(201) 555-1001", "x"]}):
        plain = shared.scrub(**question)
        assert not plain.named_reasons
        named = shared.scrub(detail=scrub.DETAIL_REASONS, **question)
        assert list(named.verdicts) == list(plain.verdicts)
        assert list(named.reasons) == list(plain.reasons)
        assert [sum(1 << reason for reason in one.reasons) for one in named.named_reasons] \
            == list(named.reasons)
        assert verdict.REASON_LITIGATOR in named.named_reasons[0].reasons
        assert list(named.named_reasons[1].reasons) == [verdict.REASON_MALFORMED]
        assert not named.results
    past = scrub.ScrubRequest(numbers=[2015551001], detail=scrub.DETAIL_REASONS)
    past.as_of.seconds = NOW - 60
    answer = shared.call(shared.scrubs.Scrub, past)
    assert len(answer.named_reasons) == 1 and not answer.results
    assert list(shared.scrub(detail=scrub.DETAIL_REASONS).named_reasons) == []


def test_the_python_example_names_the_reasons(shared):
    load_csv(shared, "phone\n2015551001\n")
    repo = pathlib.Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "clients/python/examples/check.py", "(201) 555-1001",
                           "12"], cwd=repo, capture_output=True, text=True,
                          env={"PYTHONPATH": "clients/python/src", "PATH": "/usr/bin",
                               "DNC_SERVER": shared.address}, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("(201) 555-1001: do not call") and "LITIGATOR" in first
    assert second.startswith("12: do not call") and "MALFORMED" in second
