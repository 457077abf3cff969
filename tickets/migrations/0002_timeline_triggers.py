from django.db import migrations

from tickets import triggers


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [migrations.RunPython(triggers.create, triggers.drop)]
