"""nginx: a master and its workers, its test of the configuration, its signals and its error log."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from itertools import chain

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.programs import executing
from lifecycle.programs.commands import nginx_configuration as configuration
from lifecycle.programs.commands import nginx_syntax as syntax
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.nginx_answers import product
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.signals import NUMBERS

WORKERS = 2
START: Micros = 3 * MILLISECOND
"""From the runtime's word that it runs to its listening: a hook that asks at once comes too early, a probe does not."""
QUIT: Micros = 5 * MILLISECOND
BINDS, BINDS_AGAIN = 5, 500 * MILLISECOND
"""How often it tries to have a port that is taken, and after how long again."""
PID_FILE = "/run/nginx.pid"


def notices(call: Call, *texts: str, pid: int | None = None) -> str:
    """Return lines of nginx's error log."""
    pid = pid or call.process.pid
    start = f"{_moment(call)} [notice] {pid}#{pid}: "
    return "".join([f"{start}{text}\n" for text in texts])


def _moment(call: Call) -> str:
    return strftime("%Y/%m/%d %H:%M:%S", call.now, zone(call.process.env))


@command("nginx")
def nginx(call: Call) -> int | None:
    if "stopping" in call.data:
        return _stopped(call)
    if "listening" in call.data:
        call.forever()
        return None
    if "starting" in call.data:
        return _listen(call)
    args = list(call.args)
    directives = args[args.index("-g") + 1] if "-g" in args and args.index("-g") + 1 < len(args) else ""
    if wrong := _invalid(args):
        call.err(f'nginx: invalid option: "{wrong}"\n')
        return 1
    if "-v" in args or "-V" in args:
        call.err(f"nginx version: {product(call.machine)}\n")
        return 0
    if directives and not directives.rstrip().endswith((";", "}")):
        call.err('nginx: [emerg] unexpected end of parameter, expecting ";" in command line\n')
        return 1
    problem = _problem(call) or ("" if "-s" in args else _unwritable(call))
    if problem:
        call.err(problem + (f"nginx: configuration file {configuration.MAIN} test failed\n" if "-t" in args else ""))
        return 1
    if "-s" in args:
        return _send(call, args[args.index("-s") + 1] if args.index("-s") + 1 < len(args) else "")
    if "-t" in args:
        call.err(
            "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
            "nginx: configuration file /etc/nginx/nginx.conf test is successful\n"
        )
        return 0
    return _start(call, "daemon off" in directives or _daemon_off(call))


def _invalid(args: list[str]) -> str:
    """Return the first argument that is no option; those of some letters have a value, which may be the next argument."""
    left = list(args)
    while left:
        arg = left.pop(0)
        if not arg.startswith("-"):
            return arg
        for i, letter in enumerate(arg[1:], 2):
            if letter in "cegps":
                if i == len(arg) and left:
                    left.pop(0)
                break
            if letter not in "?hvVtTq":
                return letter
    return ""


def _daemon_off(call: Call) -> bool:
    node = call.view.get("/etc/nginx/nginx.conf")
    return node is not None and re.search(r"^\s*daemon\s+off\s*;", node.text, re.M) is not None


def _problem(call: Call) -> str:
    files = configuration.files(call.machine)
    for path, text in files:
        if said := syntax.problem(path, text):
            return _emergency(call, said)
    text = "".join(text for _, text in files)
    return _unknown_host(call, files, configuration.read_upstreams(text))


def _unknown_host(call: Call, files: Iterable[tuple[str, str]], known: Container[str]) -> str:
    """Complain about the first server to pass requests to whose name means nothing: nginx looks for them when it starts."""
    for path, text in files:
        for number, host in configuration.passed_on_to(text):
            if host not in known and call.machine.room.resolve(call.machine.sandbox, host) is None:
                call.moves()
                said = f'host not found in upstream "{host}" in {path}:{number}'
                return _emergency(call, said)
    return ""


def _unwritable(call: Call) -> str:
    """Complain where the directories for what is on its way cannot be made."""
    try:
        call.view.target("/var/cache/nginx/client_temp")
    except FileError as error:
        numbers = {"EROFS": 30, "EACCES": 13}
        if error.code not in numbers:
            return ""
        text = f'mkdir() "/var/cache/nginx/client_temp" failed ({numbers[error.code]}: {error.text})'
        warning = ""
        if call.process.user:
            said = 'the "user" directive makes sense only if the master process runs with super-user privileges, ignored in'
            warning = _emergency(call, f"{said} /etc/nginx/nginx.conf:2", "warn")
        return warning + _emergency(call, text)
    return ""


def _emergency(call: Call, text: str, level: str = "emerg") -> str:
    """Return a line of the error log, and the same for standard error: both are what the container puts out."""
    return f"{_moment(call)} [{level}] {call.process.pid}#{call.process.pid}: {text}\nnginx: [{level}] {text}\n"


def _start(call: Call, foreground: bool) -> int | None:
    if not foreground:
        try:
            daemon = call.machine.spawn(None, call.process.argv)
        except ExecError:
            return call.fail("[alert] fork() failed (11: Resource temporarily unavailable)")
        daemon.ppid, daemon.fds = 1, {}
        executing.execute(call.machine, daemon, [call.process.argv[0], "-g", "daemon off;"], call.process.env)
        call.machine.queue.append(daemon.pid)
        return 0
    call.data["starting"] = True
    call.sleep(START)
    return None


def _listen(call: Call) -> int | None:
    if taken := _bind(call):
        return _try_again(call, taken)
    call.data.update(listening=True, reaps=True, title=f"nginx: master process {' '.join(call.process.argv)}")
    lines = [
        'using the "epoll" event method',
        product(call.machine),
        "OS: Linux 6.1.0",
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
        "start worker processes",
    ]
    lines += _start_workers(call)
    call.err(notices(call, *lines))
    call.view.put(call.view.place(PID_FILE), Node("f", f"{call.process.pid}\n", mtime=call.now))
    call.forever()
    return None


def _bind(call: Call) -> list[int]:
    """Listen on the ports of the configuration; return those that somebody else has."""
    ports = sorted({port for site in configuration.sites(call.machine) for port in site.ports})
    bound: list[int] = call.data.setdefault("bound", [])
    bound += [port for port in ports if port not in bound and call.machine.listen(call.process, port, "nginx")]
    return [port for port in ports if port not in bound]


def _try_again(call: Call, taken: list[int]) -> int | None:
    """Wait for a port that is taken; give up in the end. nginx: src/core/ngx_connection.c (ngx_open_listening_sockets)"""
    tries = call.data.get("tries", 0)
    if tries == BINDS:
        call.err(_emergency(call, "still could not bind()"))
        return 1
    for port in taken:
        call.err(_emergency(call, f"bind() to 0.0.0.0:{port} failed (98: Address already in use)"))
    call.err(notices(call, "try again to bind() after 500ms"))
    call.data["tries"] = tries + 1
    call.sleep(BINDS_AGAIN)
    return None


NGINX_USER = 101


def _start_workers(call: Call) -> list[str]:
    lines = []
    for _ in range(WORKERS):
        try:
            worker = call.machine.spawn(call.process, ["nginx"])
        except ExecError:
            break
        worker.program, worker.data = "nginx-worker", {"title": "nginx: worker process"}
        worker.env, worker.waiting, worker.seen = call.process.env, "signal", True
        worker.user = worker.user or NGINX_USER
        lines.append(f"start worker process {worker.pid}")
    return lines


@command("nginx-worker")
def worker(call: Call) -> int | None:
    call.forever()
    return None


def _send(call: Call, word: str) -> int:
    signal = {"quit": "SIGQUIT", "stop": "SIGTERM", "reload": "SIGHUP", "reopen": "SIGUSR1"}.get(word)
    if signal is None:
        call.err(f'nginx: invalid option: "-s {word}"\n')
        return 1
    node = call.view.get(PID_FILE)
    pid = int(node.text) if node and node.text.strip().isdigit() else 0
    master = call.machine.state.processes.get(pid)
    call.err(notices(call, "signal process started"))
    if node is None:
        call.err(f'nginx: [error] open() "{PID_FILE}" failed (2: No such file or directory)\n')
        return 1
    if master is None or master.code is not None:
        call.err(f"nginx: [alert] kill({pid}, {NUMBERS[signal]}) failed (3: No such process)\n")
        return 1
    master.data["from"] = call.process.pid
    call.machine.signal(master, signal)
    return 0


@handler("nginx")
def nginx_signal(call: Call, signal: str) -> bool:
    if "tries" in call.data and "listening" not in call.data:
        return False  # its handlers come after its sockets
    if "starting" not in call.data or signal not in ("SIGQUIT", "SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGCHLD"):
        return False
    sender = call.data.pop("from", None)
    received = f"signal {NUMBERS[signal]} ({signal}) received" + (f" from {sender}" if sender else "")
    if signal in ("SIGQUIT", "SIGTERM", "SIGINT"):
        if "stopping" not in call.data:
            call.err(notices(call, f"{received}, {'shutting down' if signal == 'SIGQUIT' else 'exiting'}"))
            call.data["stopping"] = signal
            call.sleep(QUIT)
    elif signal == "SIGHUP":
        call.err(notices(call, f"{received}, reconfiguring", "reconfiguring"))
        _reload(call)
        call.machine.changed(None)
    return True


def _reload(call: Call) -> None:
    """Start workers that know the new configuration, and end the others."""
    old = [call.machine.state.processes[pid] for pid in call.process.children if pid in call.machine.state.processes]
    lines = ['using the "epoll" event method', "start worker processes", *_start_workers(call)]
    call.err(notices(call, *lines))
    for worker in old:
        call.err(notices(call, "gracefully shutting down", "exiting", "exit", pid=worker.pid))
        call.machine.end(worker, 0)
    for worker in old:
        gone = (f"signal 17 (SIGCHLD) received from {worker.pid}", f"worker process {worker.pid} exited with code 0")
        call.err(notices(call, *gone, "signal 29 (SIGIO) received"))


def _stopped(call: Call) -> int:
    workers = [pid for pid in call.process.children if pid in call.machine.state.processes]
    graceful = ("gracefully shutting down",) if call.data["stopping"] == "SIGQUIT" else ()
    lines = "".join([notices(call, *graceful, "exiting", "exit", pid=pid) for pid in workers])
    gone = [(f"signal 17 (SIGCHLD) received from {pid}", f"worker process {pid} exited with code 0") for pid in workers]
    call.err(lines + notices(call, *chain.from_iterable(gone), "exit"))
    place = call.view.place(PID_FILE)
    if call.view.node_at(place) is not None:
        call.view.remove(place)
    for pid in workers:
        call.machine.end(call.machine.state.processes[pid], 0)
    return 0


@handler("nginx-worker")
def worker_signal(call: Call, signal: str) -> bool:
    return False
