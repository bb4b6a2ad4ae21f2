"""What the room remembers: processes, what they have open, containers and sandboxes. Plain structs, saved as they stand.

Text inside is latin-1: one character is one byte, as programs in a container without a locale see it. What is nearly always
empty is a frozenset, and the same for all: a set of its own takes as much memory as the rest of a process.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import Micros
from lifecycle.kernel import Reply
from lifecycle.programs.budget import Budget
from lifecycle.programs.files import Tree
from lifecycle.programs.interface import Attempts, Container, LogLine, Sandbox

SIGNALED = 1 << 8
"""Marks the status of a background job that a signal has ended."""


class Open(msgspec.Struct, omit_defaults=True, gc=False):
    """An open file description, shared by the descriptors that `refs` counts.

    `kind` is file, directory, pipe, log (the container's own output), capture (of a command that was asked for from
    outside), session (the same, told as it is written: `path` is the stream, `pos` the session), tty (`pos` says which
    terminal), text (a here-document), null, zero, random or full. For a log `path` is stdout or stderr. `both`: a named pipe
    that one process reads and writes. `container`: whose writable layer a file is in, where it is another one's.
    """

    kind: str
    tree: str = ""
    path: str = ""
    pos: int = 0
    append: bool = False
    pipe: int = 0
    writes: bool = False
    text: str = ""
    refs: int = 0
    both: bool = False
    container: str = ""


class Pipe(msgspec.Struct, omit_defaults=True):
    """A pipe's content, its open ends, and the processes that wait at them. An `unbounded` one never makes a writer wait.

    `starved`: a reader waits for the end of a line that is longer than a pipe holds. A `named` one is a file's (mkfifo); it
    has `met` once both its ends were open at a time.
    """

    text: str = ""
    unbounded: bool = False
    starved: bool = False
    named: str = ""
    met: bool = False
    readers: int = 0
    writers: int = 0
    waiting: list[int] = []


class Terminal(msgspec.Struct, omit_defaults=True):
    """A pseudo terminal (`terminal.py`).

    `line` is being typed, `lines` are whole and not yet read (an empty one: end of input). Where it is `raw` a program reads
    the `keys` as they come (`signals`: but those that send some), and shows what it likes of them; `silent`: lines are not
    echoed. `waiting` are the processes that read, `foreground` the process
    group that its keys send signals to. Once it is `closed` there is nothing more to read.
    """

    line: str = ""
    lines: list[str] = []
    raw: bool = False
    signals: bool = False
    silent: bool = False
    keys: str = ""
    waiting: list[int] = []
    foreground: int = 0
    rows: int = 0
    columns: int = 0
    closed: bool = False


class Loop(msgspec.Struct, array_like=True):
    """A loop in progress: where `continue` and `break` go, and what a `for` has still to give (last first).

    A `select` has its choices there; it lists them again after an empty line, and has `asked` once the prompt is out.
    """

    again: int
    out: int
    words: list[str] = []
    depth: int = 0
    cases: int = 0
    status: int = 0
    asked: bool = False
    listed: bool = False


class Undo(msgspec.Struct, omit_defaults=True):
    """What is to be put back after a command: descriptors (None: closed) and variables (None: not set)."""

    fds: dict[int, int | None] = {}
    vars: dict[str, Any] = {}
    exported: set[str] = set()


class Frame(msgspec.Struct, omit_defaults=True):
    """A piece of code in progress: a script, a function's body, eval's argument, a trap's action, a sourced file.

    `code` is its text (what is compiled from it is found by that), `pc` the next step, `line` how many lines stand before
    it. `status` is what `$?` was before a trap's action; `args` the positional parameters to go back to; `local` the
    variables that a function hides. The `kind` input reads commands; each is a frame of the kind line. `returns`: the trap
    RETURN was set in this function, and runs at its end.
    """

    code: str
    kind: str = "script"
    pc: int = 0
    loops: list[Loop] = []
    tested: bool = False
    status: int = 0
    args: list[str] | None = None
    local: dict[str, Any] | None = None
    cases: list[str] = []
    depth: int = 0
    name: str = ""
    line: int = 0
    returns: bool = False


class Search(msgspec.Struct, omit_defaults=True):
    """A search in a shell's history: for which text, and the line, the cursor and the place in the history before it."""

    text: str = ""
    failed: bool = False
    found: int = -1
    forward: bool = False
    before: list[str] = []
    cursor: int = 0
    place: int = 0


class Line(msgspec.Struct, omit_defaults=True):
    """A line that somebody edits at a shell's prompt (`editor`): its characters, each in its bytes, and the cursor's place.

    `place` is where in the history it stands, `edited` what was made of other lines of the history (the newest is this one).
    `row` and `column` are where the cursor is on the screen, from the prompt's last line on; `rows` what stands there, by
    columns (\x01 before what is marked). `last` is what the last key did, `asked` what is to be listed once that is confirmed.
    """

    prompt: str = ""
    characters: list[str] = []
    cursor: int = 0
    place: int = 0
    edited: dict[int, str] = {}
    row: int = 0
    column: int = 0
    rows: list[list[str]] = []
    marked: tuple[int, int] = (0, 0)
    last: str = ""
    asked: list[str] = []
    search: Search | None = None


class Input(msgspec.Struct, omit_defaults=True):
    """What a shell that reads its commands has read: `text` is no whole command yet, `line` the number of lines before it.

    An interactive one prompts (`prompted`: the prompt for what comes next is out), and goes on after errors and interrupts
    (`interrupted`: one of its children has ended by one). At a terminal it has an editor: `editing` is the line in it,
    `history` the lines before, `killed` what was last cut out.
    """

    text: str = ""
    line: int = 0
    interactive: bool = False
    prompted: bool = False
    interrupted: bool = False
    editing: Line | None = None
    history: list[str] = []
    killed: str = ""


class Job(msgspec.Struct, omit_defaults=True):
    """What a shell calls a command in the background, or a stopped one: its number, its text, and its processes."""

    number: int
    text: str
    pids: list[int] = []
    stopped: bool = False


class Shell(msgspec.Struct, omit_defaults=True):
    """What a shell knows. `values` are the outputs of command substitutions on their way into a command's words."""

    dialect: str
    name: str
    frames: list[Frame] = []
    args: list[str] = []
    vars: dict[str, Any] = {}
    exported: set[str] = set()
    readonly: frozenset[str] = frozenset()
    associative: frozenset[str] = frozenset()
    functions: dict[str, tuple[str, int]] = {}
    options: frozenset[str] = frozenset()
    traps: dict[str, str] = {}
    status: int = 0
    background: int = 0
    jobs: dict[int, int | None] = {}
    values: list[str] = []
    restore: list[Undo] = []
    builtin: list[str] = []
    line: int = 1
    pids: list[int] = []
    statuses: list[int] = []
    subshell: int = 0
    loop_start: Micros = 0
    exiting: bool = False
    told: str = ""
    random: int = 0
    seconds: Micros = 0
    root_pid: int = 0
    input: Input | None = None
    named_jobs: dict[int, Job] = {}
    attributes: dict[str, str] = {}
    function_lines: dict[str, int] = {}


class Process(msgspec.Struct, omit_defaults=True, gc=False):
    """A process. `waiting` says for what: time, child, read, write, builtin, signal, idle, spin; empty: it can go on.

    `program` is what it runs (the name of a command, or of a shell's dialect), `flavor` whose it is (busybox, coreutils ...).
    `data` is a command's own memory. `code` is set once it has ended (a zombie until its parent has asked). A `stopped` one
    does nothing until SIGCONT; the signals that it gets meanwhile are `held`.
    """

    pid: int
    ppid: int
    argv: list[str]
    program: str
    flavor: str = ""
    env: dict[str, str] = {}
    cwd: str = "/"
    umask: int = 0o022
    user: int = 0
    fds: dict[int, int] = {}
    data: dict[str, Any] = {}
    shell: Shell | None = None
    waiting: str = ""
    wait_for: list[int] = []
    timer: int | None = None
    ignored: frozenset[str] = frozenset()
    pending: list[str] = []
    children: list[int] = []
    memory: int = 0
    started: Micros = 0
    code: int | None = None
    signal: str | None = None
    seen: bool = False
    exec_id: int = 0
    group: int = 0
    stopped: bool = False
    held: list[str] = []


class Exec(msgspec.Struct, omit_defaults=True):
    """A command that was asked for from outside, and whom to tell. `pure`: it looked at nothing that moves by itself.

    `looked` is what it has looked at outside of its Pod, and which versions that had.

    `session`: the index of the trace with which somebody's own command began (0: a probe's or a hook's). `stdin` is the open
    end of the pipe that such a command reads from, 0 where there is none (any more). `said` is the beginning of what it has
    written, `told` how many bytes that was, `pids` how many processes were made for it.
    """

    pid: int
    stdout: int
    stderr: int
    reply: Reply
    deadline: int | None = None
    pure: bool = True
    session: int = 0
    stdin: int = 0
    said: str = ""
    told: int = 0
    pids: int = 1
    looked: dict[str, int] = {}


class Listener(msgspec.Struct, omit_defaults=True, gc=False):
    """An open port: which process of which container, and what kind of server answers there (`servers.py`).

    `address` is the address that it is bound to: 0.0.0.0, or 127.0.0.1 for this Pod alone. `certificate` is what it shows
    where it speaks TLS (as PEM). One of no container is the control plane's.
    """

    container: str
    pid: int
    server: str
    address: str = "0.0.0.0"
    certificate: str = ""


class Connection(msgspec.Struct, omit_defaults=True):
    """A connection from outside (`forwarding.py`) to who listens at a port; to nobody yet where packets are lost.

    `told` is whom its end concerns. `data` is what came and was not read yet, `ended` says that no more comes. `answer` is on
    its way until `timer` fires, and the connection ends with it where it is the `last`. `greeted`: the server has spoken
    first, or told the client to go on with its request. `idle` is the timer of the end that comes when nothing else does.
    """

    session: int
    sandbox: str
    port: int
    told: Reply
    listener: Listener | None = None
    data: bytes = b""
    ended: bool = False
    answer: bytes = b""
    last: bool = False
    greeted: bool = False
    timer: int | None = None
    idle: int | None = None


class PidNamespace(msgspec.Struct, omit_defaults=True):
    """A process namespace that several containers share (`pid_namespaces.py`).

    `attempts` are the commands that take numbers without being run.
    `numbers` are those that a node's has for processes with a namespace of their own, by container and number there.
    """

    next_pid: int
    attempts: dict[str, Attempts] = {}
    numbers: dict[str, int] = {}


class ContainerState(msgspec.Struct, omit_defaults=True, gc=False):
    """A container's processes, files and output. `first` is the number of its first process.

    `weighed`: how many steps had been made when it was last looked at what its processes hold; `log_kept`: how many bytes
    had been put out when lines were last forgotten.
    `terminals` are found by the session that they belong to (0: the container's own). `attached` are the sessions that see
    what the container's first process writes, and whether they type, too.
    """

    spec: Container
    image: str
    layer: Tree
    memory: int | None = None
    processes: dict[int, Process] = {}
    opens: dict[int, Open] = {}
    pipes: dict[int, Pipe] = {}
    named_pipes: dict[str, int] = {}
    execs: dict[int, Exec] = {}
    first: int = 1
    next_pid: int = 1
    attempts: dict[str, Attempts] = {}
    next_open: int = 1
    partial: dict[str, str] = {}
    logs: list[LogLine] = []
    log_bytes: int = 0
    log_full: bool = False
    log_kept: int = 0
    started: Micros = 0
    running: bool = False
    oom: bool = False
    lost: bool = False
    tmpfs: int = 0
    budget: Budget = msgspec.field(default_factory=Budget)
    stdin: int = 0
    said: frozenset[str] = frozenset()
    weighed: int = 0
    terminals: dict[int, Terminal] = {}
    attached: dict[int, bool] = {}


class SandboxState(msgspec.Struct, omit_defaults=True, gc=False):
    """A Pod's network namespace and who waits for something to change in it; `followers` are containers with a `tail -f`.

    `udp_ports` are those that datagrams go to, `ports` those of TCP.

    `volumes` are those that its containers have mounted. `slow` are commands that are not run and take a while each time.
    """

    spec: Sandbox
    containers: list[str] = []
    ports: dict[int, Listener] = {}
    version: int = 0
    waiting: list[Reply] = []
    followers: list[str] = []
    volumes: list[str] = []
    udp_ports: dict[int, Listener] = {}
    slow: dict[str, Attempts] = {}
