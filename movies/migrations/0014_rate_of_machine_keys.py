"""How often a machine may ask is said as settings say it. The database has nothing to do."""

from django.db import migrations, models

import movies.models.keys


class Migration(migrations.Migration):
    dependencies = [("movies", "0013_machine_keys")]

    operations = [
        migrations.AlterField(
            model_name="machinekey",
            name="rate",
            field=models.CharField(
                blank=True,
                help_text="Of its requests, as 600/minute; off for none. Empty: that of the settings.",
                max_length=20,
                validators=[movies.models.keys.validate_rate],
                verbose_name="limit",
            ),
        ),
    ]
