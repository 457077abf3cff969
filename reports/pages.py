"""The reports there are, by the code that stands in addresses and saved reports, and how each becomes a document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from reports import overview, recap, sla
from reports.export import pdf, text, xlsx
from reports.export import sla as sla_file
from reports.export.document import Document
from reports.forms import ReportForm

READERS = (Role.MANAGER, Role.COORDINATOR, Role.ADMINISTRATOR)
FORMATS = {"xlsx": _("Buku kerja XLSX"), "csv": _("CSV"), "pdf": _("PDF berkop")}
TYPES = {"xlsx": xlsx.TYPE, "csv": text.TYPE, "pdf": pdf.TYPE}
Builder = Callable[[User, ReportForm, datetime], Document]


@dataclass(frozen=True, slots=True)
class Page:
    """One report: `name` of its address in the namespace `reports`, `stem` of its files."""

    code: str
    label: Promise
    name: str
    stem: str
    build: Builder

    def address(self, query: dict[str, str] | str = "") -> str:
        """The page with this question."""
        words = query if isinstance(query, str) else urlencode(query)
        return reverse(f"reports:{self.name}") + (f"?{words}" if words else "")


def may_read(user: User) -> bool:
    """Whether this person may read reports at all; what they count is decided ticket by ticket."""
    return user.is_active and user.has_role(*READERS)


def answer(user: User, form: ReportForm, now: datetime) -> sla_file.Report:
    """The report of attainment that a valid form asks for."""
    rows = sla.attainment(user, group_by=form.group_by, now=now, **form.scope)
    summary = sla.summary(user, rows=rows, **form.scope)
    start, end = form.scope["start"], form.scope["end"]
    return sla_file.Report(start, end, form.group_by, rows, summary, list(form.chosen()), now)


def _attainment(user: User, form: ReportForm, now: datetime) -> Document:
    return sla_file.document(answer(user, form, now), user.display_name)


PAGES = {
    page.code: page
    for page in (
        Page("sla", _("Ketercapaian SLA"), "sla", "laporan-sla", _attainment),
        Page("figures", _("Waktu, beban, dan sebab"), "figures", "laporan-waktu-beban", overview.document),
        Page("recap", _("Rekap"), "recap", "rekap", recap.document),
    )
}


def as_file(user: User, page: Page, form: ReportForm, kind: str, now: datetime) -> bytes:
    """The report in one of FORMATS, counted as this person. Raises KeyError for another format."""
    if page.code == "sla" and kind != "pdf":
        # Kept as they were: managers have their own formulas on this workbook.
        report = answer(user, form, now)
        return sla_file.workbook(report) if kind == "xlsx" else text.render([sla_file.flat_table(report)])
    document = page.build(user, form, now)
    if kind == "csv":
        return text.render(document.tables)
    return pdf.render(document) if kind == "pdf" else xlsx.render(document)


def question(query: str) -> ReportForm:
    """The form of a stored question."""
    return ReportForm(QueryDict(query))
