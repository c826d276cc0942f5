"""Screens and shows from before there were seat plans get one: rows of ten.

That is how their seats were labelled all along, so no ticket changes its label.
"""

from django.db import migrations

from movies.seat_plan import plain_plan


def draw_rows_of_ten(apps, schema_editor):
    for name in ("Screen", "Show"):
        model = apps.get_model("movies", name)
        rows = model.objects.using(schema_editor.connection.alias).filter(seat_plan="")
        for total in list(rows.order_by().values_list("total_seats", flat=True).distinct()):
            rows.filter(total_seats=total).update(seat_plan=plain_plan(total))


class Migration(migrations.Migration):
    dependencies = [("movies", "0003_seat_plans_and_prices")]

    operations = [migrations.RunPython(draw_rows_of_ten, migrations.RunPython.noop)]
