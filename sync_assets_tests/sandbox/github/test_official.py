"""Which places of the sandbox's REST API are held against GitHub's own description: all but those
that are named here, which the description beside the repository does not hold.
"""

import re
from collections.abc import Iterable
from contextlib import closing

from sync_assets.sandbox.github.gate import REST
from sync_assets.sandbox.github.objects import Objects
from sync_assets.sandbox.server import Sandbox, github_routes
from sync_assets_tests.sandbox.github import test_git_data, test_hooks, test_issues
from sync_assets_tests.sandbox.github.official import endpoints
from sync_assets_tests.sandbox.github.test_apps import TOKENS

Place = tuple[str, str]
UNDESCRIBED: set[Place] = {
    ("GET", "/app/hook/config"),
    ("PATCH", "/app/hook/config"),
    ("GET", "/app/hook/deliveries/{}"),
    ("POST", "/app/hook/deliveries/{}/attempts"),
    ("GET", "/repos/{}/{}/hooks/{}"),
    ("PATCH", "/repos/{}/{}/hooks/{}"),
    ("DELETE", "/repos/{}/{}/hooks/{}"),
    ("POST", "/repos/{}/{}/hooks/{}/pings"),
    ("GET", "/repos/{}/{}/installation"),
    ("GET", "/repos/{}/{}/pulls/{}/commits"),
}
CHECKED: set[Place] = {
    *(("GET", test_issues.template(place)) for place in test_issues.PLACES),
    *(("GET", test_git_data.REPO + each) for each in test_git_data.ASKED.values()),
    *(("GET", each) for each in (test_hooks.TEMPLATE, test_hooks.LOG)),
    *(("GET", each) for each in ("/app/hook/deliveries", "/rate_limit")),
    ("GET", f"{test_hooks.LOG}/{{delivery_id}}"),
    ("POST", f"{test_hooks.LOG}/{{delivery_id}}/attempts"),
    ("POST", test_hooks.TEMPLATE),
    ("POST", TOKENS),
}
"""What tests beside this one judge by the description."""


def nameless(places: Iterable[Place]) -> set[Place]:
    """Whatever the parameters are called; a repository by its number is one by its name, and what
    may be left out at the end is there.
    """
    found: set[Place] = set()
    for method, path in places:
        plain = re.sub(r"{[^}]*}", "{}", path).replace("/repositories/{}", "/repos/{}/{}")
        found.add((method, re.sub(r"/(contents|tarball)$", r"/\1/{}", plain)))
    return found


def test_every_place_is_held_against_the_description_or_named_as_not_in_it(sandbox: Sandbox):
    with closing(Objects()) as objects:
        routes = github_routes(sandbox, {}, objects)
    served = nameless(
        (method, route.path.removeprefix(REST))
        for route in routes
        if route.path.startswith(REST)
        for method in (route.methods or set()) - {"HEAD"}
    )

    assert served - nameless(endpoints()) == UNDESCRIBED
    assert served - UNDESCRIBED == nameless(CHECKED)
