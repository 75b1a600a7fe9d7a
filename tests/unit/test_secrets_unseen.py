"""Secrets in every form that files give them, and what only looks like one. The keys are made up when a test runs."""

from __future__ import annotations

import base64
import codecs
import random
import string

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.core.findings import Severity
from bot.weakening.gate import check_findings
from tests.fakes.dict_tree import DictTree, changes

_MADE = random.Random(7)  # noqa: S311 - the keys must look random, and be the same in every run
KEY = "".join(_MADE.choice(string.ascii_letters + string.digits) for _ in range(40))
HEX = "".join(_MADE.choice("0123456789abcdef") for _ in range(40))
TOKEN = "ghp_" + "".join(_MADE.choice(string.ascii_letters + string.digits) for _ in range(36))
BASE64 = base64.b64encode(_MADE.randbytes(33)).decode()

FORMS = [
    (".env", "API_KEY={}\n"), (".env.production", "export DB_PASSWORD={} # live\n"), ("config.yml", "api_key: {}\n"),
    ("config.yaml", "  - clientSecret: {}\n"), ("a.yaml", "env:\n  - name: API_TOKEN\n    value: {}\n"),
    ("a.yml", "env: {{API_TOKEN: {}, x: 1}}\n"), ("a.yml", "api_key: >-\n  {}\n"), ("a.yml", "password: !!str {}\n"),
    ("docker-compose.yml", "    - SECRET_KEY={}\n"), ("application.properties", "api.key={}\n"),
    ("application.properties", "spring.datasource.password : {}\n"), ("a.properties", "api.key {}\n"),
    ("a.properties", "api.key=\\\n    {}\n"), ("credentials", "[default]\naws_secret_access_key = {}\n"),
    ("setup.cfg", "[x]\npassword = {}\n"), ("a.toml", "token = '{}'\n"),
    ("Dockerfile", "FROM scratch\nENV API_KEY={}\n"),
    ("Dockerfile", "FROM scratch\nENV API_KEY {}\n"), ("Dockerfile", "ARG AUTH_TOKEN={}\n"),
    ("run.sh", "export API_KEY={}\n"), ("run.sh", "deploy --api-key {} --now\n"), ("run.sh", "deploy --token={}\n"),
    ("run.sh", "curl -H 'Authorization: Bearer {}' x\n"), ("run.bat", "set API_KEY={}\r\n"),
    ("Makefile", "API_KEY := {}\n"),
    ("run.ps1", "$env:API_KEY = {}\n"), ("web.config", '<add key="ApiKey" value="{}"/>\n'),
    ("web.config", '<add value="{}" key="ApiKey"/>\n'), ("pom.xml", "<apiKey>{}</apiKey>\n"),
    ("strings.xml", '<string name="api_key">{}</string>\n'), ("Info.plist", "<key>ApiKey</key>\n<string>{}</string>\n"),
    ("a.json", '{{"name": "API_KEY", "value": "{}"}}\n'), ("a.json", '{{\n"name": "API_KEY",\n"value": "{}"\n}}\n'),
    ("a.json", '{{"auth": {{"client_secret": "{}"}}}}\n'), (".npmrc", "//registry.example.org/:_authToken={}\n"),
    (".netrc", "machine x login y password {}\n"), ("main.tf", 'variable "api_key" {{\n  default = "{}"\n}}\n'),
    ("a.py", 'os.environ["API_KEY"] = "{}"\n'), ("a.py", 'api_key: str = "{}"\n'), ("a.py", 'f("api_key", b"{}")\n'),
    ("a.php", "define('AUTH_KEY', '{}');\n"), ("a.ts", "const apiKey: string = '{}'\n"), ("a.go", "apiKey := `{}`\n"),
    ("a.js", 'headers: {{"X-Api-Key": "{}"}}\n'), ("a.rb", ":api_key => '{}'\n"), ("a.cs", 'ApiKey = @"{}";\n'),
]  # fmt: skip


def applied(path: str, raw: bytes) -> set[str]:
    edit = Edit(path=path, mode="add", after_base64=base64.b64encode(raw).decode())
    found = check(ChangeSet(version=2, message="m", edits=(edit,)), DictTree({"x": "x\n"}), GuardConfig()).findings
    assert all(secret not in f.message for f in found for secret in (KEY, HEX, TOKEN, BASE64))
    return {f.code for f in found if f.code.startswith("secret.") and f.severity is Severity.ERROR}


def checked(path: str, raw: bytes) -> set[str]:
    change = changes({}, {path: ""})
    found = check_findings(DictTree({"x": "x\n"}), DictTree({"x": "x\n", path: raw}), change, GuardConfig())
    return {one.code for one in found if one.code.startswith("secret.") and one.blocks}


@pytest.mark.parametrize("secret", [KEY, HEX, BASE64, TOKEN], ids=["letters", "hex", "base64", "token"])
@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_secret_is_seen_in_every_form(path: str, form: str, secret: str) -> None:
    raw = form.format(secret).encode()
    assert applied(path, raw) and checked(path, raw)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("UTF-16 with a mark", codecs.BOM_UTF16_LE + f'token = "{TOKEN}"\n'.encode("utf-16-le")),
        ("UTF-16 the other way", codecs.BOM_UTF16_BE + f"api_key = {KEY}\n".encode("utf-16-be")),
        ("UTF-16 without a mark", f'x = 1\ntoken = "{TOKEN}"\n'.encode("utf-16-le")),
        ("UTF-16 the other way without a mark", f'x = 1\ntoken = "{TOKEN}"\n'.encode("utf-16-be")),
        ("UTF-32", codecs.BOM_UTF32_LE + f'token = "{TOKEN}"\n'.encode("utf-32-le")),
        ("UTF-8 with a mark", codecs.BOM_UTF8 + f"API_KEY={KEY}\n".encode()),
        ("Latin-1", b"# caf\xe9\n" + f"API_KEY={KEY}\n".encode()),
        ("a NUL before", b"a\0b\n" + f'token = "{TOKEN}"\n'.encode()),
        ("a NUL behind", f'token = "{TOKEN}"\n'.encode() + b"a\0b\n"),
        ("behind column 2,000", b"a" * 2_000 + f' token = "{TOKEN}"\n'.encode()),
        ("across column 2,000", b"a " * 990 + f' token = "{TOKEN}"\n'.encode()),
        ("behind column 100,000", b"ab " * 33_400 + f" api_key='{KEY}' \n".encode()),
        ("in a file of 2 MB", b"a line\n" * 300_000 + f'token = "{TOKEN}"\n'.encode()),
    ],
)
def test_a_secret_is_seen_wherever_it_stands(name: str, raw: bytes) -> None:
    assert checked("a.ini", raw)
    if "NUL" not in name and "without a mark" not in name:
        assert applied("a.ini", raw)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".env", "API_KEY=changeme-changeme-1-changeme-22"), (".env", "API_KEY=${VAULT_API_KEY_V2_FOR_PROD}"),
        (".env", "API_KEY=<your-api-key-here-123456789>"), (".env", "API_KEY=your-api-key-goes-here-a1b2c3d4e5f6g7"),
        (".env", "API_KEY="), (".env", "TOKEN_URL=https://example.org/oauth2/v2/token/a1b2c3d4e5f6"),
        ("a.yml", "token: ${{ secrets.GITHUB_TOKEN }}"), ("a.yml", "password: {{ vault_password_a1b2c3d4e5f6 }}"),
        ("a.yml", "secretName: my-app-tls-secret-v2-20231010a"),
    ("a.yml", "secret: projects/p1/secrets/api2/versions/3"),
        ("a.yml", f"token_sha256: {HEX}"), ("a.yml", f"public_key: {KEY}"), ("a.yml", f"access_key_id_hash: {HEX}"),
        ("a.yml", "uses: actions/create-github-app-token@5d869da34e18e7287c1daad50e0b8ea0f506ce69"),
        ("a.yml", "api_key: 123e4567-e89b-12d3-a456-426614174000"),
    ("a.yml", "tokenizer: bert-base-uncased-v2-a1b2c3d4"),
        ("a.yml", "max_tokens: 100000000000000000000"), ("a.bat", "set API_KEY=%MY_API_KEY_A1B2C3D4E5%"),
        ("package-lock.json", f'"token": "{KEY}"'), ("poetry.lock", f"api_key = {HEX}"),
        ("a.py", "api_key = get_api_key_from_vault1234567()"), ("a.py", "token = tokens2keys3values4items5x6y7z"),
        ("a.go", "password := config.Settings2.Database3Password4Value5"),
    ("a.js", "const token = await getToken1234567890ab()"),
        ("a.html", '<input name="password" value="{{ form.password_a1b2c3d4 }}">'),
        ("a.yml", f"kind: SealedSecret\npassword: {KEY}"), ("a.yml", f"password: {KEY}\nsops:\n  version: 3"),
        ("a.xml", f"<sha1>{HEX}</sha1>"), ("a.css", ".token-a1b2c3d4e5f6g7h8i9 {}"), ("a.yml", f"commit: {HEX}"),
        ("go.sum", f"example.org/token v1.0.0 h1:{BASE64}="), ("a.yml", "password: correct horse battery staple 1234"),
        ("a.json", f'{{"name": "left-pad", "integrity": "sha512-{KEY}"}}'),
    ("tests/a.env", "API_KEY=0123456789abcdef0123456789"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_is_no_finding(path: str, line: str) -> None:
    assert checked(path, f"{line}\n".encode()) == set()


def test_a_key_in_a_picture_is_seen_and_its_noise_is_not() -> None:
    noise = _MADE.randbytes(400_000)
    assert checked("a.png", b"\x89PNG\0" + noise) == set()
    assert checked("a.png", b"\x89PNG\0" + noise + TOKEN.encode() + b"\0") == {"secret.token"}
