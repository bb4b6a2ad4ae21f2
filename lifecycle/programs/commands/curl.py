"""curl, and what it says when nobody answers."""

from __future__ import annotations

import base64
import re
from itertools import pairwise, product
from urllib.parse import quote

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.fetching import Fetched, Wish, fetch, forget, redirect
from lifecycle.programs.commands.times import seconds
from lifecycle.programs.files import FileError
from lifecycle.programs.lists import names
from lifecycle.programs.terminal import is_terminal

_SHORT = "sSfo:LIikX:d:H:m:y:z:Y:w:A:vu:OE:410nNgqVU:GF:x:T:e:b:c:#9:p:"
_LONG: dict[str, str] = dict(
    pair.split("=")
    for pair in names(
        "silent=s show-error=S fail=f output=o location=L head=I include=i insecure=k request=X data=d data-raw=d "
        "data-binary=d data-ascii=d data-urlencode=d json=p header=H max-time=m connect-timeout=y retry=z retry-delay=Y "
        "write-out=w user-agent=A verbose=v user=u retry-connrefused=0 retry-all-errors=0 remote-name=O cacert=9 cert=E "
        "key=E capath=E ipv4=4 http1.1=0 http2=0 http1.0=0 compressed=0 unix-socket=E retry-max-time=E fail-with-body=f "
        "globoff=g no-progress-meter=s url=U get=G form=F version=V resolve=E noproxy=E no-keepalive=0 keepalive-time=E "
        "no-buffer=N upload-file=T referer=e cookie=b cookie-jar=c progress-bar=# tlsv1.2=0 oauth2-bearer=q"
    )
)
MOST_URLS = 1_000


@command("curl")
def curl(call: Call) -> int | None:
    options, urls = call.options(_SHORT, _LONG, many="Hd")
    if "V" in options:
        call.out("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\n")
        return 0
    urls = urls or ([options["U"]] if "U" in options else [])
    if not urls:
        call.err("curl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    if "g" not in options:
        urls = [one for url in urls for one in expanded(url)][:MOST_URLS]
    while call.data.get("at", 0) < len(urls):
        status = _one(call, urls[call.data.get("at", 0)], options)
        if status is None:
            return None
        forget(call)
        call.data = call.process.data = {"at": call.data.get("at", 0) + 1, "last": status}
    return int(call.data["last"])


def expanded(url: str) -> list[str]:
    """Return what a URL with `[1-3]` or `{one,two}` in it stands for."""
    choices = []
    for part in re.split(r"(\[\d+-\d+\]|\{[^{}]*,[^{}]*\})", url):
        bounds = re.fullmatch(r"\[(\d+)-(\d+)\]", part)
        if bounds and int(bounds[2]) - int(bounds[1]) < MOST_URLS:
            choices.append([str(n).zfill(len(bounds[1])) for n in range(int(bounds[1]), int(bounds[2]) + 1)])
        else:
            choices.append(part[1:-1].split(",") if part[:1] == "{" and part[-1:] == "}" else [part])
    return ["".join(words) for _, words in zip(range(MOST_URLS), product(*choices), strict=False)]


def _one(call: Call, url: str, options: dict[str, str]) -> int | None:
    """Fetch one URL; None: wait."""
    try:
        wish = _wish(call, call.data.get("url", url), options)
    except FileError:
        text = f"error setting certificate file: {options['9']}" if "9" in options else "Failed to open a file"
        call.err(f"{_meter(0, 0, 0)}\n" if _shows_meter(call, options) else "")
        return _complain(call, options, 77 if "9" in options else 26, text)
    fetched = fetch(call, wish)
    if fetched is None:
        return None
    if fetched.problem in ("refused", "lost") and call.data.get("tried", 0) < int(options.get("z", "0") or 0):
        _again(call, options)
        return None
    if "v" in options:
        _tell(call, wish, fetched)
    onwards = redirect(call, wish, fetched, 50) if "L" in options else None
    if onwards is not None:
        call.data["url"] = onwards
        return _one(call, url, options)
    return _done(call, wish, options, fetched)


# ── the request ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _wish(call: Call, url: str, options: dict[str, str]) -> Wish:
    """Return what is asked for. Raises: FileError."""
    body = _body(call, options)
    if "G" in options and body:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    method = options.get("X") or _method(options)
    limit = min((span for span in (seconds(options.get("m", "")), seconds(options.get("y", ""))) if span), default=None)
    return Wish(
        url,
        method,
        tuple(_headers(options, body)),
        body,
        round(limit * SECOND) if limit else None,
        "k" not in options,
        call.read_file(options["9"]) if "9" in options else None,
    )


def _method(options: dict[str, str]) -> str:
    if "I" in options:
        return "HEAD"
    if "T" in options:
        return "PUT"
    return "POST" if {"d", "F", "p"} & set(options) and "G" not in options else "GET"


def _body(call: Call, options: dict[str, str]) -> str:
    """Return what is sent: what is given, or the contents of files. Raises: FileError."""
    if "T" in options:
        return call.read_file(options["T"])
    pieces = options.get("d", options.get("p", "")).split("\n") if {"d", "p"} & set(options) else []
    encoded = _values(call.args, "--data-urlencode")
    named = "--data-raw" not in call.args
    found = [
        _encoded(call, piece) if piece in encoded else _contents(call, piece[1:]) if named and piece[:1] == "@" else piece
        for piece in pieces
    ]
    return "&".join(found)


def _values(args: list[str], option: str) -> set[str]:
    """Return what is given with an option that has a name of its own only."""
    after = {value for name, value in pairwise(args) if name == option}
    return after | {arg.removeprefix(f"{option}=") for arg in args if arg.startswith(f"{option}=")}


def _encoded(call: Call, piece: str) -> str:
    """Return a piece of --data-urlencode: `content`, `=content`, `name=content`, `@file` or `name@file`. Raises: FileError."""
    match = re.match(r"([^=@]*)([=@]?)(.*)", piece, re.S)
    assert match is not None
    name, mark, content = match.groups()
    if not mark:
        name, content = "", name
    text = quote(_contents(call, content) if mark == "@" else content, safe="-._~", encoding="latin-1")
    return f"{name}={text}" if name else text


def _contents(call: Call, name: str) -> str:
    return call.read_file("/dev/stdin" if name == "-" else name)


def _headers(options: dict[str, str], body: str) -> list[tuple[str, str]]:
    pairs = [line.partition(":") for line in options.get("H", "").split("\n")]
    given = [(name.strip(), value.strip()) for name, colon, value in pairs if colon]
    usual = [("User-Agent", options.get("A", "curl/7.88.1")), ("Accept", "application/json" if "p" in options else "*/*")]
    if "u" in options:
        secret = options["u"] if ":" in options["u"] else f"{options['u']}:"
        usual.insert(0, ("Authorization", f"Basic {base64.b64encode(secret.encode('latin-1')).decode()}"))
    if "b" in options:
        usual.append(("Cookie", options["b"]))
    if "e" in options:
        usual.append(("Referer", options["e"]))
    named = {name.lower() for name, _ in given}
    after = []
    if body and "G" not in options:
        kind = "application/json" if "p" in options else "application/x-www-form-urlencoded"
        after = [("Content-Length", str(len(body))), *([] if "T" in options else [("Content-Type", kind)])]
    wanted = [pair for pair in given if pair[1] and pair[0].lower() != "host"]
    hosts = [pair for pair in given if pair[0].lower() == "host"]
    return [
        *hosts,
        *(pair for pair in usual if pair[0].lower() not in named),
        *wanted,
        *(pair for pair in after if pair[0].lower() not in named),
    ]


def _again(call: Call, options: dict[str, str]) -> None:
    call.data["tried"] = tried = call.data.get("tried", 0) + 1
    forget(call)
    call.sleep_seconds(seconds(options.get("Y", "")) or min(2 ** (tried - 1), 600))


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _shows_meter(call: Call, options: dict[str, str]) -> bool:
    """Say whether the progress is shown: not where the answer itself goes to somebody's terminal."""
    return "s" not in options and ("o" in options or "O" in options or not is_terminal(call.machine, call.process, 1))


_HEAD = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)


def _meter(size: int, sent: int, took: Micros) -> str:
    """Return what the progress meter has shown in the end, with its head."""
    return f"{_HEAD}\r{_meter_row(0, 0, 0)}\r{_meter_row(size, sent, took)}"


def _meter_row(size: int, sent: int, took: Micros) -> str:
    whole = 100 if size or sent else 0
    down, up = (_rate(amount, took) for amount in (size, sent))
    current = _rate(size + sent, took)
    spent = took // SECOND
    time = f"{spent // 3600:2}:{spent // 60 % 60:02}:{spent % 60:02}" if spent else "--:--:--"
    amounts = f"{whole:3} {size + sent:5}  {100 if size else 0:3} {size:5}  {100 if sent else 0:3} {sent:5}"
    return f"{amounts}  {down:>5}  {up:>5} --:--:-- {time:>8} --:--:-- {current:>5}"


def _rate(size: int, took: Micros) -> str:
    rate = size * SECOND // took if took else 0
    return str(rate) if rate < 100_000 else f"{rate >> 10}k" if rate >> 10 < 10_000 else f"{rate >> 20}M"


def _tell(call: Call, wish: Wish, fetched: Fetched) -> None:
    """Say what -v says of one exchange."""
    host = wish.parts.hostname
    lines = [f"*   Trying {fetched.ip}:{fetched.port}..."] if fetched.problem != "noname" else []
    if fetched.problem in ("noname", "refused", "lost"):
        if fetched.problem == "refused":
            lines.append(f"* connect to {fetched.ip} port {fetched.port} failed: Connection refused")
        call.err("".join(f"{line}\n" for line in [*lines, f"* {_failure(wish, fetched)[1]}", "* Closing connection 0"]))
        return
    lines.append(f"* Connected to {host} ({fetched.ip}) port {fetched.port} (#0)")
    if wish.parts.scheme == "https":
        secured = "* SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256"
        lines.append("* Closing connection 0" if fetched.problem else secured)
    if not fetched.problem:
        lines += [f"> {line}\r" for line in _sent(wish)]
        lines += [f"}} [{len(wish.body)} bytes data]"] if wish.body else []
        call.moves()
        lines += [f"< {line}\r" for line in fetched.head.split("\r\n")[:-1]] + ["< \r"]
        lines += [f"{{ [{len(fetched.body)} bytes data]"] if fetched.body and wish.method != "HEAD" else []
        closes = fetched.header("connection").lower() == "close" or fetched.head.startswith("HTTP/1.0")
        lines.append("* Closing connection 0" if closes else f"* Connection #0 to host {host} left intact")
    call.err("".join(f"{line}\n" for line in lines))


def _sent(wish: Wish) -> list[str]:
    headers = [f"{name}: {value}" for name, value in wish.headers if name.lower() != "host"]
    return [f"{wish.method} {wish.target} HTTP/1.1", f"Host: {wish.host}", *headers, ""]


def _failure(wish: Wish, fetched: Fetched) -> tuple[int, str]:
    """Return the exit status and the reason where nothing could be got; 0 where something was."""
    host, milliseconds = wish.parts.hostname, fetched.took // MILLISECOND
    connecting = f"Failed to connect to {host} port {fetched.port} after {milliseconds} ms"
    failures = {
        "noname": (6, f"Could not resolve host: {host}"),
        "refused": (7, f"{connecting}: Couldn't connect to server"),
        "lost": (28, f"{connecting}: Timeout was reached"),
        "plain": (35, "OpenSSL/3.0.15: error:0A00010B:SSL routines::wrong version number"),
        "untrusted": (60, f"SSL certificate problem: unable to get local issuer certificate\n{_SSLCERTS}"),
        "self-signed": (60, f"SSL certificate problem: self-signed certificate\n{_SSLCERTS}"),
        "timeout": (28, f"Operation timed out after {milliseconds} milliseconds with 0 bytes received"),
    }
    if fetched.problem or fetched.protocol != "tcp":
        return failures.get(fetched.problem, (0, ""))
    return (1, "Received HTTP/0.9 when not allowed") if fetched.body else (52, "Empty reply from server")


_SSLCERTS = (
    "More details here: https://curl.se/docs/sslcerts.html\n\n"
    "curl failed to verify the legitimacy of the server and therefore could not\n"
    "establish a secure connection to it. To learn more about this situation and\n"
    "how to fix it, please visit the web page mentioned above."
)


def _done(call: Call, wish: Wish, options: dict[str, str], fetched: Fetched) -> int:
    code, text = _failure(wish, fetched)
    if not code and "f" in options and fetched.status >= 400:
        code, text = 22, f"The requested URL returned error: {fetched.status}"
    failed = bool(code) and "--fail-with-body" not in call.args
    if _shows_meter(call, options):
        size = 0 if failed or wish.method == "HEAD" else len(fetched.body)
        call.err(f"{_meter(size, len(wish.body), fetched.took)}\n")
    if not failed:
        written = _output(call, wish, options, fetched)
        code, text = (23, written) if written else (code, text)
    if "w" in options:
        call.out(_write_out(call, options["w"], wish, fetched, code))
    return _complain(call, options, code, text) if code else 0


def _complain(call: Call, options: dict[str, str], code: int, text: str) -> int:
    if "s" not in options or "S" in options:
        call.err(f"curl: ({code}) {text}\n")
    return code


def _output(call: Call, wish: Wish, options: dict[str, str], fetched: Fetched) -> str:
    """Write the answer where it belongs; a text says what went wrong."""
    body = "" if wish.method == "HEAD" else fetched.body
    if {"I", "i"} & set(options):
        call.moves()
        body = fetched.head + "\r\n" + body
    name = options.get("o") or (wish.parts.path.rpartition("/")[2] if "O" in options else "-")
    if name == "-":
        call.out(body)
        return ""
    try:
        call.write_file(name, body)
    except FileError as error:
        call.err(f"Warning: Failed to open the file {name}: {error.text}\n")
        return "Failure writing output to destination"
    return ""


def _write_out(call: Call, form: str, wish: Wish, fetched: Fetched, code: int) -> str:
    if form[:1] == "@":
        form = call.read_file(form[1:])
    took = f"{fetched.took / SECOND:.6f}"
    location = fetched.header("location")
    values = {
        "http_code": f"{fetched.status:03}",
        "response_code": f"{fetched.status:03}",
        "http_version": fetched.head[5:8].removesuffix(".0"),
        "time_total": took,
        "time_starttransfer": took if fetched.status else "0.000000",
        "time_connect": f"{min(fetched.took, MILLISECOND) / SECOND:.6f}" if fetched.status else "0.000000",
        "time_namelookup": "0.000500" if fetched.ip != wish.parts.hostname else "0.000020",
        "size_download": str(len(fetched.body)),
        "size_upload": str(len(wish.body)),
        "size_header": str(len(fetched.head) + 2 if fetched.head else 0),
        "content_type": fetched.header("content-type"),
        "redirect_url": location,
        "num_redirects": str(call.data.get("hops", 0)),
        "url_effective": wish.url if "://" in wish.url else f"http://{wish.url}/",
        "url": wish.url,
        "remote_ip": fetched.ip,
        "remote_port": str(fetched.port),
        "local_ip": call.machine.sandbox.spec.ip,
        "method": wish.method,
        "scheme": wish.parts.scheme.upper(),
        "exitcode": str(code),
    }
    text = re.sub(r"%\{(\w+)\}", lambda m: values.get(m.group(1), ""), form.replace("%%", "\0"))
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\0", "%")
