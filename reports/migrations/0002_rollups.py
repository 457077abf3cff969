import django.db.models.deletion
from django.db import migrations, models

from reports import triggers


class Migration(migrations.Migration):
    """Sums by day and month, and the triggers that tell which of them are out of date."""

    dependencies = [
        ("reports", "0001_saved"),
        ("tickets", "0005_report_indexes"),
        ("sla", "0003_sla_depth"),
    ]

    operations = [
        migrations.CreateModel(
            name="Changed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quarter", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("grain", models.CharField(choices=[("day", "Hari"), ("month", "Bulan")], max_length=5)),
                ("first", models.DateField()),
                ("as_of", models.DateTimeField()),
                ("valid_until", models.DateTimeField(null=True)),
                ("recipe", models.CharField(max_length=80)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("valid_until__isnull", False)),
                        fields=["valid_until"],
                        name="reports_bucket_passing",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("grain", "first"), name="reports_bucket_unique")],
            },
        ),
        migrations.CreateModel(
            name="RollupCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.CharField(max_length=10)),
                ("dimension", models.CharField(max_length=24)),
                ("kind", models.CharField(blank=True, max_length=12)),
                ("packed", models.BinaryField()),
                (
                    "bucket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cells", to="reports.bucket"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("bucket", "part", "dimension", "kind"), name="reports_cell_unique")
                ],
            },
        ),
        migrations.RunPython(triggers.create, triggers.drop),
    ]
