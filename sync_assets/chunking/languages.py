"""The grammars we carry, and which of their nodes are definitions."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_BODIES = frozenset(
    {
        "block",
        "body_statement",
        "class_body",
        "compound_statement",
        "declaration_list",
        "enum_body",
        "enum_body_declarations",
        "field_declaration_list",
        "interface_body",
        "statement_block",
    }
)
_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_SCRIPT_VALUES = "arrow_function function_expression generator_function class"
_C_FAMILY = "preproc_ifdef preproc_if preproc_else preproc_elif linkage_specification"


@dataclass(frozen=True, slots=True)
class Language:
    """Node types of one grammar, named as in its `node-types.json`.

    `definitions` become chunks; `values` among them only where a wrapper names them. `wrappers`
    are definitions where they hold one (an exported class, a constant that is a function). `open`
    nodes are looked into whatever their size: bodies, namespaces, conditionals. `leads` directly
    above a definition belong to it.
    """

    module: str
    function: str
    definitions: frozenset[str]
    values: frozenset[str]
    wrappers: frozenset[str]
    open: frozenset[str]
    leads: frozenset[str]


def _language(
    module: str,
    definitions: str,
    *,
    function: str = "language",
    values: str = "",
    wrappers: str = "",
    opened: str = "",
    leads: str = "",
) -> Language:
    return Language(
        module=f"tree_sitter_{module}",
        function=function,
        definitions=frozenset(definitions.split()),
        values=frozenset(values.split()),
        wrappers=frozenset(wrappers.split()),
        open=_BODIES | set(opened.split()),
        leads=_COMMENTS | set(leads.split()),
    )


_SCRIPT = (
    "function_declaration generator_function_declaration class_declaration method_definition "
    f"{_SCRIPT_VALUES}"
)
_SCRIPT_WRAPPERS = (
    "export_statement lexical_declaration variable_declaration variable_declarator "
    "expression_statement assignment_expression public_field_definition field_definition pair"
)
_TYPED = (
    f"{_SCRIPT} abstract_class_declaration interface_declaration type_alias_declaration "
    "enum_declaration function_signature"
)
_TYPED_OPEN = "internal_module module ambient_declaration expression_statement export_statement"
_TYPED_WRAPPERS = f"{_SCRIPT_WRAPPERS} ambient_declaration"
_C = "function_definition struct_specifier union_specifier enum_specifier"

_LANGUAGES = {
    "bash": _language("bash", "function_definition"),
    "c": _language("c", _C, wrappers="type_definition", opened=_C_FAMILY),
    "c_sharp": _language(
        "c_sharp",
        "class_declaration struct_declaration interface_declaration enum_declaration "
        "record_declaration delegate_declaration method_declaration constructor_declaration "
        "destructor_declaration operator_declaration conversion_operator_declaration "
        "local_function_statement",
        wrappers="global_statement",
        opened="namespace_declaration file_scoped_namespace_declaration preproc_if preproc_else",
    ),
    "cpp": _language(
        "cpp",
        f"{_C} class_specifier concept_definition",
        wrappers="type_definition template_declaration",
        opened=f"{_C_FAMILY} namespace_definition",
        leads="access_specifier",
    ),
    "go": _language("go", "function_declaration method_declaration type_declaration"),
    "java": _language(
        "java",
        "class_declaration interface_declaration enum_declaration record_declaration "
        "annotation_type_declaration method_declaration constructor_declaration "
        "compact_constructor_declaration",
    ),
    "javascript": _language(
        "javascript", _SCRIPT, values=_SCRIPT_VALUES, wrappers=_SCRIPT_WRAPPERS, leads="decorator"
    ),
    "php": _language(
        "php",
        "function_definition method_declaration class_declaration interface_declaration "
        "trait_declaration enum_declaration",
        function="language_php",
        opened="namespace_definition if_statement",
    ),
    "python": _language(
        "python",
        "function_definition class_definition",
        wrappers="decorated_definition",
        opened="if_statement elif_clause else_clause try_statement except_clause finally_clause "
        "with_statement",
    ),
    "ruby": _language(
        "ruby", "method singleton_method class", opened="module singleton_class if unless"
    ),
    "rust": _language(
        "rust",
        "function_item struct_item enum_item union_item trait_item impl_item macro_definition",
        opened="mod_item",
        leads="attribute_item",
    ),
    "tsx": _language(
        "typescript",
        _TYPED,
        function="language_tsx",
        values=_SCRIPT_VALUES,
        wrappers=_TYPED_WRAPPERS,
        opened=_TYPED_OPEN,
        leads="decorator",
    ),
    "typescript": _language(
        "typescript",
        _TYPED,
        function="language_typescript",
        values=_SCRIPT_VALUES,
        wrappers=_TYPED_WRAPPERS,
        opened=_TYPED_OPEN,
        leads="decorator",
    ),
}

_SUFFIXES = {
    "bash": ".sh .bash .zsh .bats",
    "c": ".c",
    "c_sharp": ".cs .csx",
    "cpp": ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .inl .ipp .cu .cuh",
    "go": ".go",
    "java": ".java",
    "javascript": ".js .jsx .mjs .cjs",
    "php": ".php .phtml",
    "python": ".py .pyi .pyw",
    "ruby": ".rb .rake .gemspec .ru",
    "rust": ".rs",
    "tsx": ".tsx",
    "typescript": ".ts .mts .cts",
}
_BY_SUFFIX = {
    suffix: _LANGUAGES[name] for name, suffixes in _SUFFIXES.items() for suffix in suffixes.split()
}
_BY_NAME: dict[str, Language] = dict.fromkeys(
    ("Rakefile", "Gemfile", "Guardfile", "Vagrantfile"), _LANGUAGES["ruby"]
)
_CPP_HEADER = re.compile(
    r"^\s*(?:class|namespace|template|using|public:|extern \"C\+\+\")", re.MULTILINE
)


def language_of(path: str, text: str) -> Language | None:
    """The language of a file by its name; a `.h` is C++ if it says so. None: cut it by lines."""
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    if suffix == ".h":
        return _LANGUAGES["cpp" if _CPP_HEADER.search(text) else "c"]
    return _BY_SUFFIX.get(suffix) or _BY_NAME.get(name.name)
