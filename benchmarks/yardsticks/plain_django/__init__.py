"""A plain service of Django and Django REST Framework, served by gunicorn."""
