"""The files of base images: busybox's applets, Debian's tools, nothing at all. Shared, never changed."""

from __future__ import annotations

from functools import lru_cache

from lifecycle.programs.files import Node
from lifecycle.programs.lists import names
from lifecycle.programs.paths import parent

BUSYBOX = names(
    "[ [[ acpid adjtimex ar arch arp arping ascii ash awk base64 basename bc blkdiscard blkid blockdev brctl bunzip2 "
    "bzcat bzip2 cal cat chgrp chmod chown chroot chvt clear cmp cp cpio crc32 cttyhack cut date dc dd deallocvt depmod "
    "devmem df diff dirname dmesg dnsdomainname dos2unix du dumpkmap dumpleases echo egrep env expand expr factor "
    "fallocate false fatattr fdisk fgrep find findfs fold free freeramdisk fsfreeze fstrim ftpget ftpput getopt getty "
    "grep groups gunzip gzip halt head hexdump hostid hostname httpd hwclock i2cdetect i2cdump i2cget i2cset i2ctransfer "
    "id ifconfig ifdown ifup init insmod ionice ip ipcalc ipneigh kill killall klogd last less link linux32 linux64 "
    "linuxrc ln loadfont loadkmap logger login logname logread losetup ls lsmod lsscsi lzcat lzma lzop md5sum mdev "
    "microcom mim mkdir mkdosfs mke2fs mkfifo mknod mkpasswd mkswap mktemp modinfo modprobe more mount mt mv nameif nc "
    "netstat nl nologin nproc nsenter nslookup nuke od openvt partprobe paste patch pgrep pidof ping ping6 pivot_root "
    "pkill poweroff printf ps pwd rdate readlink realpath reboot renice reset resume rev rm rmdir rmmod route rpm "
    "rpm2cpio run-init run-parts sed seq setkeycodes setpriv setsid sh sha1sum sha256sum sha3sum sha512sum shred shuf "
    "sleep sort ssl_client start-stop-daemon stat strings stty svc svok swapoff swapon switch_root sync sysctl syslogd "
    "tac tail tar taskset tee telnet test tftp time timeout top touch tr traceroute traceroute6 true truncate ts tty "
    "ubirename udhcpc udhcpd uevent umount uname uncompress unexpand uniq unix2dos unlink unlzma unshare unxz unzip "
    "uptime usleep uudecode uuencode vconfig vi w watch watchdog wc wget which who whoami xargs xxd xz xzcat yes zcat"
)

COREUTILS = names(
    "[ arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors "
    "dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum "
    "mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink "
    "realpath rm rmdir seq sha1sum sha256sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee "
    "test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes"
)

DEBIAN = names(
    "grep egrep fgrep sed awk mawk find xargs tar gzip gunzip zcat hostname which apt apt-get apt-cache apt-key dpkg "
    "dpkg-query getopt kill login mount umount su more clear getent ldconfig ldd iconv locale update-alternatives useradd "
    "usermod groupadd adduser chroot diff cmp perl setsid ionice taskset chpasswd passwd dmesg findmnt fallocate flock "
    "lsblk logger nsenter unshare setpriv tic toe tset tput reset infocmp"
)

MORE_BUSYBOX = names(
    "addgroup adduser base32 chattr chpasswd chrt cksum comm crond crontab cryptpw delgroup deluser dnsd ed fgconsole flock "
    "fsync ftpd fuser hd hexedit hush inotifyd install iostat ipaddr iplink iproute iprule lsattr lsof lspci lsusb mesg "
    "mountpoint mpstat nice nohup ntpd passwd pmap printenv pscan pstree pwdx resize runlevel script sendmail setarch "
    "setuidgid split su sum sv tcpsvd telnetd tree tsort ttysize udpsvd users vlock volname wall whois"
)
"""What Debian's busybox lacks, and its own image has."""

PROGRAM_FILE = "\x7fELF"

_BASE_DIRECTORIES = names(
    "bin dev etc home proc root sys tmp usr usr/bin usr/sbin var var/log var/run var/spool var/www run opt sbin lib"
)


def directory(mode: int = 0o755) -> Node:
    return Node("d", mode=mode)


def program(name: str, flavor: str = "") -> Node:
    """Return an executable file that runs a program."""
    return Node("f", PROGRAM_FILE, mode=0o755, program=name, flavor=flavor)


def link(target: str) -> Node:
    return Node("l", target, mode=0o777)


def file(text: str, mode: int = 0o644) -> Node:
    return Node("f", text, mode=mode)


@lru_cache(maxsize=1)
def skeleton() -> dict[str, Node]:
    """Return what every container has: devices, /proc, /tmp and the runtime's directories."""
    nodes = {"/" + name: directory() for name in _BASE_DIRECTORIES}
    nodes["/"] = directory()
    nodes["/tmp"] = nodes["/var/tmp"] = directory(0o1777)
    for name in ("null", "zero", "random", "urandom", "full", "tty", "console"):
        nodes["/dev/" + name] = Node("c", {"urandom": "random"}.get(name, name), mode=0o666)
    nodes["/dev/shm"] = directory(0o1777)
    nodes["/dev/pts"] = directory()
    nodes["/dev/mqueue"] = directory(0o1777)
    nodes["/dev/fd"] = directory()
    nodes["/dev/core"] = link("/proc/kcore")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        nodes["/dev/" + name] = link(f"/proc/self/fd/{number}")
    return nodes


def scratch() -> dict[str, Node]:
    """Return an image of nothing but what the runtime brings."""
    return {
        path: node
        for path, node in skeleton().items()
        if path.split("/")[1] in ("", "dev", "proc", "sys", "etc", "tmp", "var", "run")
    }


_PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n"
    "sys:x:3:3:sys:/dev:/bin/false\nsync:x:4:100:sync:/bin:/bin/sync\nmail:x:8:8:mail:/var/spool/mail:/bin/false\n"
    "www-data:x:33:33:www-data:/var/www:/bin/false\noperator:x:37:37:Operator:/var:/bin/false\n"
    "nobody:x:65534:65534:nobody:/home:/bin/false\n"
)
_GROUP = (
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nkmem:x:9:\n"
    "wheel:x:10:root\ncdrom:x:11:\ndialout:x:18:\nfloppy:x:19:\nvideo:x:28:\naudio:x:29:\ntape:x:32:\nwww-data:x:33:\n"
    "operator:x:37:\nutmp:x:43:\nplugdev:x:46:\nstaff:x:50:\nlock:x:54:\nnetdev:x:82:\nusers:x:100:\nnobody:x:65534:\n"
)
_ALPINE_GROUP = (
    "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\nsys:x:3:root,bin\nadm:x:4:root,daemon\ntty:x:5:\n"
    "disk:x:6:root\nlp:x:7:lp\nkmem:x:9:\nwheel:x:10:root\nfloppy:x:11:root\nmail:x:12:mail\nnews:x:13:news\n"
    "uucp:x:14:uucp\ncron:x:16:cron\naudio:x:18:\ncdrom:x:19:\ndialout:x:20:root\nftp:x:21:\nsshd:x:22:\ninput:x:23:\n"
    "tape:x:26:root\nvideo:x:27:root\nnetdev:x:28:\nkvm:x:34:kvm\ngames:x:35:\nshadow:x:42:\nwww-data:x:82:\nusers:x:100:games\n"
    "ntp:x:123:\nutmp:x:406:\nping:x:999:\nnogroup:x:65533:\nnobody:x:65534:\n"
)
_DEBIAN_GROUP = (
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nnews:x:9:\nuucp:x:10:\n"
    "man:x:12:\nproxy:x:13:\nkmem:x:15:\ncdrom:x:24:\nfloppy:x:25:\ntape:x:26:\nsudo:x:27:\naudio:x:29:\nwww-data:x:33:\n"
    "backup:x:34:\noperator:x:37:\nstaff:x:50:\ngames:x:60:\nusers:x:100:\nnogroup:x:65534:\n"
)


def busybox() -> dict[str, Node]:
    nodes = dict(skeleton())
    for name in (*BUSYBOX, *MORE_BUSYBOX):
        nodes["/bin/" + name] = program("ash" if name in ("sh", "ash") else name, "busybox")
    nodes["/lib64"] = directory()
    for name in ("opt", "run", "sbin"):  # it has fewer directories than others
        del nodes[f"/{name}"]
    nodes["/bin/busybox"] = program("busybox", "busybox")
    nodes["/usr/bin/env"] = link("/bin/env")
    nodes["/etc/passwd"] = file(_PASSWD)
    nodes["/etc/group"] = file(_GROUP)
    return nodes


_ALPINE_ROOT = set(
    names(
        "arch ash base64 bbconfig busybox cat chgrp chmod chown conspy cp date dd df dmesg dnsdomainname dumpkmap echo ed "
        "egrep false fatattr fdflush fgrep fsync getopt grep gunzip gzip hostname ionice iostat ipcalc kbd_mode kill link "
        "linux32 linux64 ln login ls lzop makemime mkdir mknod mktemp more mount mountpoint mpstat mv netstat nice pidof ping "
        "ping6 pipe_progress printenv ps pwd reformime rev rm rmdir run-parts sed setpriv setserial sh sleep stat stty su "
        "sync tar touch true umount uname usleep watch zcat"
    )
)


def alpine() -> dict[str, Node]:
    nodes = dict(skeleton())
    for name in [
        *BUSYBOX,
        "printenv",
        "nice",
        "nohup",
        "tsort",
        "sha384sum",
        "comm",
        "cksum",
        "split",
        "install",
        "fuser",
        "lsof",
        "mountpoint",
    ]:
        place = "/bin/" if name in _ALPINE_ROOT else "/usr/bin/"
        nodes[place + name] = program("ash" if name in ("sh", "ash") else name, "busybox")
    nodes["/bin/busybox"] = program("busybox", "busybox")
    nodes["/sbin/apk"] = program("apk")
    for name in ("media", "mnt", "srv"):
        nodes[f"/{name}"] = directory()
    nodes["/etc/passwd"] = file(_PASSWD)
    nodes["/etc/group"] = file(_ALPINE_GROUP)
    nodes["/etc/alpine-release"] = file("3.20.3\n")
    nodes["/etc/os-release"] = file(
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\nHOME_URL="https://alpinelinux.org/"\n'
    )
    return nodes


_OS = {
    "debian": (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
        'NAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\n'
        "ID=debian\n"
    ),
    "ubuntu": (
        'PRETTY_NAME="Ubuntu 24.04.1 LTS"\n'
        'NAME="Ubuntu"\nVERSION_ID="24.04"\n'
        'VERSION="24.04.1 LTS (Noble Numbat)"\n'
        "VERSION_CODENAME=noble\nID=ubuntu\n"
        "ID_LIKE=debian\n"
    ),
    "centos": (
        'NAME="CentOS Linux"\nVERSION="8"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="8"\nPRETTY_NAME="CentOS Linux 8"\n'
    ),
}


def debian(name: str = "debian", procps: bool = False) -> dict[str, Node]:
    """Return Debian's files; its minimal images have no ps, no curl, no ping."""
    nodes = dict(skeleton())
    for command in (*COREUTILS, *DEBIAN):
        nodes["/usr/bin/" + command] = program({"mawk": "awk"}.get(command, command), "coreutils")
    for command in ("ps", "pgrep", "pkill", "pidof", "top", "free", "uptime", "watch", "w", "vmstat") if procps else ():
        nodes["/usr/bin/" + command] = program(command, "coreutils")
    nodes["/usr/bin/dash"] = program("dash")
    nodes["/usr/bin/sh"] = program("bash" if name == "centos" else "dash")
    nodes["/usr/bin/bash"] = program("bash")
    nodes["/usr/bin/rbash"] = program("bash")
    for directory_ in ("bin", "sbin", "lib", "lib64"):
        nodes["/" + directory_] = link(f"/usr/{directory_}")
    for directory_ in ("boot", "media", "mnt", "srv"):
        nodes["/" + directory_] = directory()
    nodes["/usr/lib"] = nodes["/usr/lib64"] = directory()
    nodes["/usr/local"] = nodes["/usr/local/bin"] = nodes["/usr/local/sbin"] = nodes["/usr/share"] = directory()
    nodes["/var/run"] = link("/run")
    nodes["/etc/passwd"] = file(
        "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    )
    nodes["/etc/group"] = file(_DEBIAN_GROUP)
    nodes["/etc/os-release"] = file(_OS[name])
    if name == "centos":
        nodes["/root/.bashrc"] = file("PS1='[\\u@\\h \\W]\\$ '\n")
    else:
        nodes["/etc/bash.bashrc"] = file("PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '\n")
    if name == "debian":
        nodes["/etc/debian_version"] = file("12.7\n")
    return nodes


def unknown() -> dict[str, Node]:
    """Return what is assumed of an image that nobody listed: Debian's tools, and busybox's for the rest."""
    nodes = debian(procps=True)
    have = {path.rpartition("/")[2] for path in nodes}
    for name in BUSYBOX:
        if name not in have:
            nodes["/usr/bin/" + name] = program(name, "busybox")
    nodes["/usr/bin/curl"] = program("curl")
    return nodes


def with_parents(nodes: dict[str, Node]) -> dict[str, Node]:
    """Add the directories above each file."""
    for path in list(nodes):
        above = parent(path)
        while above not in nodes:
            nodes[above] = directory()
            above = parent(above)
    return nodes
