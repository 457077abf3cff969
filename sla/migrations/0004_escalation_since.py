from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0003_sla_depth")]

    operations = [
        migrations.AddField(
            model_name="escalationstep",
            name="active_since",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Hanya saat yang tercapai sesudahnya dijalankan. Kosong: sejak awal.",
                null=True,
                verbose_name="berlaku sejak",
            ),
        ),
        migrations.AddField(
            model_name="escalationstep",
            name="needs_planning",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
