#!/usr/bin/env bash
# Finding: libphonenumber reads the decimal point of a number that was stored as a float as a
# separator, and so reads another number.
#
# Package:   phonenumbers 9.0.43 (PyPI), the Python port of Google's libphonenumber.
# Expected:  `2015550123.0`, as pandas and spreadsheets write a column of phone numbers that has an
#            empty cell, is read as 2015550123, or is refused: the text has no other meaning.
# Observed:  it is read without an error as 20155501230, a digit longer. In the US that number is not
#            possible, so who goes on to ask `is_valid_number` notices. Where numbers vary in length it
#            is a valid number of somebody else (the German example is of the range that the
#            regulator keeps for films).
#
# Output seen:
#   2015550123.0 US -> +120155501230 valid: False
#   03023125012.0 DE -> +4930231250120 valid: True
#
# Runs without our product; needs pip. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check phonenumbers==9.0.43
venv/bin/python - <<'PY' | tee seen.txt
import phonenumbers

for text, region in (("2015550123.0", "US"), ("03023125012.0", "DE")):
    number = phonenumbers.parse(text, region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    print(f"{text} {region} -> {e164} valid: {phonenumbers.is_valid_number(number)}")
PY
diff seen.txt - <<'SEEN'
2015550123.0 US -> +120155501230 valid: False
03023125012.0 DE -> +4930231250120 valid: True
SEEN
echo "as recorded: phonenumbers 9.0.43"
