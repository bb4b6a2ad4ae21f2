"""From here on the log is append-only."""

from django.db import migrations

from podhub.log import guards


class Migration(migrations.Migration):
    dependencies = [("log", "0001_log")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: guards.install(schema_editor.connection),
            lambda apps, schema_editor: guards.lift(schema_editor.connection),
        ),
    ]
