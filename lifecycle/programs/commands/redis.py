"""Redis: a server that keeps strings, numbers and lists, and the client that people type into.

Commands that are not modelled are said to be unknown, as Redis says it of those that it does not have.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
from typing import Any

from lifecycle.clock import MILLISECOND, SECOND
from lifecycle.programs import streams, terminal
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import serve
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.exchange import Origin, reach
from lifecycle.programs.files import FileError
from lifecycle.programs.forwarding import talks
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import NO_HTTP, HTTPRequest, HTTPResponse, server
from lifecycle.programs.state import Connection, Process

PORT = 6379
VERSION = "7.4.1"
MOST_KEYS, LONGEST_VALUE = 1_000, 64 << 10
MOST_MEMBERS = 10_000
DEFAULTS = {
    "port": "6379",
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "appendonly": "no",
    "save": "3600 1 300 100 60 10000",
    "requirepass": "",
    "databases": "16",
    "bind": "* -::*",
    "dir": "/data",
    "timeout": "0",
    "loglevel": "notice",
}

_UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "k": 1000, "m": 1000_000, "g": 1000_000_000, "b": 1}


# ── the server ───────────────────────────────────────────────────────────────────────────────────────────────────────


@command("redis-server")
def redis_server(call: Call) -> int | None:
    if call.args[:1] in (["--version"], ["-v"]):
        call.out(f"Redis server v={VERSION} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0\n")
        return 0
    if "config" not in call.data:
        config = _configuration(call)
        if config is None:
            return 1
        call.data.update(config=config, db={})
        _log(call, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "C")
        _log(call, f"Redis version={VERSION}, bits=64, commit=00000000, modified=0, pid={call.process.pid}, just started", "C")
        named = bool(call.args)
        _log(call, "Configuration loaded" if named else _NO_FILE, "C", "*" if named else "#")
    listening = "listening" in call.data
    port = int(call.data["config"]["port"])
    status = serve(call, [port], "redis")
    if "listening" in call.data and not listening:
        _log(call, f"Running mode=standalone, port={port}.")
        _log(call, "Server initialized")
        _log(call, "Ready to accept connections tcp")
    return status


_NO_FILE = (
    "Warning: no config file specified, using the default config. In order to specify a config file use "
    "redis-server /path/to/redis.conf"
)


def _log(call: Call, text: str, role: str = "M", level: str = "*") -> None:
    when = strftime("%d %b %Y %H:%M:%S", call.now, zone(call.process.env))
    call.out(f"{call.process.pid}:{role} {when}.{call.now % SECOND // MILLISECOND:03} {level} {text}\n")


def _configuration(call: Call) -> dict[str, str] | None:
    """Return the settings of the file and the options; None where the file cannot be read."""
    lines, args = [], list(call.args)
    if args and not args[0].startswith("--"):
        name = args.pop(0)
        try:
            lines = call.read_file(name).split("\n")
        except FileError as error:
            call.out(f"*** FATAL CONFIG FILE ERROR (Redis {VERSION}) ***\nCan't open config file '{name}': {error.text}\n")
            return None
    words = " ".join(f"\n{arg[2:]}" if arg.startswith("--") else arg for arg in args)
    found = dict(DEFAULTS)
    for line in [*lines, *words.split("\n")]:
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            found[name.lower()] = _amount(value.strip().strip('"')) if name.lower() == "maxmemory" else value.strip().strip('"')
    return found


def _amount(text: str) -> str:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = _UNITS.get(text[len(number) :].lower(), 1)
    return str(int(number) * unit) if number.isdigit() else text


@handler("redis-server")
def redis_signal(call: Call, signal: str) -> bool:
    """Save, say good-bye and exit with 0."""
    if signal not in ("SIGTERM", "SIGINT") or "listening" not in call.data:
        return False
    call.out(f"{call.process.pid}:signal-handler ({call.now // SECOND}) Received {signal} scheduling shutdown...\n")
    for text, level in (
        ("User requested shutdown...", "*"),
        ("Saving the final RDB snapshot before exiting.", "*"),
        ("DB saved on disk", "*"),
        ("Redis is now ready to exit, bye bye...", "#"),
    ):
        _log(call, text, "M", level)
    call.machine.end(call.process, 0)
    return True


@server("redis", manner=NO_HTTP)
def redis_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Answer commands that are written in lines; who speaks HTTP is hung up on."""
    if request.path:
        return HTTPResponse(0, protocol="tcp")
    said = "".join(_reply(answered(process.data, words)) for words in read(request.body)[0])
    return HTTPResponse(0, said, protocol="tcp", steady=False)


@talks("redis")
def redis_connection(machine: Machine, process: Process, connection: Connection) -> None:
    """Answer what a client outside sends, until it goes."""
    commands, rest = read(connection.data.decode("latin-1"))
    connection.data = rest.encode("latin-1")
    said = "".join(_reply(answered(process.data, words)) for words in commands)
    machine.room.forwarding.send(connection, said.encode("latin-1", "replace"))
    if connection.ended or any(words[0].upper() == "QUIT" for words in commands):
        machine.room.forwarding.close(connection.session)


def read(text: str) -> tuple[list[list[str]], str]:
    """Return the commands in what a client has sent, as RESP arrays or in lines, and what is no whole command yet."""
    found: list[list[str]] = []
    while text and len(found) < MOST_KEYS:
        array = _ARRAY.match(text)
        line, end, rest = text.partition("\n")
        if array:
            words, rest = _bulk(text[array.end() :], int(array[1]))
            if words is None:
                break
        elif not end:
            break
        else:
            words = line.split()
        found += [words] if words else []
        text = rest
    return found, text


_ARRAY = re.compile(r"\*(\d{1,4})\r\n")
_BULK = re.compile(r"\$(\d{1,7})\r\n")


def _bulk(text: str, count: int) -> tuple[list[str] | None, str]:
    """Return so many strings, each after its length, and what comes behind them; None where they are not all there."""
    words = []
    for _ in range(count):
        length = _BULK.match(text)
        if length is None or len(text) < length.end() + int(length[1]) + 2:
            return None, text
        end = length.end() + int(length[1])
        words.append(text[length.end() : end])
        text = text[end + 2 :]
    return words, text


def _reply(shown: str) -> str:
    """Return an answer as it goes over the wire (RESP), from what redis-cli shows of it."""
    if shown.startswith("(error) "):
        return f"-{shown[8:]}\r\n"
    if shown.startswith("(integer) "):
        return f":{shown[10:]}\r\n"
    if shown == "(nil)":
        return "$-1\r\n"
    if shown.startswith(("1) ", "(empty")):
        values = _bare(shown).split("\n") if shown[0] == "1" else []
        return f"*{len(values)}\r\n" + "".join(f"${len(value)}\r\n{value}\r\n" for value in values)
    if shown.startswith('"') or "\n" in shown:
        value = _bare(shown)
        return f"${len(value)}\r\n{value}\r\n"
    return f"+{shown}\r\n"


def answered(data: dict[str, Any], words: list[str]) -> str:
    """Return what redis-cli shows for a command."""
    name, args = words[0].upper(), words[1:]
    if data["config"]["requirepass"] and name != "AUTH" and not data.get("known"):
        return "(error) NOAUTH Authentication required."
    function, least = _COMMANDS.get(name, (None, 0))
    if function is None:
        beginning = "".join(f"'{arg}' " for arg in args)
        return f"(error) ERR unknown command '{words[0]}', with args beginning with: {beginning}".rstrip("\n")
    if len(args) < least:
        return f"(error) ERR wrong number of arguments for '{words[0].lower()}' command"
    return str(function(data, args))


def _string(value: object) -> str:
    return "(nil)" if value is None else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(values: list[str]) -> str:
    return "\n".join(f"{i}) {_string(value)}" for i, value in enumerate(values, 1)) or "(empty array)"


def _set(data: dict[str, Any], args: list[str]) -> str:
    if len(data["db"]) >= MOST_KEYS or len(args[1]) > LONGEST_VALUE:
        return _FULL
    data["db"][args[0]] = args[1]
    return "OK"


def _get(data: dict[str, Any], args: list[str]) -> str:
    value = data["db"].get(args[0])
    return _WRONG_TYPE if isinstance(value, list) else _string(value)


_FULL = "(error) OOM command not allowed when used memory > 'maxmemory'."
_WRONG_TYPE = "(error) WRONGTYPE Operation against a key holding the wrong kind of value"


def _add(by: int) -> Any:
    def add(data: dict[str, Any], args: list[str]) -> str:
        value = data["db"].get(args[0], "0")
        step = by * int(args[1]) if len(args) > 1 and args[1].lstrip("-").isdigit() else by
        if not str(value).lstrip("-").isdigit():
            return "(error) ERR value is not an integer or out of range"
        data["db"][args[0]] = str(int(value) + step)
        return f"(integer) {int(value) + step}"

    return add


def _push(at_end: bool) -> Any:
    def push(data: dict[str, Any], args: list[str]) -> str:
        found = data["db"].setdefault(args[0], [])
        if not isinstance(found, list):
            return _WRONG_TYPE
        if len(found) + len(args) > MOST_MEMBERS or len(data["db"]) > MOST_KEYS or max(map(len, args)) > LONGEST_VALUE:
            return _FULL
        for value in args[1:]:
            found.insert(len(found) if at_end else 0, value)
        return f"(integer) {len(found)}"

    return push


def _pop(at_end: bool) -> Any:
    def pop(data: dict[str, Any], args: list[str]) -> str:
        found = data["db"].get(args[0])
        if not isinstance(found, list):
            return "(nil)" if found is None else _WRONG_TYPE
        value = found.pop(-1 if at_end else 0)
        if not found:
            del data["db"][args[0]]
        return _string(value)

    return pop


def _range(data: dict[str, Any], args: list[str]) -> str:
    found = data["db"].get(args[0], [])
    if not isinstance(found, list):
        return _WRONG_TYPE
    if not all(arg.lstrip("-").isdigit() for arg in args[1:3]):
        return "(error) ERR value is not an integer or out of range"
    first, last = int(args[1]), int(args[2])
    return _list(found[first : last + 1 if last != -1 else None])


def _delete(data: dict[str, Any], args: list[str]) -> str:
    return f"(integer) {sum(data['db'].pop(key, None) is not None for key in args)}"


def _config(data: dict[str, Any], args: list[str]) -> str:
    if args[0].upper() == "GET":
        rows = [
            word for name, value in data["config"].items() if fnmatch.fnmatch(name, args[1].lower()) for word in (name, value)
        ]
        return _list(rows)
    if args[0].upper() == "SET" and len(args) > 2:
        data["config"][args[1].lower()] = _amount(args[2]) if args[1].lower() == "maxmemory" else args[2]
        return "OK"
    return (
        "OK" if args[0].upper() in ("REWRITE", "RESETSTAT") else f"(error) ERR unknown subcommand '{args[0]}'. Try CONFIG HELP."
    )


def _auth(data: dict[str, Any], args: list[str]) -> str:
    if args[-1] != data["config"]["requirepass"]:
        return "(error) WRONGPASS invalid username-password pair or user is disabled."
    data["known"] = True
    return "OK"


def _flush(data: dict[str, Any], args: list[str]) -> str:
    data["db"].clear()
    return "OK"


def _info(data: dict[str, Any], args: list[str]) -> str:
    keys = f"db0:keys={len(data['db'])},expires=0,avg_ttl=0" if data["db"] else ""
    rows = [
        f"# Server\nredis_version:{VERSION}\nredis_mode:standalone\nos:Linux 6.1.0 x86_64\ntcp_port:{data['config']['port']}\n"
    ]
    rows += ["# Replication\nrole:master\nconnected_slaves:0\n", f"# Keyspace\n{keys}"]
    wanted = args[0].lower() if args else ""
    return "\n".join(row for row in rows if not wanted or row[2:].lower().startswith(wanted))


_TYPES: dict[type, str] = {str: "string", list: "list"}

_COMMANDS: dict[str, tuple[Any, int]] = {
    "PING": (lambda _, args: _string(args[0]) if args else "PONG", 0),
    "ECHO": (lambda _, args: _string(args[0]), 1),
    "SET": (_set, 2),
    "GET": (_get, 1),
    "INCR": (_add(1), 1),
    "INCRBY": (_add(1), 2),
    "DECR": (_add(-1), 1),
    "DECRBY": (_add(-1), 2),
    "DEL": (_delete, 1),
    "EXISTS": (lambda data, args: f"(integer) {sum(key in data['db'] for key in args)}", 1),
    "KEYS": (lambda data, args: _list([key for key in data["db"] if fnmatch.fnmatchcase(key, args[0])]), 1),
    "DBSIZE": (lambda data, _: f"(integer) {len(data['db'])}", 0),
    "LPUSH": (_push(False), 2),
    "RPUSH": (_push(True), 2),
    "LPOP": (_pop(False), 1),
    "RPOP": (_pop(True), 1),
    "LRANGE": (_range, 3),
    "LLEN": (lambda data, args: f"(integer) {len(data['db'].get(args[0], []))}", 1),
    "CONFIG": (_config, 2),
    "AUTH": (_auth, 1),
    "FLUSHALL": (_flush, 0),
    "FLUSHDB": (_flush, 0),
    "INFO": (_info, 0),
    "SELECT": (lambda _, __: "OK", 1),
    "SAVE": (lambda _, __: "OK", 0),
    "TTL": (lambda data, args: f"(integer) {-1 if args[0] in data['db'] else -2}", 1),
    "TYPE": (lambda data, args: _TYPES.get(type(data["db"].get(args[0])), "none"), 1),
}
"""Commands, and how many arguments they want at least."""


# ── the client ───────────────────────────────────────────────────────────────────────────────────────────────────────


@command("redis-cli")
def redis_cli(call: Call) -> int | None:
    options, words = _client_options(call.args)
    if "version" in options:
        call.out(f"redis-cli {VERSION}\n")
        return 0
    host, port = options.get("h", "127.0.0.1"), int(options.get("p", PORT))
    call.moves()
    if words:
        return _ask(call, host, port, words, options)
    while True:
        if _at_terminal(call) and not call.data.get("prompted"):
            up = reach(call.machine.room, Origin("", call.machine.sandbox), host, port).outcome == "open"
            call.out(f"{host}:{port}> " if up else "not connected> ")
            call.data["prompted"] = True
        line = streams.read(call.machine, call.process, 0, line=True)
        if line is None:
            return None
        call.data["prompted"] = False
        if line == "":
            return 0
        try:
            words = shlex.split(line)
        except ValueError:
            call.out("Invalid argument(s)\n")
            continue
        if words and words[0].lower() in ("quit", "exit"):
            return 0
        if words:
            _ask(call, host, port, words, options)


def _at_terminal(call: Call) -> bool:
    return terminal.is_terminal(call.machine, call.process, 0)


def _client_options(args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options before the command, and the command."""
    found, left = {}, list(args)
    while left and left[0].startswith("-"):
        option = left.pop(0).lstrip("-")
        found[option] = left.pop(0) if option in ("h", "p", "a", "n", "u", "pass", "user", "i", "r") and left else ""
    return found, left


def _ask(call: Call, host: str, port: int, words: list[str], options: dict[str, str]) -> int:
    room = call.machine.room
    reached = reach(room, Origin("", call.machine.sandbox), host, port)
    listener = reached.listener
    if reached.outcome != "open" or listener is None or listener.server != "redis" or not listener.container:
        why = {"noname": "Name or service not known", "lost": "Connection timed out"}.get(reached.outcome, "Connection refused")
        call.err(f"Could not connect to Redis at {host}:{port}: {why}\n")
        return 1
    data = room.machine(listener.container).state.processes[listener.pid].data
    data["known"] = bool(options.get("a")) and options["a"] == data["config"]["requirepass"]
    shown = answered(data, words)
    plain = not terminal.is_terminal(call.machine, call.process, 1)
    call.out(f"{_bare(shown) if plain else shown}\n")
    return 0


def _bare(shown: str) -> str:
    """Return an answer as it is shown where nobody sits at a terminal."""
    lines = []
    for line in shown.split("\n"):
        head, _, rest = line.partition(") ")
        text = rest if head.isdigit() and rest else line
        text = text.removeprefix("(integer) ").removeprefix("(error) ")
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if text[:1] == '"' else text
        lines.append("" if text in ("(nil)", "(empty array)") else text)
    return "\n".join(lines)
