"""Asks a dncd about the numbers on the command line: check.py "(201) 555-0123" ...

The server, the key and the certificates to trust are those of the environment, as for dncctl:
DNC_SERVER (127.0.0.1:50061 unless set), DNC_KEY and DNC_CA_FILE.
"""

import sys

import dnc


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit("usage: check.py NUMBER...")
    with dnc.Client() as client:
        result = client.scrub(sys.argv[1:])
    for answer in result:  # one for each number, whatever went wrong
        reasons = ", ".join(getattr(reason, "name", str(reason)) for reason in answer.reasons)
        why = f" ({reasons})" if reasons else ""
        if answer.may_call:  # only the verdict CLEAR permits a call
            print(f"{answer.asked}: call, until {answer.valid_until:%Y-%m-%dT%H:%M:%SZ}{why}")
        else:
            print(f"{answer.asked}: do not call{why}")
    if result.error is not None:
        print(result.error, file=sys.stderr)
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
