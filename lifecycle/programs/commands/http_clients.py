"""wget and curl, and what they say when nobody answers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.network import CONNECT_TIME, DNS_TIME
from lifecycle.programs.commands.times import seconds
from lifecycle.programs.exchange import Origin, Reached, answer, reach
from lifecycle.programs.files import FileError, join
from lifecycle.programs.lists import names
from lifecycle.programs.network import is_address
from lifecycle.programs.servers import HTTPRequest, reason


class Fetched(msgspec.Struct):
    """What an HTTP request has come to. `problem` is noname, refused, lost, plain (no TLS is spoken there) or empty."""

    problem: str = ""
    ip: str = ""
    port: int = 0
    status: int = 0
    body: str = ""
    headers: list[tuple[str, str]] = []
    protocol: str = "http"
    took: Micros = 0


def fetch(call: Call, url: str, method: str, headers: list[tuple[str, str]], body: str, limit: Micros | None) -> Fetched | None:
    """Ask for a URL; None: wait, the call comes again. The result is kept under `data["fetched"]` until `forget`."""
    call.moves()
    if "fetched" in call.data:
        return msgspec.convert(call.data["fetched"], Fetched, strict=False)
    parts = urlsplit(url if "://" in url else "http://" + url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), parts.hostname or "", port)
    fetched, span = _exchange(call, reached, parts.path or "/", parts.query, parts.hostname or "", method, headers, body)
    if parts.scheme == "https" and not fetched.problem and reached.sandbox is not None:
        fetched = Fetched("plain", reached.ip, port)  # no server in a Pod is given a certificate
    if span is None or (limit is not None and span > limit):
        fetched, span = (
            Fetched("lost" if not fetched.status else "timeout", reached.ip, port),
            CONNECT_TIME if limit is None else limit,
        )
    fetched.took = span
    call.data["fetched"] = msgspec.to_builtins(fetched)
    call.sleep(max(span, 1))
    return None


def forget(call: Call) -> None:
    call.data.pop("fetched", None)


def _exchange(
    call: Call, reached: Reached, path: str, query: str, host: str, method: str, headers: list[tuple[str, str]], body: str
) -> tuple[Fetched, Micros | None]:
    if reached.outcome != "open":
        return Fetched(reached.outcome, reached.ip, reached.port), {"noname": DNS_TIME, "refused": MILLISECOND}.get(
            reached.outcome
        )
    target = path + ("?" + query if query else "")
    name = next((value for key, value in headers if key.lower() == "host"), host)
    request = HTTPRequest(method, target, name, reached.port, tuple(headers), body, call.machine.sandbox.spec.ip)
    response = answer(call.machine.room, reached, request, logged=True)
    found = Fetched("", reached.ip, reached.port, response.status, response.body, list(response.headers), response.protocol)
    return found, None if response.delay is None else reached.delay + response.delay


@command("wget")
def wget(call: Call) -> int | None:
    options, urls = call.options(
        "qO:T:t:cSP:U:o:Yi:nvx",
        {
            "quiet": "q",
            "output-document": "O",
            "timeout": "T",
            "tries": "t",
            "spider": "x",
            "header": "U",
            "post-data": "i",
            "no-check-certificate": "n",
            "server-response": "S",
            "user-agent": "U",
            "no-verbose": "n",
            "directory-prefix": "P",
            "method": "Y",
            "continue": "c",
        },
    )
    if not urls:
        return call.fail("missing URL\nUsage: wget [OPTION]... [URL]...") if not call.busybox else call.fail("missing operand")
    limit = seconds(options["T"]) if options.get("T") else None
    name, _, value = options.get("U", "").partition(": ")
    headers = [(name, value)] if value else []
    url = call.data.get("url", urls[0])
    fetched = fetch(
        call, url, "POST" if "i" in options else "GET", headers, options.get("i", ""), round(limit * SECOND) if limit else None
    )
    if fetched is None:
        return None
    if fetched.status in (301, 302, 303, 307, 308) and call.data.get("hops", 0) < 5:
        location = next((value for name, value in fetched.headers if name.lower() == "location"), "")
        if location:
            call.data.update(url=_absolute(url, location), hops=call.data.get("hops", 0) + 1)
            forget(call)
            return wget(call)
    return (_wget_busybox if call.busybox else _wget_gnu)(call, url, options, fetched)


def _absolute(url: str, location: str) -> str:
    if "://" in location:
        return location
    parts = urlsplit(url if "://" in url else "http://" + url)
    return f"{parts.scheme}://{parts.netloc}{location}"


def _target_name(call: Call, url: str, options: dict[str, str]) -> str:
    if "O" in options:
        return options["O"]
    name = urlsplit(url if "://" in url else "http://" + url).path.rstrip("/").rpartition("/")[2] or "index.html"
    return join(call.path(options["P"]), name) if "P" in options else name


def _wget_busybox(call: Call, url: str, options: dict[str, str], fetched: Fetched) -> int:
    parts = urlsplit(url if "://" in url else "http://" + url)
    quiet = "q" in options
    if fetched.problem == "noname":
        return call.fail(f"bad address '{parts.hostname}'")
    where = f"{parts.hostname}{f':{parts.port}' if parts.port else ''} ({fetched.ip}:{fetched.port})"
    if not quiet:
        call.err(f"Connecting to {where}\n")
    if fetched.problem == "refused":
        return call.fail(f"can't connect to remote host ({fetched.ip}): Connection refused")
    if fetched.problem == "plain":
        call.err("" if quiet else "wget: note: TLS certificate validation not implemented\n")
        return call.fail("TLS error from peer (alert code 70): protocol version")
    if fetched.problem:
        return call.fail("download timed out")
    if fetched.protocol == "tcp":
        return call.fail("error getting response")
    if fetched.status >= 400:
        return call.fail(f"server returned error: HTTP/1.1 {fetched.status} {reason(fetched.status)}")
    if "x" in options:
        call.err("" if quiet else "remote file exists\n")
        return 0
    name = _target_name(call, url, options)
    if name == "-":
        if not quiet:
            call.err("writing to stdout\n")
        call.out(fetched.body)
        end = "written to stdout\n"
    else:
        try:
            call.write_file(name, fetched.body, "w" if "O" in options else "x")
        except FileError as error:
            return call.fail(f"can't open '{name}': {error.text}")
        if not quiet:
            call.err(f"saving to '{name}'\n")
        end = f"'{name}' saved\n"
    if not quiet:
        shown = name.rpartition("/")[2]
        call.err(f"{shown:<20} 100% |{'*' * 32}| {len(fetched.body):5}  0:00:00 ETA\n{end}")
    return 0


def _wget_gnu(call: Call, url: str, options: dict[str, str], fetched: Fetched) -> int:
    from lifecycle.programs.commands.times import strftime, zone

    parts = urlsplit(url if "://" in url else "http://" + url)
    quiet = "q" in options
    when = strftime("%F %T", call.now, zone(call.process.env))
    text = f"--{when}--  {parts.scheme}://{parts.netloc}{parts.path or '/'}\n"
    port = fetched.port
    if not is_address(parts.hostname or ""):
        text += f"Resolving {parts.hostname} ({parts.hostname})... "
        text += f"{fetched.ip}\n" if fetched.problem != "noname" else "failed: Name or service not known.\n"
    if fetched.problem == "noname":
        text += f"wget: unable to resolve host address '{parts.hostname}'\n".encode().decode("latin-1")
        call.err("" if quiet else text)
        return 4
    shown = f"{parts.hostname} ({parts.hostname})|{fetched.ip}|" if not is_address(parts.hostname or "") else fetched.ip
    text += f"Connecting to {shown}:{port}... "
    if fetched.problem == "plain":
        text += "connected.\nGnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL connection.\n"
        call.err("" if quiet else text)
        return 4
    if fetched.problem:
        text += "failed: Connection " + ("refused" if fetched.problem == "refused" else "timed out") + ".\n"
        call.err("" if quiet else text)
        return 4
    text += f"connected.\nHTTP request sent, awaiting response... {fetched.status} {reason(fetched.status)}\n"
    if fetched.status >= 400:
        call.err("" if quiet else f"{text}{when} ERROR {fetched.status}: {reason(fetched.status)}.\n\n")
        return 8
    call.err("" if quiet else text)
    if "x" in options:
        return 0
    name = _target_name(call, url, options)
    if name == "-":
        call.out(fetched.body)
        return 0
    try:
        call.write_file(name, fetched.body)
    except FileError as error:
        call.err(f"{name}: {error.text}\n")
        return 3
    call.err(
        ""
        if quiet
        else (f"Saving to: '{name}'\n\n{when} (1 MB/s) - '{name}' saved [{len(fetched.body)}/{len(fetched.body)}]\n\n")
        .encode()
        .decode("latin-1")
    )
    return 0


_CURL_LONG: dict[str, str] = dict(
    pair.split("=")
    for pair in names(
        "silent=s show-error=S fail=f output=o location=L head=I include=i insecure=k request=X data=d data-raw=d "
        "data-binary=d header=H max-time=m connect-timeout=y retry=z retry-delay=Y write-out=w user-agent=A verbose=v "
        "user=u retry-connrefused=0 retry-all-errors=0 remote-name=O cacert=E cert=E key=E ipv4=4 http1.1=0 http2=0 "
        "compressed=0 unix-socket=E retry-max-time=E fail-with-body=f no-progress-meter=s url=U get=G form=F version=V "
        "resolve=E noproxy=E"
    )
)


@command("curl")
def curl(call: Call) -> int | None:
    options, urls = call.options("sSfo:LIikX:d:H:m:y:z:Y:w:A:vu:OE:410nNgqVU:GF:x:T:e:b:c:", _CURL_LONG, many="H")
    if "V" in options:
        call.out("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\n")
        return 0
    urls = urls or ([options["U"]] if "U" in options else [])
    if not urls:
        call.err("curl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    url = call.data.get("url", urls[0])
    method = options.get("X") or ("HEAD" if "I" in options else "POST" if {"d", "F"} & set(options) else "GET")
    headers = _curl_headers(call, options)
    limit = min((span for span in (seconds(options.get("m", "")), seconds(options.get("y", ""))) if span), default=None)
    fetched = fetch(call, url, method, headers, options.get("d", ""), round(limit * SECOND) if limit else None)
    if fetched is None:
        return None
    if fetched.problem in ("refused", "lost") and call.data.get("tried", 0) < int(options.get("z", "0") or 0):
        _curl_again(call, options)
        return None
    if "L" in options and fetched.status in (301, 302, 303, 307, 308) and call.data.get("hops", 0) < 50:
        location = next((value for name, value in fetched.headers if name.lower() == "location"), "")
        call.data.update(url=_absolute(url, location), hops=call.data.get("hops", 0) + 1)
        forget(call)
        return curl(call)
    return _curl_done(call, url, options, fetched)


def _curl_headers(call: Call, options: dict[str, str]) -> list[tuple[str, str]]:
    pairs = [line.partition(":") for line in options.get("H", "").split("\n")]
    given = [(name.strip(), value.strip()) for name, colon, value in pairs if colon]
    return [("User-Agent", options.get("A", "curl/7.88.1")), ("Accept", "*/*"), *given]


def _curl_again(call: Call, options: dict[str, str]) -> None:
    call.data["tried"] = tried = call.data.get("tried", 0) + 1
    forget(call)
    call.sleep_seconds(seconds(options.get("Y", "")) or min(2 ** (tried - 1), 600))


def _curl_done(call: Call, url: str, options: dict[str, str], fetched: Fetched) -> int:
    parts = urlsplit(url if "://" in url else "http://" + url)
    milliseconds = fetched.took // MILLISECOND
    failures = {
        "noname": (6, f"Could not resolve host: {parts.hostname}"),
        "refused": (
            7,
            f"Failed to connect to {parts.hostname} port {fetched.port} after {milliseconds} ms: Couldn't connect to server",
        ),
        "lost": (28, f"Failed to connect to {parts.hostname} port {fetched.port} after {milliseconds} ms: Timeout was reached"),
        "plain": (35, "error:0A00010B:SSL routines::wrong version number"),
        "timeout": (28, f"Operation timed out after {milliseconds} milliseconds with 0 bytes received"),
    }
    code, text = failures.get(fetched.problem, (0, ""))
    if not code and fetched.protocol == "tcp":
        code, text = (1, "Received HTTP/0.9 when not allowed") if fetched.body else (52, "Empty reply from server")
    if not code and "f" in options and fetched.status >= 400:
        code, text = 22, f"The requested URL returned error: {fetched.status}"
    if not code:
        text = _curl_output(call, url, options, fetched)
        code = 23 if text else 0
    elif "s" not in options:
        call.err(_CURL_HEAD)
    if "w" in options:
        call.out(_write_out(options["w"], url, fetched))
    if code and ("s" not in options or "S" in options):
        call.err(f"curl: ({code}) {text}\n")
    return code


_CURL_HEAD = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)


def _curl_output(call: Call, url: str, options: dict[str, str], fetched: Fetched) -> str:
    """Write the answer where it belongs; a text says what went wrong."""
    body = "" if "I" in options else fetched.body
    if {"I", "i"} & set(options):
        lines = [
            f"HTTP/1.1 {fetched.status} {reason(fetched.status)}",
            *(f"{name}: {value}" for name, value in fetched.headers),
            f"Content-Length: {len(fetched.body)}",
        ]
        body = "\r\n".join(lines) + "\r\n\r\n" + body
    name = options.get("o") or (_target_name(call, url, {}) if "O" in options else "-")
    if name == "-":
        call.out(body)
        return ""
    if "s" not in options:
        call.err(_CURL_HEAD)
    try:
        call.write_file(name, body)
    except FileError as error:
        call.err(f"Warning: Failed to open the file {name}: {error.text}\n")
        return "Failure writing output to destination"
    return ""


def _write_out(form: str, url: str, fetched: Fetched) -> str:
    values = {
        "http_code": f"{fetched.status:03}",
        "response_code": f"{fetched.status:03}",
        "time_total": f"{fetched.took / SECOND:.6f}",
        "size_download": str(len(fetched.body)),
        "url_effective": url,
        "remote_ip": fetched.ip,
    }
    text = re.sub(r"%\{(\w+)\}", lambda m: values.get(m.group(1), ""), form)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
