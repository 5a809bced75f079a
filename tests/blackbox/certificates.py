"""Makes self-signed certificates for tests."""

import subprocess

from waiting import PATIENCE


def make_certificate(folder, name="", names="DNS:localhost", days=2, env=None):
    """Writes NAMEkey.pem and NAMEcert.pem, replacing each atomically; returns (certificate,
    key)."""
    key, certificate = folder / f"{name}key.pem", folder / f"{name}cert.pem"
    made = [path.with_suffix(".new") for path in (certificate, key)]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made[1], "-out", made[0],
                    "-days", str(days), "-subj", "/CN=dnc.test",
                    "-addext", f"subjectAltName={names}"],
                   check=True, capture_output=True, timeout=PATIENCE, env=env)
    for path, target in zip(made, (certificate, key)):
        path.replace(target)
    return certificate, key
