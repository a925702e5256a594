"""Whether a GraphQL schema of ours is a part of a vendor's own."""

from graphql import GraphQLNamedType, GraphQLSchema
from graphql.type import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
)


def invented(ours: GraphQLSchema, theirs: GraphQLSchema) -> set[str]:
    """What ours promises and theirs does not."""
    return {
        fact
        for name, kind in ours.type_map.items()
        if not name.startswith("__")
        for fact in _facts(kind)
        if name not in theirs.type_map or fact not in _facts(theirs.type_map[name])
    }


def missing_arguments(ours: GraphQLSchema, theirs: GraphQLSchema) -> set[str]:
    """Arguments that theirs requires and ours does not have."""
    missing: set[str] = set()
    for kind in ours.type_map.values():
        official = theirs.type_map.get(kind.name)
        if isinstance(kind, GraphQLObjectType) and isinstance(official, GraphQLObjectType):
            for name, field in kind.fields.items():
                missing |= {
                    f"{kind.name}.{name}({argument})"
                    for argument, promised in official.fields[name].args.items()
                    if str(promised.type).endswith("!") and argument not in field.args
                }
    return missing


def _facts(kind: GraphQLNamedType) -> set[str]:
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
