"""How a container's first process, and a command from outside, come to run; and what is assumed of what is not known."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lifecycle import behavior
from lifecycle.programs import executing, pipes, streams
from lifecycle.programs.executing import DEFAULT_PATH, ExecError
from lifecycle.programs.files import FileError, Node, Tree
from lifecycle.programs.images import catalogue
from lifecycle.programs.interface import Container, ResolvConf, Sandbox
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join, parent
from lifecycle.programs.shell import reading
from lifecycle.programs.state import ContainerState, Exec, Frame, Open, Process, Shell, Terminal

if TYPE_CHECKING:
    from lifecycle.programs.room import Programs

# ── the container ────────────────────────────────────────────────────────────────────────────────────────────────────


def mounted_through_links(container: Container) -> Container:
    """Return a container with its mounts where the image's links lead: /run, where /var/run is a link to that.

    OCI: runc follows a mount's destination in the root file system.
    """
    image = catalogue.files(container.image)

    def end(path: str) -> str:
        found = image.look_up(join("/", path))
        return path if found is None or found.path == path else found.path

    mounts = tuple([one if (to := end(one.path)) == one.path else replace(one, path=to) for one in container.mounts])
    last_words = end(container.termination_message_path)
    if mounts == container.mounts and last_words == container.termination_message_path:
        return container
    return replace(container, mounts=mounts, termination_message_path=last_words)


def prepare(room: Programs, state: ContainerState) -> str | None:
    """Lay out the files that the runtime brings; a text says why it cannot be done."""
    spec, now = state.spec, room.kernel.now
    sandbox = room.state.sandboxes[spec.sandbox].spec
    view = room.view(state)
    layer, last_words = state.layer, spec.termination_message_path
    make_parents(layer, view.image, "/etc", now)
    layer.nodes["/etc/hostname"] = Node("f", sandbox.hostname + "\n", mtime=now)
    layer.nodes["/etc/hosts"] = Node("f", _hosts(room, sandbox), mtime=now)
    layer.nodes["/etc/resolv.conf"] = Node("f", _resolv_conf(room.network.conf(sandbox)), mtime=now)
    make_parents(layer, view.image, parent(last_words), now)
    layer.nodes[last_words] = Node("f", mode=0o644 if last_words.startswith("/etc") else 0o666, mtime=now)
    for mount in spec.mounts:
        if mount.sub_path and not _below_exists(room.volume(mount.volume), mount.sub_path):
            room.volume(mount.volume).put(join("/", mount.sub_path), Node("d", mode=0o755, mtime=now))
    directory = join("/", spec.working_dir or catalogue.config(spec.image).working_dir or "/")
    try:
        node = view.get(directory)
        if node is None:
            make_parents(layer, view.image, directory, now)
        elif node.kind != "d":
            return f"failed to create containerd task: failed to create shim task: mkdir {directory}: not a directory"
    except FileError as error:
        return f"mkdir {directory}: {error.text.lower()}"
    return None


def _below_exists(tree: Tree, sub_path: str) -> bool:
    return join("/", sub_path) in tree.nodes


def make_parents(layer: Tree, image: object, path: str, now: int) -> None:
    """Make a directory and those above it in the writable layer, where the image does not have them."""
    while path != "/" and path not in layer.nodes and path not in image:  # type: ignore[operator]
        layer.nodes[path] = Node("d", mode=0o755, mtime=now)
        path = parent(path)


_HOSTS = (
    "# Kubernetes-managed hosts file.\n"
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "fe00::0\tip6-mcastprefix\n"
    "fe00::1\tip6-allnodes\n"
    "fe00::2\tip6-allrouters\n"
)


def _hosts(room: Programs, spec: Sandbox) -> str:
    text = f"{_HOSTS}{_own_line(room, spec)}\n"
    if spec.host_aliases:
        text += "\n# Entries added by HostAliases.\n"
        text += "".join("\t".join((ip, *names)) + "\n" for ip, names in spec.host_aliases)
    return text


def _own_line(room: Programs, spec: Sandbox) -> str:
    """Return the line of a Pod's own names: with the domain that its subdomain gives it, and without."""
    if not spec.subdomain:
        return f"{spec.ip}\t{spec.hostname}"
    domain = f"{spec.subdomain}.{spec.namespace}.svc.{room.network.state.cluster_domain}"
    short = spec.hostname.removesuffix(f".{domain}")
    return f"{spec.ip}\t{short}.{domain}\t{short}"


@lru_cache(1024)
def _resolv_conf(conf: ResolvConf) -> str:
    """Return the same text for all Pods that are told the same."""
    return conf.text()


def environment(machine: Machine, tty: bool) -> dict[str, str]:
    """Return what the runtime gives to a process: PATH and HOSTNAME, the image's variables, the container's.

    Processes without a terminal are given the same one: nobody alters it.
    """
    if tty:
        return _environment(machine, tty)
    if machine.environment is None:
        machine.environment = _environment(machine, tty)
    return machine.environment


def _environment(machine: Machine, tty: bool) -> dict[str, str]:
    spec = machine.state.spec
    env = {"PATH": DEFAULT_PATH, "HOSTNAME": machine.hostname()}
    if tty:
        env["TERM"] = "xterm"
    env.update(catalogue.config(spec.image).env)
    env.update({name: value if value.isascii() else _as_bytes(value) for name, value in spec.env})
    env.setdefault("HOME", "/root" if not _user(machine) else "/")
    return env


def _as_bytes(text: str) -> str:
    """Return a text as programs see it: one character for each of its bytes."""
    return text.encode().decode("latin-1")


def _user(machine: Machine) -> int:
    spec = machine.state.spec
    if spec.user is not None:
        return spec.user
    return catalogue.user_number(catalogue.config(spec.image).user)


def start(machine: Machine) -> str | None:
    """Start process 1; a text is runc's word for why it could not be."""
    state, spec = machine.state, machine.state.spec
    config = catalogue.config(spec.image)
    argv = [_as_bytes(word) for word in command_of(spec.command, spec.args, config.entrypoint, config.cmd)]
    state.started = machine.kernel.now
    process = machine.spawn(None, argv)
    process.user, process.cwd = _user(machine), join("/", spec.working_dir or config.working_dir or "/")
    for fd, opened in enumerate(_standard_streams(machine, process)):
        streams.set_fd(machine, process, fd, opened)
    env = environment(machine, spec.tty)
    if spec.behavior is not None and _behaves(machine, process, argv, env, spec.behavior):
        return None
    error = _execute(machine, process, argv, env)
    if error is None:
        machine.queue.append(process.pid)
        return None
    if not config.known:
        _assume_server(machine, process, argv, env)
        machine.queue.append(process.pid)
        return None
    state.processes.clear()
    return error


def _standard_streams(machine: Machine, process: Process) -> tuple[Open, Open, Open]:
    """Return what a container's first process reads and writes: its terminal; or what is typed to whoever attaches, its log."""
    spec = machine.state.spec
    if spec.tty:
        machine.state.terminals[0] = Terminal(foreground=process.group)
        return Open("tty"), Open("tty", writes=True), Open("tty", writes=True)
    stdin = Open("null")
    if spec.stdin:
        stdin, typed = pipes.make_pipe(machine)
        typed.refs = 1
        machine.state.stdin = machine.open_number(typed)
    return stdin, Open("log", path="stdout"), Open("log", path="stderr")


def command_of(
    command: tuple[str, ...], args: tuple[str, ...], entrypoint: tuple[str, ...], cmd: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what runs: Kubernetes' command replaces the image's entrypoint and its command, args the latter alone."""
    if command:
        return (*command, *args)
    return (*entrypoint, *(args or cmd))


def _execute(machine: Machine, process: Process, argv: list[str], env: dict[str, str]) -> str | None:
    """Execute, or return runc's error."""
    if not argv:
        return "no command specified"
    try:
        executing.execute(machine, process, argv, env)
    except ExecError as error:
        known = catalogue.config(machine.state.spec.image).known
        if error.code not in NOT_EXECUTED and not (error.interpreter and known):
            return exec_error(argv[0], error)
        path = executing.which(machine, process, argv[0], env) or argv[0]
        machine.write(process, 2, f"exec {path}: {NOT_EXECUTED.get(error.code, 'no such file or directory')}\n")
        process.program = "failed-1"
    return None


LONG_SCRIPT = 2_048
NOT_EXECUTED = {"ENOEXEC": "exec format error", "E2BIG": "argument list too long"}
"""What the kernel alone finds out, when runc has made the container's process: that one says so, and ends."""


def exec_error(name: str, error: ExecError) -> str:
    """Return runc's words for a program that cannot be executed."""
    if error.code == "ENOENT" and "/" not in name:
        return f'exec: "{name}": executable file not found in $PATH'
    if error.code == "ENOENT":
        return f'exec: "{name}": stat {name}: no such file or directory'
    return f'exec: "{name}": permission denied'


def _behaves(machine: Machine, process: Process, argv: list[str], env: dict[str, str], text: str) -> bool:
    """Run what the annotation says instead of the command; False where it says nothing that can be understood."""
    try:
        behavior.read(text)
    except behavior.BehaviorError as error:
        machine.assume("behavior", f"The annotation podhub.dev/behavior.{machine.state.spec.name} is not used: {error}")
        return False
    process.argv, process.env, process.program = argv or ["behavior"], env, "behavior"
    process.data = {"title_name": (argv or ["behavior"])[0].rpartition("/")[2]}
    machine.queue.append(process.pid)
    return True


def _assume_server(machine: Machine, process: Process, argv: list[str], env: dict[str, str]) -> None:
    process.argv, process.env = argv or [catalogue.config(machine.state.spec.image).repository.rpartition("/")[2]], env
    process.program = "assumed"


def exec_process(machine: Machine, command: list[str], number: int, asked: Exec) -> Process | str:
    """Make the process of a command from outside; a text is runc's word for why it could not be."""
    argv = [_as_bytes(word) for word in command]
    try:
        process = machine.spawn(None, argv)
    except ExecError:
        return "fork/exec: resource temporarily unavailable"
    spec, config = machine.state.spec, catalogue.config(machine.state.spec.image)
    process.user, process.cwd = _user(machine), join("/", spec.working_dir or config.working_dir or "/")
    process.exec_id = number
    for fd, opened in enumerate(_outside(machine, asked)):
        streams.set_fd(machine, process, fd, opened)
    asked.pid, asked.stdout, asked.stderr = process.pid, process.fds[1], process.fds[2]
    env = environment(machine, asked.session in machine.state.terminals)
    error = _execute(machine, process, argv, env)
    if error is None:
        return process
    if not config.known and not re.search(r"not found.*\b(sh|bash|cat|ls)$", error):
        process.argv, process.env, process.program = argv, env, "unknown-exec"
        return process
    streams.close_all(machine, process)
    for held in (asked.stdout, asked.stderr):
        machine.state.opens.pop(held, None)
    streams.release(machine, asked.stdin)
    del machine.state.processes[process.pid]
    return error


def _outside(machine: Machine, asked: Exec) -> tuple[Open, Open, Open]:
    """Return what the first three descriptors of a command from outside are. An `asked.stdin` is wanted where it is not 0."""
    if not asked.session:
        return Open("null"), Open("capture"), Open("capture")
    if asked.session in machine.state.terminals:
        asked.stdin = 0
        return tuple(Open("tty", pos=asked.session, writes=fd > 0) for fd in range(3))  # type: ignore[return-value]
    stdin = Open("null")
    if asked.stdin:
        stdin, writes = pipes.make_pipe(machine)
        writes.refs = 1
        asked.stdin = machine.open_number(writes)
    return stdin, *(Open("session", path=stream, pos=asked.session) for stream in ("stdout", "stderr"))  # type: ignore[return-value]


# ── shells ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def begin_shell(machine: Machine, process: Process) -> None:
    """Have a shell that has just been executed do what its arguments say."""
    args, options = list(process.argv[1:]), set[str]()
    text: str | None = None
    command = interactive = stdin = False
    while args and args[0][:1] in ("-", "+") and len(args[0]) > 1:
        arg = args.pop(0)
        if arg == "--":
            break
        if arg.startswith("--"):
            if arg in ("--rcfile", "--init-file") and args:
                args.pop(0)
            continue
        for letter in arg[1:]:
            if letter == "c":
                command = True
            elif letter == "o" and args:
                options.add({"errexit": "e", "nounset": "u", "xtrace": "x"}.get(args[0], args[0]))
                args.pop(0)
            elif letter in "ils":
                interactive, stdin = interactive or letter == "i", stdin or letter == "s"
            else:
                options.add(letter)
    name = process.argv[0]
    if command:
        text = args.pop(0) if args else ""
        name = args.pop(0) if args else name
    elif args and not stdin:
        name = args.pop(0)
        text = _script(machine, process, name)
        if text is None:
            return
    load_shell(machine, process, process.program, name, text, args, interactive)
    assert process.shell is not None
    process.shell.options |= options


def _script(machine: Machine, process: Process, name: str) -> str | None:
    """Return a script file's text, or None after the shell has said that it cannot read it."""
    try:
        node = machine.view.find(join(process.cwd, name))[1]
    except FileError as error:
        texts = {
            "bash": f"{process.argv[0]}: {name}: {error.text}\n",
            "dash": f"{process.argv[0]}: 0: cannot open {name}: {'No such file' if error.code == 'ENOENT' else error.text}\n",
            "ash": f"{process.argv[0]}: can't open '{name}': {error.text}\n",
        }
        machine.write(process, 2, texts[process.program])
        process.program = "failed-127" if process.program == "bash" else "failed-2"
        return None
    return node.content


def load_shell(
    machine: Machine, process: Process, dialect: str, name: str, text: str | None, args: list[str], interactive: bool = False
) -> None:
    """Give a process a shell that runs a text (None: what comes on standard input, as `reading.py` has it)."""
    shell = Shell(dialect, name, args=list(args), exported=set(process.env), root_pid=process.pid, seconds=machine.kernel.now)
    shell.vars = dict(process.env.items())
    shell.vars.setdefault("PWD", process.cwd)
    shell.exported.add("PWD")
    shell.vars["IFS"] = " \t\n"
    if dialect == "bash":
        shell.vars.setdefault("SHLVL", "1")
        shell.vars.setdefault("_", name)
        shell.exported |= {"SHLVL", "_"}
    elif dialect == "ash":
        level = process.env.get("SHLVL", "0")
        shell.vars["SHLVL"] = str(int(level) + 1 if level.isdecimal() else 1)
        shell.exported.add("SHLVL")
    process.program, process.shell = dialect, shell
    if text is not None:
        machine.work(len(text) // LONG_SCRIPT * LONG_SCRIPT)  # reading one takes a step for each character
        shell.frames = [Frame(text)]
    else:
        reading.begin(machine, process, interactive)


def unmodelled(machine: Machine, process: Process) -> None:
    """Assume something of a program that the image has and that is not modelled."""
    name = process.argv[0].rpartition("/")[2]
    machine.assume(
        "command", f"The command {name} is not modelled: it is assumed to exit with 0 at once and to put out nothing."
    )
    machine.end(process, 0)
