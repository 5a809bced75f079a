"""The Debian package: installed into a scratch root, started, upgraded, removed and purged there.

dpkg runs the package's scripts without chroot, with DPKG_ROOT: nothing of this machine is changed,
and no service manager is needed. As another user than root it takes fakeroot.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest

from dnc_server import ANY_PORT, BIN, REPO
from waiting import PATIENCE

BUILD = BIN.parent
PROGRAMS = ("dncd", "dncctl", "dncgen", "dncload")
NEWER, NEWEST = "9.1.0", "9.2.0"
NOT_COVERED = 11  # exit code of dncctl check: unknown is never clear
LISTED = 10

pytestmark = [
    pytest.mark.skipif(not (BUILD / "CPackConfig.cmake").exists(),
                       reason="needs a release build: ./dev build"),
    pytest.mark.skipif(os.getuid() != 0 and shutil.which("fakeroot") is None,
                       reason="needs fakeroot, or root")]


def run(*command, code=0, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          timeout=PATIENCE, check=False, **options)
    assert done.returncode == code, f"{command}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout


def need(program):
    """Returns the program's path; without it the test says that it did not run."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}")
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package of the build, as ./dev package makes it, but packed quickly."""
    folder = tmp_path_factory.mktemp("package")
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder,
        "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")
    made = list(folder.glob("*.deb"))
    assert len(made) == 1, made
    return made[0]


@pytest.fixture(scope="module")
def unpacked(package):
    """The files of the package, and its control files in DEBIAN/."""
    folder = package.parent / "unpacked"
    run("dpkg-deb", "-R", package, folder)
    return folder


@pytest.fixture
def newer(unpacked, tmp_path):
    """Makes the package of a later version from the same files: newer(VERSION, SETTINGS)."""

    def make(version, settings=None):
        folder, made = tmp_path / f"files-{version}", tmp_path / f"dncd_{version}.deb"
        shutil.copytree(unpacked, folder, symlinks=True)
        control = folder / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        if settings is not None:
            (folder / "etc/dncd/dncd.yaml").write_text(settings)
        run("dpkg-deb", "--root-owner-group", "-Znone", "-b", folder, made)
        return made

    return make


class Root:
    """A root folder that contains only what dpkg installs."""

    def __init__(self, path):
        self.path = path
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "etc"):
            (path / folder).mkdir(parents=True)
        (path / "var/lib/dpkg/status").touch()
        self.process = None

    def __truediv__(self, name):
        return self.path / name

    def dpkg(self, *arguments, force=()):
        """Runs dpkg in the root. The machine provides the dependencies if the build has them."""
        forced = ",".join(("script-chrootless", "not-root", "depends", *force))
        command = ["dpkg", f"--root={self.path}", f"--force-{forced}", *map(str, arguments)]
        if os.getuid() != 0:
            command = ["fakeroot", "--", *command]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE, check=True,
                              env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive",
                                   "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}).stdout

    def version(self):
        return run("dpkg-query", f"--admindir={self.path}/var/lib/dpkg", "-W", "-f",
                   "${db:Status-Status} ${Version}", "dncd")

    def start(self):
        """Starts the installed server as the unit does, but on a free port."""
        command = [self / "usr/bin/dncd", "--config", self / "etc/dncd/dncd.yaml", "--data-dir",
                   self / "var/lib/dncd", "--listen", ANY_PORT, "--metrics-listen", ""]
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert " listening on " in line, line
        self.address = line.split(" listening on ")[1].strip()

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=PATIENCE) == 0
        self.process.stdout.close()
        self.process = None

    def dncctl(self, *arguments, code=0, tenant=""):
        return run(self / "usr/bin/dncctl", "--server", self.address, *arguments, code=code,
                   env={**os.environ, "DNC_TENANT": tenant})


@pytest.fixture
def root(tmp_path):
    made = Root(tmp_path / "root")
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_depends_on_the_libraries_that_its_programs_need(package, tmp_path):
    depends = run("dpkg-deb", "-f", package, "Depends").strip()
    for library in ("libc6", "libgrpc++1.51", "libprotobuf32", "librocksdb7.8", "libssl3"):
        assert re.search(rf"(^|, ){re.escape(library)} \(>= ", depends), f"{library}: {depends}"
    # This machine, which built it, has all of them.
    control = tmp_path / "control"
    control.write_text("Source: dncd\n\nPackage: dncd\nArchitecture: any\n")
    run("dpkg-checkbuilddeps", "-d", depends, control)


def test_it_lives_from_installation_to_purge(package, newer, root):
    root.dpkg("-i", package)
    assert root.version().startswith("installed 0.")
    settings = root / "etc/dncd/dncd.yaml"
    assert settings.read_text() == (REPO / "deploy/dncd.yaml").read_text()
    user = re.search(r"(?m)^dncd:.*$", (root / "etc/passwd").read_text())[0]
    assert user.split(":")[5:] == ["/var/lib/dncd", "/usr/sbin/nologin"], user
    data = root / "var/lib/dncd"
    assert data.stat().st_mode & 0o777 == 0o700
    if os.getuid() == 0:
        assert data.stat().st_uid == int(user.split(":")[2])

    root.start()
    root.dncctl("check", "2015550123", code=NOT_COVERED)
    root.dncctl("tenants", "create", "acme", "--area-codes", "all")
    root.dncctl("add", "2015550123", "--channel", "call", tenant="acme")
    root.dncctl("check", "2015550123", code=LISTED, tenant="acme")
    root.stop()

    # What an administrator wrote stays, whether or not the package's file has changed.
    ours = settings.read_text().replace("log_level: info", "log_level: warn")
    settings.write_text(ours)
    root.dpkg("-i", newer(NEWER))
    assert root.version() == f"installed {NEWER}"
    assert settings.read_text() == ours
    root.dpkg("-i", newer(NEWEST, "log_level: error\n"), force=("confdef", "confold"))
    assert root.version() == f"installed {NEWEST}"
    assert settings.read_text() == ours
    assert (root / "etc/dncd/dncd.yaml.dpkg-dist").read_text() == "log_level: error\n"
    root.start()
    root.dncctl("check", "2015550123", code=LISTED, tenant="acme")
    root.stop()

    root.dpkg("-r", "dncd")
    assert not (root / "usr/bin/dncd").exists()
    assert settings.read_text() == ours
    said = root.dpkg("-P", "dncd")
    assert "is kept: it holds opt-outs" in said, said
    left = files_in(root.path)
    assert not [name for name in left if "dncd" in name and not name.startswith("var/lib/dncd/")
                and not name.startswith("var/log/")], left
    assert not settings.parent.exists()

    # Nothing of it is lost: when the package is installed again, the opt-out is there.
    root.dpkg("-i", package)
    root.start()
    root.dncctl("check", "2015550123", code=LISTED, tenant="acme")
    root.stop()


def test_a_purge_leaves_nothing_if_nothing_was_recorded(package, root):
    root.dpkg("-i", package)
    said = root.dpkg("-P", "dncd")
    assert "is kept" not in said
    assert not (root / "var/lib/dncd").exists()
    assert not (root / "etc/dncd").exists()


@pytest.mark.parametrize("script, arguments, expected", [
    ("postinst", ["configure", ""], ["start dncd.service"]),
    ("postinst", ["configure", "0.0.9"], ["restart dncd.service"]),
    ("prerm", ["upgrade", "0.2.0"], []),
    ("prerm", ["remove"], ["stop dncd.service"]),
])
def test_the_service_follows(unpacked, tmp_path, script, arguments, expected):
    """The scripts run as on a machine with systemd, whose programs are replaced."""
    root, log = tmp_path / "root", tmp_path / "log"
    for folder in ("bin", "root/etc", "root/var/lib/dncd", "root/run/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text("dncd:x:999:999::/var/lib/dncd:/usr/sbin/nologin\n")
    for name in ("systemctl", "systemd-sysusers", "deb-systemd-helper", "deb-systemd-invoke"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\n[ {name} != deb-systemd-invoke ] || echo "$@" >>{log}\n')
        program.chmod(0o755)
    text = (unpacked / "DEBIAN" / script).read_text()
    here = text.replace("/run/systemd/system", f"{root}/run/systemd/system").replace(
        "$DPKG_ROOT/var/lib/dncd", f"{root}/var/lib/dncd")
    assert here != text
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    run("sh", "-c", here, script, *arguments, env=environment)
    said = log.read_text().splitlines() if log.exists() else []
    assert said == expected


def test_the_unit_is_valid(unpacked, tmp_path):
    verify = need("systemd-analyze")
    text = (unpacked / "lib/systemd/system/dncd.service").read_text()
    assert "ExecStart=/usr/bin/dncd --config /etc/dncd/dncd.yaml " in text
    assert "DynamicUser" not in text and "\nUser=dncd\n" in text
    unit = tmp_path / "dncd.service"
    unit.write_text(text.replace("/usr/bin/dncd", str(unpacked / "usr/bin/dncd")))
    run(verify, "verify", "--man=no", unit)


def test_every_command_has_a_page(unpacked):
    pages = {path.name for path in (unpacked / "usr/share/man").rglob("*.gz")}
    assert {"dncd.8.gz", "dncctl.1.gz", "dncctl-tenants.1.gz", "dncgen-full.1.gz",
            "dncload-run.1.gz"} <= pages
    # Each program lists its own commands.
    for program in PROGRAMS[1:]:
        said = run(BIN / program, "--help").split("Subcommands:\n")[1].split("\n\n")[0]
        for command in re.findall(r"(?m)^  (\S+)", said):
            assert f"{program}-{command}.1.gz" in pages


def test_the_pages_are_well_formed(unpacked):
    groff = need("groff")
    for page in sorted((unpacked / "usr/share/man").rglob("*.gz")):
        text = subprocess.run(["zcat", page], stdout=subprocess.PIPE, check=True).stdout
        done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z", "-rLL=100n"], input=text,
                              stderr=subprocess.PIPE, check=True)
        assert not done.stderr, f"{page.name}: {done.stderr.decode()}"


def complete_in_bash(unpacked, program, *words):
    """Returns what bash offers to complete the last of the words."""
    script = (f"source {unpacked}/usr/share/bash-completion/completions/{program}\n"
              f'COMP_WORDS=("$0" "$@"); COMP_CWORD=$#; _{program}\n'
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return run("bash", "-c", script, program, *words).split()


def test_bash_completes(unpacked):
    assert complete_in_bash(unpacked, "dncctl", "ten") == ["tenants"]
    assert complete_in_bash(unpacked, "dncctl", "tenants", "re") == ["resume", "remove"]
    # The value of an option must not be taken for a command.
    assert complete_in_bash(unpacked, "dncctl", "--tenant", "load", "stat") == ["status"]
    # These are options of the command, and those of the program that apply to every command.
    offered = complete_in_bash(unpacked, "dncctl", "load", "--")
    assert {"--dry-run", "--server"} <= set(offered) and "--rate" not in offered
    assert complete_in_bash(unpacked, "dncload", "run", "--locality", "") == ["campaign", "uniform"]
    assert complete_in_bash(unpacked, "dncd", "--new") == ["--new-tenants", "--new-published"]


def complete_in_fish(unpacked, line):
    """What fish offers for the line: each word has its description behind a tab."""
    script = (f"source {unpacked}/usr/share/fish/vendor_completions.d/{line.split()[0]}.fish\n"
              f"complete -C '{line}'")
    return [offer.split("\t")[0] for offer in run("fish", "--no-config", "-c", script).splitlines()]


if shutil.which("fish"):  # not among the packages that ./dev setup installs
    def test_fish_completes(unpacked):
        assert complete_in_fish(unpacked, "dncctl ten") == ["tenants"]
        assert {"resume", "remove"} <= set(complete_in_fish(unpacked, "dncctl tenants "))
        assert "tenants" not in complete_in_fish(unpacked, "dncctl tenants ")
        offered = complete_in_fish(unpacked, "dncctl load --")
        assert {"--dry-run", "--server"} <= set(offered) and "--rate" not in offered
        assert set(complete_in_fish(unpacked, "dncload run --locality ")) == {"campaign", "uniform"}
        assert set(complete_in_fish(unpacked, "dncd --new")) == {"--new-tenants", "--new-published"}


@pytest.mark.parametrize("shell, folder", [
    (shell, folder) for shell, folder in (
        ("bash", "bash-completion/completions"), ("zsh", "zsh/vendor-completions"),
        ("fish", "fish/vendor_completions.d"))
    if shell == "bash" or shutil.which(shell)])  # the others only where they are installed
def test_completions_are_valid(unpacked, shell, folder):
    files = sorted((unpacked / "usr/share" / folder).iterdir())
    assert len(files) == len(PROGRAMS), files
    for path in files:
        run(shell, "-n", path)


if shutil.which("lintian"):  # not among the packages that ./dev setup installs
    def test_lintian_finds_no_fault(package):
        run("lintian", "--allow-root", "--fail-on", "error,warning", package)
