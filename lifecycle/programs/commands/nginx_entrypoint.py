"""The entry point of nginx's own image: what it says and does before it starts what it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.entrypoint import become
from lifecycle.programs.files import FileError
from lifecycle.programs.paths import join

SCRIPTS = "/docker-entrypoint.d"
IPV6, RESOLVERS, TEMPLATES, WORKERS = (
    "10-listen-on-ipv6-by-default.sh",
    "15-local-resolvers.envsh",
    "20-envsubst-on-templates.sh",
    "30-tune-worker-processes.sh",
)
OWN = (IPV6, RESOLVERS, TEMPLATES, WORKERS)
DEFAULT = "/etc/nginx/conf.d/default.conf"
TEMPLATE_DIRECTORY, OUTPUT_DIRECTORY, SUFFIX = "/etc/nginx/templates", "/etc/nginx/conf.d", ".template"
_OTHERS = (
    f"for f in {SCRIPTS}/*; do"
    f' case "$f" in {"|".join(f"*/{name}" for name in OWN)}) continue;;'
    ' *.envsh) [ -x "$f" ] && echo "$0: Sourcing $f" && . "$f" || echo "$0: Ignoring $f, not executable";;'
    ' *.sh) if [ -x "$f" ]; then echo "$0: Launching $f"; "$f"; else echo "$0: Ignoring $f, not executable"; fi;;'
    ' *) echo "$0: Ignoring $f";; esac; done;'
    ' echo "$0: Configuration complete; ready for start up"; exec "$@"'
)
"""What is done with scripts that others have put beside the image's own, and what comes after."""


@command("nginx-entrypoint")
def entrypoint(call: Call) -> int | None:
    """Configure nginx where that is what is to be started; then be what was asked for."""
    args = list(call.args)
    if args[:1] in (["nginx"], ["nginx-debug"]) and not call.process.env.get("NGINX_ENTRYPOINT_QUIET_LOGS"):
        found = _scripts(call)
        call.out("".join(f"{line}\n" for line in _said(call, found)))
        if set(found) - set(OWN):
            args = ["/bin/sh", "-e", "-c", _OTHERS, call.process.argv[0], *args]
        elif found:
            call.out(f"{call.process.argv[0]}: Configuration complete; ready for start up\n")
    elif args[:1] in (["nginx"], ["nginx-debug"]):
        _fill_in(call)
    return become(call, args) if args else 0


def _scripts(call: Call) -> list[str]:
    try:
        return call.view.names(SCRIPTS)
    except FileError:
        return []


def _said(call: Call, found: list[str]) -> Iterator[str]:
    """Do what the image's own scripts do, as far as they are there, and give the lines that tell of it."""
    me = call.process.argv[0]
    if not found:
        yield f"{me}: No files found in {SCRIPTS}/, skipping configuration"
        return
    yield f"{me}: {SCRIPTS}/ is not empty, will attempt to perform configuration"
    yield f"{me}: Looking for shell scripts in {SCRIPTS}/"
    for name in OWN:
        if name in found:
            yield f"{me}: {'Sourcing' if name.endswith('.envsh') else 'Launching'} {SCRIPTS}/{name}"
            yield from (_listen(call) if name == IPV6 else _fill_in(call) if name == TEMPLATES else ())


def _listen(call: Call) -> Iterator[str]:
    """Say what becomes of the default site, which listens on IPv6 too where it is the image's own and can be changed."""
    said = f"{IPV6}: info: "
    node, own = call.view.get(DEFAULT), call.view.image.get(DEFAULT)
    if node is None or node.kind != "f":
        yield f"{said}{DEFAULT} is not a file or does not exist"
    elif not _may_write(call, DEFAULT):
        yield f"{said}can not modify {DEFAULT} (read-only file system?)"
    else:
        yield f"{said}Getting the checksum of {DEFAULT}"
        differs = own is None or node.text != own.text
        yield f"{said}{DEFAULT} differs from the packaged version" if differs else f"{said}Enabled listen on IPv6 in {DEFAULT}"


def _may_write(call: Call, path: str) -> bool:
    try:
        call.view.target(path)
        return call.view.allows(call.view.find(path)[1], 2)
    except FileError:
        return False


def _fill_in(call: Call) -> list[str]:
    """Write each template with its variables filled in, and return the lines that tell of it."""
    try:
        names = call.view.names(TEMPLATE_DIRECTORY)
    except FileError:
        return []
    said: list[str] = []
    for name in names:
        if not name.endswith(SUFFIX):
            continue
        source, target = join(TEMPLATE_DIRECTORY, name), join(OUTPUT_DIRECTORY, name.removesuffix(SUFFIX))
        try:
            call.write_file(target, substituted(call.read_file(source), call.process.env))
        except FileError:
            return [*said, f"{TEMPLATES}: ERROR: {TEMPLATE_DIRECTORY} exists, but {OUTPUT_DIRECTORY} is not writable"]
        said.append(f"{TEMPLATES}: Running envsubst on {source} to {target}")
    return said


def substituted(text: str, env: dict[str, str]) -> str:
    """Return a text with the variables that are set in place of `$NAME` and `${NAME}`; nginx's own variables stay."""
    return re.sub(
        r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))", lambda match: env.get(match.group(1) or match.group(2), match.group(0)), text
    )
