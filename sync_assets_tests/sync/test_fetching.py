from sync_assets.models import Document
from sync_assets.sync.fetching import without_secrets

SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def test_what_is_secret_in_a_text_is_gone_from_title_and_metadata_too():
    address = f"https://x.example/?key={SECRET}"
    document = Document(
        "d1", "K-1", "v1", f"Why {SECRET}?", "https://x.example", f"See {address}",
        metadata={"links": [{"kind": "mentions", "target": address}], "labels": ["a"], "count": 1},
    )  # fmt: skip

    row = without_secrets(document)

    assert SECRET not in repr(row)
    assert row.document.title == "Why [REDACTED:github_token]?"
    assert (row.document.metadata["labels"], row.document.metadata["count"]) == (["a"], 1)


def test_a_files_title_is_its_name():
    document = Document("d1", "a", "v1", SECRET, "https://x.example", "text", path=SECRET)

    assert without_secrets(document).document.title == SECRET
