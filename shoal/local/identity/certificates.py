"""The certificate authority of one state directory, and the certificate that its service shows.

The authority may sign for loopback only, so a client that trusts it trusts no other host by it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
"""The server's is made at each start. Source: CA/Browser Forum, Baseline Requirements 6.3.2, the longest that all
clients accept."""
CLOCK_SKEW = timedelta(hours=1)
HOST = "localhost"
ADDRESSES = "127.0.0.1", "::1"
NETWORKS = "127.0.0.0/8", "::1/128"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files of a state directory, in PEM."""

    authority: Path
    """The authority's certificate, for clients that add it to the ones they trust."""
    bundle: Path
    """The usual public authorities and this one, for clients that take one file."""
    server: Path
    server_key: Path
    token_key: Path
    """The public key by which storage checks tokens."""


def ensure_certificates(folder: Path, *, token_key: bytes, accounts: Sequence[str] = ()) -> Certificates:
    """Make the authority where there is none yet, and a certificate for this start and the hosts of the accounts."""
    folder.mkdir(exist_ok=True, mode=0o700)
    files = Certificates(
        authority=folder / "ca.pem",
        bundle=folder / "ca-bundle.pem",
        server=folder / "server.pem",
        server_key=folder / "server.key",
        token_key=folder / "token-key.pem",
    )
    authority, key = _ensure_authority(files.authority, folder / "ca.key")
    server_key = ec.generate_private_key(ec.SECP256R1())
    _write_private(files.server_key, server_key)
    certificate = _server_certificate(authority, key, server_key.public_key(), accounts)
    files.server.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.token_key.write_bytes(token_key)
    files.bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + files.authority.read_bytes())
    return files


def _ensure_authority(path: Path, key_path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if path.exists():
        key = load_pem_private_key(key_path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(path.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _authority_certificate(key)
    # The key first: a certificate without one could sign nothing.
    _write_private(key_path, key)
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return certificate, key


def _authority_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Shoal on this machine {x509.random_serial_number():x}")]
    )
    permitted = [x509.DNSName(HOST), *(x509.IPAddress(ip_network(network)) for network in NETWORKS)]
    return (
        _draft(name, name, key.public_key(), AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(_usages("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    public: ec.EllipticCurvePublicKey,
    accounts: Sequence[str],
) -> x509.Certificate:
    # OpenSSL takes no wildcard directly below a top-level domain, so that accounts are named as well.
    hosts = [HOST, f"*.{HOST}", *(f"{account}.{HOST}" for account in accounts)]
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    names += [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    return (
        _draft(subject, authority.subject, public, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usages("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _draft(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _usages(*granted: str) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usages: Mapping[str, bool] = {name: name in granted for name in names}
    return x509.KeyUsage(**usages)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write the key for its owner only, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    draft.replace(path)
