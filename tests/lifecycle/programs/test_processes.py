"""Processes: signals, traps, children, exits, time."""

from __future__ import annotations

import pytest

from tests.lifecycle.programs.world import World

LOOP = "while true; do sleep 1; done"


def test_process_1_without_a_trap_takes_no_notice_of_sigterm() -> None:
    world = World()
    app = world.container("busybox", "sleep", "3600")
    world.run(5)
    world.programs.signal(app, "SIGTERM")
    world.run(30)
    assert world.exit_of() is None
    world.programs.kill(app)
    world.run(31)
    at, exit_ = world.exit_of() or (0, None)
    assert (at, exit_.code, exit_.signal, exit_.reason) == (30, 137, "SIGKILL", "Error")


def test_other_processes_take_the_default_action() -> None:
    world = World()
    app = world.script("sleep 600 & wait $!; echo got $?")
    result = world.exec(app, "killall", "sleep")
    assert result.code == 0
    assert world.output() == "Terminated\ngot 143\n"


def test_with_shared_processes_process_1_is_another() -> None:
    world = World()
    world.pod(share_processes=True)
    app = world.container("busybox", "sleep", "3600")
    world.programs.signal(app, "SIGTERM")
    world.run(1)
    assert world.exit_of()[1].code == 143


@pytest.mark.parametrize("image", ["busybox", "debian"])
def test_a_trap_runs_when_the_foreground_command_has_ended(image: str) -> None:
    world = World()
    app = world.script(f"trap 'echo bye; exit 5' TERM; {LOOP}", image)
    world.run(7.3)
    world.programs.signal(app, "TERM")
    world.run(20)
    assert world.exit_of()[0] == 8.008
    assert world.exit_of()[1].code == 5
    assert world.output() == "bye\n"


def test_a_signal_interrupts_wait_at_once() -> None:
    world = World()
    app = world.script("trap 'echo term' TERM; sleep 100 & wait $!; echo status $?; exit 3")
    world.run(2.5)
    world.programs.signal(app, "SIGTERM")
    world.run(3)
    assert world.exit_of()[0] == 2.5
    assert world.output() == "term\nstatus 143\n"


def test_an_ignored_signal_stays_ignored_in_children() -> None:
    world = World()
    app = world.script("trap '' TERM; sleep 30; echo end")
    world.exec(app, "killall", "sleep")
    world.run(40)
    assert world.output() == "end\n"
    assert world.exit_of()[0] == 30.001


def test_a_shell_becomes_its_last_command() -> None:
    world = World()
    app = world.script("echo hi; sleep 600")
    lines = world.exec(app, "ps").stdout.splitlines()
    assert [line.split(None, 3)[3] for line in lines[1:]] == ["sleep 600", "ps"]


def test_a_shell_with_a_trap_stays() -> None:
    world = World()
    app = world.script("trap 'exit 0' TERM; sleep 600")
    lines = world.exec(app, "ps").stdout.splitlines()
    assert len(lines) == 4


def test_a_loop_that_only_sleeps_needs_no_timer() -> None:
    world = World()
    app = world.script(f"trap 'exit 0' TERM; {LOOP}")
    assert world.kernel.agenda.next_at() is None
    world.run(86_400.4)
    shown = world.exec(app, "ps").stdout
    assert "sleep 1" in shown
    world.programs.signal(app, "SIGTERM")
    world.run(86_410)
    assert world.exit_of()[0] == pytest.approx(86_401.315)  # 86,315 times 1.001 s: each sleep comes a little late


def test_the_loop_goes_on_after_somebody_has_looked() -> None:
    world = World()
    app = world.script(f"trap 'exit 0' TERM; {LOOP}")
    world.run(10.5)
    world.exec(app, "ps")
    world.run(60)
    assert world.kernel.agenda.next_at() is None
    assert world.exit_of() is None


def test_everything_ends_with_process_1() -> None:
    world = World()
    app = world.script("(sleep 5; echo never) & sleep 1; exit 4")
    world.programs.exec(app, ("sleep", "100"), world.programs.state.containers[app].spec.exited)
    world.run(20)
    results = [(at, getattr(result, "code", None)) for at, _, result in world.listener.told]
    assert sorted(results) == [(1.001, 4), (1.001, 137)]
    assert world.output() == ""


def test_orphans_become_children_of_process_1() -> None:
    world = World()
    app = world.script("(sleep 50 &); sleep 100; echo end")
    state = world.programs.state.containers[app]
    orphan = next(process for process in state.processes.values() if process.argv == ["sleep", "50"])
    assert orphan.ppid == 1
    world.run(60)
    assert orphan.pid not in state.processes
    world.run(101)
    assert world.output() == "end\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("nosuch",), 'exec: "nosuch": executable file not found in $PATH'),
        (("/no/such",), 'exec: "/no/such": stat /no/such: no such file or directory'),
        (("/etc/passwd",), 'exec: "/etc/passwd": permission denied'),
        (("/tmp",), 'exec: "/tmp": permission denied'),
    ],
)
def test_what_cannot_be_executed_is_said_in_runcs_words(command: tuple[str, ...], message: str) -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    failure = world.programs.exec(app, command, world.programs.state.containers[app].spec.exited)
    assert failure is not None
    assert failure.message == message
    assert len(world.programs.state.containers[app].processes) == 1


def test_a_file_that_is_no_program_starts_and_fails_at_once() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    assert world.exec(app, "sh", "-c", "echo echo hello > /tmp/run; chmod +x /tmp/run").code == 0
    result = world.exec(app, "/tmp/run")
    assert (result.code, result.stderr) == (1, "exec /tmp/run: exec format error\n")


@pytest.mark.parametrize("first", ["#!/bin/zsh", "#!/bin/sh\\r", "#! /no/such/shell  -e"])
def test_a_script_whose_interpreter_is_missing_starts_and_fails_at_once(first: str) -> None:
    """A line that ends as those of Windows do names an interpreter that is nowhere."""
    world = World()
    app = world.container("busybox", "sleep", "100")
    assert world.exec(app, "sh", "-c", f"printf '{first}\necho hello\n' > /tmp/run; chmod +x /tmp/run").code == 0
    result = world.exec(app, "/tmp/run")
    assert (result.code, result.stderr) == (1, "exec /tmp/run: no such file or directory\n")
    result = world.exec(app, "sh", "-c", "/tmp/run; echo $?")
    assert (result.stdout, result.stderr) == ("127\n", "sh: /tmp/run: not found\n")


def test_a_scripts_interpreter_is_given_the_rest_of_its_line_as_one_argument() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    assert world.exec(app, "sh", "-c", "printf '#! /bin/echo \t a  b \n' > /tmp/run; chmod +x /tmp/run").code == 0
    assert world.exec(app, "/tmp/run", "c").stdout == "a  b /tmp/run c\n"


def test_bash_names_the_interpreter_that_is_missing() -> None:
    world = World()
    app = world.container("debian", "sleep", "100")
    assert world.exec(app, "bash", "-c", "printf '#!/bin/sh\\r\necho\n' > /tmp/run; chmod +x /tmp/run").code == 0
    result = world.exec(app, "bash", "-c", "/tmp/run; echo $?")
    assert result.stdout == "126\n"
    assert result.stderr == "bash: line 1: /tmp/run: /bin/sh^M: bad interpreter: No such file or directory\n"


@pytest.mark.parametrize(
    ("env", "args"),
    [((("A", "x" * 131_072),), ()), ((), ("x" * 131_072,)), (tuple((f"A{i}", "x" * 131_000) for i in range(17)), ())],
    ids=["a variable", "an argument", "all together"],
)
def test_a_command_line_that_no_kernel_takes_ends_the_container_at_once(
    env: tuple[tuple[str, str], ...], args: tuple[str, ...]
) -> None:
    world = World()
    world.container("busybox", "sleep", "100", *args, env=env)
    world.run(1)
    assert (world.output(), world.exit_of()[1].code) == ("exec /bin/sleep: argument list too long\n", 1)


def test_a_command_that_takes_too_long_is_killed() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    result = world.exec(app, "sh", "-c", "echo begun; sleep 10; echo never", timeout=1)
    assert (result.timed_out, result.stdout, world.kernel.now) == (True, "begun\n", 1_000_000)


def test_the_limit_of_memory_kills_the_container() -> None:
    world = World()
    world.script("sleep 3; exec tail /dev/zero", memory=32 << 20)
    world.run(10)
    at, exit_ = world.exit_of()
    assert 3 < at < 4
    assert (exit_.code, exit_.reason) == (137, "OOMKilled")


def test_a_memory_eater_below_a_shell_takes_the_shell_with_it() -> None:
    world = World()
    world.script("stress() { tail /dev/zero; }; stress; echo never", memory=32 << 20)
    world.run(10)
    assert world.exit_of()[1].reason == "OOMKilled"
    assert world.output() == ""


def test_a_command_that_fits_is_not_killed() -> None:
    world = World()
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "50M", "--timeout", "5s", memory=100 << 20)
    world.run(10)
    assert world.exit_of()[1].reason == "Completed"


def test_go_programs_as_process_1_exit_with_2_on_sigterm() -> None:
    world = World()
    app = world.container("registry.k8s.io/goproxy:0.1")
    world.run(1)
    world.programs.signal(app, "SIGTERM")
    world.run(2)
    assert world.exit_of()[1].code == 2


def test_an_unmodelled_command_says_what_was_assumed() -> None:
    world = World()
    world.script("mkfs.ext4 x; fdisk -l; echo after $?")
    world.run(1)
    assert world.output() == "sh: mkfs.ext4: not found\nafter 0\n"
    assert [body["about"] for body in world.traces("assumption")] == ["command"]
    assert "fdisk is not modelled" in world.traces("assumption")[0]["text"]


def test_busyboxs_shell_tells_programs_how_deep_it_is() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    script = "echo $SHLVL; sh -c 'env | grep SHLVL'; env -i sh -c 'echo $SHLVL'"
    assert world.exec(app, "sh", "-c", script).stdout == "1\nSHLVL=2\n1\n"
    assert "SHLVL" not in world.exec(app, "env").stdout
