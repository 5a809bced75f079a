"""Files of published lists, as an operator would submit them: (name, bytes)."""

import datetime
import io
import zipfile

GUID = "36554E44-EAB3-4167-B3BF-13E73EE57B8A"
DAY = 24 * 3600


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def registry_name(seconds, label, extension=".txt"):
    day = utc(seconds)
    return f"{day.year}-{day.month}-{day.day}_{label}_{GUID}{extension}"


def flat(numbers):
    rows = (f"{number // 10**7:03d},{number % 10**7:07d}\n" for number in numbers)
    return "".join(rows).encode()


def changes(entries):
    """Makes a change list of `entries`: (number, time in seconds, "A" or "D")."""
    rows = (f"{number:010d},{utc(time):%Y-%m-%dT%H:%M:%S},{action}\n"
            for number, time, action in entries)
    return "".join(rows).encode()


def zipped(member, content, level=6):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.writestr(zipfile.ZipInfo(member, (2026, 1, 1, 0, 0, 0)), content,
                         zipfile.ZIP_DEFLATED)
    return target.getvalue()


def block(area_code, exchange, count):
    """Returns `count` numbers of an exchange, from line 0 on."""
    return [area_code * 10**7 + exchange * 10**4 + line for line in range(count)]
