from django.db import migrations, models


class Migration(migrations.Migration):
    """Reports on one service, office or team, on what was resolved in a period, and on the age of open tickets."""

    dependencies = [("tickets", "0004_spells")]

    operations = [
        migrations.AddIndex("ticket", models.Index(fields=["service", "created_at"], name="tickets_service_created")),
        migrations.AddIndex("ticket", models.Index(fields=["office", "created_at"], name="tickets_office_created")),
        migrations.AddIndex("ticket", models.Index(fields=["team", "created_at"], name="tickets_team_created")),
        migrations.AddIndex(
            "ticket",
            models.Index(
                condition=models.Q(("resolved_at__isnull", False)), fields=["resolved_at"], name="tickets_resolved"
            ),
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                condition=models.Q(("is_open", True), ("is_restricted", False)),
                fields=["created_at"],
                name="tickets_open_age",
            ),
        ),
    ]
