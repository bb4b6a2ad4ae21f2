"""What a container's processes may beside what files allow: Linux's capabilities, as bits in the order of their numbers.

Linux: capabilities(7); containerd: pkg/oci (the default set), internal/cri/server (adding, then dropping)
"""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.programs.lists import names

NAMES = names(
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
NUMBERS = {name: number for number, name in enumerate(NAMES)}


def bits(wanted: Iterable[str]) -> int:
    """Return capabilities as bits; names may begin with CAP_, unknown ones are none."""
    known = (NUMBERS.get(name.upper().removeprefix("CAP_")) for name in wanted)
    return sum({1 << number for number in known if number is not None})


EVERY = (1 << len(NAMES)) - 1
USUAL = bits(
    names(
        "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD "
        "AUDIT_WRITE SETFCAP"
    )
)
"""What a container gets that says nothing."""


def granted(add: Iterable[str] = (), drop: Iterable[str] = (), privileged: bool = False) -> int:
    """Return what a container gets that has some added and some dropped (`ALL`: every one)."""
    if privileged:
        return EVERY
    added, dropped = [name.upper() for name in add], [name.upper() for name in drop]
    found = EVERY if "ALL" in added else USUAL
    found = 0 if "ALL" in dropped else found
    return (found | bits(added)) & ~bits(dropped)
