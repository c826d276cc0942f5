"""What was counted, as it stands on the page /metrics."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

TOKEN = "a-token-that-prometheus-sends"


def scrape(token=TOKEN, **headers):
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}", **headers})


def samples(text):
    """Every sample of the page: its value by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Counted:
    """What was counted since this was made. `counted(name, **labels)` is one of its numbers."""

    def __init__(self, read):
        self.read = read
        self.before = samples(read())

    def __call__(self, name, **labels):
        key = (f"movie_booking_{name}", frozenset(labels.items()))
        return samples(self.read()).get(key, 0) - self.before.get(key, 0)
