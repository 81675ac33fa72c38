"""C2PA: the record in a manifest inside the video, signed, so that a change of either shows. Needs the extra `use`."""

import contextlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from facemotion.authorship.record import Record, plain
from facemotion.errors import FacemotionError
from facemotion.files import replacing

if TYPE_CHECKING:
    import c2pa

ASSERTION: Final = "org.facemotion.record"
# IPTC's word for what a model made that learnt from recordings.
MADE_BY_MODEL: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# Nothing here leaves the machine: a manifest may name addresses.
OFFLINE: Final = {"remote_manifest_fetch": False, "ocsp_fetch": False}
CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
# Problems that say only that nobody we know vouches for the signer.
UNKNOWN_SIGNER: Final = "signingCredential.untrusted"
KINDS: Final = {".mp4": "video/mp4", ".mov": "video/quicktime"}
INSTALL: Final = "pip install 'facemotion[use]'"


def available() -> bool:
    return find_spec("c2pa") is not None


@dataclass(frozen=True)
class Credentials:
    """A certificate chain, the signer's own first, and its private key, both PEM."""

    chain: bytes
    key: bytes
    algorithm: str

    @classmethod
    def load(cls, certificate: Path, key: Path) -> "Credentials":
        """Checked as far as can be before there is a video: people wait for that one."""
        if not available():
            raise FacemotionError(f"signing needs c2pa-python: {INSTALL}")
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        chain, secret = _bytes(certificate), _bytes(key)
        try:
            owner = x509.load_pem_x509_certificates(chain)[0]
        except (ValueError, IndexError) as error:
            raise FacemotionError(f"{certificate} holds no PEM certificate; give the chain, yours first") from error
        try:
            private = serialization.load_pem_private_key(secret, password=None)
        except TypeError as error:
            raise FacemotionError(
                f"{key} is locked by a password; unlock it: openssl pkcs8 -topk8 -nocrypt -in {key} -out unlocked.pem"
            ) from error
        except ValueError as error:
            raise FacemotionError(f"{key} holds no PEM private key") from error
        encoding = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        if private.public_key().public_bytes(*encoding) != owner.public_key().public_bytes(*encoding):
            raise FacemotionError(
                f"the key in {key} is not that of the first certificate in {certificate}; give those of one signer"
            )
        unlocked = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(chain, unlocked, _algorithm(private, key))


class Signature(NamedTuple):
    signer: str
    valid: bool  # neither video nor manifest was changed since
    trusted: bool  # and the certificate comes from one that was named as trusted
    problems: tuple[str, ...]
    record: str | None  # JSON


def check_name(video: Path) -> None:
    """Before there is a video that cannot be signed."""
    if video.suffix.lower() not in KINDS:
        raise FacemotionError(f"{video}: only {' and '.join(KINDS)} are signed; choose one of these names")


def sign(video: Path, record: Record, credentials: Credentials) -> None:
    """Put the signed manifest into the video."""
    check_name(video)
    import c2pa

    manifest = {
        "claim_generator_info": [{"name": "facemotion", "version": record.facemotion}],
        "title": "Animated face",
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": MADE_BY_MODEL}]},
            },
            {"label": ASSERTION, "data": json.loads(record.to_json())},
        ],
    }
    # With no address of a time stamping authority: that would be a call to the network.
    info = c2pa.C2paSignerInfo(credentials.algorithm, credentials.chain, credentials.key, None)
    try:
        with (
            replacing(video) as temporary,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder.from_json(json.dumps(manifest), _context(c2pa)) as builder,
            video.open("rb") as source,
            temporary.open("w+b") as target,
        ):
            builder.sign(signer, KINDS[video.suffix.lower()], source, target)
    except c2pa.C2paError as error:
        raise FacemotionError(
            f"{video} could not be signed ({plain(str(error))}); it is there without a signature. C2PA wants a "
            "certificate for signing, such as one with the extended key usage emailProtection, given out by another"
        ) from error


def read(video: Path, trusted: Path | None = None) -> Signature | None:
    """None where there is no manifest. `trusted`: certificates, PEM, whose word on a signer is taken."""
    import c2pa

    anchors = _bytes(trusted).decode("ascii", "replace") if trusted is not None else None
    with video.open("rb") as stream:
        if stream.read(12)[4:8] != b"ftyp":
            return None  # only MP4 and MOV are signed here
        stream.seek(0)
        try:
            context = _context(c2pa, anchors)
        except c2pa.C2paError as error:
            raise FacemotionError(f"{trusted} holds no PEM certificates to trust ({plain(str(error))})") from error
        try:
            with c2pa.Reader("video/mp4", stream, context=context) as reader:
                store, state = json.loads(reader.json()), reader.get_validation_state()
        except c2pa.C2paError.ManifestNotFound:
            return None
        except (c2pa.C2paError, ValueError) as error:
            return Signature("", False, False, (plain(str(error)),), None)
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    info = manifest.get("signature_info", {})
    records = [one.get("data") for one in manifest.get("assertions", []) if one.get("label") == ASSERTION]
    codes = [str(one.get("code")) for one in store.get("validation_status", [])]
    return Signature(
        signer=plain(" of ".join(str(info[key]) for key in ("common_name", "issuer") if info.get(key)) or "unknown"),
        valid=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        problems=tuple(plain(code) for code in codes if code != UNKNOWN_SIGNER),
        record=json.dumps(records[0]) if records else None,
    )


def _context(c2pa: Any, anchors: str | None = None) -> "c2pa.Context":
    trust = {"trust": {"user_anchors": anchors}} if anchors is not None else {}
    return c2pa.Context(c2pa.Settings.from_dict({"verify": OFFLINE, **trust}))


def _algorithm(private: Any, path: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, ec.EllipticCurvePrivateKey):
        with contextlib.suppress(KeyError):
            return CURVES[private.curve.name]
    raise FacemotionError(f"C2PA signs with no key of the kind in {path}; use P-256, P-384, P-521, RSA or Ed25519")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror or error}; check the path") from error
