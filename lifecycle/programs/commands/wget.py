"""wget: busybox's, Alpine's and GNU's."""

from __future__ import annotations

from lifecycle.clock import SECOND
from lifecycle.programs.commands.call import Call, command, lines_of
from lifecycle.programs.commands.fetching import Fetched, Wish, fetch, redirect
from lifecycle.programs.commands.times import seconds, strftime, zone
from lifecycle.programs.files import FileError
from lifecycle.programs.network import is_address
from lifecycle.programs.paths import join
from lifecycle.programs.servers import reason

_LONG = {
    "quiet": "q",
    "output-document": "O",
    "timeout": "T",
    "connect-timeout": "T",
    "read-timeout": "T",
    "tries": "t",
    "spider": "x",
    "header": "H",
    "post-data": "i",
    "post-file": "f",
    "no-check-certificate": "k",
    "ca-certificate": "K",
    "server-response": "S",
    "user-agent": "U",
    "no-verbose": "V",
    "directory-prefix": "P",
    "method": "Y",
    "body-data": "i",
    "continue": "c",
    "no-proxy": "e",
    "proxy": "Y",
}


@command("wget")
def wget(call: Call) -> int | None:
    options, urls = call.options("qO:T:t:cSP:U:o:Y:i:f:nH:vxkK:Ve", _LONG, many="H")
    if not urls:
        return call.fail("missing URL\nUsage: wget [OPTION]... [URL]...") if not call.busybox else call.fail("missing operand")
    url = call.data.get("url", urls[0])
    wish = _wish(call, url, options)
    fetched = fetch(call, wish)
    if fetched is None:
        return None
    onwards = redirect(call, wish, fetched, 5)
    if onwards is not None:
        call.data["url"] = onwards
        return wget(call)
    status = (_busybox if call.busybox else _gnu)(call, wish, options, fetched)
    return status


def _wish(call: Call, url: str, options: dict[str, str]) -> Wish:
    limit = seconds(options["T"]) if options.get("T") else None
    body = call.read_file(options["f"]) if "f" in options else options.get("i", "")
    given = [(name, value.strip()) for name, _, value in (line.partition(":") for line in options.get("H", "").split("\n"))]
    agent = options.get("U", "Wget" if call.busybox else "Wget/1.21.3")
    headers = [("User-Agent", agent), *(pair for pair in given if pair[1])]
    if not call.busybox:
        headers[1:1] = [("Accept", "*/*"), ("Accept-Encoding", "identity")]
    method = options.get("Y", "") if not call.busybox else ""
    return Wish(
        url,
        method or ("POST" if {"i", "f"} & set(options) else "HEAD" if "x" in options and not call.busybox else "GET"),
        tuple(headers),
        body,
        round(limit * SECOND) if limit else None,
        "k" not in options and (not call.busybox or _is_alpine(call)),
        call.read_file(options["K"]) if "K" in options else None,
    )


def _is_alpine(call: Call) -> bool:
    """Say whether TLS is left to Alpine's ssl_client; busybox's own trusts everybody."""
    return call.view.get("/etc/alpine-release") is not None


def _target_name(call: Call, wish: Wish, options: dict[str, str]) -> str:
    if "O" in options:
        return options["O"]
    name = wish.parts.path.rstrip("/").rpartition("/")[2] or "index.html"
    return join(call.path(options["P"]), name) if "P" in options else name


# ── busybox's ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _busybox(call: Call, wish: Wish, options: dict[str, str], fetched: Fetched) -> int:
    parts, quiet = wish.parts, "q" in options
    if fetched.problem == "noname":
        return call.fail(f"bad address '{parts.hostname}'")
    if not quiet:
        port = f":{parts.port}" if parts.port else ""
        call.err(f"Connecting to {parts.hostname}{port} ({fetched.ip}:{fetched.port})\n")
    if parts.scheme == "https" and "k" not in options and fetched.problem not in ("refused", "lost") and not _is_alpine(call):
        call.fail("note: TLS certificate validation not implemented")
    failed = _busybox_failure(call, wish, fetched)
    if failed:
        return call.fail(failed)
    if "S" in options:
        call.moves()
        call.err("".join(f"  {line}\n" for line in [*fetched.head.split("\r\n")[:-1], ""]))
    if fetched.status >= 400:
        return call.fail(f"server returned error: {_status_line(fetched)}")
    if "x" in options:
        call.err("" if quiet else "remote file exists\n")
        return 0
    return _busybox_save(call, _target_name(call, wish, options), fetched, quiet, "O" in options)


def _busybox_failure(call: Call, wish: Wish, fetched: Fetched) -> str:
    host = wish.parts.hostname
    match fetched.problem:
        case "refused":
            return f"can't connect to remote host ({fetched.ip}): Connection refused"
        case "plain" if not _is_alpine(call):
            return "TLS error from peer (alert code 70): protocol version"
        case "plain" | "untrusted" | "self-signed" as problem:
            call.err(f"ssl_client: {host}: {_ALPINE[problem]}\n")
            return "error getting response: Connection reset by peer"
        case "":
            return "error getting response" if fetched.protocol == "tcp" else ""
    return "download timed out"


_ALPINE = {
    "plain": "handshake failed: error:0A00010B:SSL routines::wrong version number",
    "untrusted": "certificate verification failed: unable to get local issuer certificate",
    "self-signed": "certificate verification failed: self-signed certificate",
}


def _status_line(fetched: Fetched) -> str:
    return fetched.head.partition("\r\n")[0]


def _busybox_save(call: Call, name: str, fetched: Fetched, quiet: bool, named: bool) -> int:
    if name == "-":
        call.err("" if quiet else "writing to stdout\n")
        call.out(fetched.body)
        end = "written to stdout\n"
    else:
        try:
            call.write_file(name, fetched.body, "w" if named else "x")
        except FileError as error:
            return call.fail(f"can't open '{name}': {error.text}")
        call.err("" if quiet else f"saving to '{name}'\n")
        end = f"'{name}' saved\n"
    if not quiet:
        shown = name.rpartition("/")[2]
        call.err(f"{shown:<20} 100% |{'*' * 32}| {len(fetched.body):5}  0:00:00 ETA\n{end}")
    return 0


# ── GNU's ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _gnu(call: Call, wish: Wish, options: dict[str, str], fetched: Fetched) -> int:
    silent = bool({"q", "V"} & set(options)) or "nv" in "".join(call.args)
    if not silent:
        call.moves()
    when = strftime("%F %T", call.now, zone(call.process.env))
    failed = _gnu_failure(wish, fetched)
    begun = ("Spider mode enabled. Check if remote file exists.\n" if "x" in options else "") + _gnu_begin(wish, fetched, when)
    if failed:
        status, text = failed
        _say(call, begun + text, silent)
        return status
    shown = f"{fetched.status} {reason(fetched.status)}\n"
    if "S" in options:
        shown = "\n" + "".join(f"  {line}\n" for line in lines_of(fetched.head.replace("\r", "")))
    begun += f"connected.\nHTTP request sent, awaiting response... {shown}"
    if fetched.status >= 400:
        missing = "Remote file does not exist -- broken link!!!\n\n" if "x" in options and fetched.status == 404 else ""
        _say(call, begun + (missing or f"{when} ERROR {fetched.status}: {reason(fetched.status)}.\n\n"), silent)
        return 8
    size, kind = len(fetched.body), fetched.header("content-type").partition(";")[0]
    _say(call, f"{begun}Length: {size} [{kind}]\n", silent)
    if "x" in options:
        _say(call, "Remote file exists.\n\n", silent)
        return 0
    return _gnu_save(call, _target_name(call, wish, options), fetched, silent, when)


def _say(call: Call, text: str, silent: bool) -> None:
    call.err("" if silent else text.encode().decode("latin-1"))


def _gnu_begin(wish: Wish, fetched: Fetched, when: str) -> str:
    parts = wish.parts
    text = f"--{when}--  {parts.scheme}://{parts.netloc}{wish.target}\n"
    if is_address(parts.hostname or ""):
        return f"{text}Connecting to {fetched.ip}:{fetched.port}... "
    text += f"Resolving {parts.hostname} ({parts.hostname})... "
    if fetched.problem == "noname":
        return f"{text}failed: Name or service not known.\n"
    return f"{text}{fetched.ip}\nConnecting to {parts.hostname} ({parts.hostname})|{fetched.ip}|:{fetched.port}... "


def _gnu_failure(wish: Wish, fetched: Fetched) -> tuple[int, str] | None:
    """Return the exit status and the last words where nothing could be got."""
    host = wish.parts.hostname
    match fetched.problem:
        case "":
            return (4, "connected.\nHTTP request sent, awaiting response... No data received.\n") if not fetched.head else None
        case "noname":
            return 4, f"wget: unable to resolve host address ‘{host}’\n"
        case "plain":
            return 4, "connected.\nGnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL connection.\n"
        case "untrusted" | "self-signed" as problem:
            why = "Unable to locally verify the issuer's authority."
            if problem == "self-signed":
                why = "Self-signed certificate encountered."
            text = f"connected.\nERROR: cannot verify {host}'s certificate, issued by ‘CN=kubernetes’:\n  {why}\n"
            return 5, f"{text}To connect to {host} insecurely, use `--no-check-certificate'.\n"
    return 4, "failed: Connection " + ("refused" if fetched.problem == "refused" else "timed out") + ".\n"


def _gnu_save(call: Call, name: str, fetched: Fetched, silent: bool, when: str) -> int:
    size = len(fetched.body)
    _say(call, f"Saving to: ‘{'STDOUT' if name == '-' else name}’\n", silent)
    if name == "-":
        call.out(fetched.body)
    else:
        try:
            call.write_file(name, fetched.body)
        except FileError as error:
            call.err(f"{name}: {error.text}\n")
            return 3
    rate = f"{max(size * SECOND // max(fetched.took, 1) // 1024, 1)} KB/s"
    done = "written to stdout" if name == "-" else f"‘{name}’ saved"
    _say(call, f"\n     0K{' ' * 51}100% {rate[:-5]:>4}K=0s\n\n{when} ({rate}) - {done} [{size}/{size}]\n\n", silent)
    return 0
