from graphql import GraphQLNamedType, build_schema
from graphql.type import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from sync_assets.sandbox.github.graphql import SCHEMA
from sync_assets_tests.shared import shared_file

OURS = build_schema(SCHEMA.read_text())


def facts(kind: GraphQLNamedType) -> set[str]:
    """All that a type promises, each fact as a line."""
    name, lines = kind.name, {f"{type(kind).__name__} {kind.name}"}
    if isinstance(kind, GraphQLEnumType):
        return lines | {f"{name}.{value}" for value in kind.values}
    if isinstance(kind, GraphQLUnionType):
        return lines | {f"{name} = {member.name}" for member in kind.types}
    if isinstance(kind, GraphQLInputObjectType):
        return lines | {f"{name}.{each}: {field.type}" for each, field in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        lines |= {f"{name}: {parent.name}" for parent in kind.interfaces}
        for field_name, field in kind.fields.items():
            lines.add(f"{name}.{field_name}: {field.type}")
            lines |= {
                f"{name}.{field_name}({argument_name}: {argument.type})"
                for argument_name, argument in field.args.items()
            }
    return lines


def test_every_fact_of_our_schema_is_one_of_githubs():
    theirs = build_schema(shared_file("specs/github.graphql").read_text(), assume_valid=True)
    ours = {name: kind for name, kind in OURS.type_map.items() if not name.startswith("__")}
    assert len(ours) > 60
    invented = {
        fact
        for name, kind in ours.items()
        for fact in facts(kind)
        if name not in theirs.type_map or fact not in facts(theirs.type_map[name])
    }
    assert invented == set()


def test_no_argument_that_github_requires_is_missing():
    theirs = build_schema(shared_file("specs/github.graphql").read_text(), assume_valid=True)
    missing: set[str] = set()
    for kind in OURS.type_map.values():
        official = theirs.type_map.get(kind.name)
        if isinstance(kind, GraphQLObjectType) and isinstance(official, GraphQLObjectType):
            for name, field in kind.fields.items():
                missing |= {
                    f"{kind.name}.{name}({argument})"
                    for argument, promised in official.fields[name].args.items()
                    if str(promised.type).endswith("!") and argument not in field.args
                }
    assert missing == set()
