"""Secrets made up at run time, of every kind we know, in the places where people leave them."""

import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Plant:
    """A document with a secret in it. `secret` (or each of its lines) must be gone afterwards."""

    kind: str
    place: str
    text: str
    secret: str


def chars(random: Random, alphabet: str, count: int) -> str:
    """Random characters, with a digit and a letter among them."""
    made = "".join(random.choices(alphabet, k=count - 2))
    return f"{made[: count // 2]}7{made[count // 2 :]}{'a' if 'a' in alphabet else 'A'}"


def _json64(random: Random, field: str) -> str:
    raw = f'{{"{field}":"{chars(random, ALNUM, 12)}","n":{random.randrange(10**6)}}}'
    return urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _jwt(random: Random) -> str:
    return f"{_json64(random, 'alg')}.{_json64(random, 'sub')}.{chars(random, URLSAFE, 43)}"


_PIECES: dict[str, tuple[tuple[str | int, ...], str]] = {
    # kind: prefix in two pieces (and how many characters follow), alphabet
    "github_token classic": (("gh", "p_", 36), ALNUM),
    "github_token oauth": (("gh", "o_", 36), ALNUM),
    "github_token user": (("gh", "u_", 36), ALNUM),
    "github_token refresh": (("gh", "r_", 76), ALNUM),
    "github_app_token short": (("gh", "s_", 36), ALNUM),
    "github_fine_grained_token": (("github", "_pat_", 22, "_", 59), ALNUM),
    "gitlab_token": (("glp", "at-", 20), URLSAFE),
    "gitlab_runner_token": (("GR1348", "941", 20), URLSAFE),
    "bitbucket_app_password": (("AT", "BB", 32), ALNUM),
    "atlassian_token": (("ATA", "TT3", 180), URLSAFE),
    "aws_access_key_id": (("AK", "IA", 16), UPPER),
    "aws_access_key_id temporary": (("AS", "IA", 16), UPPER),
    "alibaba_access_key_id": (("LT", "AI", 20), ALNUM),
    "google_api_key": (("AI", "za", 35), URLSAFE),
    "google_oauth_token": (("ya", "29.", 80), URLSAFE),
    "google_oauth_secret": (("GOC", "SPX-", 28), URLSAFE),
    "azure_client_secret": ((3, "8", "Q~", 34), ALNUM + "_.~-"),
    "slack_token bot": (("xo", "xb-", "1234567890-", "2345678901-", 24), ALNUM),
    "slack_token user": (("xo", "xp-", "1234567890-", "2345678901-", "3456789012-", 32), HEX),
    "slack_app_token": (("xa", "pp-", "1-A0123456789-", "1234567890123-", 64), HEX),
    "stripe_key": (("sk_", "live_", 24), ALNUM),
    "stripe_key restricted": (("rk_", "live_", 24), ALNUM),
    "stripe_key test": (("sk_", "test_", 24), ALNUM),
    "webhook_signing_secret": (("wh", "sec_", 32), BASE64),
    "square_token": (("sq0", "csp-", 43), URLSAFE),
    "shopify_token": (("sh", "pat_", 32), HEX),
    "openai_key": (("sk-", "proj-", 74, "T3Blbk", "FJ", 74), URLSAFE),
    "openai_key legacy": (("s", "k-", 20, "T3Blbk", "FJ", 20), ALNUM),
    "anthropic_key": (("sk-", "ant-api03-", 95), URLSAFE),
    "openrouter_key": (("sk-", "or-v1-", 64), HEX),
    "elevenlabs_key": (("s", "k_", 48), HEX),
    "huggingface_token": (("h", "f_", 34), string.ascii_letters),
    "replicate_token": (("r", "8_", 37), ALNUM),
    "groq_key": (("g", "sk_", 52), ALNUM),
    "perplexity_key": (("pp", "lx-", 48), ALNUM),
    "xai_key": (("x", "ai-", 80), ALNUM),
    "pinecone_key": (("pc", "sk_", 60), ALNUM),
    "langsmith_key": (("lsv2", "_pt_", 32, "_", 10), HEX),
    "npm_token": (("np", "m_", 36), ALNUM),
    "pypi_token": (("py", "pi-", "AgEIcHlwaS5vcmc", 150), URLSAFE),
    "rubygems_key": (("ruby", "gems_", 48), HEX),
    "clojars_token": (("CLO", "JARS_", 60), HEX),
    "nuget_key": (("o", "y2", 43), LOWER),
    "crates_io_token": (("c", "io", 32), ALNUM),
    "docker_token": (("dckr", "_pat_", 27), URLSAFE),
    "artifactory_key": (("AK", "Cp", 69), ALNUM),
    "linear_key": (("lin", "_api_", 40), ALNUM),
    "notion_token": (("nt", "n_", 46), ALNUM),
    "notion_token old": (("sec", "ret_", 43), ALNUM),
    "vercel_token": (("v", "cp_", 56), ALNUM),
    "twilio_key": (("S", "K", 32), HEX),
    "twilio_key account": (("A", "C", 32), HEX),
    "sendgrid_key": (("S", "G.", 22, ".", 43), URLSAFE),
    "mailgun_key": (("ke", "y-", 32), HEX),
    "mailchimp_key": ((32, "-u", "s12"), HEX),
    "brevo_key": (("xkey", "sib-", 64, "-", 16), LOWER),
    "digitalocean_token": (("dop", "_v1_", 64), HEX),
    "fly_token": (("fm", "2_", 120), BASE64),
    "tailscale_key": (("ts", "key-auth-", 12, "-", 32), ALNUM),
    "vault_token": (("hv", "s.", 90), URLSAFE),
    "terraform_token": ((14, ".atlas", "v1.", 67), ALNUM),
    "pulumi_token": (("pu", "l-", 40), HEX),
    "databricks_token": (("da", "pi", 32), HEX),
    "newrelic_key": (("NR", "AK-", 27), UPPER),
    "grafana_token": (("gl", "sa_", 32, "_", 8), HEX),
    "sentry_token": (("sntr", "yu_", 64), HEX),
    "dynatrace_token": (("dt0", "c01.", 24, ".", 64), UPPER),
    "planetscale_token": (("pscale", "_tkn_", 43), URLSAFE),
    "supabase_key": (("sb", "p_", 40), HEX),
    "postman_key": (("PM", "AK-", 24, "-", 34), HEX),
    "airtable_token": (("p", "at", 14, ".", 64), HEX),
    "figma_token": (("fi", "gd_", 40), URLSAFE),
    "doppler_token": (("dp", ".pt.", 43), ALNUM),
    "dropbox_token": (("s", "l.", 130), URLSAFE),
    "typeform_token": (("tf", "p_", 59), ALNUM),
    "contentful_token": (("CF", "PAT-", 43), URLSAFE),
    "buildkite_token": (("bk", "ua_", 40), HEX),
    "sonarqube_token": (("sq", "u_", 40), HEX),
    "prefect_key": (("pn", "u_", 36), ALNUM),
    "onepassword_token": (("ops", "_eyJ", 250), BASE64),
    "age_key": (("AGE-SECRET", "-KEY-1", 58), UPPER),
    "facebook_token": (("E", "AA", 180), ALNUM),
    "discord_token": (("M", "T", 22, ".", 6, ".", 27), URLSAFE),
    "telegram_token": (("123456789", ":", "AA", 33), URLSAFE),
}

_NAMED: dict[str, tuple[str, str, int]] = {
    # kind: name, alphabet, length
    "aws_secret_access_key": ("aws_secret_access_key", BASE64, 40),
    "azure_storage_key": ("AccountKey", BASE64, 86),
    "azure_shared_access_key": ("SharedAccessKey", BASE64, 43),
    "heroku_key": ("HEROKU_API_KEY", HEX, 36),
    "datadog_key": ("DD_API_KEY", HEX, 32),
    "cloudflare_key": ("CLOUDFLARE_API_TOKEN", URLSAFE, 40),
    "algolia_key": ("algoliaApiKey", HEX, 32),
    "twilio_key": ("twilio_auth_token", HEX, 32),
    "vercel_token": ("VERCEL_TOKEN", ALNUM, 24),
    "wandb_key": ("WANDB_API_KEY", HEX, 40),
    "signing_secret": ("slack_signing_secret", HEX, 32),
    "oauth_client_secret": ("clientSecret", URLSAFE, 32),
    "encryption_key": ("ENCRYPTION_KEY", BASE64, 43),
    "secret_key": ("SECRET_KEY", ALNUM + "!@#^*", 50),
    "refresh_token": ("refresh_token", URLSAFE, 64),
    "access_token": ("accessToken", HEX, 40),
    "api_key": ("x-api-key", ALNUM, 32),
    "password": ("db_password", ALNUM + "!^*", 14),
    "secret": ("webhook.secret", HEX, 40),
    "token": ("bot_token", ALNUM, 30),
}


def _token(random: Random, pieces: tuple[str | int, ...], alphabet: str) -> str:
    made = (chars(random, alphabet, p) if isinstance(p, int) else p for p in pieces)
    return "".join(made)


def _anywhere(kind: str, secret: str) -> Iterator[Plant]:
    """A token that is known by its own shape, with nothing telling around it."""
    places = {
        "code": f'    client = connect("{secret}", retries=3)\n',
        "yaml": f"service:\n  value: {secret}\n  replicas: 2\n",
        "env": f"export THING={secret}\nDEBUG=1\n",
        "json": f'{{"value": "{secret}", "n": 1}}\n',
        "escaped json": f'{{"text": "first line\\n{secret}\\nlast line"}}\n',
        "url": f"https://api.service.dev/v1/items?thing={secret}&page=2\n",
        "markdown": f"Log in with `{secret}` or with **{secret}**.\n",
        "log": f"2026-01-02T03:04:05Z INFO sent {secret} to 10.0.0.1 in 12 ms\n",
    }
    for place, text in places.items():
        yield Plant(kind, place, text, secret)


def _named(kind: str, name: str, secret: str) -> Iterator[Plant]:
    """A value that only its name gives away."""
    flag = name.lower().replace("_", "-").replace(".", "-")
    places = {
        "code": f'    {name} = "{secret}"  # rotate me\n',
        "typed code": f"const {name}: string = '{secret}';\n",
        "yaml": f"service:\n  {name}: {secret}\n  replicas: 2\n",
        "env": f"export {name.upper()}={secret}\nDEBUG=1\n",
        "json": f'{{"{name}": "{secret}", "n": 1}}\n',
        "call": f'config.set("{name}", "{secret}")\n',
        "flag": f"tool login --{flag} {secret}\n",
        "xml": f"<{name}>{secret}</{name}>\n",
        "markdown": f"Set `{name}={secret}` first.\n",
        "log": f"2026-01-02T03:04:05Z DEBUG request {name}={secret} took 12 ms\n",
    }
    if all(character in URLSAFE for character in secret):
        places["url"] = f"https://api.service.dev/v1/items?{name}={secret}&page=2\n"
    for place, text in places.items():
        yield Plant(kind, place, text, secret)


def _headers(random: Random) -> Iterator[Plant]:
    token = chars(random, URLSAFE, 40)
    basic = b64encode(f"user:{chars(random, ALNUM, 16)}".encode()).decode()
    for kind, header, secret in (
        ("bearer_token", f"Bearer {token}", token),
        ("authorization_header", f"token {token}", token),
        ("basic_auth", f"Basic {basic}", basic),
    ):
        places = {
            "code": f'headers = {{"Authorization": "{header}"}}\n',
            "yaml": f"headers:\n  Authorization: {header}\n",
            "json": f'{{"authorization": "{header}"}}\n',
            "markdown": f"    curl -H 'Authorization: {header}' https://api.service.dev\n",
            "log": f"> GET /v1 HTTP/1.1\n> authorization: {header}\n",
        }
        for place, text in places.items():
            yield Plant(kind, place, text, secret)


def _urls(random: Random) -> Iterator[Plant]:
    password = chars(random, ALNUM, 16)
    address = f"postgres://app:{password}@db.internal:5432/app"
    slack, discord = "hooks." + "slack.com", "discord." + "com/api"
    hooks = {
        "url_password": (address, password),
        "slack_webhook": (
            f"https://{slack}/services/T01234567/B01234567/{chars(random, ALNUM, 24)}",
            None,
        ),
        "discord_webhook": (
            f"https://{discord}/webhooks/123456789012345678/{chars(random, URLSAFE, 68)}",
            None,
        ),
        "azure_sas_signature": (
            f"https://a.blob.core.windows.net/b?sv=2024-01-01&sig={chars(random, ALNUM, 43)}%3D",
            None,
        ),
    }
    for kind, (url, marked) in hooks.items():
        secret = marked or url[-24:].removesuffix("%3D")
        places = {
            "code": f'engine = create_engine("{url}")\n',
            "yaml": f"database:\n  url: {url}\n",
            "env": f"DATABASE_URL={url}\n",
            "json": f'{{"url": "{url}"}}\n',
            "markdown": f"It lives at <{url}> today.\n",
            "log": f"ERROR cannot reach {url} after 3 attempts\n",
        }
        for place, text in places.items():
            yield Plant(kind, place, text, secret)


def _keys(random: Random) -> Iterator[Plant]:
    for label in ("RSA ", "OPENSSH ", "EC ", "", "ENCRYPTED "):
        lines = [chars(random, BASE64, 64) for _ in range(12)]
        begin = "-----BEGIN " + f"{label}PRIVATE KEY-----"
        end = "-----END " + f"{label}PRIVATE KEY-----"
        block = [begin, *lines, end]
        kind = f"private_key {label.strip() or 'PKCS8'}"
        indented = "\n".join(f"    {line}" for line in block)
        escaped = "\\n".join(block)
        places = {
            "file": "\n".join(block) + "\n",
            "code": 'KEY = """' + "\n".join(block) + '"""\nnext_line = 1\n',
            "concatenated": "KEY = (\n" + "".join(f'    "{x}\\n"\n' for x in block) + ")\n",
            "yaml": f"tls:\n  key: |\n{indented}\nreplicas: 2\n",
            "env": f'KEY="{escaped}"\nDEBUG=1\n',
            "json": f'{{"type": "service_account", "private_key": "{escaped}\\n"}}\n',
            "markdown": f"Paste this:\n\n```\n{chr(10).join(block)}\n```\n\nDone.\n",
            "cut off": "\n".join(block[:-3]) + "\n",
        }
        for place, text in places.items():
            yield Plant(kind, place, text, "\n".join(lines[:-3]))
    block = ["-----BEGIN PGP PRIVATE " + "KEY BLOCK-----", "Version: GnuPG v2", ""]
    lines = [chars(random, BASE64, 64) for _ in range(12)]
    tail = [f"={chars(random, ALNUM, 4)}", "-----END PGP PRIVATE " + "KEY BLOCK-----", ""]
    yield Plant("private_key PGP", "file", "\n".join([*block, *lines, *tail]), "\n".join(lines))


@cache
def plants(seed: int) -> list[Plant]:
    """Every kind in every place it may stand."""
    random = Random(seed)
    made: list[Plant] = []
    for kind, (pieces, alphabet) in _PIECES.items():
        made += _anywhere(kind, _token(random, pieces, alphabet))
    made += _anywhere("github_app_token long", f"gh{'s_'}123456_{_jwt(random)}{'.' + 'x1' * 150}")
    made += _anywhere("jwt", _jwt(random))
    for kind, (name, alphabet, length) in _NAMED.items():
        made += _named(f"{kind} by name", name, chars(random, alphabet, length))
    sources: list[Callable[[Random], Iterator[Plant]]] = [_headers, _urls, _keys]
    for source in sources:
        made += source(random)
    return made
