"""Certificates for tests: authorities of our own, and what they sign."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority; `ca_file` is what clients trust."""

    directory: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def ca_file(self) -> Path:
        """Its own certificate, PEM."""
        return self.directory / f"{self.name}-ca.pem"

    def issue(self, name: str, *hosts: str, days: int = 30) -> tuple[Path, Path]:
        """A certificate for a server (these hosts) or a client, and its key: two PEM files. Negative days: one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        wanted = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        builder = _builder(name, self.certificate.subject, key, days)
        if wanted:
            builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        certificate = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(
            self.key, hashes.SHA256()
        )
        return _written(self.directory / f"{self.name}-{name}", certificate, key)


def authority(directory: Path, name: str) -> Authority:
    """A new authority, its certificate written."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} authority")])
    certificate = (
        _builder(f"{name} authority", subject, key, 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Authority(directory, name, key, certificate)
    made.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * DAY)
        .not_valid_after(now + days * DAY)
    )


def _written(stem: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    files = stem.with_suffix(".pem"), stem.with_suffix(".key")
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    files[1].chmod(0o600)
    return files
