"""The signing key: where it comes from, that it is made once, and that nothing of it is ever shown."""

import base64
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from bot.app import build_signer
from bot.core.errors import SettingsInvalid
from bot.core.signing import is_signed, kept_key, key_id, public_pem, read_key, read_key_file
from bot.settings import Settings

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_pem_escaped_pem_and_seed_mean_the_same_key() -> None:
    signers = [read_key(text) for text in (PEM, PEM.replace("\n", "\\n"), base64.b64encode(SEED).decode())]
    assert len({signer.public_key for signer in signers}) == 1
    assert signers[0].key_id == key_id(signers[0].public_key)
    assert public_pem(signers[0].public_key).startswith("-----BEGIN PUBLIC KEY-----")


def test_a_signature_is_for_one_text_and_one_key() -> None:
    signer, other = read_key(PEM), read_key(base64.b64encode(bytes(32)).decode())
    signature = signer.sign('{"a":"ü"}')
    assert is_signed(signer.public_key, signature, '{"a":"ü"}')
    assert not is_signed(signer.public_key, signature, '{"a":"u"}')
    assert not is_signed(other.public_key, signature, '{"a":"ü"}')
    assert not is_signed(signer.public_key, "0" + signature[1:], '{"a":"ü"}') or signature[0] == "0"


@pytest.mark.parametrize("wrong", ["", "zz", "00", "é"])
def test_what_is_no_signature_is_none(wrong: str) -> None:
    signer = read_key(PEM)
    assert not is_signed(signer.public_key, wrong, "text")
    assert not is_signed(wrong, signer.sign("text"), "text")


def test_another_spelling_of_a_signature_is_refused() -> None:
    signer = read_key(PEM)
    signature = signer.sign("text")
    assert not is_signed(signer.public_key, signature.upper(), "text")
    assert not is_signed(signer.public_key.upper(), signature, "text")


def _rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _locked() -> str:
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "not base64 !", base64.b64encode(SEED[:31]).decode(), _rsa(), _locked(), PEM.replace("PRIVATE", "PUBLIC"),
        PEM[:60],
    ],
    ids=["empty", "text", "short", "rsa", "locked", "label", "cut"],
)  # fmt: skip
def test_a_key_that_cannot_sign_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_key(text)
    shown = f"{refused.value!r} {refused.value} {refused.value.__cause__!r} {refused.value.__context__!r}"
    assert not any(line and line in shown for line in text.splitlines() if len(line) > 20)
    assert "openssl genpkey" in refused.value.remedy


def test_a_signer_does_not_show_its_key() -> None:
    signer = read_key(PEM)
    assert PEM.splitlines()[1] not in repr(signer) and SEED.hex() not in repr(signer)


def test_the_kept_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    made = kept_key(tmp_path / "data")
    assert kept_key(tmp_path / "data").public_key == made.public_key
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["signing.pem"]
    assert (tmp_path / "data" / "signing.pem").stat().st_mode & 0o777 == 0o600


def test_many_who_make_it_at_once_end_with_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    barrier = threading.Barrier(12)

    def start() -> None:
        barrier.wait()
        found.append(kept_key(tmp_path / "data").public_key)

    threads = [threading.Thread(target=start) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12 and len(set(found)) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["signing.pem"]


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")
    with pytest.raises(SettingsInvalid, match="no signing key could be made"):
        kept_key(tmp_path / "data")


def test_the_settings_choose_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(PEM)
    base = {"CADENCE_DATA_DIR": str(tmp_path / "data")}
    given = build_signer(Settings.load({**base, "CADENCE_SIGNING_KEY": PEM}, dotenv=None))
    filed = build_signer(Settings.load({**base, "CADENCE_SIGNING_KEY_FILE": str(file)}, dotenv=None))
    assert given.public_key == filed.public_key
    assert not (tmp_path / "data").exists(), "no key is made where one is configured"
    made = build_signer(Settings.load(base, dotenv=None))
    assert made.public_key != given.public_key


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        read_key_file(tmp_path / "absent.pem")
    (tmp_path / "bytes.pem").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid, match="it is not text"):
        read_key_file(tmp_path / "bytes.pem")
