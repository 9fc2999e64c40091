"""What /metrics tells of sweeps: their states, and the coverage of each plan's last one."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from collector.security.vault import Vault
from collector.services import sweeps
from collector.services.sweeps import Subnet, watching
from collector.services.sweeps.figures import Figures, bounded
from tests import swept
from tests.acts import act
from tests.estate import NOW
from tests.people import World

VAULT = Vault([bytes(32)])


async def told(world: World, prefix: str = "muster_sweep") -> dict[tuple[str, tuple[str, ...]], float]:
    """Return (name, values of the labels in the order of their names) → value."""
    async with world.nobody("127.0.0.1") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name.startswith(prefix)
    }


async def test_before_the_first_sweep_every_state_has_its_zero(world: World) -> None:
    states = ("waiting", "running", "done", "cancelled", "failed")
    assert await told(world) == {("muster_sweeps", (state,)): 0 for state in states}


async def test_the_last_sweep_of_a_plan_is_told_by_subnet_and_cause(world: World) -> None:
    async with world.store.write() as tx:
        begun = await swept.begin(tx, VAULT, NOW)
    assert ("muster_sweep_targets", ("Campus", "10.20.0.0/24")) not in await told(world)
    async with world.store.write() as tx:
        await swept.finish(tx, begun, NOW)
    found = await told(world)
    assert found["muster_sweeps", ("done",)] == 1
    assert found["muster_sweep_targets", ("Campus", "10.20.0.0/24")] == 149
    assert found["muster_sweep_alive", ("Campus", "10.20.0.0/24")] == 6
    assert found["muster_sweep_identified", ("Campus", "10.20.0.0/24")] == 2
    assert found["muster_sweep_failed_targets", ("no_answer", "Campus", "10.20.0.0/24")] == 143
    assert found["muster_sweep_failed_targets", ("credential_refused", "Campus", "10.20.0.0/24")] == 2
    assert found["muster_sweep_ended_timestamp_seconds", ("Campus",)] == NOW / 1000


async def test_both_lanes_of_a_probe_are_told_and_how_late_its_watches_are(world: World) -> None:
    async with world.store.write() as tx:
        await swept.begin(tx, VAULT, NOW)
        await swept.bind(tx, world.estate.web.uid, "10.20.0.7", NOW)
        await watching.due(tx, NOW - 90_000)
        uid = await swept.uid_of(tx, await swept.agent_id(tx))
    lanes = {key[1][2:]: value for key, value in (await told(world, "muster_probe_sweeps")).items()}
    assert lanes == {
        ("explore", "running"): 1, ("explore", "waiting"): 0, ("watch", "running"): 0, ("watch", "waiting"): 1,
    }  # fmt: skip
    ((labels, late),) = ((key[1], value) for key, value in (await told(world, "muster_watch_delay")).items())
    assert (labels[0], labels[2], late) == (uid, "", 90)


async def test_a_sweep_under_way_does_not_hide_the_last_one_that_ended(world: World) -> None:
    async with world.store.write() as tx:
        begun = await swept.begin(tx, VAULT, NOW)
        await swept.finish(tx, begun, NOW)
        await sweeps.start(act(tx, "admin", NOW), begun.plan)
    found = await told(world)
    assert (found["muster_sweeps", ("waiting",)], found["muster_sweeps", ("done",)]) == (1, 1)
    assert found["muster_sweep_targets", ("Campus", "10.20.0.0/24")] == 149


async def test_what_is_told_after_a_sweep_was_cancelled_still_counts(world: World) -> None:
    figures = Figures()
    async with world.store.write() as tx:
        begun = await swept.begin(tx, VAULT, NOW)
        await sweeps.cancel(act(tx, "ada", NOW), begun.sweep)
        assert [each.subnets for each in (await figures.read(tx, 0)).last] == [[]]
        await swept.finish(tx, begun, NOW + 1)
        assert [each.subnets[0].targets for each in (await figures.read(tx, 0)).last] == [149]


def test_many_small_subnets_are_told_together() -> None:
    some = [Subnet(f"10.0.{at}.0/24", 9, 2, 1, {"timeout": 1, "no_answer": 7}) for at in range(5)]
    assert bounded(some, 5) == some
    assert bounded(some, 3) == [*some[:3], Subnet("other", 18, 4, 2, {"timeout": 2, "no_answer": 14})]
