"""Package managers: apt, apk, yum and dnf install programs that are modelled; of others it is said that they are not there."""

from __future__ import annotations

from typing import NamedTuple

from lifecycle.clock import SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.exchange import Origin, reach
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.images.userland import program
from lifecycle.programs.lists import names
from lifecycle.programs.starting import make_parents

TAKES: Micros = 3 * SECOND

_PROCPS = names("ps pgrep pkill pidof top free uptime watch w vmstat")
_NAMES = names("nslookup dig host")
_NC = names("nc netcat")
PACKAGES: dict[str, tuple[str, ...]] = {
    "bash": ("bash",),
    "bind-tools": _NAMES,
    "bind-utils": _NAMES,
    "bind9-dnsutils": _NAMES,
    "bind9-host": ("host",),
    "busybox": ("busybox",),
    "curl": ("curl",),
    "dnsutils": _NAMES,
    "gzip": names("gzip gunzip zcat"),
    "inetutils-ping": ("ping",),
    "inetutils-telnet": ("telnet",),
    "iproute": names("ip ss"),
    "iproute2": names("ip ss"),
    "iputils": ("ping",),
    "iputils-ping": ("ping",),
    "less": ("less",),
    "ncat": _NC,
    "net-tools": names("ifconfig netstat route arp"),
    "netcat": _NC,
    "netcat-openbsd": _NC,
    "netcat-traditional": _NC,
    "nmap-ncat": _NC,
    "procps": _PROCPS,
    "procps-ng": _PROCPS,
    "redis-tools": ("redis-cli",),
    "stress": ("stress",),
    "stress-ng": ("stress-ng",),
    "telnet": ("telnet",),
    "traceroute": ("traceroute",),
    "wget": ("wget",),
}
"""What is in packages, as far as it is modelled."""
_PROGRAMS = {"stress-ng": "stress"}


class Distribution(NamedTuple):
    """Where packages come from; where the lists of them are kept (empty: they are asked for each time); who must be root."""

    host: str
    lists: str
    status: int
    denied: str


APT = Distribution(
    "deb.debian.org",
    "/var/lib/apt/lists/lock",
    100,
    "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n"
    "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
)
APK = Distribution(
    "dl-cdn.alpinelinux.org",
    "",
    99,
    "ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n",
)
YUM = Distribution(
    "mirrors.centos.org",
    "",
    1,
    "Error: This command has to be run with superuser privileges (under the root user on most systems).\n",
)
_FOR = {"apt-get": APT, "apt": APT, "apk": APK, "yum": YUM, "dnf": YUM, "microdnf": YUM}
_INSTALL = ("install", "add")


@command("apt-get", "apt", "apk", "yum", "dnf", "microdnf")
def package_manager(call: Call) -> int | None:
    words = [arg for arg in call.args if not arg.startswith("-")]
    what, packages = (words[0], words[1:]) if words else ("help", [])
    if what not in (*_INSTALL, "update", "upgrade", "makecache", "dist-upgrade"):
        call.out(f"{call.name} {what}\n" if what == "help" else "")
        return 0
    distribution = _FOR[call.name]
    if call.process.user != 0:
        call.err(distribution.denied)
        return distribution.status
    if "waited" not in call.data:
        call.moves()
        call.data["waited"] = True
        call.sleep(TAKES)
        return None
    if reach(call.machine.room, Origin("", call.machine.sandbox), distribution.host, 80).outcome != "open":
        return _unreachable(call, distribution, what)
    if what not in _INSTALL:
        return _update(call, distribution)
    if distribution.lists and call.view.get(distribution.lists) is None:
        for name in packages:
            call.err(f"E: Unable to locate package {name.partition('=')[0]}\n")
        return 100 if packages else 0
    if distribution is APT and packages and not ASSUME_YES & set(call.args):
        call.out("Do you want to continue? [Y/n] Abort.\n")
        return 1
    return _install(call, distribution, [name.partition("=")[0] for name in packages])


ASSUME_YES = {"-y", "--yes", "--assume-yes", "-yq", "-qy", "-qqy", "-yqq"}


def _unreachable(call: Call, distribution: Distribution, what: str) -> int:
    if distribution is APT:
        text = f"  Temporary failure resolving '{distribution.host}'\n"
        call.out(f"Err:1 http://{distribution.host}/debian bookworm InRelease\n{text}Reading package lists...\n")
        call.err(f"W: Failed to fetch http://{distribution.host}/debian/dists/bookworm/InRelease{text}")
        return 0 if what == "update" else 100
    if distribution is APK:
        call.err(f"WARNING: Ignoring https://{distribution.host}/alpine/v3.20/main: temporary error (try again later)\n")
        return 1
    call.err("Error: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist\n")
    return 1


def _update(call: Call, distribution: Distribution) -> int:
    if distribution is APT:
        make_parents(call.machine.state.layer, call.view.image, distribution.lists.rpartition("/")[0], call.now)
        call.write_file(distribution.lists, "")
        call.out(
            f"Get:1 http://{distribution.host}/debian bookworm InRelease [151 kB]\n"
            f"Get:2 http://{distribution.host}/debian bookworm/main amd64 Packages [8792 kB]\n"
            "Fetched 8943 kB in 3s (2981 kB/s)\nReading package lists...\n"
        )
    elif distribution is APK:
        call.out(f"{_fetched(distribution)}OK: 24155 distinct packages available\n")
    else:
        call.out("Metadata cache created.\n")
    return 0


def _fetched(distribution: Distribution) -> str:
    parts = ("main", "community")
    return "".join(f"fetch https://{distribution.host}/alpine/v3.20/{part}/x86_64/APKINDEX.tar.gz\n" for part in parts)


def _install(call: Call, distribution: Distribution, packages: list[str]) -> int:
    """Put programs where the image has its own."""
    place = "/usr/bin/"
    unknown = [name for name in packages if name not in PACKAGES]
    for name in packages:
        for one in PACKAGES.get(name, ()):
            _put(call, place + one, program(_PROGRAMS.get(one, one), "coreutils"))
    if unknown:
        text = (
            f"{', '.join(unknown)}: {call.name} is assumed to have installed it; what it holds is not modelled and not there."
        )
        call.assume("command", text)
    call.out(_installed(distribution, packages))
    return 0


def _put(call: Call, path: str, node: Node) -> None:
    try:
        place = call.view.target(call.view.resolve(path))
        call.view.put(place, node)
    except FileError:
        call.fail(f"{path}: cannot be written")
        return
    call.machine.changed_files(place.tree)


def _installed(distribution: Distribution, packages: list[str]) -> str:
    count = len(packages)
    if distribution is APK:
        lines = "".join(f"({i}/{count}) Installing {name}\n" for i, name in enumerate(packages, 1))
        done = f"Executing busybox-1.36.1-r29.trigger\nOK: {8 + 2 * count} MiB in {14 + count} packages\n"
        return _fetched(distribution) + lines + done
    if distribution is APT:
        text = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
        text += f"The following NEW packages will be installed:\n  {' '.join(packages)}\n"
        text += f"0 upgraded, {count} newly installed, 0 to remove and 0 not upgraded.\n"
        return text + "".join(f"Setting up {name} ...\n" for name in packages)
    return f"Installed:\n  {'  '.join(packages)}\n\nComplete!\n"


@command("pip", "pip3", "npm-install", "dpkg")
def other_packages(call: Call) -> int | None:
    """Assume that packages can be fetched, and that it takes a few seconds."""
    if "--version" in call.args:
        call.assume("command", f"{call.name} --version is assumed to exit with 0.")
        return 0
    if "done" in call.data:
        return 0
    call.data["done"] = True
    call.assume(
        "command", f"{call.name} is not modelled: it is assumed to take 3 s and to exit with 0; what it installs is not there."
    )
    call.sleep(TAKES)
    return None
