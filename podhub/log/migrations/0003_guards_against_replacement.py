"""The guards as they are now, for logs that began with fewer: nothing is replaced, and no log shrinks."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from podhub.log import guards


def renew(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.lift(schema_editor.connection)
    guards.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("log", "0002_guards")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
