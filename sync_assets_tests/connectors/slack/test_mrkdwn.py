import pytest

from sync_assets.connectors.slack.mrkdwn import markdown, named, words
from sync_assets.connectors.slack.payloads import Message


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("*bold* and ~not~ and _so_", "**bold** and ~~not~~ and _so_"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`*code*` and ```\n*more* &lt;b&gt;\n```", "`*code*` and ```\n*more* <b>\n```"),
        ("<https://a.example|a> <https://b.example>", "[a](https://a.example) https://b.example"),
        ("`curl <https://a.example|a.example>`", "`curl a.example`"),
        ("<@U1> <@U2|mara> in <#C1|payments>", "<@U1> <@U2> in #payments"),
        ("<!here> <!subteam^S1|@oncall>", "@here @oncall"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("a &amp;lt; b", "a &lt; b"),
    ],
)
def test_slacks_markup_reads_as_markdown(said: str, shown: str):
    assert markdown(said) == shown


def test_people_are_named_only_for_display():
    assert named("<@U1> asks <@U2>", {"U1": "Mara"}) == "@Mara asks @U2"


def test_a_message_of_blocks_alone_has_its_words_whatever_they_are():
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Deploy* failed"}},
        {"type": "newfangled", "elements": [{"type": "text", "text": "still here"}]},
        {"type": "rich_text", "elements": [{"type": "user", "user_id": "U1"}]},
    ]
    message = Message.model_validate({"ts": "1767268800.000100", "blocks": blocks})

    assert words(message) == "**Deploy** failed\nstill here\n<@U1>"
