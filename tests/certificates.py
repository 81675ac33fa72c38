"""A signer of the tests: a root that it is vouched for by, its chain of certificates, and its key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Pem(NamedTuple):
    chain: Path
    key: Path
    root: Path


def make_certificates(folder: Path, *, may_sign: bool = True, password: bytes | None = None) -> Pem:
    """`may_sign`: whether the certificate is one for signing, as C2PA wants; `password` locks the key."""
    own, above = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    usage = ExtendedKeyUsageOID.EMAIL_PROTECTION if may_sign else ExtendedKeyUsageOID.SERVER_AUTH
    root = _certificate("Test root", above, "Test root", above, None)
    leaf = _certificate("Test signer", own, "Test root", above, usage)
    pem = Pem(*(folder / f"{name}{'_locked' if password else ''}.pem" for name in ("chain", "key", "root")))
    pem.root.write_bytes(root)
    pem.chain.write_bytes(leaf + root)
    lock = forms.BestAvailableEncryption(password) if password else forms.NoEncryption()
    pem.key.write_bytes(own.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, lock))
    return pem


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: str,
    with_key: ec.EllipticCurvePrivateKey,
    usage: x509.ObjectIdentifier | None,
) -> bytes:
    root, now = usage is None, datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(
            x509.KeyUsage(not root, False, False, False, False, root, root, False, False),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(with_key.public_key()), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(with_key, hashes.SHA256()).public_bytes(forms.Encoding.PEM)


def _name(common: str) -> x509.Name:
    said = [(NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, "Test"), (NameOID.COUNTRY_NAME, "DE")]
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in said])
