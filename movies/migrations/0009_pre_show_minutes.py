"""A show may begin with adverts and trailers. Those that are scheduled already have none, as they were sold."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("movies", "0008_folded_names")]

    operations = [
        migrations.AddField(
            model_name="cinema",
            name="pre_show_minutes",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Adverts and trailers between the advertised start and the film, for shows scheduled from now on. Empty: as the settings say.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(120)],
                verbose_name="minutes of pre-show",
            ),
        ),
        migrations.AddField(
            model_name="show",
            name="pre_show_minutes",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Adverts and trailers between the advertised start and the film.",
                validators=[django.core.validators.MaxValueValidator(120)],
                verbose_name="minutes of pre-show",
            ),
        ),
        migrations.AlterField(
            model_name="movie",
            name="duration_minutes",
            field=models.PositiveSmallIntegerField(
                help_text="In minutes. The end of each show follows from it: a change moves those of shows to come.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1000),
                ],
                verbose_name="running time",
            ),
        ),
        migrations.AlterField(
            model_name="show",
            name="ends_at",
            field=models.DateTimeField(editable=False, help_text="Start plus pre-show and running time."),
        ),
    ]
