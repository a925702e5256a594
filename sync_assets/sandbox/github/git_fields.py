"""Git objects' fields of `schema.graphql`."""

from sync_assets.sandbox.github.context import Context, Fields
from sync_assets.sandbox.github.git_views import View, history
from sync_assets.sandbox.github.node_ids import account_node_id, node_id
from sync_assets.sandbox.github.objects import TreeRow
from sync_assets.sandbox.repositories import Repository

_OBJECT: Fields = {
    "abbreviatedOid": lambda source, _context, _arguments: source.oid[:7],
    "commitUrl": lambda source, context, _: (
        f"{context.web}/{source.repository.name}/commit/{source.oid}"
    ),
    "id": lambda source, _context, _arguments: (
        node_id(source.git.kind[0].upper(), source.repository.number, int(source.oid[:8], 16))
        + source.oid[8:]
    ),
}
_BLOB: Fields = {
    **_OBJECT,
    "byteSize": lambda source, _context, _arguments: len(source.git.data),
    "isBinary": lambda source, _context, _arguments: source.binary,
    "isTruncated": lambda source, _context, _arguments: source.truncated,
}


def _entries(source: View, context: Context, _: object) -> list[tuple[Repository, TreeRow]]:
    rows = context.objects.tree(source.repository, source.oid, recursive=False)
    return [(source.repository, row) for row in rows]


_TREE: Fields = {**_OBJECT, "entries": _entries}
_TREE_ENTRY: Fields = {
    "mode": lambda source, _context, _arguments: int(source[1].mode, 8),
    "name": lambda source, _context, _arguments: source[1].path.decode(errors="replace"),
    "object": lambda source, context, _: context.object(source[0], source[1].oid),
    "oid": lambda source, _context, _arguments: source[1].oid,
    "path": lambda source, _context, _arguments: source[1].path.decode(errors="replace"),
    "repository": lambda source, _context, _arguments: source[0],
    "type": lambda source, _context, _arguments: source[1].kind,
}
_COMMIT: Fields = {
    **_OBJECT,
    "author": lambda source, _context, _arguments: source.signature("author"),
    "authoredDate": lambda source, _context, _arguments: source.signature("author").at,
    "committedDate": lambda source, _context, _arguments: source.signature("committer").at,
    "committer": lambda source, _context, _arguments: source.signature("committer"),
    "history": lambda source, context, arguments: history(context.objects, source, arguments),
    "messageBody": lambda source, _context, _arguments: source.message.partition("\n")[2].lstrip(
        "\n"
    ),
    "messageHeadline": lambda source, _context, _arguments: source.message.partition("\n")[0],
    "resourcePath": lambda source, _context, _arguments: (
        f"/{source.repository.name}/commit/{source.oid}"
    ),
    "tree": lambda source, context, _: context.object(source.repository, source.header("tree")),
    "url": lambda source, context, _: f"{context.web}/{source.repository.name}/commit/{source.oid}",
}
_REF: Fields = {
    "id": lambda source, _context, _arguments: (
        account_node_id("REF", source.repository.number) + source.name
    ),
    "prefix": lambda _source, _context, _arguments: "refs/heads/",
    "target": lambda source, context, _: context.object(
        source.repository, f"refs/heads/{source.name}"
    ),
}
_GIT_ACTOR: Fields = {
    "date": lambda source, _context, _arguments: source.at,
    "user": lambda _source, _context, _arguments: None,
}
GIT_FIELDS: dict[str, Fields] = {
    "Blob": _BLOB,
    "Commit": _COMMIT,
    "GitActor": _GIT_ACTOR,
    "Ref": _REF,
    "Tree": _TREE,
    "TreeEntry": _TREE_ENTRY,
}
