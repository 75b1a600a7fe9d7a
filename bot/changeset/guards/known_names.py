"""Names that a language has without an import: a file that stops defining one of them loses nothing."""

from __future__ import annotations

SCRIPT_SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")

_SCRIPT = (
    "URL URLSearchParams Buffer process fetch AbortController AbortSignal performance setTimeout setInterval "
    "setImmediate clearTimeout clearInterval clearImmediate queueMicrotask structuredClone console crypto Event "
    "EventTarget TextEncoder TextDecoder Blob File FormData Headers Request Response ReadableStream "
    "WritableStream TransformStream WebSocket Promise Symbol Map Set WeakMap WeakSet WeakRef Proxy Reflect Error "
    "TypeError RangeError Object Array String Number Boolean Date RegExp JSON Math Intl BigInt globalThis window "
    "document navigator module exports require global describe it test expect before after beforeEach afterEach "
    "beforeAll afterAll suite vi jest React JSX Iterator btoa atob"
)

_JAVA = (
    "String Object Integer Long Double Float Boolean Character Byte Short Math System Thread Runnable Exception "
    "Error RuntimeException Iterable Comparable Override Deprecated Class Enum Record Void Number StringBuilder "
    "Process"
)

_GO = (
    "append cap clear close complex copy delete imag len make max min new panic print println real recover any "
    "bool byte comparable error string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 "
    "float64 rune true false iota nil"
)

_RUST = (
    "Option Some None Result Ok Err Vec Box String ToString ToOwned Clone Copy Send Sync Sized Drop Fn FnMut "
    "FnOnce AsRef AsMut Into From TryFrom TryInto FromIterator Default Iterator Extend IntoIterator "
    "DoubleEndedIterator ExactSizeIterator Eq PartialEq Ord PartialOrd Debug Hash std core alloc crate vec format "
    "println print eprintln"
)

ALWAYS_THERE = {
    ".go": frozenset(_GO.split(" ")),
    ".rs": frozenset(_RUST.split(" ")),
    ".java": frozenset(_JAVA.split(" ")),
    **dict.fromkeys(SCRIPT_SUFFIXES, frozenset(_SCRIPT.split(" "))),
}
