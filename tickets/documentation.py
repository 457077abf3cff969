"""The state machines as Markdown: a Mermaid diagram and a table per kind, generated from the code."""

from django.utils import translation

from tickets.choices import Kind
from tickets.kinds import machine_of
from tickets.kinds.base import Machine, TransitionInfo


def page(kind: str) -> str:
    """The Markdown page of one kind."""
    with translation.override("id"):
        machine = machine_of(kind)
        lines = [
            f"# {Kind(kind).label} (`{kind}`)",
            "",
            f"Awalan nomor: `{machine.PREFIX}`. Halaman ini dibuat dari kode oleh `make docs`; jangan diubah tangan.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {machine.INITIAL}",
            *_states(machine),
            *_arrows(machine),
            "```",
            "",
            "| Langkah | Nama | Dari | Ke | Oleh | Isian | Terlihat pelapor |",
            "|---|---|---|---|---|---|---|",
            *(_row(info) for info in machine.transitions()),
            "",
            "| Keadaan | Label | Tahap |",
            "|---|---|---|",
            *(f"| `{state}` | {label} | {stage.label} |" for state, (label, stage) in machine.STATES.items()),
        ]
        return "\n".join(lines) + "\n"


def _states(machine: type[Machine]) -> list[str]:
    return [f"    {state}: {label}" for state, (label, _stage) in machine.STATES.items()]


def _arrows(machine: type[Machine]) -> list[str]:
    lines = []
    for info in machine.transitions():
        for source in info.sources:
            for target in _targets(machine, info, source):
                lines.append(f"    {source} --> {target}: {info.edge.label}")
    return lines


def _targets(machine: type[Machine], info: TransitionInfo, source: str) -> list[str]:
    fsm = getattr(machine, info.name)._django_fsm
    target = fsm.transitions[source].target
    if target is None:
        return []
    return [target] if isinstance(target, str) else list(target.allowed_states)


def _row(info: TransitionInfo) -> str:
    inputs = ", ".join(f"`{name}`" for name in info.edge.form.base_fields) if info.edge.form else "–"
    target = f"`{info.target}`" if info.target else "tetap"
    if info.edge.settles:
        target += " bila kuorum tercapai, sebelum itu tetap"
    if info.target == "resume_state":
        target = "keadaan sebelum digabung" if info.name == "unmerge" else "keadaan sebelum menunggu"
    sources = ", ".join(f"`{source}`" for source in info.sources)
    parties = ", ".join(party.value for party in info.edge.by)
    seen = "ya" if info.edge.public else "tidak"
    return f"| {info.edge.label} | `{info.name}` | {sources} | {target} | {parties} | {inputs} | {seen} |"
