"""What a path alone tells: whether the file may be shown, what it is to a change, and which paths a text names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.plan.context.pack import Role

AMBIGUOUS = 3
"""Where more paths than this share a file name, the bare name means none of them."""

# With the line and paragraph separators of Unicode, at which other programs break lines, too.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_BINARY = re.compile(
    r"\.(png|jpe?g|gif|ico|webp|bmp|tiff?|psd|pdf|zip|t?gz|bz2|xz|7z|rar|tar|jar|war|class|so|dll|dylib|exe|o|a|lib|bin|dat|"
    r"db|sqlite3?|woff2?|ttf|otf|eot|mp[34]|mov|avi|wav|ogg|flac|pyc|pyo|whl|wasm|parquet|npy|npz|pkl|onnx|pt|keystore|jks|"
    r"mo|fits|hdf5|h5|eps|afm|pfb|shp|dbf)$",
    re.IGNORECASE,
)
# Key files are never sent to a model's server, whatever a blueprint asks for.
_SECRET = re.compile(
    r"(^|/)(\.env(\.(?!example|sample|template|dist)[\w-]+)?|\.netrc|\.pypirc|\.npmrc|id_(rsa|dsa|ecdsa|ed25519))$"
    r"|\.(pem|key|p12|pfx|ppk)$",
    re.IGNORECASE,
)
# Dependencies, build output, lock files, snapshots and generated code: large, and changed by tools only.
_SKIPPED = re.compile(
    r"(^|/)(node_modules|bower_components|_?vendor(ed)?|third_party|dist|deno_dist|build|\.venv|venv|site-packages|"
    r"__pycache__|\.git|target|coverage|\.tox|\.next|__snapshots__)/"
    r"|(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum)$"
    r"|\.min\.(js|css)$|\.(map|snap|lock|svg)$|(_pb2(_grpc)?\.pyi?|\.pb\.go|\.pb\.(cc|h)|\.g\.dart)$|[._]generated\.\w+$",
    re.IGNORECASE,
)
# Issue and pull request templates, benchmarks, golden outputs and the lists of tools are rarely what has to change.
_ASIDE = re.compile(
    r"(^|/)(\.(git|docker|npm|eslint|prettier|hg)ignore|\.gitattributes|\.git-blame-ignore-revs|\.editorconfig|\.mailmap|"
    r"manifest\.in|py\.typed)$"
    r"|(^|/)\.github/|(^|/)(pull_request|issue)_template[^/]*(/|$)|(^|/)(benchmarks?|asv_bench|snapshots?|goldens?)/",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(tests?|testing|specs?|__tests__|e2e|testdata|fixtures|__mocks__|test[-_][^/]*|[^/]*[-_]tests?)/"
    r"|(^|/)(test_[^/]*|conftest\.py|tests?\.\w+)$|[._-](test|spec|tests)\.\w+$",
    re.IGNORECASE,
)
_TEST_CLASS = re.compile(r"[a-z]Tests?\.\w+$")
_DOCUMENT = re.compile(
    r"\.(md|rst|txt|adoc|tex|ipynb|csv|tsv|json|ya?ml|toml|cfg|ini|xml|po|pot|xlf|properties|sql\.gz|out)$"
    r"|(^|/)(readme|changelog|changes|history|licen[cs]e|notice|authors)[^/]*$"
    r"|(^|/)(docs?|documentation|examples?|galleries|tutorials?|website|changelog[s.d]*|news)/",
    re.IGNORECASE,
)
CHANGELOG = re.compile(r"(^|/)(changelog|changes|history|news|release[-_]?notes|whats[-_]new)[^/]*$", re.IGNORECASE)
_EXTERNAL = re.compile(r"(^|/)(external|extern|typeshed)/", re.IGNORECASE)
_TOOL = re.compile(
    r"(^|/)(\.[^/]+|[^/]*\.(conf|config)\.\w+|setup\.py|gulpfile\.\w+|gruntfile\.\w+|rakefile|dangerfile|noxfile\.py|"
    r"tasks\.py|fabfile\.py|conf\.py)$|(^|/)(scripts?|tools?|misc|hack|ci|bin|sandbox|playground|\.[^/]+)/",
    re.IGNORECASE,
)
_DECLARATIONS = re.compile(r"\.(d\.ts|pyi|html|css|scss)$", re.IGNORECASE)

_TOKEN = re.compile(r"[\w./\\@+~-]+")
_PLAIN_PATH = re.compile(r"[\w./@+~-]+")
_TEST_AFFIX = re.compile(r"^tests?_|[._-](?:test|spec|tests)$|(?<=[a-z])Tests?$")


def presentable(path: str) -> bool:
    """Whether a path can be on a line of its own. A line break in it could look like a part of our prompt."""
    return not _CONTROL.search(path)


def readable(path: str) -> bool:
    """Whether a file of that name may be shown when it is asked for: not binary, not a key file."""
    return presentable(path) and not _BINARY.search(path) and not _SECRET.search(path)


@lru_cache(maxsize=32_768)
def considered(path: str) -> bool:
    """Whether a file of that name is looked at without being named: not vendored, generated or a lock file, either."""
    return readable(path) and not _SKIPPED.search(path) and not _ASIDE.search(path)


@lru_cache(maxsize=32_768)
def role_of(path: str) -> Role:
    """What a file is to a change, by its name."""
    if _TEST.search(path) or _TEST_CLASS.search(path):
        return "test"
    return "document" if _DOCUMENT.search(path) else "source"


def prior(path: str) -> float:
    """Factor for a source file's score: copies of other projects, tools and declarations rarely have to change."""
    factor = 0.3 if _EXTERNAL.search(path) else 1.0
    factor *= 0.7 if _TOOL.search(path) else 1.0
    return factor * (0.85 if _DECLARATIONS.search(path) else 1.0)


def mentioned(paths: Sequence[str], text: str) -> list[str]:
    """Paths that the text names, in the order of their mention.

    A path counts when the text has it whole, its last components, a file name that at most three paths share,
    or it as a dotted module (`shop.cart.totals` for `src/shop/cart/totals.py`).
    """
    return PathNames(paths).mentioned(text)


class PathNames:
    """The names by which a text can mean each of many paths."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._owners: dict[str, list[str]] = {}
        self._modules: dict[str, list[str]] = {}
        for path in paths:
            name = path.rpartition("/")[2]
            self._owners.setdefault(name, []).append(path)
            if name.endswith(".py"):
                self._modules.setdefault(name[:-3], []).append(path)
        # Paths with spaces or brackets are not one token, so they are searched as they are.
        self._odd = [path for path in paths if not _PLAIN_PATH.fullmatch(path)]

    def mentioned(self, text: str) -> list[str]:
        """As the function of that name."""
        found: list[tuple[int, str]] = []
        for match in _TOKEN.finditer(text):
            token = match[0].replace("\\", "/").rstrip(".-/").removeprefix("./").lstrip("/")
            found += [(match.start(), path) for path in _meant(token, self._owners, self._modules)]
        found += [(text.find(path), path) for path in self._odd if path in text]
        return list(dict.fromkeys(path for _, path in sorted(found)))


def _meant(token: str, owners: dict[str, list[str]], modules: dict[str, list[str]]) -> list[str]:
    """The paths that one word of a text names; none when it could be an ordinary word or too many paths share it."""
    name = token.rpartition("/")[2]
    same = owners.get(name, [])
    if token in same and ("/" in token or _is_file_name(token)):
        return [token]
    if "/" in token:
        ends = [path for path in same if path.endswith(f"/{token}")]
        # A stack trace or a link names the file by a longer path than the repository's own.
        inner = [path for path in same if "/" in path and token.endswith(f"/{path}")]
        return [max(inner, key=len)] if inner else ends if len(ends) <= AMBIGUOUS else []
    if same:
        return same if len(same) <= AMBIGUOUS and _is_file_name(name) else []
    if "." in token:
        *parents, last = token.split(".")
        # `shop.cart.totals` is a module; in `totals.compute` the module comes one earlier.
        for parts in ([*parents, last], parents):
            ends = _modules_ending(parts, modules)
            if 0 < len(ends) <= AMBIGUOUS:
                return ends
    return []


def _modules_ending(parts: Sequence[str], modules: dict[str, list[str]]) -> list[str]:
    if len(parts) < 2:
        return []
    tail = "/".join(parts) + ".py"
    return [path for path in modules.get(parts[-1], []) if path == tail or path.endswith(f"/{tail}")]


def _is_file_name(name: str) -> bool:
    """`cart.py` and `Makefile` name files; `build` is more likely a word."""
    return "." in name.strip(".") or name.startswith(".") or name != name.lower()


def matching_tests(chosen: Sequence[str], tests: Sequence[str]) -> list[str]:
    """The test files named after `chosen`, in the order of `chosen`; at most two for each."""
    by_stem: dict[str, list[str]] = {}
    for path in tests:
        by_stem.setdefault(_TEST_AFFIX.sub("", stem_of(path)).strip("_").lower(), []).append(path)
    found: list[str] = []
    for path in chosen:
        near = by_stem.get(stem_of(path).strip("_").lower(), ()) if stem_of(path) else ()
        folder = path.rpartition("/")[0]
        found += sorted(near, key=lambda test: (-_shared(folder, test), test))[:2]
    return list(dict.fromkeys(found))


def _shared(folder: str, test: str) -> int:
    """How many folders of a source file's path are in a test's path, too."""
    return len(set(folder.split("/")) & set(test.split("/")[:-1]))


def stem_of(path: str) -> str:
    """The file's name without its last ending; of `pkg/__init__.py` the folder's name, which is the module's."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return path.split("/")[-2] if stem in ("__init__", "index", "mod") and "/" in path else stem
