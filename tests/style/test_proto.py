"""The contract keeps buf's STANDARD rules and explains every message, field and value."""

import pathlib
import re
import shutil
import subprocess

import pytest
from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Field numbers of descriptor.proto, which make up the paths in source_code_info.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM = 2, 3, 4
ENUM_VALUE, SERVICE_METHOD = 2, 2


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    out = tmp_path_factory.mktemp("proto") / "set.pb"
    proto = ROOT / "proto"
    sources = sorted(str(p.relative_to(proto)) for p in (proto / "dnc").rglob("*.proto"))
    subprocess.run(["protoc", "-I", str(ROOT / "proto"), f"--descriptor_set_out={out}",
                    "--include_source_info", *sources], check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    return [file for file in files if file.name in sources]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def messages(file):
    """Yields each message with its path, including nested ones."""
    stack = [((FILE_MESSAGE, i), m) for i, m in enumerate(file.message_type)]
    while stack:
        path, message = stack.pop()
        if not message.options.map_entry:
            yield path, message
            stack += [((*path, MESSAGE_NESTED, i), m) for i, m in enumerate(message.nested_type)]


def enums(file):
    yield from (((FILE_ENUM, i), e) for i, e in enumerate(file.enum_type))
    for path, message in messages(file):
        yield from (((*path, MESSAGE_ENUM, i), e) for i, e in enumerate(message.enum_type))


def elements(file):
    """Yields everything that needs a comment: path and name."""
    for path, message in messages(file):
        yield path, message.name
        for i, field in enumerate(message.field):
            yield (*path, MESSAGE_FIELD, i), f"{message.name}.{field.name}"
    for path, enum in enums(file):
        yield path, enum.name
        yield from (((*path, ENUM_VALUE, i), v.name) for i, v in enumerate(enum.value))
    for s, service in enumerate(file.service):
        yield (FILE_SERVICE, s), service.name
        for i, method in enumerate(service.method):
            yield (FILE_SERVICE, s, SERVICE_METHOD, i), f"{service.name}.{method.name}"


def test_everything_is_explained(files):
    bad = []
    for file in files:
        comments = {tuple(l.path): l.leading_comments for l in file.source_code_info.location}
        bad += [f"{file.name}: {name}" for path, name in elements(file)
                if not comments.get(path, "").strip()]
    assert not bad, "no comment:\n" + "\n".join(bad)


def test_packages_and_files(files):
    for file in files:
        assert re.fullmatch(r"[a-z0-9.]+\.v[0-9]+", file.package), file.name
        assert str(pathlib.PurePath(file.name).parent) == file.package.replace(".", "/")
        assert re.fullmatch(r"[a-z0-9_]+\.proto", pathlib.PurePath(file.name).name), file.name
        assert file.syntax == "proto3"
        assert not file.public_dependency and not file.weak_dependency


def test_every_language_has_its_package():
    """A user who generates Go, Java or C# needs no further options; the stored records are
    internal, and the files of proto/google/api are Google's own, word by word."""
    out = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "proto/*.proto"],
                         cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [path for path in out.stdout.split() if not path.startswith("proto/google/api/")]
    assert len(paths) > 8
    bad, packages = [], {}
    for path in paths:
        text = (ROOT / path).read_text()
        package = re.search(r"^package ([\w.]+);", text, re.M).group(1)
        options = {name: value.strip('"') for name, value in re.findall(
            r'^option (\w+) = ("[^"]*"|\w+);', text, re.M)}
        for option in ("go_package", "java_package", "csharp_namespace"):
            if not options.get(option):
                bad.append(f"{path}: no {option}")
        if options.get("java_multiple_files") != "true":
            bad.append(f"{path}: one Java class for all, which hides its messages")
        go_package = options.get("go_package", "")
        if package.startswith("dnc.") and not re.fullmatch(r"[\w.-]+/[\w./-]+;\w+", go_package):
            bad.append(f"{path}: go_package names no path with its package")
        own = {name: options.get(name) for name in ("go_package", "java_package")}
        if packages.setdefault(package, own) != own and package.startswith("dnc."):
            bad.append(f"{path}: other packages than its neighbours")
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("language", ["go", "java", "csharp"])
def test_stubs_can_be_made(language, tmp_path):
    """Makes them as a user does, for each language whose generator is there."""
    if language == "go" and shutil.which("protoc-gen-go") is None:
        pytest.skip("needs Debian's package protoc-gen-go")
    proto = ROOT / "proto"
    sources = sorted(str(p.relative_to(proto)) for p in (proto / "dnc").rglob("*.proto"))
    done = subprocess.run(["protoc", "-I", str(proto), f"--{language}_out={tmp_path}", *sources],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert list(tmp_path.rglob("*.*"))


def test_names(files):
    bad = []
    for file in files:
        for _, message in messages(file):
            if not re.fullmatch(r"([A-Z][a-z0-9]*)+", message.name):
                bad.append(message.name)
            bad += [f"{message.name}.{f.name}" for f in [*message.field, *message.oneof_decl]
                    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", f.name)]
    assert not bad, bad


def test_enums(files):
    bad = []
    for file in files:
        for _, enum in enums(file):
            prefix = snake(enum.name).upper() + "_"
            if enum.options.allow_alias:
                bad.append(f"{enum.name} allows aliases")
            if enum.value[0].number != 0 or enum.value[0].name != prefix + "UNSPECIFIED":
                bad.append(f"{enum.name} does not begin with {prefix}UNSPECIFIED = 0")
            bad += [f"{v.name} lacks {prefix}" for v in enum.value
                    if not re.fullmatch(re.escape(prefix) + r"[A-Z0-9_]+", v.name)]
    assert not bad, "\n".join(bad)


def test_services(files):
    bad, used = [], []
    for file in files:
        for service in file.service:
            if not service.name.endswith("Service"):
                bad.append(service.name)
            for method in service.method:
                for kind, found in (("Request", method.input_type),
                                    ("Response", method.output_type)):
                    used.append(found)
                    if found != f".{file.package}.{method.name}{kind}":
                        bad.append(f"{service.name}.{method.name}: {found}")
    bad += [f"{name} is used twice" for name in set(used) if used.count(name) > 1]
    assert not bad, "\n".join(bad)


def test_imports_are_used(files):
    """This is buf's IMPORT_USED: protoc warns about imports that nothing needs."""
    result = subprocess.run(
        ["protoc", "-I", str(ROOT / "proto"), "--descriptor_set_out=/dev/null",
         *[file.name for file in files]], capture_output=True, text=True, check=True)
    assert "unused" not in result.stderr, result.stderr
