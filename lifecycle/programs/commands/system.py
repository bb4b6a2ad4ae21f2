"""Commands about the system and its users: hostname, id, whoami, uname, nproc, free, package managers, busybox itself."""

from __future__ import annotations

from lifecycle.clock import SECOND
from lifecycle.programs import executing
from lifecycle.programs.commands.call import COMMANDS, Call, command, lines_of
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.images.userland import BUSYBOX


@command("hostname")
def hostname(call: Call) -> int:
    spec = call.machine.sandbox.spec
    if call.args[:1] and call.args[0] in ("-i", "-I"):
        call.out(spec.ip + ("\n" if call.args[0] == "-i" or call.busybox else " \n"))
    elif call.args[:1] == ["-f"] and spec.subdomain:
        domain = f"{spec.subdomain}.{spec.namespace}.svc.{call.machine.room.network.state.cluster_domain}"
        call.out(f"{spec.hostname.removesuffix(f'.{domain}')}.{domain}\n")
    elif call.args and not call.args[0].startswith("-"):
        return call.fail("sethostname: Operation not permitted" if call.busybox else "you must be root to change the host name")
    else:
        call.out(call.machine.hostname() + "\n")
    return 0


def user_name(call: Call, number: int) -> str:
    """Return a user's name as /etc/passwd has it; empty where it has none."""
    try:
        text = call.read_file("/etc/passwd")
    except FileError:
        return "root" if number == 0 else ""
    return next((line.split(":")[0] for line in lines_of(text) if line.split(":")[2:3] == [str(number)]), "")


@command("whoami")
def whoami(call: Call) -> int:
    name = user_name(call, call.process.user)
    if not name:
        return call.fail(
            f"unknown uid {call.process.user}" if call.busybox else f"cannot find name for user ID {call.process.user}"
        )
    call.out(name + "\n")
    return 0


def _names(call: Call, path: str) -> dict[int, str]:
    """Return the names that a file like /etc/group gives to numbers."""
    try:
        rows = [line.split(":") for line in lines_of(call.read_file(path))]
    except FileError:
        return {0: "root"}
    return {int(row[2]): row[0] for row in reversed(rows) if len(row) > 2 and row[2].isdigit()}


def _groups(call: Call) -> list[int]:
    """Return the groups of a process: in the kernel's order, its own first where the real program says so.

    Those of which the image's /etc/group makes the user a member are among them, as containerd adds them.
    """
    spec = call.machine.state.spec
    groups = sorted({spec.group, *spec.groups, *_member_of(call, user_name(call, call.process.user))})
    return groups if call.busybox else [spec.group, *(group for group in groups if group != spec.group)]


def _member_of(call: Call, user: str) -> list[int]:
    """Return the groups in whose rows of /etc/group a user stands."""
    try:
        rows = [line.split(":") for line in lines_of(call.read_file("/etc/group"))]
    except FileError:
        return []
    return [int(row[2]) for row in rows if len(row) > 3 and row[2].isdigit() and user and user in row[3].split(",")]


@command("id")
def id_(call: Call) -> int:
    options = "".join(arg[1:] for arg in call.args if arg.startswith("-"))
    user, group, groups = call.process.user, call.machine.state.spec.group, _groups(call)
    name, names = user_name(call, user), _names(call, "/etc/group")
    if "u" in options:
        call.out((name if "n" in options and name else str(user)) + "\n")
    elif "g" in options or "G" in options:
        shown = [group] if "g" in options else groups
        call.out(" ".join(names.get(one, str(one)) if "n" in options else str(one) for one in shown) + "\n")
    else:
        named = [f"{one}({names[one]})" if one in names else str(one) for one in (group, *groups)]
        belongs = f" groups={','.join(named[1:])}" if user == 0 or groups != [0] else ""
        call.out(f"uid={user}{f'({name})' if name else ''} gid={named[0]}{belongs}\n")
    return 0


@command("groups")
def groups(call: Call) -> int:
    names = _names(call, "/etc/group")
    call.out(" ".join(names.get(one, str(one)) for one in _groups(call)) + "\n")
    return 0


@command("uname")
def uname(call: Call) -> int:
    options = "".join(arg.lstrip("-") for arg in call.args) or "s"
    values = {
        "s": "Linux",
        "n": call.machine.hostname(),
        "r": "6.1.0",
        "v": "#1 SMP",
        "m": "x86_64",
        "o": "GNU/Linux" if not call.busybox else "Linux",
    }
    letters = "snrvmo" if "a" in options else [letter for letter in "snrvmpo" if letter in options]
    call.out(" ".join(values.get(letter, "unknown") for letter in letters) + "\n")
    return 0


@command("arch")
def arch(call: Call) -> int:
    call.out("x86_64\n")
    return 0


@command("nproc")
def nproc(call: Call) -> int:
    call.out("2\n")
    return 0


@command("usleep")
def usleep(call: Call) -> int | None:
    if "slept" in call.data:
        return 0
    call.data["slept"] = True
    call.sleep_seconds(int(call.args[0]) / SECOND if call.args and call.args[0].isdigit() else 0)
    return None


@command("busybox")
def busybox(call: Call) -> int | None:
    """Run the applet that is named, or tell what there is."""
    if not call.args or call.args[0] in ("--help",):
        call.out("BusyBox v1.35.0 multi-call binary.\n")
        return 0
    if call.args[0] == "--list":
        call.out("".join(name + "\n" for name in BUSYBOX))
        return 0
    if call.args[0] == "--install":
        return 0
    try:
        executing.execute(call.machine, call.process, call.args, call.process.env)
    except ExecError:
        call.err(f"{call.args[0]}: applet not found\n")
        return 127
    call.machine.queue.append(call.process.pid)
    return None


@command("modprobe", "insmod", "rmmod", "swapon", "swapoff", "hwclock", "reboot", "halt", "poweroff", "init")
def privileged(call: Call) -> int:
    """Refuse what a container has no capability for."""
    return call.fail("Operation not permitted")


@command("sysctl")
def sysctl(call: Call) -> int:
    call.assume("command", "sysctl is assumed to have done what it was asked for.")
    return 0


@command("lsmod", "losetup")
def nobody(call: Call) -> int:
    """Show the head of a list in which nothing stands."""
    call.out("Module                  Size  Used by    Not tainted\n" if call.name == "lsmod" else "")
    return 0


@command("logger", "ldconfig", "renice", "wall")
def nothing(call: Call) -> int:
    return 0


@command("failed-1", "failed-2", "failed-127")
def failed(call: Call) -> int:
    """A program that could not begin, or a shell that could not read its script: it has said so."""
    return int(call.process.program.rpartition("-")[2])


def known() -> set[str]:
    """Return the names of all programs that are modelled."""
    return set(COMMANDS)
