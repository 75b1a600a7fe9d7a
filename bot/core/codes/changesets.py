"""Codes that a ChangeSet can be refused or marked with, each with its severity.

The next step is the instruction that a model is given with the finding, so it is written to whoever made the ChangeSet.
"""

from __future__ import annotations

from functools import partial

from bot.core.codes.reason_code import AUTHOR, ReasonCode
from bot.core.findings import Severity

_error = partial(ReasonCode, who=AUTHOR, severity=Severity.ERROR)
_warning = partial(ReasonCode, who=AUTHOR, severity=Severity.WARNING)
_note = partial(ReasonCode, who=AUTHOR, severity=Severity.NOTE)

CHANGESETS = (
    _error("contract.not_json", "the text holds no JSON object", "Answer with one JSON object and nothing else."),
    _error(
        "contract.ambiguous",
        "the text holds several JSON objects, or one field twice under two names",
        "Send exactly one ChangeSet.",
    ),
    _error("contract.duplicate_key", "a JSON object names a key twice", "Name every key once."),
    _error(
        "contract.not_a_change_set",
        "the JSON has neither edits nor a message",
        'Send {"message": …, "edits": [{"path", "mode", "after"}]}.',
    ),
    _error(
        "contract.error_reply",
        "the reply is an error object instead of a ChangeSet",
        "Send the edits, or ask for a smaller blueprint.",
    ),
    _error("contract.unknown_key", "a key that the format does not have", "Remove the key or use the documented name."),
    _error("contract.missing_key", "a required key is missing", "Add the key."),
    _error(
        "contract.missing_mode",
        "an edit does not say whether it adds, modifies or deletes",
        'Set "mode" to "add", "modify" or "delete".',
    ),
    _error("contract.invalid", "a value has the wrong type or form", "Use the type that the schema names."),
    _error(
        "contract.block_missing",
        "an edit names a block that the answer does not have",
        "Write the block, or name another.",
    ),
    _error("contract.block_twice", "a block's number is used twice in one answer", "Give every block its own number."),
    _error(
        "contract.block_unused",
        "a block is in the answer, and no edit names it",
        "Name the block in an edit, or leave it out.",
    ),
    _error(
        "contract.operation",
        "an edit has none of the operations that exist",
        "Use replace, write, replace_symbol, delete or rename.",
    ),
    _error(
        "contract.symbol_missing",
        "an edit names a definition that the file does not have",
        "Name it as the outline does, or use `replace`.",
    ),
    _error(
        "contract.symbol_ambiguous",
        "an edit names a definition that the file has several times",
        "Give the path to it (`Class.method`), or use `replace`.",
    ),
    _error(
        "contract.symbol_indentation",
        "a new definition is indented otherwise than the one it replaces",
        "Indent the new text exactly as the file does.",
    ),
    _error(
        "contract.write_large",
        "an edit writes a long existing file as a whole",
        "Use `replace` or `replace_symbol` for the parts that change.",
    ),
    _error("contract.empty", "there are no edits", "Add at least one edit."),
    _error(
        "contract.missing_after",
        "an add or modify has no content (`after` is null or absent)",
        'Give the whole new text in "after", or exact "replace" pairs.',
    ),
    _error(
        "contract.blank_after",
        "the new content is blank where the file had some",
        "Give the whole new text, or delete the file.",
    ),
    _error(
        "contract.conflicting_content",
        "an edit gives content in more than one form, or a delete gives content",
        'Use exactly one of "after", "after_base64" and "replace"; none for a delete.',
    ),
    _error("contract.base64", "`after_base64` is not valid base64", "Encode the bytes as standard base64."),
    _error(
        "contract.modify_missing_path",
        "a modify names a path that does not exist at the base",
        'Use the real path, or mode "add" for a new file.',
    ),
    _error(
        "contract.delete_missing_path",
        "a delete names a path that does not exist at the base",
        "Use the real path or drop the edit.",
    ),
    _error(
        "contract.rename_missing_path",
        "`rename_from` names a path that does not exist at the base",
        "Use the real path.",
    ),
    _error(
        "contract.add_existing_path",
        "an add, or the target of a rename, names a path that exists already",
        'Read the file and use mode "modify", or choose another path.',
    ),
    _error(
        "contract.not_shown",
        "a model edits lines of an existing file that it was not shown",
        "Change only lines that you were shown. If you need others, return no edits, and name the file and the "
        "function in `needs`. A person can name the file in the blueprint; then the model gets it.",
    ),
    _error("contract.duplicate_path", "two edits concern the same path", "Merge them into one edit."),
    _error("contract.no_op", "an edit changes nothing", "Drop the edit or make the change it was meant to make."),
    _error(
        "contract.case_collision",
        "a path differs from another only in case or Unicode form",
        "Use the existing spelling or another name.",
    ),
    _error(
        "contract.before_sha",
        "`before_sha` is not a blob id, or is given for an add",
        "Give the 40-digit git blob id, or leave it out.",
    ),
    _error(
        "contract.encoding",
        "the new text cannot be written in the file's encoding, that encoding cannot be determined, or the text holds "
        "lone surrogates",
        "Use characters of that encoding, declare the encoding in the file, or give the exact bytes in after_base64.",
    ),
    _error("contract.nul", "a NUL byte in a text", "Take the NUL byte out; give binary content in after_base64."),
    _error(
        "contract.replacement_character",
        "the new text contains U+FFFD, which stands for a character that was lost",
        "Write the real character. If U+FFFD itself is meant, write it as an escape.",
    ),
    _note(
        "contract.converted",
        "the content is stored with the line ends, `$Id$` or encoding that `.gitattributes` asks for",
        "Nothing: git would store it in the same way.",
    ),
    _error(
        "contract.replace_missing",
        "the text to replace does not occur in the file",
        "Copy `old` exactly from the file, white space included.",
    ),
    _error(
        "contract.replace_ambiguous",
        "the text to replace does not occur exactly as often as expected",
        'Make `old` longer until it is unique, or give the exact "count".',
    ),
    _error(
        "contract.replace_overlap", "two replacements touch the same text", "Merge overlapping replacements into one."
    ),
    _error("contract.replace_empty", "`old` or the `replace` list is empty", "Quote the text that is to be replaced."),
    _error(
        "contract.replace_binary", "`replace` on a file that is not text", "Give the whole content in after_base64."
    ),
    _error("stale", "the file has changed since the edit was computed", "Plan again on the current file."),
    _error("path.empty", "the path is empty or has an empty component", "Write the path as `dir/file`."),
    _error("path.absolute", "the path is absolute", "Give the path relative to the repository's root."),
    _error("path.traversal", "the path has a `.` or `..` component", "Give the plain path inside the repository."),
    _error("path.git", "a component is a spelling of `.git`", "Git's own directory can never be written."),
    _error("path.control", "the path holds a NUL or another control character", "Use printable characters."),
    _error("path.backslash", "the path holds a backslash", "Separate components with `/`."),
    _error(
        "path.trailing",
        "a component ends in a dot or space, or begins with a space",
        "Remove the dot or space: some systems do not keep it.",
    ),
    _error(
        "path.filter",
        "`.gitattributes` sends the path through a filter such as Git LFS or git-crypt, which Cadence does not run",
        "Leave the file to a person who has the filter installed; everything else may stay in the ChangeSet.",
    ),
    _error(
        "path.windows",
        'a new path holds a name that Windows refuses: a device such as `aux` or `con`, or one of `< > : " | ? *`',
        "Choose another name: one such path stops every checkout on Windows.",
    ),
    _error("path.invisible", "a new path holds invisible formatting characters", "Use visible characters."),
    _error("path.unicode", "a new path is not valid Unicode in normal form C", "Write the path in NFC."),
    _error("path.too_long", "the path or a component is too long", "Use a shorter name."),
    _error("path.directory", "the path is a directory", "Name a file inside it."),
    _error("path.parent", "a parent of the path is a file, symlink or submodule", "Choose another directory."),
    _error("path.symlink", "the path is a symlink", "Symlinks are never written; change the file they point to."),
    _error("path.submodule", "the path is a submodule", "Submodules are never written."),
    _error("path.placeholder", "the path is a placeholder such as `path/to/…`", "Use the file's real path."),
    _error("protected.workflow", "a workflow or action may not be changed", "Leave it to a person."),
    _error("protected.config", "Cadence's own configuration may not be changed", "Leave it to a person."),
    _error("protected.codeowners", "CODEOWNERS may not be changed", "Leave it to a person."),
    _error("protected.lockfile", "a lock file may not be written by hand", "Generate it with its own tool."),
    _error("protected.path", "`plan.protected` names this path", "Leave the path alone or change the config."),
    _error("size", "too many files or bytes for one ChangeSet", "Split the work into smaller blueprints."),
    _error(
        "secret.private_key", "an added line is the start of a private key", "Never commit a key; read it at run time."
    ),
    _error(
        "secret.literal",
        "a name such as `api_key` is assigned a literal that looks like a key",
        "Read the key at run time.",
    ),
    _error("secret.jwt", "an added line holds a JSON web token", "Never commit a token; make one at run time."),
    _error("secret.password", "an added line holds a password in a URL", "Read the password at run time."),
    _error("secret.token", "an added line holds an access token", "Revoke the token; read it at run time."),
    _error("message.blank", "the message has no subject", "Say in one line what the change does."),
    _warning("message.long_subject", "the subject is too long; it is cut", "Keep the first line under 72 characters."),
    _warning("message.skip", "words that make CI skip; they are removed", "Leave out `[skip ci]` and similar words."),
    _warning(
        "message.closing",
        "a closing keyword with an issue; the reference is removed",
        "Do not close issues from the message.",
    ),
    _warning(
        "message.mention", "an @mention; the @ is removed, and `@scope/name` becomes code", "Do not mention people."
    ),
    _warning(
        "message.trailer", "a trailer that only Cadence may write; it is removed", "Leave `Cadence-…` trailers out."
    ),
    _warning("message.control", "control characters; they are removed", "Use plain text."),
    _error(
        "loss.elision",
        "a mark such as `rest unchanged` replaces content",
        "Write the whole file, or use `replace` to name only what changes.",
    ),
    _error(
        "loss.placeholder",
        "a placeholder is in the place of real content",
        "Write the real content instead of the placeholder.",
    ),
    _error(
        "loss.fragment",
        "a fragment replaces a whole file: most definitions, headings and lines are removed",
        "Write the whole file, or use `replace` to name only what changes.",
    ),
    _error("loss.truncated", "the end of the file is cut off", "Write the file to its end, or use `replace`."),
    _error(
        "loss.reference",
        "something is removed that the repository still uses",
        "Keep it, or change every use in the same ChangeSet.",
    ),
    _error("loss.body", "a stub replaces the body of a function", "Keep the body, or write the new one."),
    _error("loss.headings", "many headings of a document are gone", "Keep the other sections."),
    _error("loss.table", "a table of a document, or most of its rows, is gone", "Keep the table and its rows."),
    _error(
        "loss.entries",
        "many entries of a package manifest are gone, or one that the code still imports",
        "Keep the other entries; change only yours.",
    ),
    _error("loss.code_fence", "the content is wrapped in a Markdown code fence", "Send the bare content."),
    _error("loss.escaped_newlines", "a literal `\\n` is written in place of line ends", "Send real line ends."),
    _error("loss.diff", "the content is a diff, not the file", "Send the file's whole new text."),
    _error("loss.conflict", "the content holds conflict marks", "Resolve the conflict."),
    _warning("loss.stub", "new code is a stub without a body", "Write the body, or say why a stub is intended."),
    _warning("loss.declared", "the edit declares that it removes names", "Both reviewers are shown the names."),
    _warning(
        "loss.undeclared_removal",
        "`removes` names something that neither the blueprint nor the plan mentions, so it has no effect",
        "Mention the removal in the blueprint or the plan.",
    ),
    _warning("loss.line_endings", "all line ends change between CRLF and LF", "Keep the file's line ends."),
    *(
        _error(f"syntax.{language}", f"the result is not valid {name}", "Correct the syntax at the line named.")
        for language, name in (
            ("python", "Python"),
            ("json", "JSON"),
            ("toml", "TOML"),
            ("yaml", "YAML"),
            ("javascript", "JavaScript"),
            ("typescript", "TypeScript"),
            ("go", "Go"),
            ("java", "Java"),
            ("rust", "Rust"),
            ("ruby", "Ruby"),
            ("shell", "shell script"),
        )
    ),
    _error(
        "imports.unknown",
        "an import of a module that is neither in the repository, nor the standard library, nor a declared dependency",
        "Import a module that exists, or declare the dependency in the same ChangeSet.",
    ),
    _error(
        "imports.name",
        "an import of a name that the repository's module does not have",
        "Import a name that exists, or add it.",
    ),
)
