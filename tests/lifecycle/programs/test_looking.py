"""What programs see of their Pod's network, of mounts and of what is busy, in busybox's words and Debian's."""

from __future__ import annotations

import pytest

from lifecycle.programs import CutFault, Mount, Service
from tests.lifecycle.programs.world import World


def shown(command: str, image: str = "busybox", **more: object) -> str:
    world = World()
    container = world.container(image, "sleep", "1000", **more)
    world.run(60)
    result = world.exec(container, "sh", "-c", command)
    return result.stdout + result.stderr


def test_a_pod_has_loopback_and_one_end_of_a_pair() -> None:
    assert shown("ip a") == (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n"
        "    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n"
        "2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue \n"
        "    link/ether 0a:58:0a:f4:00:05 brd ff:ff:ff:ff:ff:ff\n"
        "    inet 10.244.0.5/24 brd 10.244.0.255 scope global eth0\n       valid_lft forever preferred_lft forever\n"
        "    inet6 fe80::858:aff:fef4:5/64 scope link \n       valid_lft forever preferred_lft forever\n"
    )


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("ip route", "default via 10.244.0.1 dev eth0 \n10.244.0.0/24 dev eth0 scope link  src 10.244.0.5 \n"),
        ("ip addr show eth9", "ip: can't find device 'eth9'\n"),
        ("ip link set eth0 down", "ip: ioctl 0x8914 failed: Operation not permitted\n"),
        ("ifconfig nosuch", "ifconfig: nosuch: error fetching interface information: Device not found\n"),
        ("ifconfig eth0 | sed -n 2p", "          inet addr:10.244.0.5  Bcast:10.244.0.255  Mask:255.255.255.0\n"),
        ("route -n | tail -1", "10.244.0.0      0.0.0.0         255.255.255.0   U     0      0        0 eth0\n"),
        ("arp -a", "? (10.244.0.1) at 0a:58:0a:f4:00:01 [ether]  on eth0\n"),
        ("uptime", " 00:01:00 up 1 min,  0 users,  load average: 0.00, 0.00, 0.00\n"),
        ("w", "USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n"),
        ("dmesg", "dmesg: klogctl: Operation not permitted\n"),
        ("free -m | tail -1", "Swap:             0           0           0\n"),
        ("mountpoint /proc; mountpoint /etc", "/proc is a mountpoint\n/etc is not a mountpoint\n"),
        ("id", "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n"),
        ("ps -o pid,comm", "PID   COMMAND\n    1 sleep\n    7 sh\n    8 ps\n"),
        ("echo eyJhbGciOiJSUzI1NiI | base64 -d", '{"alg":"RS25base64: truncated input\n'),
        ("traceroute -m 2 10.244.0.5", "traceroute to 10.244.0.5 (10.244.0.5), 2 hops max, 46 byte packets\n"
         " 1  10.244.0.5 (10.244.0.5)  0.010 ms  0.010 ms  0.010 ms\n"),
    ],
)  # fmt: skip
def test_busyboxs_tools_answer_as_they_do(command: str, text: str) -> None:
    assert shown(f"{command}; true") == text


def test_debians_tools_have_words_of_their_own() -> None:
    assert shown("uptime; dmesg", "ubuntu") == (
        " 00:01:00 up 1 min,  0 user,  load average: 0.00, 0.00, 0.00\n"
        "dmesg: read kernel buffer failed: Operation not permitted\n"
    )
    assert shown("df -h / | tail -1", "debian") == "overlay          50G   10G   40G  20% /\n"
    assert shown("free -h | head -2 | tail -1", "ubuntu").split() == ["Mem:", "4.0Gi", "0B", "4.0Gi", "0B", "0B", "4.0Gi"]


def test_top_shows_what_runs_and_what_it_holds() -> None:
    world = World()
    app = world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "200M", "--vm-hang", "0")
    world.run(5)
    row = next(line for line in world.exec(app, "sh", "-c", "ps aux || true").stderr.splitlines())
    assert row == "sh: 1: ps: not found"
    busybox = world.container("busybox", "sleep", "1000", pod="other")
    lines = world.exec(busybox, "top", "-b", "-n1").stdout.splitlines()
    assert lines[0].startswith("Mem: 204800K used, 3989504K free,")
    assert lines[3] == "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND"
    assert [line.split()[-1] for line in lines[4:]] == ["-n1", "1000"]


def test_top_goes_on_until_somebody_has_seen_enough() -> None:
    world = World()
    app = world.container("busybox", "sleep", "1000")
    session = world.session(app, "top", tty=True)
    session.resize(24, 80)
    assert session.shown().startswith("\x1b[H\x1b[JMem: ")
    session.pass_time(5.5)
    session = session.saved_and_restored()
    assert session.shown() == ""
    session.pass_time(5)
    assert session.shown().count("\x1b[H\x1b[J") == 1
    session.type("q")
    session.pass_time(0)
    assert session.code == 0


def test_ports_are_listed_with_whose_they_are() -> None:
    world = World()
    app = world.script("httpd -p 8080; sleep 1000")
    world.run(1)
    line = world.exec(app, "netstat", "-tlnp").stdout.splitlines()[-1]
    assert line.split() == ["tcp", "0", "0", "0.0.0.0:8080", "0.0.0.0:*", "LISTEN", "8/httpd"]


def test_volumes_are_among_the_mounts() -> None:
    world = World()
    world.programs.set_volume("v", {"a": b"x" * 2048})
    world.programs.set_volume_size("v", 64 << 10)
    app = world.container("busybox", "sleep", "1000", mounts=(Mount("/data", "v", read_only=True),))
    assert "tmpfs on /data type tmpfs (ro,relatime,size=64k)\n" in world.exec(app, "mount").stdout
    assert world.exec(app, "df", "/data/a").stdout.splitlines()[1].split()[::5] == ["tmpfs", "/data"]
    assert "tmpfs /data tmpfs ro,relatime,size=64k 0 0\n" in world.exec(app, "cat", "/proc/mounts").stdout


def test_a_services_address_answers_no_ping() -> None:
    world = World()
    world.programs.network.set_service(Service("default", "web", "10.96.0.50", (("http", 80),)))
    app = world.container("busybox", "sleep", "1000")
    lost = world.exec(app, "ping", "-c", "1", "-W", "2", "web")
    assert lost.code == 1
    assert lost.stdout.endswith("1 packets transmitted, 0 packets received, 100% packet loss\n")
    came = world.exec(app, "ping", "-c", "2", "127.0.0.1").stdout
    assert came.endswith("0% packet loss\nround-trip min/avg/max = 0.100/0.100/0.100 ms\n")
    world.programs.set_fault("f", CutFault("default", "pod", "example.com"))
    assert world.exec(app, "ping", "-c", "1", "-W", "1", "example.com").code == 1
    assert world.exec(app, "ping", "-c", "1", "-W", "1", "example.org").code == 0


def test_packages_are_installed_once_the_lists_are_there() -> None:
    world = World()
    app = world.container("debian", "sleep", "1000")
    assert world.exec(app, "apt-get", "install", "-y", "curl").stderr == "E: Unable to locate package curl\n"
    assert (
        world.exec(app, "sh", "-c", "apt-get update && apt-get install -y curl procps && ps -e && curl -s localhost").code == 7
    )
    assert world.exec(app, "apt-get", "install", "wget").code == 1
    other = world.container("alpine", "sleep", "1000", pod="other", user=1000)
    assert world.exec(other, "apk", "add", "curl").code == 99


def test_packages_come_over_the_network() -> None:
    world = World()
    app = world.container("alpine", "sleep", "1000")
    world.programs.set_fault("f", CutFault("default", "pod"))
    assert world.exec(app, "apk", "add", "--no-cache", "curl").code == 1
    world.programs.remove_fault("f")
    assert world.exec(app, "sh", "-c", "apk add --no-cache curl && command -v curl").stdout.endswith("/usr/bin/curl\n")


def test_programs_see_what_memory_they_may_use() -> None:
    assert shown("cat /sys/fs/cgroup/memory.max") == "max\n"
    assert shown("cat /sys/fs/cgroup/memory.max; echo 1 > /sys/fs/cgroup/memory.max", memory=64 << 20) == (
        "67108864\nsh: can't create /sys/fs/cgroup/memory.max: Read-only file system\n"
    )
    assert shown("[ -f /sys/fs/cgroup/memory.max ] && [ ! -e /sys/fs/cgroup/nosuch ] && echo there") == "there\n"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("echo hello | gzip | gunzip", "hello\n"),
        ("cd /tmp; echo x > a; gzip a; ls; zcat a.gz; gunzip a.gz; ls", "a.gz\nx\na\n"),
        ("gzip nosuch", "gzip: nosuch: No such file or directory\n"),
        ("echo x | gunzip", "gunzip: invalid magic\n"),
        ("cd /tmp; echo x > a; gunzip a; cat a", "gunzip: a: unknown suffix - ignored\nx\n"),
    ],
)
def test_files_are_packed_and_unpacked(command: str, text: str) -> None:
    world = World()
    app = world.container("busybox", "sleep", "1000")
    result = world.exec(app, "sh", "-c", f"{{ {command}; }} 2>&1")
    assert result.stdout == text


def test_the_beginning_of_a_clusters_name_is_not_known_outside() -> None:
    world = World()
    world.programs.network.set_service(Service("shop", "web", "10.96.0.50", (("http", 80),)))
    app = world.container("busybox", "sleep", "1000")
    assert "NXDOMAIN" in world.exec(app, "nslookup", "web.shop").stdout
    assert "NXDOMAIN" in world.exec(app, "nslookup", "web.shop.svc").stdout
    assert "10.96.0.50" in world.exec(app, "nslookup", "web.shop.svc.cluster.local").stdout
    assert world.exec(app, "nslookup", "example.org").code == 0


@pytest.mark.parametrize(
    ("image", "script", "text"),
    [
        ("ubuntu", "i=1; echo $((++i)) $i $((i - -1))", "1 1 2\n"),
        ("ubuntu", "i=1; echo $((i++))", 'sh: 1: arithmetic expression: expecting primary: "i++"\n'),
        ("ubuntu", "bash -c 'i=1; echo $((i++)) $i $((2**3))'", "1 2 8\n"),
        ("ubuntu", "cd /tmp; printf 'a\\nb\\n' > 1; printf 'a\\nc\\nd\\n' > 2; diff 1 2", "2c2,3\n< b\n---\n> c\n> d\n"),
        ("ubuntu", "cd /tmp; printf 'a\\nb\\n' > 1; printf 'b\\nc\\n' > 2; comm 1 2", "a\n\t\tb\n\tc\n"),
        ("busybox", "echo x | diff - /dev/null", "--- -\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"),
        ("ubuntu", "printf abc | cksum; printf abc > /tmp/f; sum /tmp/f", "1219131554 3\n16556     1 /tmp/f\n"),
        ("ubuntu", "cd /tmp; printf 'a\\nb\\nc\\n' | split -l 2 - p; cat pab; ls", "c\npaa\npab\n"),
    ],
)
def test_shells_and_tools_do_what_the_real_ones_do(image: str, script: str, text: str) -> None:
    assert shown(script, image) == text
