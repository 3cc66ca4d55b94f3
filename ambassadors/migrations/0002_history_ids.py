"""Rows of events get UUIDs, so that an export of one installation is safe to import into another."""

import crm.values
from django.db import migrations, models


def uuid_id(model: str, table: str) -> migrations.SeparateDatabaseAndState:
    """No number is a UUID: the column is replaced. Nothing refers to these rows."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"ALTER TABLE {table} DROP COLUMN id;"
                f"ALTER TABLE {table} ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY;"
                f"ALTER TABLE {table} ALTER COLUMN id DROP DEFAULT;"
            )
        ],
        state_operations=[
            migrations.AlterField(
                model_name=model,
                name="id",
                field=models.UUIDField(
                    default=crm.values.uuid7, editable=False, primary_key=True, serialize=False
                ),
            )
        ],
    )


class Migration(migrations.Migration):

    dependencies = [
        ("ambassadors", "0001_initial"),
    ]

    operations = [
        uuid_id("acknowledgement", "ambassadors_acknowledgement"),
        uuid_id("correction", "ambassadors_correction"),
        uuid_id("escalation", "ambassadors_escalation"),
        uuid_id("insight", "ambassadors_insight"),
        uuid_id("roundtrip", "ambassadors_roundtrip"),
        uuid_id("training", "ambassadors_training"),
    ]
