from pathlib import Path

from pydantic import SecretStr

from sync_assets.git.environment import child_environment, remote_settings

URL = "https://git.example:8443/acme/x.git"


def test_surrounding_repository_and_its_traces_do_not_reach_git():
    inherited = {
        "PATH": "/bin",
        "GIT_DIR": "/elsewhere",
        "GIT_INDEX_FILE": "i",
        "GIT_TRACE_CURL": "1",
        "GIT_CONFIG_PARAMETERS": "'a.b'='c'",
        "GIT_ASKPASS": "/usr/bin/ask",
    }

    environment = child_environment(Path("/cache"), [("a.b", "c")], inherited)

    assert environment["GIT_DIR"] == "/cache"
    assert environment["GIT_ASKPASS"] == ""
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert environment["GIT_CONFIG_COUNT"] == "1"
    assert (environment["GIT_CONFIG_KEY_0"], environment["GIT_CONFIG_VALUE_0"]) == ("a.b", "c")
    assert not {"GIT_INDEX_FILE", "GIT_TRACE_CURL", "GIT_CONFIG_PARAMETERS"} & environment.keys()


def test_proxies_certificates_and_ssh_of_the_operator_stay_in_force():
    inherited = {
        "https_proxy": "http://proxy:3128",
        "GIT_SSL_CAINFO": "/etc/ca.pem",
        "GIT_SSH_COMMAND": "ssh -i key",
        "GIT_CONFIG_GLOBAL": "/etc/team.gitconfig",
        "SSH_AUTH_SOCK": "/run/agent",
    }

    assert inherited.items() <= child_environment(Path("/cache"), [], inherited).items()


def test_token_goes_to_its_own_host_only_and_follows_no_redirect():
    settings = remote_settings(URL, SecretStr("t0ken"))

    headers = [(key, value) for key, value in settings if "extraHeader" in key]
    assert headers == [
        ("http.https://git.example:8443/.extraHeader", ""),
        (
            "http.https://git.example:8443/.extraHeader",
            "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dDBrZW4=",
        ),
    ]
    assert ("http.https://git.example:8443/.followRedirects", "false") in settings


def test_without_a_token_nothing_is_sent():
    assert "Authorization" not in str(remote_settings(URL, None))
