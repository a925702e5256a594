from sync_assets.connectors.vercel.logs import HEAD_LINES, TAIL_LINES, excerpt, log_lines
from sync_assets.connectors.vercel.payloads import BuildEvent, Deployment


def event(text: str, kind: str = "stdout") -> BuildEvent:
    return BuildEvent.model_validate({"type": kind, "text": text})


def test_a_log_loses_its_colours_its_progress_bars_and_nothing_else():
    events = [
        event("\x1b[1m\x1b[32mBuilding\x1b[0m the shop"),
        event("10 %\r50 %\r100 %"),
        event("one\ntwo\r\n"),
        event("\x1b]8;;https://x.example\x07link\x1b]8;;\x07 and \x07bell"),
        BuildEvent.model_validate({"type": "stderr", "payload": {"text": "in the other shape"}}),
        event("not said by the build", kind="deployment-state"),
    ]

    assert log_lines(events) == [
        "Building the shop", "100 %", "one", "two", "", "link and bell", "in the other shape",
    ]  # fmt: skip


def test_a_long_log_keeps_head_and_tail_and_says_what_is_left_out():
    lines = [str(number) for number in range(10_000)]

    kept = excerpt(lines)

    assert kept[:HEAD_LINES] == lines[:HEAD_LINES]
    assert kept[-TAIL_LINES:] == lines[-TAIL_LINES:]
    assert kept[HEAD_LINES] == f"... {10_000 - HEAD_LINES - TAIL_LINES} lines left out ..."
    assert excerpt(lines[:500]) == lines[:500]


def test_unknown_fields_and_odd_metadata_of_clients_do_no_harm():
    read = Deployment.model_validate(
        {
            "uid": "dpl_1", "name": "shop", "readyState": "READY", "created": 1,
            "meta": {"githubCommitSha": "abc", "odd": {"nested": 1}}, "brandNew": [1, 2],
            "creator": {"uid": "u", "email": "somebody@example.com"},
        }
    )  # fmt: skip

    assert read.meta == {"githubCommitSha": "abc"}
    assert read.creator.shown is None
