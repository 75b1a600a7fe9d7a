"""Values given under a secret's name, quoted or not, in whatever way a file pairs names with values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_NAME = (
    r"(?<![\w.-])[\w.-]{0,60}(?:secret|token|passw(?:or)?d|passphrase|pwd|credential|"
    r"(?:api|access|private|auth|account|encryption|signing|master|service|storage|license|deploy|client|shared|session|"
    r"ssh|app|webhook)[._-]?key)[\w.-]{0,40}"
)
_VALUE = r"(?P<value>[A-Za-z0-9+/_=.~!@%^&*-]{20,300})"
_END = r"(?=$|[\s,;<>\"'`)}\]|])"
_Q = r"[\"'`]"
_ANY_FILE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_Q}(?P<name>{_NAME}){_Q}\]?\s{{0,8}}(?:,|=>|:=|=|:)\s{{0,8}}[a-zA-Z@]{{0,2}}{_Q}{_VALUE}{_Q}",
        rf"(?P<name>{_NAME})\s{{0,8}}:\s{{0,8}}[\w.\[\]| ?]{{1,40}}=\s{{0,8}}[a-zA-Z@]{{0,2}}{_Q}{_VALUE}{_Q}",
        rf"(?P<name>{_NAME})\s{{0,8}}(?::=|=>|[=:])\s{{0,8}}[a-zA-Z@]{{0,2}}{_Q}{_VALUE}{_Q}",
        rf"(?P<name>\b(?:Bearer|Basic|Token|ApiKey|X-[\w-]{{0,30}}(?:Key|Token))){_Q}?:?[ \t]{{1,8}}{_Q}?{_VALUE}"
        + _END,
        rf"<(?P<name>{_NAME})\b[^<>]{{0,200}}>\s{{0,8}}{_VALUE}\s{{0,8}}<",
        rf"{_Q}(?P<name>{_NAME}){_Q}[^<>]{{0,200}}>\s{{0,8}}{_VALUE}\s{{0,8}}<",
    )
)
_SETTINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<name>{_NAME}){_Q}?\s{{0,8}}(?::=|=>|[=:])\s{{0,8}}(?:!!?\w{{1,20}} )?{_VALUE}{_END}",
        rf"(?:^|\s)-{{0,2}}(?P<name>{_NAME})[ \t]{{1,8}}{_Q}?{_VALUE}{_END}",
    )
)
_KEY_OF_PAIR = re.compile(
    rf"(?:\b(?:key|name|id|var|variable|property|setting){_Q}?\s{{0,8}}[:=]\s{{0,8}}{_Q}?"
    rf"|\bvariable {_Q}|<(?:key|name)>\s{{0,8}})"
    rf"(?P<name>{_NAME})",
    re.IGNORECASE,
)
_VALUE_OF_PAIR = re.compile(
    rf"(?:\b(?:value|val|default|content|stringvalue){_Q}?\s{{0,8}}[:=]\s{{0,8}}{_Q}?|<(?:string|value)>\s{{0,8}})"
    rf"{_VALUE}{_END}",
    re.IGNORECASE,
)
_OPENS = re.compile(
    rf"(?P<name>{_NAME}){_Q}?\]?\s{{0,8}}(?:[:=>(]|:=)\s{{0,8}}[|>(]?[-+]?\s{{0,8}}\\?\s{{0,8}}$", re.IGNORECASE
)
_BARE = re.compile(rf"^\s{{0,200}}(?:- )?{_Q}?{_VALUE}{_Q}?[,;)]{{0,2}}\s{{0,200}}$")
# `token_url` or `key_id` names something about a secret, and not the secret.
_INNOCENT = re.compile(
    r"(?:hash|sha\d*|digest|checksum|fingerprint|[._-]?id|name|path|file|dir|ur[il]|host|version|type|length|count|limit|"
    r"ttl|expiry|expires?|header|prefix|field|param|label|arn|ref|issuer|endpoint|algorithm|policy|pattern|regex)s?$"
    r"|public|tokeni[sz]er|integrity",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"EXAMPLE|(.)\1{7}|0123456789|1234567890|abcdefgh|xxxx|placeholder|change[-_]?me|your[-_]|replace[-_]|dummy|redacted|"
    r"sample|insert[-_]|fake|\*{3}|\.{3}|^%.*%$",
    re.IGNORECASE,
)
_RUN = re.compile(r"[A-Za-z0-9+/]+")
_WORDS = re.compile(r"[a-z0-9_.-]+")
_TURN = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")
_CODE = re.compile(
    r"\.(?:pyi?|[cm]?[jt]s|[jt]sx|go|java|kts?|rs|rb|php|c|h|cc|cpp|hpp|cs|swift|scala|exs?|erl|hs|lua|dart|vue|svelte"
    r"|html?|css|scss|less|mm?|r|jl|pl|sql|ipynb|csv|tsv|lock|sum|snap|map|svg|diff|patch|po)"
)
_LOCKS = re.compile(r"(?:^|/)(?:npm-shrinkwrap\.json|[\w.-]{1,80}[.-]lock\.[a-z]{2,5})$", re.IGNORECASE)
# Encrypted with a key outside the repository: Bitnami's SealedSecret, SOPS, Ansible Vault, eyaml.
_SEALED = re.compile(r"SealedSecret|^sops:|\$ANSIBLE_VAULT|ENC\[AES256", re.MULTILINE)


def is_sealed(text: str) -> bool:
    """Whether a file's values are encrypted by a tool that is meant for files in a repository."""
    return _SEALED.search(text) is not None


def named_values(path: str, suffix: str, line: str, above: Sequence[str]) -> Iterator[str]:
    """Values of the line that have a secret's name and look random; `above` are the two lines before it.

    In files of settings the value needs no quotes; in program text an unquoted word is a name of the program's.
    """
    if _LOCKS.search(path):
        return
    patterns = _ANY_FILE if _CODE.fullmatch(suffix) else (*_ANY_FILE, *_SETTINGS)
    for pattern in patterns:
        for hit in pattern.finditer(line):
            if not _INNOCENT.search(hit["name"]) and looks_random(hit["value"]):
                yield hit["value"]
    yield from _paired(line, above)


def _paired(line: str, above: Sequence[str]) -> Iterator[str]:
    """Values whose name is beside them as another value, or on a line before."""
    for hit in _VALUE_OF_PAIR.finditer(line):
        key = next((key for one in (line, *reversed(above)) if (key := _KEY_OF_PAIR.search(one[:2_000]))), None)
        if key is not None and not _INNOCENT.search(key["name"]) and looks_random(hit["value"]):
            yield hit["value"]
    bare = _BARE.match(line)
    opens = _OPENS.search(above[-1][-300:]) if bare is not None and above else None
    if bare is not None and opens is not None and not _INNOCENT.search(opens["name"]) and looks_random(bare["value"]):
        yield bare["value"]


def looks_random(value: str) -> bool:
    """Whether a text is not a word, a path or an example: mixed letters and digits, hardly any repeated."""
    run = max(_RUN.findall(value), key=len, default="")
    mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
    if len(run) < 16 or not mixed or len(set(value)) < 12 or _EXAMPLE.search(value):
        return False
    # A path of plain words may be long and hold digits.
    parts = value.strip("/").split("/")
    if len(parts) > 2 and all(_WORDS.fullmatch(part) for part in parts):
        return False
    return len(_TURN.findall(value)) >= 2
