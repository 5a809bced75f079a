#!/usr/bin/env bash
# Finding: a zip archive that bsdtar writes to a pipe is filled up with zeros behind its end record.
#
# Packages:  libarchive-tools 3.6.2 (Debian 12).
# Expected:  `bsdtar --format zip -cf - FILE` writes the archive that `bsdtar --format zip -cf OUT FILE`
#            writes: a zip file ends with its end record, and only tapes have blocks.
# Observed:  to a pipe the output is filled up to 10,240 bytes, the block of a tar archive; to a file
#            it is not. The end record then does not end the file. A reader that takes bytes behind
#            the end for damage, which is right for a list of which nothing may be missing, refuses a
#            sound archive.
#
# Output seen:
#   to a file: the end record ends the file
#   to a pipe: 10240 bytes, behind the end record only zeros
#
# Runs without our product; needs apt-get and python3. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -q libarchive-tools=3.6.2* >apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg-deb -x ./libarchive-tools_*.deb root
echo "201,5550101" >list.txt
root/usr/bin/bsdtar --format zip -cf to_file.zip list.txt
root/usr/bin/bsdtar --format zip -cf - list.txt | cat >to_pipe.zip

python3 - <<'PY' | tee seen.txt
import pathlib

for name, words in (("to_file.zip", "to a file"), ("to_pipe.zip", "to a pipe")):
    content = pathlib.Path(name).read_bytes()
    behind = content[content.rindex(b"PK\x05\x06") + 22:]
    if not behind:
        print(f"{words}: the end record ends the file")
    elif not behind.strip(b"\0"):
        print(f"{words}: {len(content)} bytes, behind the end record only zeros")
    else:
        print(f"{words}: something else behind the end record")
PY
diff seen.txt - <<'SEEN'
to a file: the end record ends the file
to a pipe: 10240 bytes, behind the end record only zeros
SEEN
echo "as recorded: libarchive-tools 3.6.2"
