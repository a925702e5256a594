"""Settings from the environment (`SYNC_ASSETS_*`) and `.env`; wrong ones are named at start."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sync_assets.errors import InvalidSettings

PREFIX = "SYNC_ASSETS_"
HttpUrl = Annotated[AnyHttpUrl, AfterValidator(lambda url: url)]


def _http_url(url: SecretStr) -> SecretStr:
    """Refuses what is no address, without repeating it."""
    text = url.get_secret_value()
    try:
        _ = AnyHttpUrl(text) if text else None
    except ValidationError:
        raise ValueError("must be an http or https address") from None
    return url


SecretHttpUrl = Annotated[SecretStr, AfterValidator(_http_url)]
"""Whoever knows it may use it: an incoming webhook."""


class Settings(BaseSettings):
    """Everything an operator may set; README's configuration table is checked against it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(
        default=Path(".sync_assets"), description="Holds all that the default writes."
    )
    index_uri: str = Field(default="", description="The LanceDB index; empty: `index` in HOME.")
    database_url: SecretStr = Field(
        default=SecretStr(""), description="The control database; empty: SQLite in HOME."
    )
    embedder: Literal["local", "openai", "hash"] = Field(
        default="local",
        description="`local`: MiniLM on this machine; `openai`: a server; `hash`: for tests.",
    )
    model_path: Path | None = Field(
        default=None, description="Another place for the local model's file."
    )
    embedder_threads: int = Field(
        default=0, ge=0, description="Threads of the local model; 0: measure."
    )
    openai_api_key: SecretStr = Field(
        default=SecretStr(""), description="For `openai`; servers of your own may need none."
    )
    openai_base_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.openai.com/v1"),
        description="OpenAI, or any server that speaks its API.",
    )
    openai_model: str = Field(
        default="text-embedding-3-small", min_length=1, description="The model's name there."
    )
    openai_dimensions: int | None = Field(
        default=None, ge=1, description="Asked of the model; empty: its own."
    )
    batch_documents: int = Field(default=50, ge=1, description="Documents fetched in one batch.")
    batches_in_flight: int = Field(default=5, ge=1, description="Batches worked on at once.")
    max_file_bytes: int = Field(
        default=1_048_576, ge=1, description="Files larger than this are listed, not searched."
    )
    lease_seconds: int = Field(
        default=60, ge=2, description="A writer that is silent this long loses."
    )
    rate_reserve_points: int = Field(
        default=100, ge=0, description="Of each vendor's budget, kept for webhooks and others."
    )
    rate_reserve_percent: int = Field(
        default=10, ge=0, le=50, description="The same in percent; the larger one counts."
    )
    rate_cap_percent: int = Field(
        default=100, ge=1, le=100, description="How much of a budget is ours in all."
    )
    quiet_hours: str = Field(
        default="",
        pattern=r"^((([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d))?$",
        description="Only webhooks' runs call vendors then: `09:00-17:30`, in UTC.",
    )
    github_token: SecretStr = Field(
        default=SecretStr(""), description="For private repositories, pull requests and issues."
    )
    github_app_id: str = Field(
        default="", description="Instead of a token: a GitHub App's id, or its client id."
    )
    github_app_private_key: SecretStr = Field(
        default=SecretStr(""), description="The App's key, as its PEM file has it."
    )
    github_app_private_key_path: Path | None = Field(
        default=None, description="Or where that file is."
    )
    github_app_installation_id: int | None = Field(
        default=None, ge=1, description="Empty: looked up for each repository, by one call a run."
    )
    github_web_url: HttpUrl = Field(
        default=AnyHttpUrl("https://github.com"), description="git is at WEB_URL/owner/name.git."
    )
    github_api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.github.com"), description="GitHub's REST and GraphQL API."
    )
    github_raw_url: HttpUrl = Field(
        default=AnyHttpUrl("https://raw.githubusercontent.com"),
        description="GitHub's raw file host.",
    )
    vercel_token: SecretStr = Field(
        default=SecretStr(""), description="Reads deployments, projects and variable names."
    )
    vercel_api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.vercel.com"), description="Vercel's REST API."
    )
    vercel_deploy_hooks: SecretStr = Field(
        default=SecretStr(""), description="URLs of deploy hooks, separated by commas."
    )
    slack_token: SecretStr = Field(
        default=SecretStr(""), description="The bot's token of your workspace's own app."
    )
    slack_api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://slack.com/api"), description="Slack's Web API."
    )
    linear_api_key: SecretStr = Field(
        default=SecretStr(""), description="A personal API key, or an OAuth token."
    )
    linear_api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.linear.app/graphql"), description="Linear's GraphQL API."
    )
    public_url: HttpUrl | None = Field(
        default=None,
        description="The receiver of webhooks as vendors reach it: `https://hooks.example.com`.",
    )
    server_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Where webhooks are received; beyond loopback, SERVER_TOKEN is needed.",
    )
    server_port: int = Field(default=8800, ge=0, le=65535, description="Its port; 0: any free one.")
    server_token: SecretStr = Field(
        default=SecretStr(""), description="Asked of who reads the receiver's `/metrics`."
    )
    github_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="GitHub's webhooks are signed with it; empty: they are refused.",
    )
    github_webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The one before, while you rotate."
    )
    vercel_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="The same of Vercel."
    )
    vercel_webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The one before, while you rotate."
    )
    linear_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="The same of Linear."
    )
    linear_webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The one before, while you rotate."
    )
    notion_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The same of Notion; empty: the key that Notion told, if it did.",
    )
    notion_webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The one before, while you rotate."
    )
    slack_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="The same of Slack: the app's signing secret."
    )
    slack_webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The one before, while you rotate."
    )
    notion_token: SecretStr = Field(
        default=SecretStr(""), description="Of a connection that the data sources are shared with."
    )
    notion_api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.notion.com/v1"), description="Notion's REST API."
    )
    git_timeout_seconds: int = Field(default=600, ge=1, description="A git command's longest run.")
    delivery_days: int = Field(
        default=30, ge=1, description="Webhook deliveries are forgotten so long after their end."
    )
    alert_slack_webhook_url: SecretHttpUrl = Field(
        default=SecretStr(""), description="Slack is told of sources in error; empty: it is not."
    )
    alert_webhook_url: SecretHttpUrl = Field(
        default=SecretStr(""), description="So is this address, by a POST with JSON."
    )

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        home = self.home.expanduser().resolve()
        object.__setattr__(self, "home", home)
        if not self.index_uri:
            object.__setattr__(self, "index_uri", str(home / "index"))
        if not self.database_url.get_secret_value():
            url = SecretStr(f"sqlite:///{home / 'control.db'}")
            object.__setattr__(self, "database_url", url)
        self._check_github()
        return self

    @property
    def github_authenticated(self) -> bool:
        """Whether we are anybody to GitHub: by a token or an App."""
        return bool(self.github_app_id or self.github_token.get_secret_value())

    def _check_github(self) -> None:
        """InvalidSettings unless it is one of token, App and neither, and an App has one key."""
        token, key = (
            bool(secret.get_secret_value())
            for secret in (self.github_token, self.github_app_private_key)
        )
        path = self.github_app_private_key_path is not None
        app = f"{PREFIX}GITHUB_APP_"
        if self.github_app_id and token:
            raise InvalidSettings(f"{PREFIX}GITHUB_TOKEN and {app}ID are both set: keep one")
        if self.github_app_id and key == path:
            raise InvalidSettings(
                f"{app}ID needs one of {app}PRIVATE_KEY and {app}PRIVATE_KEY_PATH"
            )
        if not self.github_app_id and (key or path or self.github_app_installation_id):
            raise InvalidSettings(f"{app}ID is missing: the other settings of the App need it")

    def webhook_secrets(self, connector: str) -> tuple[str, ...]:
        """What the vendor's webhooks may be signed with: none, one, or two while one is rotated."""
        names = (f"{connector}_webhook_secret", f"{connector}_webhook_secret_previous")
        secrets: list[SecretStr] = [getattr(self, name) for name in names]
        return tuple(text for text in (each.get_secret_value() for each in secrets) if text)


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings in force; InvalidSettings is one line that names the wrong one."""
    try:
        return Settings(_env_file=env_file)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidSettings(f"{name}: {first['msg']}") from None
