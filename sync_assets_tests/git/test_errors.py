"""The messages are those of git 2.39, http and ssh, as they were seen."""

from pathlib import Path

import pytest

from sync_assets.errors import (
    InvalidSettings,
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    StoreUnavailable,
    UnexpectedPayload,
)
from sync_assets.git.errors import (
    CommitGone,
    CorruptCache,
    DamagedSource,
    RefMissing,
    Unrecognised,
    classify,
)

URL = "https://git.example/acme/x.git"
CACHE = Path("/var/lib/sync/git/0123")
_ACCESS = f"fatal: unable to access '{URL}/': "
_SIGN_OFF = (
    "fatal: Could not read from remote repository.\n\n"
    "Please make sure you have the correct access rights\nand the repository exists."
)


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        (f"{_ACCESS}The requested URL returned error: 403", SourceRejectedUs),
        (f"{_ACCESS}The requested URL returned error: 404", SourceGone),
        (f"{_ACCESS}The requested URL returned error: 301", SourceGone),
        (f"{_ACCESS}The requested URL returned error: 429", RateLimited),
        (f"{_ACCESS}The requested URL returned error: 503", SourceUnavailable),
        (f"{_ACCESS}The requested URL returned error: 418", UnexpectedPayload),
        (f"{_ACCESS}Failed to connect to git.example port 443 after 0 ms", SourceUnavailable),
        (f"{_ACCESS}Could not resolve host: git.example", SourceUnavailable),
        (f"{_ACCESS}SSL certificate problem: self-signed certificate", SourceUnavailable),
        (f"fatal: repository '{URL}/' not found", SourceGone),
        ("ERROR: Repository not found.\n" + _SIGN_OFF, SourceGone),
        (
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            SourceRejectedUs,
        ),
        (f"fatal: Authentication failed for '{URL}/'", SourceRejectedUs),
        ("git@git.example: Permission denied (publickey).\n" + _SIGN_OFF, SourceRejectedUs),
        ("Host key verification failed.\n" + _SIGN_OFF, SourceRejectedUs),
        ("ssh: connect to host git.example port 22: Connection refused", SourceUnavailable),
        ("fatal: '/srv/x' does not appear to be a git repository\n" + _SIGN_OFF, SourceGone),
        (f"fatal: {URL}/info/refs not valid: is this a git repository?", UnexpectedPayload),
        ("fatal: couldn't find remote ref refs/heads/nope", RefMissing),
        ("fatal: remote error: upload-pack: not our ref 1234", CommitGone),
        ("error: Server does not allow request for unadvertised object 12", CommitGone),
        (
            (
                "error: RPC failed; curl 18 transfer closed with 4191 bytes remaining to read\n"
                "error: 4181 bytes of body are still expected\n"
                "fetch-pack: unexpected disconnect while reading sideband packet\n"
                "fatal: protocol error: bad pack header"
            ),
            SourceUnavailable,
        ),
        ("fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", SourceUnavailable),
        ("fatal: the remote end hung up unexpectedly", SourceUnavailable),
        (
            (
                "remote: fatal: unable to read 6760a547\n"
                "remote: aborting due to possible repository corruption on the remote side.\n"
                "fatal: protocol error: bad pack header"
            ),
            DamagedSource,
        ),
        ("fatal: expected 'packfile'", DamagedSource),
        (
            (
                "fatal: loose object 6760a5 (stored in ./objects/67/60a5) is corrupt\n"
                "fatal: the remote end hung up unexpectedly"
            ),
            DamagedSource,
        ),
        (f"fatal: packed object 67 (stored in {CACHE}/objects/pack/p) is corrupt", CorruptCache),
        (f"fatal: not a git repository: '{CACHE}'", CorruptCache),
        ("error: file write error: No space left on device\nfatal: x", StoreUnavailable),
        ("fatal: write error: Disk quota exceeded", StoreUnavailable),
        ("remote: fatal: write error: No space left on device", Unrecognised),
        ("fatal: 'sync' does not appear to be a git repository\n" + _SIGN_OFF, InvalidSettings),
        ("fatal: transport 'ext' not allowed", InvalidSettings),
        (
            "fatal: detected dubious ownership in repository at '/srv/x.git'\n" + _SIGN_OFF,
            SourceRejectedUs,
        ),
        ("fatal: something never seen before", Unrecognised),
        ("", Unrecognised),
    ],
)
def test_message_of_git_becomes_the_error_for_the_next_step(stderr: str, error: type[Exception]):
    found = classify(stderr, URL, CACHE)

    assert type(found) is error
    assert "\n" not in str(found)


def test_message_names_the_repository_and_gits_own_reason():
    found = classify("remote: counting\nfatal: something new\nadvice: read on", URL, CACHE)

    assert str(found) == f"{URL}: git failed (something new)"
