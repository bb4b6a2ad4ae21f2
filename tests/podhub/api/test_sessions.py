"""What people do inside containers with stock kubectl, at a terminal and without one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import pod


def start(cluster: Reached, *pods: dict[str, Any]) -> None:
    for one in pods:
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(one))
        cluster.kubectl("wait", "--for=condition=Ready", f"pod/{one['metadata']['name']}", "--timeout=20s")


def test_a_shell_is_typed_to(cluster: Reached) -> None:
    start(cluster, pod("box"))
    with cluster.typist("exec", "-it", "box", "--", "sh") as shell:
        assert shell.see("# ") == "/ # "
        assert shell.ask("x=5; cd /tmp", "# ") == "/tmp "
        assert shell.ask("echo $x $?; stty size", "/tmp # ") == "5 0\r\n24 80\r\n"
        shell.type("for i in a b\r")
        shell.see("> ")
        assert shell.ask("do echo $i; done", "/tmp # ") == "a\r\nb\r\n"
        shell.type("sleep 1000; echo no\r")
        shell.see("no\r\n")
        shell.type("\x03")
        assert shell.see("/tmp # ") == "^C\r\n/tmp # "
        shell.type("exit 3\r")
        assert shell.code() == 3
        assert shell.shown == "exit 3\r\ncommand terminated with exit code 3\r\n"


def test_a_bash_has_its_own_prompt_and_ends_with_control_d(cluster: Reached) -> None:
    web = pod("web")
    web["spec"]["containers"][0]["image"] = "debian"
    start(cluster, web)
    with cluster.typist("exec", "-it", "web", "--", "bash") as shell:
        assert shell.see("# ") == "\x1b[?2004hroot@web:/# "
        assert shell.ask("nosuch", "\x1b[?2004hroot@web:/# ") == "\x1b[?2004l\rbash: nosuch: command not found\r\n"
        shell.type("\x04")
        assert shell.code() == 127
        assert shell.shown == "\x1b[?2004l\r\r\nexit\r\ncommand terminated with exit code 127\r\n"


def test_lines_are_edited_and_come_back(cluster: Reached) -> None:
    start(cluster, pod("box"))
    with cluster.typist("exec", "-it", "box", "--", "sh") as shell:
        shell.see("# ")
        shell.ask("echo on", "# ")
        shell.type("\x1b[A")
        shell.see("echo on\x1b[J")
        assert shell.ask("e", "# ") == "one\r\n/ "
        shell.type("cat /etc/hostn\t\r")
        assert shell.see("box\r\n").endswith("/ # cat /etc/hostname \x1b[J\r\nbox\r\n")


def test_a_script_runs_as_it_comes(cluster: Reached) -> None:
    start(cluster, pod("box"))
    script = "x=1\necho a$x; nosuch\nfi\necho never\n"
    done = cluster.kubectl("exec", "-i", "box", "--", "sh", stdin=script, code=2)
    assert done.stdout == "a1\n"
    assert done.stderr == ('sh: nosuch: not found\nsh: syntax error: unexpected "fi"\ncommand terminated with exit code 2\n')


def test_a_pod_that_is_run_to_type_into_ends_with_its_shell(cluster: Reached) -> None:
    with cluster.typist("run", "x", "-it", "--rm", "--image=busybox", "--restart=Never", "--", "sh") as shell:
        shell.see("/ # ")
        assert shell.ask("echo $$ $HOSTNAME", "/ # ") == "1 x\r\n"
        shell.type("exit 4\r")
        assert shell.code(30) == 4
        assert 'pod "x" deleted' in shell.shown


def test_whoever_attaches_again_finds_the_same_shell(cluster: Reached) -> None:
    box = pod("box")
    box["spec"]["containers"][0] |= {"stdin": True, "tty": True, "command": ["sh"]}
    start(cluster, box)
    with cluster.typist("attach", "-it", "box") as shell:
        shell.see("/ # ")
        shell.ask("x=kept", "/ # ")
    with cluster.typist("attach", "-it", "box") as shell:
        shell.see("/ # ")
        assert shell.ask("echo $x", "/ # ") == "kept\r\n"
    assert "echo $x\nkept\n" in cluster.kubectl("logs", "box").stdout  # read as text: without the \r of a terminal


def test_a_pod_is_debugged_from_a_shell_beside_it(cluster: Reached) -> None:
    start(cluster, pod("box"))
    with cluster.typist("debug", "-it", "box", "--image=busybox", "-c", "dbg", "--", "sh") as shell:
        shell.see("/ # ")
        assert shell.ask("hostname", "/ # ") == "box\r\n"
        shell.type("exit\r")
        assert shell.code() == 0


def test_a_debugger_sees_the_processes_of_its_target(cluster: Reached) -> None:
    web = pod("web")
    web["spec"]["containers"][0]["image"] = "nginx"
    del web["spec"]["containers"][0]["command"]
    start(cluster, web)
    name = web["spec"]["containers"][0]["name"]
    with cluster.typist("debug", "-it", "web", "--image=busybox", f"--target={name}", "--", "sh") as shell:
        shell.see("/ # ")
        shown = shell.ask("ps", "/ # ")
        assert "    1 root      0:00 nginx: master process nginx -g daemon off;\r\n" in shown
        assert shell.ask("head -2 /proc/1/root/etc/nginx/nginx.conf | tail -1", "/ # ") == "user  nginx;\r\n"
        shell.type("exit\r")
        assert shell.code() == 0


def test_a_paused_cluster_answers_and_its_time_stands_still(cluster: Reached) -> None:
    start(cluster, pod("box"))
    cluster.server.run("cluster", "speed", cluster.name, "paused")
    with cluster.typist("exec", "-it", "box", "--", "sh") as shell:
        shell.see("/ # ")
        assert shell.ask("echo hi", "/ # ") == "hi\r\n"
        before = shell.ask("date +%s", "/ # ")
        shell.type("sleep 1\r")
        shell.see("sleep 1\r\n")
        shell.type("\x03")
        shell.see("^C\r\n/ # ")
        assert shell.ask("date +%s", "/ # ") == before
        shell.type("exit\r")
        assert shell.code() == 0


@pytest.mark.parametrize("image", ["busybox", "debian"])
def test_files_are_copied_in_and_out_as_they_are(cluster: Reached, image: str) -> None:
    box = pod("box")
    box["spec"]["containers"][0]["image"] = image
    start(cluster, box)
    given, taken = cluster.folder / "given", cluster.folder / "taken"
    (given / "sub").mkdir(parents=True)
    (given / "binary").write_bytes(random.Random(3).randbytes(1_200_000))
    (given / "sub" / "name with é").write_text("x\n")
    (given / "sub" / "name with é").chmod(0o750)
    cluster.kubectl("cp", str(given), "box:/tmp")
    assert cluster.kubectl("exec", "box", "--", "wc", "-c", "/tmp/given/binary").stdout == "1200000 /tmp/given/binary\n"
    assert cluster.kubectl("exec", "box", "--", "stat", "-c", "%a", "/tmp/given/sub/name with é").stdout == "750\n"
    cluster.kubectl("cp", "box:/tmp/given", str(taken))
    assert {path.relative_to(taken): path.read_bytes() for path in taken.rglob("*") if path.is_file()} == {
        path.relative_to(given): path.read_bytes() for path in given.rglob("*") if path.is_file()
    }
    cluster.kubectl("cp", "box:/tmp/given/binary", str(taken / "again"), "--retries", "2")
    assert (taken / "again").read_bytes() == (given / "binary").read_bytes()


def test_what_does_not_run_is_refused_as_a_kubelet_refuses_it(cluster: Reached) -> None:
    box = pod("box", "exit 1")
    box["spec"] |= {"restartPolicy": "Always", "initContainers": [side("side", restartPolicy="Always"), side("init")]}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(box))
    cluster.kubectl("wait", "--for=jsonpath={.status.initContainerStatuses[1].state.running}", "pod/box", "--timeout=20s")
    for running in ("side", "init"):
        assert cluster.kubectl("exec", "box", "-c", running, "--", "echo", running).stdout == f"{running}\n"
    refused = cluster.kubectl("exec", "box", "-c", "main", "--", "ls", code=1)
    assert refused.stderr == 'error: unable to upgrade connection: container not found ("main")\n'
    refused = cluster.kubectl("attach", "box", "-c", "main", code=1)
    assert refused.stderr.endswith("error: unable to upgrade connection: container main not found in pod box_default\n")


def side(name: str, **more: str) -> dict[str, Any]:
    return {"name": name, "image": "busybox", "command": ["sleep", "1000"], **more}


def test_nothing_is_copied_from_an_image_without_tar(cluster: Reached) -> None:
    bare = pod("bare")
    bare["spec"]["containers"][0] |= {"image": "registry.k8s.io/pause:3.9", "command": ["/pause"]}
    start(cluster, bare)
    done = cluster.kubectl("cp", "bare:/pause", str(cluster.folder / "pause"), code=1)
    assert 'exec: "tar": executable file not found in $PATH' in done.stderr


def test_sessions_are_in_the_log_and_give_the_same_bytes_again(cluster: Reached) -> None:
    start(cluster, pod("box"))
    with cluster.typist("exec", "-it", "box", "--", "sh") as shell:
        shell.see("/ # ")
        shell.ask("echo $RANDOM; sleep 1; date", "/ # ")
        shell.type("exit\r")
        assert shell.code() == 0
    cluster.kubectl("exec", "-i", "box", "--", "cat", stdin="abc\n")
    assert "a second run gives the same bytes" in cluster.server.run("verify", "--cluster", cluster.name)
