"""How the address of a database is read: as a URL, of one host or of several as libpq has them.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

import re
from typing import Any
from urllib.parse import unquote

import dj_database_url
from environs import ValidationError

# Names and passwords end at the last @ before the path: all that may be mistaken there is percent-encoded.
_POSTGRESQL = re.compile(
    r"(?P<scheme>postgres|postgresql|pgsql)://"
    r"((?P<user>[^:/?#]*)(:(?P<password>[^/?#]*))?@)?(?P<hosts>[^/?#@]*)(?P<rest>[/?].*)?"
)
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(:(?P<port>[0-9]*))?")
_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_OPTION = re.compile(
    rf"(?:-c\s*(?P<name>{_NAME})|--(?P<long>[A-Za-z_][A-Za-z0-9_.-]*))=(?P<value>(?:[^\s\\]|\\.)*)"
)


def parse_database_url(url: str) -> dict[str, Any]:
    """Return what Django's DATABASES says of a database.

    Raises ValidationError, which does not repeat the URL: a password may be in it.
    """
    match = _POSTGRESQL.fullmatch(url)
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url if match is None else _without_hosts(match)))
    except ValueError as error:
        raise ValidationError(
            "Not a valid database URL. In a password, / ? # % @ : are written as %2F %3F %23 %25 %40 %3A."
        ) from error
    if match is not None:
        hosts, ports = _hosts_and_ports(match["hosts"])
        config |= {"USER": unquote(match["user"] or ""), "PASSWORD": unquote(match["password"] or "")}
        config |= {"HOST": hosts, "PORT": ports}
        try:
            parse_options(str(config.get("OPTIONS", {}).get("options", "")))
        except ValueError as error:
            raise ValidationError(str(error)) from error
    return config


def _without_hosts(match: "re.Match[str]") -> str:
    return f"{match['scheme']}://{match['rest'] or ''}"


def _hosts_and_ports(text: str) -> tuple[str, str]:
    """Return hosts and ports as libpq takes them: `a,b` and `5432,5433`. No ports at all are its default."""
    places = [_HOST.fullmatch(each) for each in text.split(",")]
    hosts, ports = [], []
    for place in places:
        port = place["port"] or "" if place else ""
        if place is None or (len(places) > 1 and not place["host"]) or (port and not 0 < int(port) < 65536):
            raise ValidationError("The hosts of a database are host:port, with a comma between two.")
        hosts.append(unquote(place["host"]).strip("[]"))
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def parse_options(options: str) -> dict[str, str]:
    r"""Return the settings that libpq's `options` name: `-c lock_timeout=5s --search_path=a,\ b`.

    Raises ValueError for options that are no settings.
    """
    found, rest = {}, options.strip()
    while rest:
        option = _OPTION.match(rest)
        if option is None or "%" in option["value"]:
            raise ValueError("options: give settings as -c name=value, and none with % in it.")
        name = option["name"] or option["long"].replace("-", "_")
        found[name] = re.sub(r"\\(.)", r"\1", option["value"])
        rest = rest[option.end() :].lstrip()
    return found
