"""nginx's configuration: the main file and those that it includes, their server blocks and what requests are passed on to."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from lifecycle.programs.files import FileError
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join

MAIN = "/etc/nginx/nginx.conf"


class Location(msgspec.Struct, frozen=True):
    """A location block: how its path is matched (prefix, =, ~, ~*), and what it does."""

    kind: str
    path: str
    root: str = ""
    status: int = 0
    text: str = ""
    proxy: str = ""


class Site(msgspec.Struct, frozen=True):
    """A server block."""

    ports: tuple[int, ...]
    root: str
    locations: tuple[Location, ...]


def texts(machine: Machine) -> list[str]:
    """Return the texts of the configuration: the main file and those that it includes."""
    return [text for _, text in files(machine)]


def files(machine: Machine) -> list[tuple[str, str]]:
    main = machine.view.get(MAIN)
    if main is None:
        return []
    found = [(MAIN, main.text)]
    for directory in _included(main.text):
        try:
            names = machine.view.names(directory)
        except FileError:
            continue
        found += [
            (join(directory, name), node.text)
            for name in names
            if name.endswith(".conf") and (node := machine.view.get(join(directory, name))) is not None
        ]
    return found


@lru_cache(maxsize=256)
def _included(text: str) -> list[str]:
    """Return the directories whose .conf files a configuration file includes."""
    return re.findall(r"^\s*include\s+(/\S+)/\*\.conf\s*;", text, re.M)


def sites(machine: Machine) -> list[Site]:
    return [site for text in texts(machine) for site in read_sites(text)]


@lru_cache(maxsize=256)
def read_sites(text: str) -> tuple[Site, ...]:
    """Return the server blocks of a configuration file; what is not modelled in them is left out."""
    text = re.sub(r"#[^\n]*", "", text)
    return tuple(_site(body) for body in _blocks(text, r"\bserver\b\s*"))


def _blocks(text: str, head: str) -> list[str]:
    return [body for _, body in _headed(text, head)]


def _headed(text: str, head: str) -> list[tuple[str, str]]:
    found, at = [], 0
    expression = re.compile(rf"({head})\{{")
    while match := expression.search(text, at):
        depth, i = 1, match.end()
        while i < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            i += 1
        found.append((match.group(1), text[match.end() : i - 1]))
        at = i
    return found


def _site(body: str) -> Site:
    locations = tuple(_location(head, inner) for head, inner in _headed(body, r"\blocation\s+[^{]*"))
    outside = re.sub(r"\blocation\b[^{]*\{[^}]*\}", "", body)
    ports = tuple(int(port) for port in re.findall(r"\blisten\s+(?:[\d.*]+:|\[::\]:)?(\d+)", outside)) or (80,)
    root = re.search(r"\broot\s+(\S+?)\s*;", outside)
    returned = _return(outside)
    if returned:
        locations = (Location("", "/", "", *returned),)
    return Site(ports, root.group(1) if root else "/usr/share/nginx/html", locations)


def _location(head: str, body: str) -> Location:
    words = head.split()[1:]
    kind, path = (words[0], words[1]) if len(words) > 1 else ("", words[0] if words else "/")
    root = re.search(r"\broot\s+(\S+?)\s*;", body)
    proxy = re.search(r"\bproxy_pass\s+(\S+?)\s*;", body)
    status, text = _return(body) or (
        200 if "stub_status" in body else 0,
        "Active connections: 1 \n" if "stub_status" in body else "",
    )
    return Location(kind, path, root.group(1) if root else "", status, text, proxy.group(1) if proxy else "")


def _return(body: str) -> tuple[int, str] | None:
    match = re.search(r"\breturn\s+(\d{3})(?:\s+(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([^;\s]+)))?\s*;", body)
    if not match:
        return None
    text = match.group(2) or match.group(3) or match.group(4) or ""
    return int(match.group(1)), text.replace("\\n", "\n").replace("\\r", "\r").replace('\\"', '"')


def chosen(site: Site, path: str) -> Location | None:
    exact = next((one for one in site.locations if one.kind == "=" and one.path == path), None)
    if exact:
        return exact
    for one in site.locations:
        if one.kind in ("~", "~*") and re.search(one.path, path, re.I if one.kind == "~*" else 0):
            return one
    prefixes = [one for one in site.locations if one.kind in ("", "^~") and path.startswith(one.path)]
    return max(prefixes, key=lambda one: len(one.path), default=None)


_PASSED_ON = re.compile(r"\bproxy_pass\s+https?://([\w.-]+)|(?:^|[{;])\s*server\s+([\w.-]+)(?::\d+)?\s*[;\w]")


@lru_cache(maxsize=256)
def passed_on_to(text: str) -> tuple[tuple[int, str], ...]:
    """Return the names, each with its line's number, to which a configuration file has requests passed on."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = _PASSED_ON.search(line.partition("#")[0])
        host = (match.group(1) or match.group(2)) if match else ""
        if host and "$" not in line:
            found.append((number, host))
    return tuple(found)


def upstreams(machine: Machine) -> dict[str, tuple[str, ...]]:
    """Return the servers of each upstream block."""
    return read_upstreams("".join(texts(machine)))


@lru_cache(maxsize=256)
def read_upstreams(text: str) -> dict[str, tuple[str, ...]]:
    """Return the servers of each upstream block in a configuration."""
    text = re.sub(r"#[^\n]*", "", text)
    blocks = _headed(text, r"\bupstream\s+[\w.-]+\s*")
    return {head.split()[1]: tuple(re.findall(r"\bserver\s+([\w.:-]+)", body)) for head, body in blocks}
