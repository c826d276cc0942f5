"""Who does what is to be done beside the server, and what came of it last."""

from datetime import timedelta

from django.db import models


class HousekeepingLead(models.Model):
    """The process that keeps house at present. There is one row; who has it renews it while it lives."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    holder = models.CharField(max_length=32, help_text="What a process calls itself.")
    until = models.DateTimeField(help_text="By the clock of the database.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.holder


class HousekeepingRun(models.Model):
    """The last time that a task of housekeeping was done."""

    # One that was due so long ago is late. Longer than another host takes to go on with them.
    PATIENCE = timedelta(minutes=5)

    name = models.CharField(primary_key=True, max_length=50)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0, help_text="How many rows, mails or holds it was about.")
    due_at = models.DateTimeField(help_text="When it is to be done next.")
    # Since it was done.
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, blank=True, help_text="Its kind: what it says may be personal.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        if self.started_at is None or self.finished_at is None:
            said = f"{self.name}: never done"
        else:
            seconds = (self.finished_at - self.started_at).total_seconds()
            said = f"{self.name}: {self.count} at {self.finished_at:%Y-%m-%d %H:%M:%S} UTC in {seconds:.1f} s"
        if self.failed_at is not None:
            said += f", failed at {self.failed_at:%Y-%m-%d %H:%M:%S} UTC ({self.error})"
        return said
