"""Batching: a patch night is one campaign; what makes two sights of a difference the same one."""

from __future__ import annotations

from dataclasses import replace

from collector.change.batching import Batch, campaigns, fingerprint
from collector.change.item import Item
from collector.model import Path, Value

DAY = 24
SSL, BASH = Path("packages", "ssl"), Path("packages", "bash")


def item(
    ci_id: int, lo: int, hi: int, path: Path = SSL, new: Value = "2", source: str = "agent", old: Value = "1"
) -> Item:
    hour = 3_600_000
    return Item(ci_id, source, path, old, old, new, lo * hour, hi * hour)


def batch(*items: Item) -> Batch:
    return Batch(items[0].ci_id, items)


def night(cis: int, at: int = 0, *paths: Path) -> list[Batch]:
    return [batch(*(item(ci_id, at, at + 1, path) for path in paths or (SSL,))) for ci_id in range(1, cis + 1)]


def test_one_delta_on_ten_cis_within_a_day_is_a_campaign() -> None:
    (campaign,) = campaigns(night(40))
    assert (len(campaign.batches), len(campaign.ci_ids), len(campaign.shared)) == (40, 40, 1)
    assert campaigns(night(9)) == ()


def test_many_packages_of_one_night_are_one_campaign_also_where_a_host_lacks_some() -> None:
    found = [*night(12, 0, SSL, BASH), batch(item(13, 0, 1)), batch(item(14, 0, 1, BASH))]
    (campaign,) = campaigns(found)
    assert len(campaign.ci_ids) == 14
    assert len(campaign.shared) == 2


def test_the_same_delta_spread_over_weeks_is_no_campaign() -> None:
    spread = [batch(item(ci_id, ci_id * DAY, ci_id * DAY + 1)) for ci_id in range(1, 20)]
    assert campaigns(spread) == ()


def test_ten_sights_on_one_ci_are_no_campaign() -> None:
    assert campaigns([batch(item(1, at, at + 1)) for at in range(0, 20, 2)]) == ()


def test_another_new_value_is_another_delta() -> None:
    assert campaigns([*night(9), batch(item(10, 0, 1, new="3"))]) == ()


def from_three(path: Path, new: Value = "4") -> list[Batch]:
    """Return a night on twelve CIs on which it had been one of three values."""
    return [batch(item(ci_id, 0, 1, path, new, old=str(1 + ci_id % 3))) for ci_id in range(12)]


def test_packages_lifted_to_one_version_or_removed_are_alike_whatever_was_there_before() -> None:
    (lifted,) = campaigns(from_three(SSL))
    (removed,) = campaigns(from_three(SSL, None))
    assert (len(lifted.ci_ids), len(lifted.shared), len(removed.ci_ids)) == (12, 1, 12)


def test_anything_else_that_was_several_things_before_is_none() -> None:
    assert campaigns(from_three(Path("os", "version"))) == ()


def test_what_shares_nothing_stays_out() -> None:
    lonely = batch(item(77, 0, 1, Path("users", "mallory")))
    (campaign,) = campaigns([*night(12), lonely])
    assert 77 not in campaign.ci_ids


def test_two_causes_are_two_campaigns() -> None:
    other = [batch(item(ci_id, 0, 1, BASH)) for ci_id in range(101, 112)]
    assert sorted(len(each.batches) for each in campaigns(night(12) + other)) == [11, 12]


def test_a_repeat_has_the_same_fingerprint_whenever_and_by_whomever_it_is_seen() -> None:
    seen = item(1, 0, 4)
    assert fingerprint(seen) == fingerprint(item(1, 9, 12, source="snmp"))
    assert len({fingerprint(each) for each in (seen, item(2, 0, 4), item(1, 0, 4, BASH), item(1, 0, 4, new="3"),
                                               replace(seen, field="version"))}) == 5  # fmt: skip
