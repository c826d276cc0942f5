"""What can break, each with what is done about it. The load runs meanwhile."""

import time
from collections.abc import Callable
from typing import NamedTuple

from drills import restoring
from drills.load import Load
from drills.patroni import LEASE_SECONDS
from drills.site import Site

FAIL_OVER = LEASE_SECONDS + 2.0
# Before the standby takes over, its Patroni asks the silent host how far it is, for two seconds.
FAIL_OVER_FROM_SILENCE = FAIL_OVER + 2.0
BACK_SOON = 5.0


class Drill(NamedTuple):
    """A failure. `run` returns when it is mended, with a remark for the table if there is one."""

    name: str
    what: str
    run: Callable[[Site, Load], str | None]
    aim: float | None = FAIL_OVER  # seconds without bookings, at most
    reads_go_on: bool = False
    nothing_cut: bool = False
    is_quick: bool = False  # whether it belongs to the short form
    port: Callable[[Site], int | None] = lambda site: None  # where buyers go, if not to the balancer


def kill_primary(site: Site, load: Load) -> None:
    former = site.cluster.leader
    former.kill()
    site.cluster.wait_for_another_leader(former, seconds=60)
    load.wait_for_sales(after=time.monotonic(), seconds=60)
    former.begin()


def freeze_primary(site: Site, load: Load) -> None:
    former = site.cluster.leader
    former.freeze()
    try:
        site.cluster.wait_for_another_leader(former, seconds=60)
        load.wait_for_sales(after=time.monotonic(), seconds=60)
    finally:
        former.thaw()


def kill_postgresql(site: Site, load: Load) -> None:
    site.cluster.leader.kill_postgresql()
    load.wait_for_sales(after=time.monotonic() + 1, seconds=90)


def switch_over(site: Site, load: Load) -> None:
    former = site.cluster.leader
    site.cluster.switch_over()
    site.cluster.wait_for_another_leader(former, seconds=60)


def kill_standby(site: Site, load: Load) -> None:
    standby = site.cluster.standby
    standby.kill()
    load.wait_for_sales(after=time.monotonic() + 1, seconds=90)
    standby.begin()


def freeze_standby(site: Site, load: Load) -> None:
    standby = site.cluster.standby
    standby.freeze()
    try:
        load.wait_for_sales(after=time.monotonic() + 1, seconds=90)
    finally:
        standby.thaw()


def kill_pooler(site: Site, load: Load) -> str:
    site.pooler.kill()
    time.sleep(2)  # until systemd, say, starts it again
    site.pooler.start()
    return "it was away for 2 s"


def kill_etcd(site: Site, load: Load) -> str:
    site.etcd.kill()
    time.sleep(LEASE_SECONDS + 5)
    site.etcd.start()
    return f"it was away for {LEASE_SECONDS + 5} s, more than the lease"


def kill_host(site: Site, load: Load) -> None:
    site.direct_host.kill()
    load.wait_for_sales(after=time.monotonic() + 2, seconds=60)
    site.direct_host.start()


def restart_hosts(site: Site, load: Load, times: int = 10) -> str:
    for turn in range(times):
        host = site.hosts[turn % 2]
        host.stop()
        host.start()
        site.wait_until_balanced()
    return f"{times} restarts of two hosts in turn"


def restart_hosts_briefly(site: Site, load: Load) -> str:
    return restart_hosts(site, load, times=2)


DRILLS = [
    Drill("primary-killed", "host of the primary killed", kill_primary, is_quick=True),
    Drill("primary-frozen", "host of the primary frozen, and back", freeze_primary, FAIL_OVER_FROM_SILENCE),
    Drill("postgresql-killed", "only PostgreSQL killed", kill_postgresql, BACK_SOON),
    Drill("switch-over", "planned switch-over", switch_over),
    Drill("standby-killed", "host of the standby killed", kill_standby),
    Drill("standby-frozen", "host of the standby frozen", freeze_standby, reads_go_on=True, is_quick=True),
    Drill(
        "pooler-killed",
        "pooler killed",
        kill_pooler,
        BACK_SOON,
        is_quick=True,
        port=lambda site: site.pooled_host.port,
    ),
    Drill("etcd-gone", "the only etcd gone", kill_etcd, BACK_SOON),
    Drill("host-killed", "a host of the API killed", kill_host, BACK_SOON, reads_go_on=True),
    Drill("rolling-restarts", "rolling restarts", restart_hosts, BACK_SOON, nothing_cut=True),
    Drill("back-up", "back-up, drop, restore", restoring.drop_and_restore, None),
    Drill("point-in-time", "back to a second before an accident", restoring.go_back, None),
]
QUICK = [drill for drill in DRILLS if drill.is_quick] + [
    Drill("rolling-restarts", "rolling restarts", restart_hosts_briefly, BACK_SOON, nothing_cut=True)
]
