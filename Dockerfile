# The server in a container: `docker build --tag movie-booking .`; compose.yaml starts it with what it needs around it.
# `make image` runs the commands below in an empty folder, without Docker.

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
# First what seldom changes, so that another release takes these layers as they are.
COPY requirements-runtime.txt constraints.txt ./
RUN python -m venv .venv && .venv/bin/python -m pip install --quiet --only-binary=:all: -r requirements-runtime.txt
COPY . .
# The key signs nothing: it is only that the settings want one.
RUN .venv/bin/python -m compileall -q accounts bookings movie_booking movies && \
    DEBUG=0 SECRET_KEY=for-this-step-only .venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM python:3.13-slim-trixie
# Nothing is written at run time but to /tmp: the file system may be read-only.
ENV DEBUG=0 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app
COPY --from=build /app /app
# A user of no name and no rights. The files belong to root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "movie_booking.probe", "/healthz"]
CMD ["python", "-m", "movie_booking.serve"]
