#!/usr/bin/env bash
# Finding: what Info-ZIP's zip packs from a pipe, Info-ZIP's funzip does not unpack.
#
# Packages:  zip 3.0-13, unzip 6.0-28 (Debian 12).
# Expected:  `cat FILE | zip | funzip` gives the file and exit status 0; funzip(1) itself tells to use
#            the two so: `tar cf - . | zip -7 | dd of=...; dd if=... | funzip | tar xf -`.
# Observed:  zip does not know how long its input will be, and writes the form for large archives
#            (sizes of 8 bytes behind the member), also for 12 bytes. funzip knows sizes of 4 bytes
#            alone: it gives the content, but tells of a length error and ends with status 4. unzip,
#            which reads the directory, reads it; with `zip -fz-` (or where zip is given a file's
#            name) funzip does, too.
#
# Output seen:
#   a pipe to a pipe:   12 bytes, exit status 4, invalid compressed data--length error
#   the same by unzip:  12 bytes, exit status 0
#   with -fz-:          12 bytes, exit status 0
#
# Runs without our product; needs apt-get. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -q zip=3.0-13 unzip=6.0-28 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./zip_*.deb ./unzip_*.deb; do dpkg-deb -x "$package" root; done
export PATH="$dir/root/usr/bin:$PATH"
echo "201,5550101" >list.txt

# What a command gave: `told WORDS COMMAND...`
told() {
  local words="$1" status=0 error
  shift
  "$@" >out 2>err || status=$?
  error="$(sed -n 's/^funzip error: //p' err)"
  printf '%-19s %s bytes, exit status %s%s\n' "$words" "$(wc -c <out)" "$status" "${error:+, $error}"
  head -c 12 out | cmp -s - list.txt || echo "  and not the content"
}

# shellcheck disable=SC2002  # a pipe is what it is about
cat list.txt | zip -q - - | cat >to_pipe.zip
# shellcheck disable=SC2002
cat list.txt | zip -q -fz- - - | cat >small.zip
{
  told "a pipe to a pipe:" funzip to_pipe.zip
  told "the same by unzip:" unzip -p to_pipe.zip
  told "with -fz-:" funzip small.zip
} | tee seen.txt
diff seen.txt - <<'SEEN'
a pipe to a pipe:   12 bytes, exit status 4, invalid compressed data--length error
the same by unzip:  12 bytes, exit status 0
with -fz-:          12 bytes, exit status 0
SEEN
echo "as recorded: zip 3.0-13, unzip 6.0-28"
