"""manage.py document_workflows: write docs/workflows/<kind>.md from the state machines."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.choices import Kind
from tickets.documentation import page


class Command(BaseCommand):
    help = "Menulis halaman alur kerja di docs/workflows/ dari kode."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        for kind in Kind.values:
            (folder / f"{kind}.md").write_text(page(kind), encoding="utf-8")
            self.stdout.write(f"docs/workflows/{kind}.md")
