"""Figures that matter, measured on this machine: `make bench`.

Each database gets a fresh copy of the county with generated tickets (100,000, or BENCH_TICKETS). SQLite is always
measured, PostgreSQL when TEST_DATABASE_URL names a server on which a database may be created.

Aims stand beside the figures they belong to; missing one fails nothing, for it says as much about the machine. With
BENCH_MILLION=1 the reports are measured at a million tickets too, on PostgreSQL. BENCH_ONLY names the parts to measure:
pages, reports, intake, revisions, million, sweeps.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
CALLS = 2000
TICKETS = int(os.environ.get("BENCH_TICKETS", "100000"))
ONLY = os.environ.get("BENCH_ONLY", "").split()
REPORT_AIM_MS = 500


def medians_ms(*works: Callable[[], object], runs: int = 15) -> list[float]:
    """Median wall time of each in milliseconds, after two calls that are not counted.

    They take turns, so that what else the machine does meets all of them alike.
    """
    times: list[list[float]] = [[] for _work in works]
    for number in range(runs + 2):
        for work, own in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            if number >= 2:
                own.append((time.perf_counter() - started) * 1000)
    return [statistics.median(own) for own in times]


def median_ms(work: Callable[[], object], runs: int = 15) -> float:
    return medians_ms(work, runs=runs)[0]


def line(name: str, value: str) -> None:
    print(f"  {name:<62} {value}", flush=True)  # noqa: T201


def measure_work_time() -> None:
    from datetime import UTC, datetime, timedelta

    from sla.worktime import WorkCalendar

    day = [("07:30", "12:00"), ("13:00", "16:00")]
    calendar = WorkCalendar(tz="Asia/Jakarta", week=dict.fromkeys(range(5), day))
    start = datetime(2026, 1, 5, 3, tzinfo=UTC)
    end = start + timedelta(days=3 * 365)
    for name, work in {
        "worktime.add 8 hours": lambda: calendar.add(start, timedelta(hours=8)),
        "worktime.add 3,000 hours": lambda: calendar.add(start, timedelta(hours=3000)),
        "worktime.between over 3 years": lambda: calendar.between(start, end),
    }.items():
        per_call = median_ms(lambda w=work: [w() for _ in range(CALLS)], runs=5) / CALLS * 1000
        line(name, f"{per_call:.1f} µs")


def measure_database(label: str) -> None:
    """Everything that depends on the database; runs in a process whose settings point at it."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from tests import bench_million, bench_revisions, bench_sweeps

    settings.ALLOWED_HOSTS = ["testserver"]
    print(f"\n{label}, {TICKETS:,} tickets")  # noqa: T201
    call_command("migrate", verbosity=0)
    call_command("load_reference", stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    started = time.perf_counter()
    call_command("generate_tickets", count=TICKETS, seed=1, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    line(f"generate_tickets --count {TICKETS}", f"{time.perf_counter() - started:.1f} s (aim for 100,000: 120 s)")
    parts: dict[str, Callable[[], None]] = {
        "pages": lambda: _measure_pages(Client),
        "reports": _measure_reports,
        "intake": _measure_intake,
        "revisions": lambda: bench_revisions.measure(line),
        "million": lambda: bench_million.measure(line, lambda: _report_lines(_readers(), "from kept sums", runs=3)),
        "sweeps": lambda: bench_sweeps.measure(line, median_ms),
    }
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or not os.environ.get("BENCH_MILLION"):
        del parts["million"]
    for name, measure in parts.items():
        if not ONLY or name in ONLY:
            measure()


def _measure_pages(client_class: type) -> None:
    from accounts.roles import Role
    from tests import factories
    from tickets.access import visible_to

    desk = factories.team("meja-layanan")
    agent = factories.user("bench_agen", Role.AGENT, teams=(desk,))
    manager = _manager()
    number = visible_to(agent).filter(stage="active").values_list("number", flat=True).first()
    client = client_class()
    client.force_login(agent)

    def get(path: str) -> None:
        response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)

    for name, path in {
        "agent queue, 50 tickets": "/kerja/",
        "agent queue, second page of all closed": "/kerja/?tab=selesai",
        "ticket page": f"/kerja/tiket/{number}/",
        "portal home": "/",
    }.items():
        bare, took = medians_ms(lambda: get("/bench/bare/"), lambda p=path: get(p), runs=25)
        line(name, f"{took:.1f} ms, {took / bare:.2f} x a bare view of 50 tickets ({bare:.1f} ms)")
    client.force_login(manager)
    line("SLA report of this year", f"{median_ms(lambda: get('/laporan/?periode=tahun-ini'), runs=5):.0f} ms")


def _manager() -> Any:
    from accounts.models import User
    from accounts.roles import Role
    from tests import factories

    known = User.objects.filter(username="bench_pimpinan").first()
    return known or factories.user("bench_pimpinan", Role.MANAGER)


def _readers() -> dict[str, Any]:
    """Who reads the reports: a manager, and a coordinator of one team."""
    from accounts.models import Team, User
    from accounts.roles import Role
    from tests import factories

    coordinator = User.objects.filter(username="bench_koordinator").first()
    if coordinator is None:
        team = Team.objects.filter(sees_all=False, is_confidential=False).order_by("pk").first()
        coordinator = factories.user("bench_koordinator", Role.COORDINATOR, teams=(team,), coordinates=True)
    return {"a manager": _manager(), "a team's coordinator": coordinator}


def _measure_reports() -> None:
    """This year's figures for a manager and for a coordinator of one team, first live, then from kept sums."""
    from reports import rollups
    from reports.models import Bucket

    people = _readers()
    _report_lines(people, "live", runs=1)
    started = time.perf_counter()
    while rollups.work():
        pass
    days = Bucket.objects.filter(grain=Bucket.Grain.DAY).count()
    line(f"keeping the sums of {days} days", f"{time.perf_counter() - started:.1f} s")
    _report_lines(people, "from kept sums", runs=3)


def _report_lines(people: dict, how: str, runs: int) -> None:
    from django.utils import timezone

    from reports import figures, sla

    now = timezone.now()
    end = timezone.localtime(now).date()
    start = end.replace(month=1, day=1)
    for who, user in people.items():
        asked = figures.Question(user, start, end, {}, now)
        reports = {
            "attainment by office": lambda u=user: sla.attainment(u, start=start, end=end, group_by="office", now=now),
            "MTTA and MTTR by office": lambda q=asked: figures.durations(q, "office"),
            "volume by service": lambda q=asked: figures.volume(q, "service"),
            "heat map": lambda q=asked: figures.heat_map(q),
            "time by stage and service": lambda q=asked: figures.stages(q, "service"),
            "causes of missed deadlines": lambda q=asked: figures.breach_causes(q),
            "backlog by office": lambda q=asked: figures.backlog(q, "office"),
            "trend": lambda q=asked: figures.trend(q),
        }
        if figures.may_see_agents(user):
            reports["load per agent"] = lambda q=asked: figures.agents(q)
        took = {name: median_ms(work, runs=runs) for name, work in reports.items()}
        for name, milliseconds in took.items():
            aim = f" (aim {REPORT_AIM_MS} ms)" if how == "from kept sums" else ""
            line(f"{name}, this year, {who}, {how}", f"{milliseconds:.0f} ms{aim}")


def _measure_intake() -> None:
    from channels_bot.email.inbound import receive_raw
    from channels_bot.models import Mailbox
    from tests.email.samples import plain

    Mailbox.objects.get_or_create(name="bench")
    mails = [
        plain("Printer rusak. " * 330, From=f"orang{n}@contoh.id", Message_ID=f"<{uuid.uuid4().hex}@contoh.id>")
        for n in range(100)
    ]
    started = time.perf_counter()
    for raw in mails:
        receive_raw(raw, "bench")
    line("receive_email's function, mails of 5 kB", f"{len(mails) / (time.perf_counter() - started):.0f} per second")


def _run_for(database_url: str, label: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "VAR_DIR": folder,
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "SECRET_KEY": "only-for-benchmarks-" + "x" * 30,
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "tests.bench_settings",
        }
        command = [sys.executable, "-m", "tests.bench", "--database", label]
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def _postgres(server_url: str) -> int:
    import psycopg

    name = f"bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            return _run_for(urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")), "PostgreSQL")
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", help="used by the program itself")
    arguments = parser.parse_args()
    if arguments.database:
        measure_database(arguments.database)
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")  # noqa: T201
    measure_work_time()
    failures = _run_for("", "SQLite")
    if os.environ.get("TEST_DATABASE_URL"):
        failures |= _postgres(os.environ["TEST_DATABASE_URL"])
    else:
        print("\nPostgreSQL: not measured, set TEST_DATABASE_URL")  # noqa: T201
    return failures


if __name__ == "__main__":
    sys.exit(main())
