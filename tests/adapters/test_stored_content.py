"""What is committed is what git itself would store: by `.gitattributes`, and in the encoding that a file has."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from bot.changeset.check import Checked, check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit, Replacement
from bot.cli.evaluate import AUTHOR
from bot.core.findings import Severity
from bot.core.names import CommitSha
from bot.git_store.local import LocalRepository

ATTRIBUTES = """* text=auto
[attr]stored filter=lfs diff=lfs merge=lfs -text
*.cmd text eol=crlf
*.old crlf=input
*.raw -text
*.id ident
*.rc text working-tree-encoding=UTF-16LE-BOM eol=crlf
*.sj working-tree-encoding=SHIFT-JIS
*.bin filter=lfs diff=lfs merge=lfs -text
assets/*.csv stored
secrets/** filter=git-crypt diff=git-crypt -text
secrets/README.md !filter !diff text
"""
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'7' * 64}\nsize 12345\n"
FILES: dict[str, bytes] = {
    ".gitattributes": ATTRIBUTES.encode(),
    "deep/er/.gitattributes": b"*.dat filter=annex\n/keep.dat -filter\n",
    "assets/rates.csv": POINTER.encode(),
    "moved/rates.txt": POINTER.encode(),
    "secrets/prod.env": b"\0GITCRYPT\0abcdefgh",
    "run.cmd": b"echo one\n",
    "auto.txt": b"one\n",
    "mixed.txt": b"one\r\ntwo\r\n",
    "page.vb": b"\xef\xbb\xbfTitle\r\nS\xc3\xa9curis\xc3\xa9\r\n",
    "old.js": b"const x = 1;\n// caf\xe9 note\n",
    "wide.txt": b"\xff\xfeh\0i\0\n\0",
    "names.ini": b"# \x83\x65\x83\x58\x83\x67\nname = 1\n",
    "korean.txt": b"\xb0\xa1\xb3\xaa\nvalue = 1\n",
    "cookie.py": b'# -*- coding: shift_jis -*-\nname = "\x83\x65"\n',
    "data.xml": '<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>caf\u00e9</a>\n'.encode("latin-1"),
    "plain.txt": b"plain\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> LocalRepository:
    """A repository whose blobs are exactly FILES, whatever the attributes would make of them."""
    run = lambda *args, **more: subprocess.run(["git", *args], cwd=tmp_path, check=True, capture_output=True, **more)  # noqa: E731
    run("init", "-q", "-b", "main")
    for path, content in FILES.items():
        blob = run("hash-object", "-w", "--stdin", input=content).stdout.decode().strip()
        run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "base")
    return LocalRepository.open(tmp_path)


def judged(repository: LocalRepository, *edits: Edit) -> Checked:
    tree = repository.mirror.tree(repository.commit("HEAD"))
    return check(ChangeSet(version=2, message="m", edits=edits), tree, GuardConfig())


def refusal(repository: LocalRepository, *edits: Edit) -> set[str]:
    return {f.code for f in judged(repository, *edits).findings if f.severity is Severity.ERROR}


def content(repository: LocalRepository, edit: Edit) -> bytes | None:
    done = judged(repository, edit)
    assert done.accepted, done.findings
    return next(change.content for change in done.changes if change.path == edit.path)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(path="assets/rates.csv", mode="modify", after="code,rate\n"),
        Edit(path="assets/new.csv", mode="add", after=POINTER),
        Edit(path="assets/rates.csv", mode="modify", replace=(Replacement(old="12345", new="99"),)),
        Edit(path="model.bin", mode="add", after_base64="AAEC"),
        Edit(path="a/b/model.bin", mode="add", after="x\n"),
        Edit(path="secrets/staging.env", mode="add", after="DB_HOST=staging.internal\n"),
        Edit(path="secrets/deep/x", mode="add", after="x\n"),
        Edit(path="deep/er/a.dat", mode="add", after="x\n"),
        Edit(path="moved/rates.txt", mode="modify", after="code,rate\nEUR,1\n"),
        Edit(path="rates.csv", mode="modify", rename_from="assets/rates.csv"),
        Edit(path="assets/plain.csv", mode="modify", rename_from="plain.txt"),
        Edit(path="plain.csv", mode="modify", rename_from="assets/rates.csv", after="EUR\n"),
    ],
    ids=lambda edit: f"{edit.mode} {edit.path}",
)
def test_content_never_takes_the_place_of_what_a_filter_stores(repository: LocalRepository, edit: Edit) -> None:
    assert refusal(repository, edit) == {"path.filter"}


@pytest.mark.parametrize(
    "edit",
    [
        Edit(path="assets/rates.csv", mode="delete"),
        Edit(path="assets/tax.csv", mode="modify", rename_from="assets/rates.csv"),
        Edit(path="assets/rates.csv", mode="modify", executable=True),
        Edit(path="secrets/README.md", mode="add", after="What is here.\n"),
        Edit(path="deep/er/keep.dat", mode="add", after="x\n"),
        Edit(path="deep/a.dat", mode="add", after="x\n"),
    ],
    ids=lambda edit: f"{edit.mode} {edit.path}",
)
def test_what_no_filter_touches_is_allowed(repository: LocalRepository, edit: Edit) -> None:
    assert refusal(repository, edit) == set()


def test_a_filter_counts_that_the_same_change_takes_away_or_brings(repository: LocalRepository) -> None:
    without = Edit(path=".gitattributes", mode="modify", after="* text=auto\n")
    assert refusal(repository, without, Edit(path="secrets/new", mode="add", after="x\n")) >= {"path.filter"}
    brings = Edit(path="new/.gitattributes", mode="add", after="*.txt filter=lfs\n")
    assert refusal(repository, brings, Edit(path="new/a.txt", mode="add", after="x\n")) == {"path.filter"}


@pytest.mark.parametrize(
    ("edit", "blob"),
    [
        (Edit(path="run.cmd", mode="modify", after="echo two\r\n"), b"echo two\n"),
        (Edit(path="run.cmd", mode="modify", replace=(Replacement(old="one", new="two"),)), b"echo two\n"),
        (Edit(path="new.cmd", mode="add", after="a\r\nb\rc\r\n"), b"a\nb\rc\n"),
        (Edit(path="new.old", mode="add", after="a\r\n"), b"a\n"),
        (Edit(path="auto.txt", mode="modify", after="two\r\n"), b"two\n"),
        (Edit(path="new.txt", mode="add", after_base64=base64.b64encode(b"a\r\n").decode()), b"a\n"),
        (Edit(path="new.txt", mode="add", after="lone\rcr\r\n"), b"lone\rcr\r\n"),
        (Edit(path="mixed.txt", mode="modify", after="one\r\n2\r\n"), b"one\r\n2\r\n"),
        (Edit(path="new.raw", mode="add", after="a\r\n"), b"a\r\n"),
        (Edit(path="new.id", mode="add", after="# $Id: 1234 $\n$Id$ $Id: open\n"), b"# $Id$\n$Id$ $Id: open\n"),
        (Edit(path="new.rc", mode="add", after="\ufeffSTRINGTABLE \u00e9\r\n"), "STRINGTABLE \u00e9\n".encode()),
        (Edit(path="new.sj", mode="add", after="\u30c6\n"), "\u30c6\n".encode()),
    ],
    ids=lambda value: value.path if isinstance(value, Edit) else "",
)
def test_a_blob_is_what_git_would_store(repository: LocalRepository, edit: Edit, blob: bytes) -> None:
    assert content(repository, edit) == blob


@pytest.mark.parametrize(
    "edit",
    [
        Edit(path="new.rc", mode="add", after_base64=base64.b64encode(b"\xff\xfea\0").decode()),
        Edit(path="new.sj", mode="add", after="\U0001f600\n"),
    ],
)
def test_what_a_checkout_could_not_encode_is_refused(repository: LocalRepository, edit: Edit) -> None:
    assert refusal(repository, edit) == {"contract.encoding"}


def test_a_clone_is_clean(repository: LocalRepository, tmp_path: Path) -> None:
    head = repository.commit("HEAD")
    edits = (
        Edit(path="run.cmd", mode="modify", after="echo two\r\n"),
        Edit(path="new.txt", mode="add", after="a\r\nb\r\n"),
        Edit(path="new.rc", mode="add", after="STRINGTABLE \u00e9\r\n"),
        Edit(path="new.id", mode="add", after="$Id: 1 $\n"),
    )
    changes = judged(repository, *edits).changes
    commit = repository.mirror.write_commit(
        CommitSha(head), changes, message="m\n", author=AUTHOR, date=repository.committed_at(head)
    )
    repository.create_branch("made", commit)
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "-c", "filter.lfs.smudge=cat", "clone", "-q", "-b", "made", str(tmp_path), str(clone)],
        check=True, capture_output=True,
    )  # fmt: skip
    told = subprocess.run(
        ["git", "status", "--short", "--", "run.cmd", "new.txt", "new.rc", "new.id"],
        cwd=clone, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout == ""
    assert (clone / "run.cmd").read_bytes() == b"echo two\r\n"


@pytest.mark.parametrize(
    ("edit", "blob"),
    [
        (Edit(path="page.vb", mode="modify", after="Titre\r\nS\u00e9curis\u00e9\r\n"),
         b"\xef\xbb\xbfTitre\r\nS\xc3\xa9curis\xc3\xa9\r\n"),
        (Edit(path="page.vb", mode="modify", after="\ufeffTitre\r\n"), b"\xef\xbb\xbfTitre\r\n"),
        (Edit(path="old.js", mode="modify", after="const x = 2;\n// caf\u00e9 note\n"),
         b"const x = 2;\n// caf\xe9 note\n"),
        (Edit(path="old.js", mode="modify", after="const x = 2;\n"), b"const x = 2;\n"),
        (Edit(path="wide.txt", mode="modify", after="ho\n"), b"\xff\xfeh\0o\0\n\0"),
        (Edit(path="names.ini", mode="modify", after="# \u30c6\u30b9\u30c8\nname = 2\n"),
         b"# \x83\x65\x83\x58\x83\x67\nname = 2\n"),
        (Edit(path="names.ini", mode="modify", replace=(Replacement(old="name = 1", new="name = 2"),)),
         b"# \x83\x65\x83\x58\x83\x67\nname = 2\n"),
        (Edit(path="korean.txt", mode="modify", after="\uac00\ub098\nvalue = 2\n"), b"\xb0\xa1\xb3\xaa\nvalue = 2\n"),
        (Edit(path="cookie.py", mode="modify", after='# -*- coding: shift_jis -*-\nname = "\u30b9"\n'),
         b'# -*- coding: shift_jis -*-\nname = "\x83\x58"\n'),
        (Edit(path="cookie.py", mode="modify", replace=(Replacement(old="\u30c6", new="\u30b9"),)),
         b'# -*- coding: shift_jis -*-\nname = "\x83\x58"\n'),
        (Edit(path="cookie.py", mode="modify", after='# coding: utf-8\nname = "\u30b9"\n'),
         '# coding: utf-8\nname = "\u30b9"\n'.encode()),
        (Edit(path="data.xml", mode="modify", replace=(Replacement(old="caf\u00e9", new="th\u00e9"),)),
         '<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>th\u00e9</a>\n'.encode("latin-1")),
        (Edit(path="new.py", mode="add", after='# coding: latin-1\nx = "\u00e9"\n'),
         b'# coding: latin-1\nx = "\xe9"\n'),
    ],
)  # fmt: skip
def test_a_file_keeps_its_encoding_and_its_mark(repository: LocalRepository, edit: Edit, blob: bytes) -> None:
    assert content(repository, edit) == blob


@pytest.mark.parametrize(
    "edit",
    [
        Edit(path="old.js", mode="modify", after="const x = 2;\n// caf\u00e9 d\u00e9j\u00e0\n"),
        Edit(path="old.js", mode="modify", after="const x = 2;\n// \u4e2d\n"),
        Edit(path="old.js", mode="modify", replace=(Replacement(old="note", new="h\u00f4te"),)),
        Edit(path="names.ini", mode="modify", after="# \u30c6\u30b9\nname = 2\n"),
        Edit(path="korean.txt", mode="modify", after="\u00e9\nvalue = 2\n"),
        Edit(path="cookie.py", mode="modify", after='# -*- coding: shift_jis -*-\nname = "\u00e9"\n'),
        Edit(path="cookie.py", mode="modify", after='name = "\u30b9"\n'),
        Edit(path="data.xml", mode="modify", after='<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>\u4e2d</a>\n'),
        Edit(path="plain.txt", mode="modify", after="# coding: latin-1\n\u00e9\n"),
    ],
)
def test_what_nobody_can_encode_for_certain_is_refused(repository: LocalRepository, edit: Edit) -> None:
    assert refusal(repository, edit) == {"contract.encoding"}


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Edit(path="plain.txt", mode="modify", after="plai\ufffd\n"), "contract.replacement_character"),
        (Edit(path="old.js", mode="modify", after="const x = 2;\n// caf\ufffd note\n"), "contract.encoding"),
        (Edit(path="plain.txt", mode="modify", replace=(Replacement(old="n", new="\ufffd"),)),
         "contract.replacement_character"),
        (Edit(path="x.txt", mode="add", after_base64=base64.b64encode("\ufffd".encode()).decode()),
         "contract.replacement_character"),
        (Edit(path="plain.txt", mode="modify", after="a\0b\n"), "contract.nul"),
        (Edit(path="plain.txt", mode="modify", replace=(Replacement(old="n", new="\0"),)), "contract.nul"),
        (Edit(path="x.dat", mode="add", after="a\0b"), "contract.nul"),
    ],
)  # fmt: skip
def test_lost_characters_and_nul_bytes_are_refused(repository: LocalRepository, edit: Edit, code: str) -> None:
    assert refusal(repository, edit) == {code}


def test_binary_files_may_be_added(repository: LocalRepository) -> None:
    assert refusal(repository, Edit(path="x.png", mode="add", after_base64="iVBORwAB")) == set()
