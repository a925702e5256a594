"""Tokens that vendors made recognisable: a fixed prefix, then a shape."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sync_assets.redaction.needles import Needles

_ALNUM = r"[A-Za-z0-9]"
_URLSAFE = r"[A-Za-z0-9_-]"
_HEX = r"[0-9a-f]"
_DOTTED = r"[A-Za-z0-9._-]"
_END = r"(?![A-Za-z0-9_-])"
_ALONE = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
"""Before a short prefix: no letter, unless it belongs to an escape such as \\n."""


@dataclass(frozen=True, slots=True)
class TokenRule:
    """Every match holds `needle`, `before` characters after its start, inside or at most `REACH`
    characters in front of an unbroken run of `RUN` or more token characters.
    """

    kind: str
    needle: bytes
    expression: str
    before: int = 0

    @property
    def pattern(self) -> re.Pattern[str]:
        return _compiled(self.expression)


TOKEN_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+/~"
RUN = 20
REACH = 8


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Compiled when its needle is first seen: two hundred of them would cost every start."""
    return re.compile(expression)


def _rules(kind: str, prefixes: str, tail: str, *, alone: bool = False) -> list[TokenRule]:
    left = _ALONE if alone else ""
    return [
        TokenRule(kind, prefix.encode(), left + re.escape(prefix) + tail)
        for prefix in prefixes.split()
    ]


_NOT_EXAMPLE = r"(?<!EXAMPLE)"

TOKEN_RULES: tuple[TokenRule, ...] = (
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
    *_rules("github_token", "ghp_ gho_ ghu_ ghr_", rf"{_ALNUM}{{36,}}"),
    *_rules("github_app_token", "ghs_", rf"{_DOTTED}{{36,}}"),
    *_rules("github_fine_grained_token", "github_pat_", r"[A-Za-z0-9_]{36,}"),
    *_rules(
        "gitlab_token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glsoat- glffct- gloas-",
        rf"{_DOTTED}{{20,}}",
    ),
    *_rules("gitlab_runner_token", "GR1348941", rf"{_URLSAFE}{{20,}}"),
    *_rules("bitbucket_app_password", "ATBB", rf"{_ALNUM}{{28,}}", alone=True),
    *_rules("atlassian_token", "ATATT3 ATCTT3", r"[A-Za-z0-9_=-]{50,}"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    *_rules(
        "aws_access_key_id",
        "AKIA ASIA ABIA ACCA",
        rf"[A-Z0-9]{{16}}(?![A-Za-z0-9]){_NOT_EXAMPLE}",
        alone=True,
    ),
    *_rules("aws_bedrock_key", "ABSK", r"[A-Za-z0-9+/]{100,}={0,2}", alone=True),
    *_rules("alibaba_access_key_id", "LTAI", rf"{_ALNUM}{{17,21}}{_END}", alone=True),
    *_rules("tencent_secret_id", "AKID", rf"{_ALNUM}{{32}}{_END}", alone=True),
    *_rules("google_api_key", "AIza", rf"{_URLSAFE}{{35}}{_END}", alone=True),
    *_rules("google_oauth_token", "ya29.", rf"{_DOTTED}{{30,}}"),
    *_rules("google_oauth_secret", "GOCSPX-", rf"{_URLSAFE}{{20,}}"),
    TokenRule(
        "azure_client_secret",
        b"Q~",
        rf"(?a:{_ALONE}[\w~.-]{{3}}\dQ~[\w~.-]{{31,}})",
        before=4,
    ),
    *_rules(
        "slack_token",
        "xoxb- xoxp- xoxa- xoxo- xoxr- xoxs- xoxe- xoxc- xoxd- xoxe.xoxb- xoxe.xoxp-",
        r"[A-Za-z0-9%+/-]{16,}",
    ),
    *_rules("slack_app_token", "xapp-", rf"\d{_URLSAFE}{{20,}}"),
    *_rules("stripe_key", "sk_live_ sk_test_ rk_live_ rk_test_", rf"{_ALNUM}{{16,}}"),
    *_rules("webhook_signing_secret", "whsec_", r"[A-Za-z0-9+/=]{24,}"),
    *_rules("square_token", "sq0atp- sq0csp- sq0idp-", rf"{_URLSAFE}{{22,}}"),
    *_rules("flutterwave_key", "FLWSECK- FLWSECK_TEST-", rf"{_URLSAFE}{{20,}}"),
    *_rules("shopify_token", "shpat_ shpca_ shppa_ shpss_", r"[0-9a-fA-F]{32,}"),
    *_rules("shippo_token", "shippo_live_ shippo_test_", rf"{_HEX}{{40}}"),
    *_rules("easypost_key", "EZAK EZTK", rf"{_ALNUM}{{54,}}", alone=True),
    *_rules("openai_key", "sk-proj- sk-svcacct- sk-admin- sk-None-", rf"{_URLSAFE}{{20,}}"),
    *_rules("anthropic_key", "sk-ant-", rf"{_URLSAFE}{{20,}}"),
    *_rules("openrouter_key", "sk-or-v1-", rf"{_HEX}{{32,}}"),
    *_rules("openai_key", "sk-", rf"{_ALNUM}{{20}}T3BlbkFJ{_ALNUM}{{20,}}"),
    *_rules("llm_key", "sk-", rf"(?=[A-Za-z]*\d){_ALNUM}{{32,}}", alone=True),
    *_rules("elevenlabs_key", "sk_", rf"{_HEX}{{48}}{_END}", alone=True),
    *_rules("huggingface_token", "hf_ api_org_", rf"{_ALNUM}{{30,}}(?![A-Za-z0-9_])", alone=True),
    *_rules("replicate_token", "r8_", rf"{_ALNUM}{{37,}}", alone=True),
    *_rules("groq_key", "gsk_", rf"{_ALNUM}{{40,}}", alone=True),
    *_rules("perplexity_key", "pplx-", rf"{_ALNUM}{{40,}}"),
    *_rules("xai_key", "xai-", rf"{_ALNUM}{{60,}}", alone=True),
    *_rules("pinecone_key", "pcsk_", r"[A-Za-z0-9_]{40,}"),
    *_rules("langsmith_key", "lsv2_pt_ lsv2_sk_", r"[0-9a-f_]{32,}"),
    *_rules("npm_token", "npm_", rf"{_ALNUM}{{36,}}", alone=True),
    *_rules("pypi_token", "pypi-", rf"AgE{_URLSAFE}{{50,}}"),
    *_rules("rubygems_key", "rubygems_", rf"{_HEX}{{48}}"),
    *_rules("clojars_token", "CLOJARS_", rf"{_HEX}{{60}}"),
    *_rules("nuget_key", "oy2", r"[a-z0-9]{43}(?![A-Za-z0-9])", alone=True),
    *_rules("crates_io_token", "cio", rf"{_ALNUM}{{32}}{_END}", alone=True),
    *_rules("docker_token", "dckr_pat_ dckr_oat_", rf"{_URLSAFE}{{20,}}"),
    *_rules("artifactory_key", "AKCp", rf"{_ALNUM}{{60,}}", alone=True),
    *_rules("linear_key", "lin_api_ lin_oauth_ lin_wh_", rf"{_ALNUM}{{32,}}"),
    *_rules("notion_token", "ntn_", rf"{_ALNUM}{{40,}}", alone=True),
    *_rules("notion_token", "secret_", rf"{_ALNUM}{{43}}{_END}", alone=True),
    *_rules("vercel_token", "vcp_ vci_ vca_ vcr_ vck_", rf"{_ALNUM}{{24,}}", alone=True),
    *_rules("twilio_key", "SK AC", rf"{_HEX}{{32}}{_END}", alone=True),
    *_rules("sendgrid_key", "SG.", rf"{_URLSAFE}{{16,32}}\.{_URLSAFE}{{32,}}", alone=True),
    *_rules("mailgun_key", "key-", rf"{_HEX}{{32}}{_END}", alone=True),
    TokenRule(
        "mailchimp_key",
        b"-us",
        rf"{_ALONE}{_HEX}{{32}}-us[0-9]{{1,2}}(?![0-9A-Za-z])",
        before=32,
    ),
    *_rules("brevo_key", "xkeysib- xsmtpsib-", rf"{_URLSAFE}{{60,}}"),
    *_rules("digitalocean_token", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{64}}"),
    *_rules("heroku_key", "HRKU-", rf"{_URLSAFE}{{36,}}"),
    *_rules("fly_token", "fm1_ fm2_ fo1_", r"[A-Za-z0-9+/_=-]{40,}", alone=True),
    *_rules("tailscale_key", "tskey-", rf"[a-z]+-{_URLSAFE}{{16,}}"),
    *_rules("vault_token", "hvs. hvb. hvr.", rf"{_URLSAFE}{{24,}}", alone=True),
    TokenRule(
        "terraform_token",
        b".atlasv1.",
        rf"{_ALONE}{_ALNUM}{{14}}\.atlasv1\.[A-Za-z0-9_=-]{{60,}}",
        before=14,
    ),
    *_rules("pulumi_token", "pul-", rf"{_HEX}{{40}}{_END}", alone=True),
    *_rules("databricks_token", "dapi", rf"{_HEX}{{32}}(?:-\d)?{_END}", alone=True),
    *_rules("newrelic_key", "NRAK- NRJS- NRII- NRRA- NRSP-", rf"{_URLSAFE}{{19,}}"),
    *_rules("grafana_token", "glc_ glsa_", r"[A-Za-z0-9+/_=]{32,}", alone=True),
    *_rules("sentry_token", "sntrys_ sntryu_", r"[A-Za-z0-9+/=_]{40,}"),
    *_rules("dynatrace_token", "dt0c01. dt0s01.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    *_rules("planetscale_token", "pscale_tkn_ pscale_pw_ pscale_oauth_", rf"{_DOTTED}{{32,}}"),
    *_rules("supabase_key", "sbp_ sb_secret_", rf"{_URLSAFE}{{30,}}", alone=True),
    *_rules("postman_key", "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}"),
    TokenRule("airtable_token", b"pat", rf"{_ALONE}pat[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}}"),
    *_rules("figma_token", "figd_", rf"{_URLSAFE}{{36,}}"),
    *_rules(
        "doppler_token",
        "dp.pt. dp.st. dp.sa. dp.ct. dp.scim. dp.audit.",
        r"(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}",
    ),
    *_rules("dropbox_token", "sl.", rf"(?:u\.)?{_URLSAFE}{{100,}}", alone=True),
    *_rules("typeform_token", "tfp_", rf"{_DOTTED}{{40,}}", alone=True),
    *_rules("contentful_token", "CFPAT-", rf"{_URLSAFE}{{40,}}"),
    *_rules("circleci_token", "CCIPAT_ CCIPRJ_", rf"{_URLSAFE}{{40,}}"),
    *_rules("buildkite_token", "bkua_", rf"{_HEX}{{40}}"),
    *_rules("sonarqube_token", "squ_ sqp_ sqa_", rf"{_HEX}{{40}}", alone=True),
    *_rules("prefect_key", "pnu_", rf"{_ALNUM}{{36,}}", alone=True),
    *_rules("onepassword_token", "ops_eyJ", r"[A-Za-z0-9+/_=-]{100,}"),
    *_rules("age_key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{50,}"),
    *_rules("facebook_token", "EAA", rf"(?!{_ALNUM}*AAAA){_ALNUM}{{80,512}}", alone=True),
    *_rules(
        "discord_token",
        "MT Mz ND NT Nj Nz OD OT MD Mj",
        rf"{_URLSAFE}{{21,26}}\.{_URLSAFE}{{6}}\.{_URLSAFE}{{27,38}}{_END}",
        alone=True,
    ),
    TokenRule(
        "telegram_token",
        b":AA",
        rf"(?<=\d)[0-9]{{7}}:AA{_URLSAFE}{{33}}{_END}",
        before=7,
    ),
    *_rules(
        "jwt",
        "eyJ",
        r"[\w-]{10,8192}+\.(?:eyJ[\w-]{6,}(?:\.[\w-]*)?|[\w-]*(?:\.[\w-]+){2,3})",
        alone=True,
    ),
)

_RULES_OF: dict[bytes, list[TokenRule]] = {}
for _rule in TOKEN_RULES:
    _RULES_OF.setdefault(_rule.needle, []).append(_rule)
_RULES = list(_RULES_OF.values())
_NEEDLES = Needles(list(_RULES_OF))


def rules_at(data: bytes) -> Iterator[tuple[int, TokenRule]]:
    """Where in `data` a rule's needle stands, in order."""
    for at, needle in _NEEDLES.places(data):
        for rule in _RULES[needle]:
            yield at, rule
