"""Every code a ChangeSet can be refused or marked with: what it means, what would make it acceptable, how grave it is.

docs/codes.md is generated from this table; `found` is the only way to make a finding, so no code can miss in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from bot.core.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One line each: what the code says, and the next step of whoever wrote the ChangeSet."""

    meaning: str
    remedy: str
    severity: Severity = Severity.ERROR


def _warning(meaning: str, remedy: str) -> CodeMeaning:
    return CodeMeaning(meaning, remedy, Severity.WARNING)


_CONTRACT = {
    "contract.not_json": CodeMeaning("the text holds no JSON object", "Answer with one JSON object and nothing else."),
    "contract.ambiguous": CodeMeaning(
        "the text holds several JSON objects, or one field twice under two names", "Send exactly one ChangeSet."
    ),
    "contract.duplicate_key": CodeMeaning("a JSON object names a key twice", "Name every key once."),
    "contract.not_a_change_set": CodeMeaning(
        "the JSON has neither edits nor a message that could be mapped",
        'Send {"message": …, "edits": [{"path", "mode", "after"}]}.',
    ),
    "contract.error_reply": CodeMeaning(
        "the reply is an error object instead of a ChangeSet", "Send the edits, or ask for a smaller blueprint."
    ),
    "contract.unknown_key": CodeMeaning("a key the format does not know", "Remove the key or use the documented name."),
    "contract.missing_key": CodeMeaning("a required key is missing", "Add the key."),
    "contract.missing_mode": CodeMeaning(
        "an edit does not say whether it adds, modifies or deletes", 'Set "mode" to "add", "modify" or "delete".'
    ),
    "contract.invalid": CodeMeaning("a value has the wrong type or form", "Use the type the schema names."),
    "contract.empty": CodeMeaning("there are no edits", "Add at least one edit."),
    "contract.missing_after": CodeMeaning(
        "an add or modify has no content (`after` is null or absent)",
        'Give the whole new text in "after", or exact "replace" pairs.',
    ),
    "contract.blank_after": CodeMeaning(
        "the new content is blank where the file had some", "Give the whole new text, or delete the file."
    ),
    "contract.conflicting_content": CodeMeaning(
        "an edit gives content in more than one form, or a delete gives content",
        'Use exactly one of "after", "after_base64" and "replace"; none for a delete.',
    ),
    "contract.base64": CodeMeaning("`after_base64` is not valid base64", "Encode the bytes as standard base64."),
    "contract.modify_missing_path": CodeMeaning(
        "a modify names a path that does not exist at the base", 'Use the real path, or mode "add" for a new file.'
    ),
    "contract.delete_missing_path": CodeMeaning(
        "a delete names a path that does not exist at the base", "Use the real path or drop the edit."
    ),
    "contract.rename_missing_path": CodeMeaning(
        "`rename_from` names a path that does not exist at the base", "Use the real path."
    ),
    "contract.add_existing_path": CodeMeaning(
        "an add, or the target of a rename, names a path that exists already",
        'Use mode "modify" with the file\'s present text in view, or another path.',
    ),
    "contract.not_shown": CodeMeaning(
        "a model edits an existing file whose content it was not shown",
        "Change only files that are shown, or return no edits and name the file in `plan`. A person can name it in the "
        "blueprint, so that it is shown.",
    ),
    "contract.duplicate_path": CodeMeaning("two edits concern the same path", "Merge them into one edit."),
    "contract.no_op": CodeMeaning("an edit changes nothing", "Drop the edit or make the change it was meant to make."),
    "contract.case_collision": CodeMeaning(
        "a path differs from another only in case or Unicode form", "Use the existing spelling or another name."
    ),
    "contract.before_sha": CodeMeaning(
        "`before_sha` is not a blob id, or is given for an add", "Give the 40-digit git blob id, or leave it out."
    ),
    "contract.encoding": CodeMeaning(
        "the new text cannot be written in the file's encoding, nobody can tell which encoding that is, or the text "
        "holds lone surrogates",
        "Use characters that encoding has, declare the encoding in the file, or give the exact bytes in after_base64.",
    ),
    "contract.nul": CodeMeaning("a NUL byte in a text", "Take the NUL byte out; give binary content in after_base64."),
    "contract.replacement_character": CodeMeaning(
        "a U+FFFD comes into a file: a character was lost while the text was read",
        "Write the real character, or the escape of the language where U+FFFD itself is meant.",
    ),
    "contract.converted": CodeMeaning(
        "the content is stored with the line ends, `$Id$` or encoding that `.gitattributes` asks for",
        "Nothing is to be done: git would store it in the same way.",
        Severity.NOTE,
    ),
    "contract.replace_missing": CodeMeaning(
        "the text to replace does not occur in the file", "Copy `old` exactly from the file, white space included."
    ),
    "contract.replace_ambiguous": CodeMeaning(
        "the text to replace does not occur exactly as often as expected",
        'Make `old` longer until it is unique, or give the exact "count".',
    ),
    "contract.replace_overlap": CodeMeaning(
        "two replacements touch the same text", "Merge overlapping replacements into one."
    ),
    "contract.replace_empty": CodeMeaning(
        "`old` is empty, or the `replace` list is", "Quote the text that is to be replaced."
    ),
    "contract.replace_binary": CodeMeaning(
        "`replace` on a file that is not text", "Give the whole content in after_base64."
    ),
    "stale": CodeMeaning("the file has changed since the edit was computed", "Plan again on the current file."),
}

_PATH = {
    "path.empty": CodeMeaning("the path is empty or has an empty component", "Write the path as `dir/file`."),
    "path.absolute": CodeMeaning("the path is absolute", "Give the path relative to the repository's root."),
    "path.traversal": CodeMeaning("the path has a `.` or `..` component", "Give the plain path inside the repository."),
    "path.git": CodeMeaning("a component is a spelling of `.git`", "Git's own directory can never be written."),
    "path.control": CodeMeaning("the path holds a NUL or another control character", "Use printable characters."),
    "path.backslash": CodeMeaning("the path holds a backslash", "Separate components with `/`."),
    "path.trailing": CodeMeaning(
        "a component ends in a dot or space, or begins with a space",
        "Remove the dot or space: some systems do not keep it.",
    ),
    "path.filter": CodeMeaning(
        "`.gitattributes` sends the path through a filter such as Git LFS or git-crypt, which Cadence does not run",
        "Leave the file to a person who has the filter installed; everything else may stay in the ChangeSet.",
    ),
    "path.windows": CodeMeaning(
        'a new path holds a name that Windows refuses: a device such as `aux` or `con`, or one of `< > : " | ? *`',
        "Choose another name: one such path stops every checkout on Windows.",
    ),
    "path.invisible": CodeMeaning("a new path holds invisible formatting characters", "Use visible characters."),
    "path.unicode": CodeMeaning("a new path is not valid Unicode in normal form C", "Write the path in NFC."),
    "path.too_long": CodeMeaning("the path or a component is too long", "Use a shorter name."),
    "path.directory": CodeMeaning("the path is a directory", "Name a file inside it."),
    "path.parent": CodeMeaning("a parent of the path is a file, symlink or submodule", "Choose another directory."),
    "path.symlink": CodeMeaning("the path is a symlink", "Symlinks are never written; change the file they point to."),
    "path.submodule": CodeMeaning("the path is a submodule", "Submodules are never written."),
    "path.placeholder": CodeMeaning("the path is a placeholder such as `path/to/…`", "Use the file's real path."),
}

_PROTECTED = {
    "protected.workflow": CodeMeaning("a workflow or action may not be changed", "Leave it to a person."),
    "protected.config": CodeMeaning("Cadence's own configuration may not be changed", "Leave it to a person."),
    "protected.codeowners": CodeMeaning("CODEOWNERS may not be changed", "Leave it to a person."),
    "protected.lockfile": CodeMeaning("a lock file may not be written by hand", "Generate it with its own tool."),
    "protected.path": CodeMeaning("`plan.protected` names this path", "Leave the path alone or change the config."),
    "size": CodeMeaning("too many files or bytes for one ChangeSet", "Split the work into smaller blueprints."),
}

_SECRET = {
    "secret.private_key": CodeMeaning(
        "an added line is the start of a private key", "Never commit a key; read it at run time."
    ),
    "secret.literal": CodeMeaning(
        "a name such as `api_key` is assigned a literal that looks like a key", "Read the key at run time."
    ),
    "secret.jwt": CodeMeaning("an added line holds a JSON web token", "Never commit a token; make one at run time."),
    "secret.password": CodeMeaning("an added line holds a password in a URL", "Read the password at run time."),
    "secret.token": CodeMeaning("an added line holds an access token", "Revoke the token; read it at run time."),
}

_MESSAGE = {
    "message.blank": CodeMeaning("the message has no subject", "Say in one line what the change does."),
    "message.long_subject": _warning("the subject is too long; it is cut", "Keep the first line under 72 characters."),
    "message.skip": _warning("words that make CI skip; they are removed", "Leave out `[skip ci]` and similar words."),
    "message.closing": _warning(
        "a closing keyword with an issue; the reference is removed", "Do not close issues from the message."
    ),
    "message.mention": _warning(
        "an @mention; the @ is taken out, and `@scope/name` is put in code",
        "Do not mention people.",
    ),
    "message.trailer": _warning(
        "a trailer that only Cadence may write; it is removed", "Leave `Cadence-…` trailers out."
    ),
    "message.control": _warning("control characters; they are removed", "Use plain text."),
}

_LOSS = {
    "loss.elision": CodeMeaning(
        "a mark such as `rest unchanged` replaces content",
        "Write the whole file, or use `replace` to name only what changes.",
    ),
    "loss.placeholder": CodeMeaning(
        "a placeholder is in the place of real content", "Write the real content instead of the placeholder."
    ),
    "loss.fragment": CodeMeaning(
        "a fragment replaces a whole file: most definitions, headings and lines are removed",
        "Write the whole file, or use `replace` to name only what changes.",
    ),
    "loss.truncated": CodeMeaning("the end of the file is cut off", "Write the file to its end, or use `replace`."),
    "loss.reference": CodeMeaning(
        "something is removed that the repository still uses",
        "Keep it, or change every use in the same ChangeSet.",
    ),
    "loss.body": CodeMeaning("a function loses its body to a stub", "Keep the body, or write the new one."),
    "loss.headings": CodeMeaning("many headings of a document are gone", "Keep the other sections."),
    "loss.table": CodeMeaning("a table of a document, or most of its rows, is gone", "Keep the table and its rows."),
    "loss.entries": CodeMeaning(
        "many entries of a manifest are gone, or one that the code still imports",
        "Keep the other entries; change only yours.",
    ),
    "loss.code_fence": CodeMeaning("the content is wrapped in a Markdown code fence", "Send the bare content."),
    "loss.escaped_newlines": CodeMeaning("a literal `\\n` is written in place of line ends", "Send real line ends."),
    "loss.diff": CodeMeaning("the content is a diff, not the file", "Send the file's whole new text."),
    "loss.conflict": CodeMeaning("the content holds conflict marks", "Resolve the conflict."),
    "loss.stub": _warning("new code is a stub without a body", "Write the body, or say why a stub is intended."),
    "loss.declared": _warning("the edit declares that it removes names", "Both reviewers are shown the names."),
    "loss.undeclared_removal": _warning(
        "`removes` names something that neither the blueprint nor the plan mentions, so it has no effect",
        "Mention the removal in the blueprint or the plan.",
    ),
    "loss.line_endings": _warning("all line ends change between CRLF and LF", "Keep the file's line ends."),
    "syntax.python": CodeMeaning("the result is not valid Python", "Correct the syntax at the line named."),
    "syntax.json": CodeMeaning("the result is not valid JSON", "Correct the syntax at the line named."),
    "syntax.toml": CodeMeaning("the result is not valid TOML", "Correct the syntax at the line named."),
    "syntax.yaml": CodeMeaning("the result is not valid YAML", "Correct the syntax at the line named."),
    **{
        f"syntax.{name}": CodeMeaning(f"the result is not valid {said}", "Correct the syntax at the line named.")
        for name, said in (
            ("javascript", "JavaScript"),
            ("typescript", "TypeScript"),
            ("go", "Go"),
            ("java", "Java"),
            ("rust", "Rust"),
            ("ruby", "Ruby"),
            ("shell", "shell script"),
        )
    },
    "imports.unknown": CodeMeaning(
        "an import of a module that is neither in the repository, nor the standard library, nor a declared dependency",
        "Import a module that exists, or declare the dependency in the same ChangeSet.",
    ),
    "imports.name": CodeMeaning(
        "an import of a name that the repository's module does not have", "Import a name that exists, or add it."
    ),
}

CODES = MappingProxyType({**_CONTRACT, **_PATH, **_PROTECTED, **_SECRET, **_MESSAGE, **_LOSS})


def make_finding(
    code: str,
    message: str,
    *,
    edit: int | None = None,
    path: str | None = None,
    line: int | None = None,
    severity: Severity | None = None,
    instruction: str = "",
) -> Finding:
    """A finding with the table's remedy and severity unless told otherwise. Raises KeyError for an unknown code."""
    meaning = CODES[code]
    return Finding(
        code=code,
        message=message,
        instruction=instruction or meaning.remedy,
        severity=severity or meaning.severity,
        edit=edit,
        path=path,
        line=line,
    )
