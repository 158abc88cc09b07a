"""An Apache Kafka that wants TLS and a password, and the certificates for it."""

from __future__ import annotations

import datetime as dt
import ipaddress
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.broker import free_ports, start_kafka, stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "app", "pw-of-the-broker"
_JAAS = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}";'
)
_NOW = dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Secured:
    """Where it listens, by security protocol, and the authorities."""

    plain: str
    addresses: dict[str, str]
    authority: Path
    """PEM file of the one that signed the broker's certificate."""
    other_authority: Path


@contextmanager
def secured_kafka(folder: Path) -> Iterator[Secured]:
    """Run a broker with a listener for every security protocol."""
    folder.mkdir()
    _authorities(folder)
    plain, control, *ports = free_ports(5)
    addresses = dict(
        zip(("SSL", "SASL_PLAINTEXT", "SASL_SSL"), (f"127.0.0.1:{port}" for port in ports), strict=True)
    )
    listeners = ",".join(
        f"{name}://{where}" for name, where in [("PLAINTEXT", f"127.0.0.1:{plain}"), *addresses.items()]
    )
    names = ("PLAINTEXT", *addresses)
    more = (
        f"listeners={listeners},CONTROLLER://127.0.0.1:{control}",
        f"advertised.listeners={listeners}",
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT," + ",".join(f"{name}:{name}" for name in names),
        "sasl.enabled.mechanisms=PLAIN",
        *(f"listener.name.{name.lower()}.plain.sasl.jaas.config={_JAAS}" for name in names if "SASL" in name),
        "ssl.keystore.type=PEM",
        f"ssl.keystore.location={folder / 'broker.pem'}",
    )
    broker = start_kafka(folder / "kafka", [plain, control], more)
    try:
        yield Secured(broker.address, addresses, folder / "authority.pem", folder / "other.pem")
    finally:
        stop(broker)


def _authorities(folder: Path) -> None:
    """Write two authorities, and a certificate by the first for 127.0.0.1."""
    key, authority = _authority("authority")
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "other.pem").write_bytes(_authority("other")[1].public_bytes(serialization.Encoding.PEM))
    own = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = _certificate("broker", authority.subject, own.public_key()).add_extension(names, critical=False)
    pem = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "broker.pem").write_bytes(pem + certificate)


def _authority(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _certificate(name, _name(name), key.public_key())
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return key, made.sign(key, hashes.SHA256())


def _certificate(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer, _name(name), key, x509.random_serial_number(), _NOW - dt.timedelta(days=1),
        _NOW + dt.timedelta(days=1),
    )  # fmt: skip


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
