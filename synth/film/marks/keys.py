"""The keys that manifests are signed with: made once, kept with the user's settings.

In: a folder. Out: a root certificate, a leaf that it signed, and the leaf's key (ES256, that is
ECDSA with P-256 and SHA-256), as PEM files that only the user may read. The root's own key is
thrown away: it signs nothing else. Certificates are as C2PA 2.2, section 14.5, wants them.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from synth.storage.atomic import write_folder_atomically
from synth.storage.locks import own_file

FOLDER = "signing"
CHAIN, KEY, ROOT = "certificates.pem", "key.pem", "root.pem"
_YEARS = 20
_WAIT_S = 30.0
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class SigningKey:
    """Certificates as PEM, the signer's own first; and the key, which is not printed."""

    chain: str
    key: ec.EllipticCurvePrivateKey

    def sign(self, data: bytes) -> bytes:
        """ES256 as COSE has it: r and s, 32 bytes each."""
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def find_config_folder() -> Path:
    """The user's folder of settings: MOODREEL_CONFIG, or moodreel in the system's own."""
    if chosen := os.environ.get("MOODREEL_CONFIG"):
        return Path(chosen)
    base = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "moodreel" if base else Path.home() / ".config" / "moodreel"


def load_or_make_key(folder: Path | None = None) -> SigningKey:
    """The user's key; made now if there is none. Two processes at once make one.

    Raises OSError where the folder cannot be written, ValueError for files that are no key.
    """
    place = (folder or find_config_folder()) / FOLDER
    if not place.is_dir():
        with own_file(place.with_suffix(".lock"), f"{place}: {{holder}} makes keys", _WAIT_S):
            if not place.is_dir():
                _make_keys(place)
    return load_key(place / CHAIN, place / KEY)


def load_key(chain: Path, key: Path) -> SigningKey:
    """A certificate chain and its key from PEM files. Raises ValueError naming what is none."""
    text = chain.read_text(encoding="utf-8")
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            f"needs certificates and a key without password as PEM; got {chain} and {key}: {error}"
        ) from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ValueError(f"{key}: needs a key for ES256 (curve P-256); got another kind")
    if certificates[0].public_key() != private.public_key():
        raise ValueError(f"{key}: needs the key of the first certificate in {chain}; got another")
    return SigningKey(text, private)


def load_own_root(folder: Path | None = None) -> str | None:
    """The certificate that signed the user's, as PEM; None where no keys were made yet."""
    path = (folder or find_config_folder()) / FOLDER / ROOT
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _make_keys(place: Path) -> None:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = _name("Moodreel root of this computer"), _name("Moodreel on this computer")
    public = root_key.public_key()
    root = _begin(root_name, root_name, public)
    root = root.add_extension(x509.BasicConstraints(True, 0), True)
    root = root.add_extension(_allow("key_cert_sign", "crl_sign"), True).sign(
        root_key, hashes.SHA256()
    )
    leaf = _begin(name, root_name, key.public_key())
    leaf = leaf.add_extension(x509.BasicConstraints(False, None), True)
    leaf = leaf.add_extension(_allow("digital_signature"), True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    leaf = leaf.add_extension(usage, False).add_extension(issuer, False)
    signed = leaf.sign(root_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = signed.public_bytes(pem) + root.public_bytes(pem)
    files = {KEY: secret, CHAIN: chain, ROOT: root.public_bytes(pem)}
    with write_folder_atomically(place) as folder:
        folder.chmod(0o700)
        for file, content in files.items():
            handle = os.open(folder / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    # A clock that is set back a little must not make them invalid.
    start = now - datetime.timedelta(days=2)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start)
    builder = builder.not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, text),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Moodreel"),
        ]
    )


def _allow(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES})
