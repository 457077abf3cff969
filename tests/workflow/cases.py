"""Who may walk an edge, told by hand; inputs that a step must take and inputs that it must refuse."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

PEOPLE = (
    "warga",
    "asn",
    "agen",
    "teknisi",
    "koordinator",
    "penghubung",
    "cab",
    "cab_dua",
    "pimpinan",
    "inspektorat",
    "admin",
    "orang_luar",
)
ACTORS = (*PEOPLE, "system")
DESK = frozenset({"agen", "koordinator"})


@dataclass(frozen=True)
class Facts:
    """What decides who has which part in a ticket. People, teams and offices by their names."""

    kind: str
    requester: str
    team: str = ""
    assignee: str = ""
    office: str = ""
    owner_office: str = ""
    is_restricted: bool = False
    voters: frozenset[str] = frozenset()
    """Who may decide an open vote now."""


def sees(who: str, facts: Facts) -> bool:
    """Whether the ticket exists for that member of the cast."""
    if who in ("system", facts.requester):
        return True
    if facts.is_restricted:
        return who == "inspektorat" and facts.team == "inspektorat"
    return {
        "teknisi": facts.team == "jaringan" or facts.assignee == "teknisi",
        "penghubung": facts.office == "dukcapil" or (facts.kind == "request" and facts.owner_office == "dukcapil"),
        "cab": facts.kind == "change",
        "cab_dua": facts.kind == "change",
    }.get(who, who in DESK | {"pimpinan", "admin"})


def parties(who: str, facts: Facts) -> frozenset[str]:
    """The parts that member of the cast has in the ticket."""
    if who == "system":
        return frozenset({"system"})
    if not sees(who, facts):
        return frozenset()
    found = {"requester"} if who == facts.requester else set()
    if facts.is_restricted:
        if who == "inspektorat" and facts.team == "inspektorat":
            found |= {"agent", "coordinator"} | _voting(who, facts)
        return frozenset(found)
    if who == "agen" or (who == "teknisi" and (facts.team == "jaringan" or facts.assignee == "teknisi")):
        found |= {"agent"}
    if who == "koordinator":
        found |= {"agent", "coordinator"}
    if who == "penghubung" and facts.office == "dukcapil":
        found |= {"liaison"}
    return frozenset(found | _voting(who, facts))


def _voting(who: str, facts: Facts) -> set[str]:
    return {"cab" if facts.kind == "change" else "approver"} if who in facts.voters else set()


def _assignment(facts: Facts) -> list[dict[str, Any]]:
    if facts.is_restricted:
        return [{"team": "inspektorat"}, {"assignee": "inspektorat", "note": "Segera."}]
    return [
        {"team": "meja-layanan"},
        {"team": "jaringan"},
        {"assignee": "teknisi", "note": "Segera."},
        {"team": "jaringan", "assignee": "teknisi"},
        {"assignee": "agen"},
    ]


def _wrong_assignment(facts: Facts) -> list[dict[str, Any]]:
    wrong: list[dict[str, Any]] = [{}, {"assignee": "warga"}, {"team": "tidak-ada"}, {"assignee": "' OR 1=1 --"}]
    if facts.is_restricted:
        return [*wrong, {"team": "meja-layanan"}, {"assignee": "agen"}]
    return [*wrong, {"team": "jaringan", "assignee": "agen"}]


ASSESSMENT = {"risk": 2, "impact_note": "Kecil.", "plan": "Ganti.", "back_out_plan": "Kembali.", "test_plan": "Uji."}
NOTE = [{}, {"note": "Catatan kerja."}]
REASON = [{"reason": "Alasannya begini."}]
HOLDS = [{"reason": why, "note": "Mohon ditunggu."} for why in ("requester", "third_party", "change", "problem")]
SOLUTION = [{"code": code, "solution": "Kabel diganti."} for code in ("fixed", "workaround", "duplicate")]


def valid(name: str, facts: Facts, change_number: str = "", target_number: str = "") -> list[dict[str, Any]]:
    """Inputs the step takes; `change_number` is what a problem may wait for, `target_number` where to merge."""
    start = timezone.now() + timedelta(days=1)
    end = start + timedelta(hours=2)
    if name in ("assign", "reassign"):
        return _assignment(facts)
    return {
        "hold": HOLDS,
        "resolve": SOLUTION,
        "fulfil": [{"solution": "Akun dibuat."}],
        "respond": [{"answer": "Loket ditambah."}],
        "close": [{}],
        "reopen": REASON,
        "cancel": REASON,
        "archive": REASON,
        "reject": REASON,
        "verify": [{"complaint_class": c} for c in ("information", "ordinary", "supervisory", "aspiration")],
        "forward": [{"office": "dukcapil"}, {"office": "dinkes", "note": "Mohon ditindaklanjuti."}],
        "hand_off": [{"handed_off_to": "Pemprov Lampung", "reason": "Jalan provinsi.", "external_number": "123"}],
        "mark_known_error": [{"root_cause": "Kabel tua.", "workaround": "Jalur cadangan."}],
        "await_fix": [{"change": change_number}],
        "assess": [ASSESSMENT],
        "complete_assessment": [ASSESSMENT],
        "schedule": [{"window_start": start, "window_end": end, "override_reason": "Mendesak."}],
        "reschedule": [{"window_start": end, "window_end": end + timedelta(hours=1), "override_reason": "Mundur."}],
        "complete": [{"note": "Lancar."}],
        "roll_back": [{"note": "Gagal uji."}],
        "fail": [{"note": "Server tidak menyala."}],
        "review": [{"review": "Sesuai rencana.", "is_achieved": "yes"}, {"review": "Gagal.", "is_achieved": "no"}],
        "merge": [{"target": target_number}],
        "return_": REASON,
        "declare_major": [
            {"coordinator": "agen", "public_notice": "Internet terganggu.", "update_minutes": 60, **REASON[0]}
        ],
        "update_major": [{"text": "Perbaikan berjalan."}, {"text": "Hampir selesai.", "update_minutes": 30}],
        "end_major": [{}, {"text": "Sudah pulih."}],
        "unmerge": [{}],
    }.get(name, REASON if name == "resubmit" and facts.kind == "request" else NOTE)


def invalid(name: str, facts: Facts) -> list[dict[str, Any]]:
    """Inputs the step refuses; empty for steps that need none."""
    start = timezone.now() + timedelta(days=1)
    if name in ("assign", "reassign"):
        return _wrong_assignment(facts)
    nothing: list[dict[str, Any]] = [{}]
    return {
        "hold": [{}, {"reason": "besok", "note": "x"}, {"reason": "change"}],
        "resolve": [{}, {"code": "sihir", "solution": "x"}, {"code": "fixed", "solution": "  "}],
        "verify": [{}, {"complaint_class": "lain"}],
        "forward": [{}, {"office": "tidak-ada"}],
        "hand_off": [{}, {"handed_off_to": "Pemprov"}],
        "mark_known_error": [{}, {"root_cause": "Kabel tua."}],
        "await_fix": [{}, {"change": "PRB-1999-000001"}],
        "assess": [{}, {**ASSESSMENT, "risk": 9}, {**ASSESSMENT, "plan": ""}],
        "complete_assessment": [{}, {**ASSESSMENT, "test_plan": " "}],
        "schedule": [{}, {"window_start": start, "window_end": start}, {"window_start": "besok", "window_end": "lusa"}],
        "reschedule": [{}, {"window_start": start, "window_end": start}],
        "review": [{}, {"review": "Sesuai rencana."}],
        "merge": [{}, {"target": "GGN-1999-000001"}],
        **dict.fromkeys(
            [
                "return_",
                "declare_major",
                "update_major",
                "fulfil",
                "respond",
                "reopen",
                "cancel",
                "archive",
                "reject",
                "complete",
                "roll_back",
                "fail",
            ],
            nothing,
        ),
    }.get(name, nothing if name == "resubmit" and facts.kind == "request" else [])
