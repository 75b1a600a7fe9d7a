"""What a text of a tree-sitter language defines, binds and uses: names with their roles, told from the grammar alone.

A place that is not clearly a use counts as one that may bind the name. Nothing is called missing while such a place
is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from bot.changeset.guards import grammar


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(" "))


_DEFINITIONS = _words(
    "function_declaration generator_function_declaration class_declaration abstract_class_declaration "
    "method_definition interface_declaration type_alias_declaration enum_declaration function_signature "
    "record_declaration annotation_type_declaration method_declaration constructor_declaration type_spec "
    "function_item struct_item enum_item union_item trait_item type_item mod_item macro_definition method "
    "singleton_method class module function_definition"
)
_METHODS = _words("method_definition method_declaration method singleton_method")
_VALUES = _words("variable_declarator const_spec var_spec const_item static_item")
_SCOPES = _words(
    "program source_file export_statement lexical_declaration variable_declaration const_declaration "
    "var_declaration var_spec_list type_declaration ambient_declaration"
)
_SUPERTYPES = frozenset({"class_heritage", "superclass", "super_interfaces", "extends_interfaces"})
_IMPORTS = _words("import_statement import_declaration use_declaration")
_NAMES = _words("identifier type_identifier constant package_identifier shorthand_property_identifier")
_ANY_FIELD = _words(
    "arguments argument_list class_heritage extends_clause implements_clause extends_type_clause type_annotation "
    "generic_type type_arguments pointer_type slice_type array_type map_type reference_type superclass "
    "super_interfaces type_list throws class_literal return_statement binary_expression unary_expression "
    "await_expression spread_element template_substitution array ternary_expression jsx_expression decorator "
    "parenthesized_expression expression_statement union_type intersection_type literal_type lookup_type "
    "type_query object try_expression reference_expression"
)
_FIELDS = frozenset(
    {
        ("call_expression", "function"), ("new_expression", "constructor"), ("member_expression", "object"),
        ("subscript_expression", "object"), ("selector_expression", "operand"), ("qualified_type", "package"),
        ("composite_literal", "type"), ("scoped_identifier", "path"), ("scoped_type_identifier", "path"),
        ("macro_invocation", "macro"), ("impl_item", "type"), ("impl_item", "trait"),
        ("object_creation_expression", "type"), ("marker_annotation", "name"), ("annotation", "name"),
        ("method_invocation", "object"), ("field_access", "object"),
        ("cast_expression", "type"), ("instanceof_expression", "right"), ("formal_parameter", "type"),
        ("field_declaration", "type"), ("local_variable_declaration", "type"), ("method_declaration", "type"),
        ("method_declaration", "result"), ("parameter_declaration", "type"), ("parameter", "type"), ("pair", "value"),
        ("function_declaration", "result"), ("function_item", "return_type"), ("struct_expression", "name"),
        ("variable_declarator", "value"), ("assignment_expression", "right"), ("jsx_opening_element", "name"),
        ("jsx_self_closing_element", "name"), ("arrow_function", "body"), ("command_name", ""),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Outline:
    """Names of one text. `top`: bound at file level; `free`: used here and bound nowhere here, with the first line."""

    definitions: frozenset[str]
    methods: frozenset[str]
    imported: frozenset[str]
    top: frozenset[str]
    bound: frozenset[str]
    used: dict[str, int]
    own_calls: dict[str, int]
    has_supertype: bool
    has_wildcard: bool


def outline(text: str | None, suffix: str) -> Outline | None:
    """The outline, or None where the language is unknown or the text does not parse as a whole."""
    root = grammar.parsed(text, suffix)
    if root is None or root.has_error or text is None:
        return None
    return _outlined(text, suffix)


@lru_cache(maxsize=128)
def _outlined(text: str, suffix: str) -> Outline:
    root = grammar.parsed(text, suffix)
    nodes = list(grammar.walk(root)) if root is not None else []
    definitions, methods, top = _defined(nodes)
    imported = frozenset(name for n in nodes if n.type in _IMPORTS for name in _imported(n, suffix))
    bound: set[str] = set()
    used: dict[str, int] = {}
    own: dict[str, int] = {}
    for node in nodes:
        if node.type in _NAMES:
            if _is_use(node):
                used.setdefault(grammar.text_of(node), node.start_point[0] + 1)
            else:
                bound.add(grammar.text_of(node))
        elif (called := _own_call(node)) is not None:
            own.setdefault(called, node.start_point[0] + 1)
    return Outline(
        definitions=definitions,
        methods=methods,
        imported=imported,
        top=top | imported,
        bound=imported | bound,
        used=used,
        own_calls=own,
        has_supertype=any(n.type in _SUPERTYPES for n in nodes),
        has_wildcard=any(_is_wildcard(n) for n in nodes),
    )


def _defined(nodes: Sequence[Node]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of definitions, of methods among them, and of what is bound at file level."""
    definitions, methods, top = set(), set(), set()
    for node in nodes:
        if node.type not in _DEFINITIONS and node.type not in _VALUES:
            continue
        name = node.child_by_field_name("name")
        if name is None or name.type.endswith("_pattern"):
            continue
        if node.type in _DEFINITIONS:
            definitions.add(grammar.text_of(name))
        if node.type in _METHODS:
            methods.add(grammar.text_of(name))
        if _at_top(node):
            top.add(grammar.text_of(name))
    return frozenset(definitions), frozenset(methods), frozenset(top)


def _is_wildcard(node: Node) -> bool:
    return node.type == "asterisk" or (node.type == "use_wildcard" and "super" not in grammar.text_of(node))


def _at_top(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type in _SCOPES and above.parent is not None:
        above = above.parent
    return above is not None and above.parent is None


def _is_use(node: Node) -> bool:
    above = node.parent
    if above is None:
        return False
    if above.type in _ANY_FIELD:
        return True
    field = next((above.field_name_for_child(i) for i, c in enumerate(above.children) if c == node), None)
    if above.type == "method_invocation" and field == "name":
        return above.child_by_field_name("object") is None
    return (above.type, field or "") in _FIELDS


def _own_call(node: Node) -> str | None:
    """The method called on `this` or `self`, if the node is such a call."""
    if node.type == "method_invocation":
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("name")
    elif node.type == "call_expression" and (function := node.child_by_field_name("function")) is not None:
        owner = function.child_by_field_name("object") or function.child_by_field_name("value")
        name = function.child_by_field_name("property") or function.child_by_field_name("field")
    else:
        return None
    return grammar.text_of(name) if owner is not None and name is not None and owner.type in ("this", "self") else None


def _imported(node: Node, suffix: str) -> Iterator[str]:
    """Local names that an import statement binds."""
    if suffix == ".go":
        for spec in (n for n in grammar.walk(node) if n.type == "import_spec"):
            name, path = spec.child_by_field_name("name"), spec.child_by_field_name("path")
            if name is not None:
                yield grammar.text_of(name)
            elif path is not None:
                yield _package(grammar.text_of(path).strip('"`'))
    elif suffix == ".java":
        if not any(n.type == "asterisk" for n in node.children):
            yield grammar.text_of(node).rstrip("; \n").rsplit(".", 1)[-1].strip()
    elif suffix == ".rs":
        yield from _rust_names(node)
    else:
        yield from _script_names(node)


def _script_names(node: Node) -> Iterator[str]:
    for inner in grammar.walk(node):
        if inner.type == "import_specifier":
            name = inner.child_by_field_name("alias") or inner.child_by_field_name("name")
            if name is not None:
                yield grammar.text_of(name)
        elif inner.type == "identifier" and getattr(inner.parent, "type", "") in ("import_clause", "namespace_import"):
            yield grammar.text_of(inner)


def _rust_names(node: Node) -> Iterator[str]:
    if node.type == "use_as_clause":
        alias = node.child_by_field_name("alias")
        if alias is not None:
            yield grammar.text_of(alias)
    elif node.type == "scoped_identifier":
        name = node.child_by_field_name("name")
        if name is not None:
            yield grammar.text_of(name)
    elif node.type == "identifier":
        yield grammar.text_of(node)
    elif node.type == "scoped_use_list":
        inner = node.child_by_field_name("list")
        if inner is not None:
            yield from _rust_names(inner)
    elif node.type in ("use_declaration", "use_list"):
        for child in node.named_children:
            yield from _rust_names(child)


def _package(path: str) -> str:
    """The name under which Go code knows an imported package: its last component, without a version."""
    parts = [p for p in path.split("/") if not (p.startswith("v") and p[1:].isdigit())]
    return (parts or [path])[-1].split(".")[0].removeprefix("go-").replace("-", "_")
