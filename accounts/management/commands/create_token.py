"""manage.py create_token USERNAME: a bearer token for the REST API, printed once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import tokens
from accounts.models import ApiToken, User

MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Membuat token REST untuk satu pengguna dan mencetaknya sekali. Yang tersimpan hanya sidik jarinya."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="nama pengguna pemilik token")
        parser.add_argument("--name", default="manage.py", help="untuk apa token ini, tampil di Admin")
        parser.add_argument("--days", type=int, default=90, help="masa berlaku dalam hari (bawaan 90)")
        parser.add_argument(
            "--scope",
            action="append",
            choices=ApiToken.Scope.values,
            help="cakupan, boleh diulang (bawaan: read dan write)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"Tidak ada pengguna aktif bernama {options['username']!r}.")
        if not 1 <= options["days"] <= MAX_DAYS:
            raise CommandError(f"--days harus bilangan dari 1 sampai {MAX_DAYS}.")
        token = tokens.issue(
            user, options["name"], options["scope"] or ApiToken.Scope.values, timedelta(days=options["days"])
        )
        self.stdout.write(token)
