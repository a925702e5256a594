import json
from pathlib import Path
from random import Random

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.redaction import redact
from sync_assets_tests.redaction.planted import ALNUM, HEX, Plant, chars, plants

PLANTS = plants(seed=1)
KINDS = sorted({plant.kind for plant in PLANTS})
SUFFIXES = {"code": "py", "typed code": "ts", "yaml": "yaml", "env": "ini", "json": "json"}

COMMIT = chars(Random(5), HEX, 40)
HARMLESS = [
    f"commit {COMMIT}\n",
    "request_id: 123e4567-e89b-12d3-a456-426614174000\n",
    f'cache_key = "{COMMIT}"\n',
    f'"integrity": "sha512-{COMMIT.upper()}{COMMIT}=="\n',
    f"foo==1.2 --hash=sha256:{COMMIT}{COMMIT[:24]}\n",
    "password = get_password(user)\n",
    "password: str = Field(...)\n",
    f'password = "{"change" + "me"}"\n',
    'api_key = "<your-key>"\n',
    "API_KEY=${VAULT_API_KEY_2}\n",
    'token = "xxxxxxxxxxxxxxxx1234"\n',
    'secret = os.environ["SECRET_KEY_1"]\n',
    "secret_key = settings.secret_key_v2.get_secret_value\n",
    'token_type = "urn:ietf:params:oauth:token-type:jwt2"\n',
    'next_page_token: "CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA"\n',
    'primary_key="user_account_2_id_and_name_of_4"\n',
    "sort(key=lambda pair: pair[1])\n",
    "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE\n",
    'if line.startswith("-----BEGIN RSA PRIVATE ' + 'KEY-----"):\n    read_until_end()\n',
    "-----BEGIN PUBLIC KEY-----\n"
    + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n" * 4
    + "-----END PUBLIC KEY-----\n",
    "the login and password portions of this\n",
    "    'v4-s3express': S3ExpressAuth,\n    's3v4-presign-post': S3PostAuth,\n",
    "Basic usage of the bearer token authentication scheme\n",
    "git clone git@github.com:owner/name.git && open https://host:8080/a@b/c\n",
    "postgres://user:${DB_PASSWORD}@host/db and redis://:{password}@host\n",
    ".sk-toggleable__label-arrow-and-more { color: red }\n",
    "import sync_assets.connectors.github.documents as documents_of_github_2\n",
]


def _redacted(plant: Plant) -> str:
    return redact(plant.text).text


@pytest.mark.parametrize("kind", KINDS)
def test_every_planted_secret_of_a_kind_is_gone_wherever_it_stands(kind: str):
    planted = [plant for seed in range(4) for plant in plants(seed) if plant.kind == kind]
    left = [
        plant.place
        for plant in planted
        if any(line in _redacted(plant) for line in plant.secret.split("\n"))
    ]
    assert (len(planted), left) == (len(planted), [])


def test_more_than_fifty_kinds_are_planted():
    assert len({kind.split(" ")[0] for kind in KINDS}) >= 50
    assert len(KINDS) >= 100


def test_planted_documents_keep_their_lines_and_what_is_not_secret():
    for plant in PLANTS:
        before, after = plant.text.split("\n"), _redacted(plant).split("\n")
        assert len(before) == len(after)
        kept = [
            line
            for line in before
            if not any(part in line for part in plant.secret.split("\n")) and "-----" not in line
        ]
        assert "private_key" in plant.kind or set(kept) <= set(after)


def test_redacting_twice_changes_nothing():
    for plant in PLANTS:
        once = _redacted(plant)
        assert redact(once).text is once


def _values(path: Path, text: str) -> set[str]:
    path.write_text(text, encoding="utf-8")
    with default_settings():
        return {secret.secret_value or "" for secret in scan_file(str(path))}


def test_what_detect_secrets_finds_is_gone_afterwards(tmp_path: Path):
    documents = {(plant.place, plant.kind if plant.place == "yaml" else ""): "" for plant in PLANTS}
    for plant in PLANTS:
        documents[plant.place, plant.kind if plant.place == "yaml" else ""] += plant.text
    seen: set[str] = set()
    for (place, _), text in documents.items():
        path = tmp_path / f"planted.{SUFFIXES.get(place, 'txt')}"
        values = _values(path, text)
        seen |= values
        after = redact(text).text
        assert not {value for value in values if value in after}
        assert not {value for value in _values(path, after) if "[REDACTED:" not in value}
    known = {p.kind for p in PLANTS if any(v in p.secret or p.secret in v for v in seen)}
    assert len(known) >= 75, "the oracle must have seen most of what is gone"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text: str):
    assert redact(text).text is text


def test_findings_say_kind_place_and_line():
    token = "gh" + "p_" + chars(Random(1), ALNUM, 36)
    text = f'# \U0001f600\n\nclient = Client("{token}")\n'
    redacted = redact(text)
    (finding,) = redacted.found
    assert redacted.text == '# \U0001f600\n\nclient = Client("[REDACTED:github_token]")\n'
    assert (finding.kind, finding.line) == ("github_token", 3)
    assert text[finding.start : finding.end] == token


def test_a_private_key_leaves_the_lines_after_it_where_they_were():
    plant = next(p for p in PLANTS if p.kind == "private_key RSA" and p.place == "code")
    redacted = redact(plant.text)
    assert redacted.text.startswith('KEY = """[REDACTED:rsa_private_key]\n\n\n')
    assert redacted.text.split("\n")[14] == "next_line = 1"
    assert [finding.line for finding in redacted.found] == [1]


def test_only_the_password_of_a_url_is_replaced():
    url = "postgres://user:{}@localhost/db"
    assert redact(url.format("password")).text == url.format("[REDACTED:url_password]")


def test_a_service_account_file_stays_json_without_its_key():
    plant = next(p for p in PLANTS if p.kind == "private_key PKCS8" and p.place == "json")
    account = json.loads(_redacted(plant))
    assert account == {"type": "service_account", "private_key": "[REDACTED:private_key]\n"}


@pytest.mark.parametrize(
    "name", ["REDIS_CACHE_PASSWORD", "PUBLIC_API_KEY", "author_secret", "sort.password"]
)
def test_a_harmless_word_in_a_telling_name_hides_nothing(name: str):
    secret = chars(Random(3), ALNUM, 24)
    assert secret not in redact(f'{name} = "{secret}"').text


@pytest.mark.parametrize("form", ["machine a.dev login me password {}\n", "--password {}\n"])
def test_a_password_after_a_space_is_found_where_a_program_reads_it(form: str):
    secret = chars(Random(3), ALNUM, 12)
    assert secret not in redact(form.format(secret)).text


def test_two_secrets_on_a_line_are_both_found():
    first, second = (chars(Random(seed), HEX, 40) for seed in (1, 2))
    redacted = redact(f'secret_a="{first}" secret_b="{second}"')
    assert redacted.text == 'secret_a="[REDACTED:secret]" secret_b="[REDACTED:secret]"'


HOSTILE = [
    *["xox" + "b-", "ey" + "J", "-----BEGIN RSA PRIVATE " + "KEY-----\n", "gh" + "s_.", "EA" + "A"],
    *["://a:", "token=", "+", "bearer ", "sig=", "sk-", "a.", "password: ", "auth", '"'],
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_repetition_takes_no_more_than_linear_time(piece: str):
    text = piece * (150_000 // len(piece))
    assert redact(text).text.count("\n") == text.count("\n")


PIECES = st.one_of(
    st.sampled_from(PLANTS).map(lambda plant: plant.text),
    st.sampled_from(PLANTS).map(lambda plant: plant.secret),
    st.sampled_from(PLANTS).map(lambda plant: plant.text[: len(plant.text) // 2]),
    st.sampled_from(
        ['"', "'", "=", ": ", "\n", " ", "@", "://", "-", ".", "\\n", "\u2028", "\r\n"]
    ),
    st.sampled_from(["password", "api_key=", "token: ", "Bearer ", "x", "7", "[REDACTED:token]"]),
    st.text(max_size=8),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_any_text_keeps_its_lines_and_stays_as_it_is_the_second_time(text: str):
    redacted = redact(text)
    assert redacted.text.count("\n") == text.count("\n")
    assert (redacted.text is text) == (not redacted.found)
    assert redact(redacted.text).text is redacted.text
    for finding in redacted.found:
        assert finding.line == 1 + text.count("\n", 0, finding.start)


WORDS = st.sampled_from([*HARMLESS, "def run(self):\n", "    return value\n", "# text\n", "\n"])


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=20).map("".join))
def test_text_without_secrets_is_returned_as_it_is(text: str):
    assert redact(text).text is text
