"""What GitHub sent and we did not get is sent again, and each problem is told once."""

from datetime import timedelta

import pytest

from sync_assets.connectors.github.missed import MOST_TRIES
from sync_assets.control.filing import Incoming
from sync_assets.errors import InvalidSettings
from sync_assets.pipeline.missed import missed_job
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.github.faults import secondary_limit
from sync_assets.sandbox.post import Mishaps
from sync_assets.webhooks.missed import MOST_AT_ONCE
from sync_assets_tests.webhooks.conftest import SHOP, TOKEN, Shop


def test_missed_delivery_is_sent_again_once_and_the_log_is_read_from_there(shop: Shop):
    hook = shop.hook()
    shop.push("first")
    shop.receiver.answers += [503]
    shop.push("second", "third")

    said = shop.check()
    redelivered = shop.receiver.heard[-1]
    quiet = shop.check()
    shop.sandbox.requests.clear()
    still = shop.check()

    assert said == ["acme/shop: missed deliveries that GitHub was asked to send again: 1"]
    assert redelivered.body == shop.receiver.heard[1].body
    assert quiet == still == []
    assert len(shop.receiver.heard) == 4
    health = shop.stores.hooks.all()[SHOP]
    assert (health.state, health.hook, health.redelivered) == ("working", hook.number, 1)
    assert [each.service for each in shop.sandbox.requests] == ["hooks", "deliveries"]


def test_receiver_that_stays_down_is_tried_five_times_and_then_left_to_the_schedules(shop: Shop):
    shop.hook()
    shop.receiver.answers += [503] * 20
    shop.push("first")

    said = [shop.check() for _ in range(MOST_TRIES + 3)]

    assert len(shop.receiver.heard) == 1 + MOST_TRIES
    assert said[0][0] == "acme/shop: GitHub's last call to us ended so: Invalid HTTP Response: 503"
    assert said[MOST_TRIES] == ["acme/shop: never arrived, and left to the next scheduled sync: 1"]
    assert said[-1] == []
    health = shop.stores.hooks.all()[SHOP]
    assert (health.state, health.redelivered, health.given_up) == ("failing", MOST_TRIES, 1)


def test_receiver_that_comes_back_gets_every_call_that_it_missed(shop: Shop):
    shop.hook()
    shop.receiver.answers += [503] * 8
    shop.push("first", "second", "third")

    for _ in range(4):
        shop.check()

    answered = [heard.headers["x-github-delivery"] for heard in shop.receiver.heard[8:]]
    asked = {heard.headers["x-github-delivery"] for heard in shop.receiver.heard}
    assert len(asked) == 3
    assert sorted(answered) == sorted(asked)
    assert shop.stores.hooks.all()[SHOP].state == "working"


def test_delivery_that_was_stored_though_github_did_not_hear_it_is_not_sent_again(shop: Shop):
    hook = shop.hook()
    shop.receiver.answers += [503]
    shop.push("first")
    guid = hook.attempts[0].guid
    shop.stores.inbox.store([Incoming("github", guid, "push", lambda _: True)])

    assert shop.check()[1:] == []
    assert len(shop.receiver.heard) == 1


def test_delivery_older_than_three_days_is_gone_from_the_log(shop: Shop):
    shop.hook()
    shop.receiver.answers += [503]
    shop.push("first")
    shop.clock.advance(timedelta(days=3).total_seconds())

    assert shop.check() == []
    assert len(shop.receiver.heard) == 1


def test_without_permission_it_is_said_once_and_fails_nothing(shop: Shop):
    shop.sandbox.hooks.forbidden.add(TOKEN)

    first, second = shop.check(), shop.check()

    assert len(first) == 1
    assert "admin:repo_hook" in first[0]
    assert second == []
    assert shop.stores.hooks.all()[SHOP].state == "forbidden"


def test_missing_hook_and_one_switched_off_are_named_with_what_to_do(shop: Shop):
    hook = shop.hook()
    hook.active = False
    off = shop.check()
    shop.sandbox.hooks.remove(hook)
    absent = shop.check()

    assert off == ["acme/shop: the hook is switched off at GitHub"]
    assert "sync-assets webhooks setup" in absent[0]
    assert shop.stores.hooks.all()[SHOP].state == "absent"


def test_limit_ends_the_reading_and_the_next_one_begins_where_it_began(shop: Shop):
    shop.hook()
    shop.receiver.answers += [503]
    shop.push("first")
    shop.sandbox.faults.add(secondary_limit(60), service="deliveries")

    limited = shop.check()
    then = shop.check()

    assert "rate limit" in limited[0]
    assert "asked to send again: 1" in then[-1]


def test_repository_that_cannot_be_asked_leaves_the_others_alone(shop: Shop):
    shop.sandbox.repositories.create("acme/tools")
    shop.stores.registry.add("github", "acme/tools", {}, "0 0 * * *")
    shop.stores.registry.add("github", "acme/tools@main", {}, "0 0 * * *")
    shop.sandbox.faults.add(Answer(404), path="acme/shop/hooks")

    said = shop.check()

    states = {name: health.state for name, health in shop.stores.hooks.all().items()}
    assert len(said) == 2
    assert states == {
        SHOP: "forbidden",
        "github:acme/tools": "absent",
        "github:acme/tools@main": "absent",
    }


def test_after_a_limit_the_repositories_that_were_not_reached_are_the_first(shop: Shop):
    names = ["acme/shop", "acme/site", "acme/tools"]
    for name in names[1:]:
        shop.sandbox.repositories.create(name)
        shop.stores.registry.add("github", name, {}, "0 0 * * *")
    shop.check()
    shop.sandbox.faults.add(secondary_limit(60), service="hooks", path=names[1])
    shop.check()
    shop.sandbox.requests.clear()
    shop.check()

    asked = [request.path.removeprefix("/api/v3/repos/") for request in shop.sandbox.requests]
    assert asked == [f"{name}/hooks" for name in ("acme/site", "acme/tools", "acme/shop")]


def test_many_missed_deliveries_are_asked_for_in_parts(shop: Shop):
    hook, post = shop.hook(), shop.sandbox.post
    post.mishaps = Mishaps(refused=1.0)
    for number in range(MOST_AT_ONCE + 1):
        shop.sandbox.hooks.send([hook], "push", {"number": number})
    post.drain()
    post.mishaps = Mishaps()

    shop.check()
    shop.check()

    assert len(shop.receiver.heard) == len({heard.body for heard in shop.receiver.heard})
    assert len(shop.receiver.heard) == MOST_AT_ONCE + 1


def test_without_an_address_of_our_own_it_says_which_setting_is_missing(shop: Shop):
    shop.stores.settings = shop.stores.settings.model_copy(update={"public_url": None})

    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_PUBLIC_URL"):
        shop.check()


def test_job_ends_well_without_permission_too(shop: Shop):
    shop.sandbox.hooks.forbidden.add(TOKEN)
    given = GivenStores(shop.stores.settings, clock=shop.clock)

    assert missed_job().execute_in_process(resources={"stores": given}).success
    assert shop.stores.hooks.all()[SHOP].state == "forbidden"
