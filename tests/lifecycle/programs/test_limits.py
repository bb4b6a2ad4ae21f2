"""What scripts may not do: a trace says which limit they met, and the rest of the cluster is unharmed.

What a script costs is told in steps, the work that the engine counts; a step is some two microseconds.
"""

from __future__ import annotations

from time import process_time

import msgspec
import pytest

from lifecycle.programs import Mount, budget
from lifecycle.programs.container_memory import MAX_HELD
from lifecycle.programs.files import Node
from lifecycle.programs.shell.parser import parse
from tests.lifecycle.programs.world import World

GROWN = "x=a; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do x=$x$x; done; "
MANY_FILES = "cd /tmp; touch $(seq 1 9000); "
BIG_FILE = "head -c 16000000 /dev/zero | tr '\\0' 'a' > /tmp/a; "


def limits(world: World) -> set[str]:
    return {body["limit"] for body in world.traces("limit")}


def work(world: World) -> int:
    return max(state.budget.done for state in world.programs.state.containers.values())


def most(seconds: int) -> int:
    """Return what a container may do in a time: all that it has at once, what comes back, and one operation too many."""
    return budget.SPARE + budget.REGAIN * seconds + 150_000


def test_an_endless_loop_stays_busy_and_still_takes_signals() -> None:
    world = World()
    app = world.script("trap 'echo out; exit 3' TERM; while true; do x=; done")
    world.run(20)
    assert limits(world) == {"steps"}
    assert world.exit_of() is None
    assert world.kernel.agenda.next_at() is None
    world.programs.signal(app, "SIGTERM")
    world.run(22)
    assert world.exit_of()[1].code == 3


@pytest.mark.parametrize("loop", ["while true; do :; done", "until false; do true; done", "while [ 1 ]; do :; :; done"])
def test_a_loop_that_does_nothing_is_busy_at_no_cost(loop: str) -> None:
    world = World()
    app = world.script(f"{loop} & trap 'echo out' USR1; (sleep 20; kill -USR1 1) & {loop}")
    world.run(3600)
    assert work(world) < 1_000
    assert limits(world) == set()
    assert world.output() == "out\n"
    assert world.exit_of() is None
    assert world.exec(app, "sh", "-c", loop, timeout=5).timed_out


def test_a_loop_that_says_what_it_does_is_not_idle() -> None:
    world = World()
    world.script("set -x; while true; do :; done")
    world.run(5)
    assert "+ :\n" in world.output()


def test_a_command_from_outside_runs_beside_an_endless_loop() -> None:
    world = World()
    app = world.script("while true; do x=; done")
    world.run(20)
    assert world.exec(app, "sh", "-c", "echo $((6 * 7)); ls /bin | head -1").stdout == "42\n[\n"
    assert world.exit_of() is None


def test_a_long_loop_goes_on_in_the_next_second() -> None:
    world = World()
    world.script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i")
    world.run(5)
    assert world.output() == "20000\n"
    assert world.exit_of()[0] == 1


def test_a_script_that_does_a_little_all_the_time_meets_no_limit() -> None:
    world = World()
    world.script("while true; do date | grep -q x; sleep 1; done")
    world.run(3600)
    assert limits(world) == set()


def test_a_script_that_does_much_all_the_time_is_slowed_down() -> None:
    world = World()
    world.script("n=0; while true; do n=$((n+1)); echo $n > /tmp/n; true | true | true | true; sleep 0.01; done")
    world.run(600)
    assert limits(world) == {"steps"}
    assert work(world) <= most(600)
    before = int(world.programs.read_file("pod/app", "/tmp/n") or 0)
    world.run(700)
    assert before < int(world.programs.read_file("pod/app", "/tmp/n") or 0) < before + 1000


HOSTILE = {
    "busy": "while :; do x=; done",
    "idle": "while :; do :; done",
    "kill": "while :; do kill -9 -1; done",
    "signals to itself": "trap ': ' USR1; while :; do kill -USR1 $$; done",
    "a trap that traps itself": "trap 'kill -USR1 $$' USR1; kill -USR1 $$; sleep 1000",
    "here-documents": "while :; do cat <<EOF\naaaa\nEOF\ndone > /dev/null",
    "a variable that doubles": "x=a; while true; do x=$x$x; done",
    "a long variable trimmed": GROWN + "while :; do y=${x%%*b}; y=${x##*a*a*a*b}; done",
    "a long variable replaced": GROWN + "while :; do y=${x//a/bb}; done",
    "a long variable in a case": GROWN + "while :; do case $x in *b*c*) ;; esac; done",
    "a long variable exported": GROWN + "export x; while :; do env > /dev/null; done",
    "a long variable forked": GROWN + "while :; do (:); done",
    "wide formats": "while :; do printf '%1000000000d %.1000000000f' 1 1 > /dev/null; done",
    "seq": "while :; do seq 1 1000000000 > /dev/null; done",
    "yes": "yes",
    "yes into a file": "yes > /tmp/y",
    "yes sorted": "yes | sort",
    "yes without an end": "yes | tr y n | sed s/n/m/ | awk '{print $1}' | cut -c1 | wc -l",
    "yes read": "yes | while read x; do :; done",
    "yes and xargs": "yes | xargs -n1 echo",
    "yes in a variable": "x=$(yes); echo ${#x}",
    "zeros": "cat /dev/zero",
    "zeros counted": "head -c 10G /dev/zero | wc -c",
    "zeros read": "while read x; do :; done < /dev/zero",
    "chance": "cat /dev/urandom | tr -dc a-z",
    "a big file sorted": BIG_FILE + "while :; do sort /tmp/a /tmp/a; done",
    "a big file written to": BIG_FILE + "while :; do printf x >> /tmp/a; done",
    "a hole": "truncate -s 100T /tmp/x; cat /tmp/x | wc -c; md5sum /tmp/x; sort /tmp/x; grep a /tmp/x; echo x >> /tmp/x",
    "sed that grows": "echo a | sed ':a;s/a/aa/g;ta'",
    "sed that turns": "echo a | sed ':a;ba'",
    "sed that joins": "yes | sed ':a;N;$!ba;s/\\n/ /g'",
    "grep going back": "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep -E '^(a+)+$'",
    "grep referring back": "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep '^\\(\\(a*\\)*\\)*\\2$'",
    "sed going back": "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | sed -E 's/^(a|aa)+$/x/'",
    "awk going back": "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | awk '{gsub(/(a*)*c/, \"x\"); print}'",
    "expr going back": "expr aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab : '\\(a*\\)*c'",
    "a huge expression": "grep -E '(((((a{1,100}){1,100}){1,100}){1,100}){1,100}){1,100}' /etc/passwd",
    "awk busy": "awk 'BEGIN{while(1) print \"x\"}'",
    "awk with fields": "awk 'BEGIN{$1000000000=1; print NF}'",
    "awk with a file": "awk 'BEGIN{while(1) print \"x\" > \"/tmp/x\"}'",
    "awk that doubles": 'awk \'BEGIN { s = "a"; while (1) s = s s }\'',
    "awk that recurs": "awk 'function f(n) { return f(n+1) } BEGIN { f(1) }'",
    "awk with an array": "awk 'BEGIN{while(1) a[i++]=i}'",
    "awk and the system": "awk 'BEGIN{while(1) system(\"true\")}'",
    "substitutions": "f() { echo $(f); }; f",
    "calls": "f() { f; }; f",
    "forks": "f() { f | f & }; f; sleep 5; echo alive",
    "a bomb": "bomb() { bomb | bomb & }; bomb; wait",
    "sleepers": "while :; do sleep 1000 & done",
    "a script that runs itself": "printf '#!/bin/sh\\n/tmp/s & /tmp/s\\n' > /tmp/s; chmod +x /tmp/s; /tmp/s",
    "a script that becomes itself": "echo 'sh /tmp/s' > /tmp/s; sh /tmp/s",
    "eval": "i=0; while :; do eval \"v$i=1\"; i=$((i+1)); done",
    "numbers": "while :; do x=$((x*x+1)); done",
    "names of names": "a='b+b'; b='c+c'; c='d+d'; d='e+e'; e='f+f'; f='g+g'; g='h+h'; h='i+i'; i='j+j'; j='k+k'; k='l+l'; "
    "l='m+m'; m='n+n'; n='o+o'; o='p+p'; p='q+q'; q='r+r'; r='s+s'; s='t+t'; t=1; echo $((a))",
    "files": "i=0; while [ $i -lt 11000 ]; do : > /tmp/f$i; i=$((i+1)); done",
    "directories": "d=/tmp; while :; do d=$d/d; mkdir $d; done",
    "copies": "while true; do mkdir -p a/b/c; cp -r a a/b; done",
    "many files listed": MANY_FILES + "while :; do ls -lR / > /dev/null; done",
    "many files matched": MANY_FILES + "while :; do echo * > /dev/null; done",
    "many files found": MANY_FILES + "while :; do find / > /dev/null; done",
    "stars": "while :; do echo /*/*/*/* > /dev/null; done",
    "links": "mkdir /tmp/d; cd /tmp/d; ln -s . l; while :; do ls -R . > /dev/null; cat l/l/l/l; done",
    "short sleeps": "while :; do sleep 0.001; done",
    "no sleeps": "while :; do sleep 0; done",
    "clocks": "while date; do sleep 0.01; done",
    "names that are none": "while ! nslookup nothing; do sleep 0; done",
    "ports that are shut": "while :; do nc -z 127.0.0.1 81; wget -qO- http://127.0.0.1:81/; done",
    "a server that is asked": "httpd -p 80; while :; do wget -qO- http://127.0.0.1/; done",
    "listeners": "while :; do nc -l -p 80 < /dev/null & done",
    "a tail that feeds itself": "echo a > /tmp/x; tail -f /tmp/x | tee -a /tmp/x",
    "short timeouts": "while :; do timeout 0.001 sleep 1; done",
    "descriptors": "i=3; while :; do eval \"exec $i>/tmp/x\"; i=$((i+1)); done",
    "lines": "while :; do echo x; done",
    "directories of programs": "PATH=$(printf '/a%s:' $(seq 1 9000))$PATH; while :; do nothing; done",
    "patterns within patterns": "cd /tmp; touch $(seq 1 3000); while :; do echo */../*/../*/../* > /dev/null; done",
    "arguments one by one": "set -- $(seq 1 50000); while [ $# -gt 0 ]; do shift; done",
    "scripts that double": "x='x=\"$x;$x\"; eval \"$x\"'; eval \"$x\"",
    "a long script": "yes 'echo x;' | head -c 1000000 > /tmp/s; sh /tmp/s",
    "groups": "grep -E '" + "(" * 3000 + ")" * 3000 + "' /etc/passwd",
    "awk with programs to write to": "awk 'BEGIN { for (;;) print i++ | (\"cat > /dev/null; : \" i) }'",
    "awk with programs to read from": "awk 'BEGIN { for (;;) { (\"echo \" i++) | getline x } }'",
    "variables": "x=$(head -c 4000000 /dev/zero | tr '\\0' a); i=0; while :; do eval \"y$i=\\$x\"; i=$((i+1)); done",
    "copies of a variable": "x=$(head -c 4000000 /dev/zero | tr '\\0' a); while :; do (y=$x; sleep 1000) & done",
    "environments": "export X=$(head -c 100000 /dev/zero | tr '\\0' a); while :; do sleep 1000 & done",
    "documents": "x=$(head -c 1000000 /dev/zero | tr '\\0' a); while :; do sleep 1000 <<EOF &\n$x\nEOF\ndone",
    "long files": "fallocate -l 99999999999999999999 /tmp/x; truncate -s 10E /tmp/y; dd if=/dev/zero of=/tmp/z bs=9E count=9E",
}  # fmt: skip

HOSTILE_BASH = {
    "an expression going back": "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab; [[ $x =~ ^(a+)+$ ]]",
    "an extended pattern": "shopt -s extglob; x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab; [[ $x == +(+(a)) ]]; echo ${x##*(*(a))c}",
    "braces": "while :; do echo {1..1000000000}{a,b}{a,b} > /dev/null; done",
    "braces within braces": "while :; do echo " + "{1..3}" * 30 + " " + "{a," * 3000 + "}" * 3000 + " > /dev/null; done",
    "an array": "a=(); while :; do a+=(x); done",
    "an array by names": "declare -A a; i=0; while :; do a[$i]=$i; i=$((i+1)); b=${!a[@]}; done",
    "elements": "a=(); i=0; while :; do a[i++]=$i; done",
    "a growing text": "printf -v x '%1000000d' 1; while :; do printf -v y '%s%s' $x $x; done",
    "lines of zeros": "mapfile a < /dev/zero",
    "here-strings": "while :; do read x <<< aaaa; done",
}


@pytest.mark.parametrize(
    ("image", "shell", "script"),
    [
        *[pytest.param("busybox", "sh", script, id=name) for name, script in HOSTILE.items()],
        *[pytest.param("acme/tools", "bash", script, id=name) for name, script in HOSTILE_BASH.items()],
    ],
)
def test_no_script_costs_more_than_its_share(image: str, shell: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SPARE", 40_000)
    monkeypatch.setattr(budget, "MAX_STEPS", 10_000)
    monkeypatch.setattr(budget, "REGAIN", 50)
    world = World()
    world.container(image, shell, "-c", script)
    world.run(600)
    assert work(world) <= most(600)
    assert len(world.output()) <= 2 << 20
    assert len(msgspec.msgpack.encode(world.programs.state)) < 2 * MAX_HELD
    assert world.exit_of() is not None or limits(world) or world.kernel.agenda.next_at() is None or work(world) < 10_000


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ("f() { f | f & }; f; sleep 5; echo alive", "processes"),
        ("f() { f; }; f", "nesting"),
        ("i=0; while [ $i -lt 11000 ]; do : > /tmp/f$i; i=$((i+1)); done", "files"),
        ("x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done", "bytes"),
        ("awk 'BEGIN { s = \"a\"; while (1) s = s s }'", "bytes"),
        ("cat /dev/zero", "output"),
        ("yes", "steps"),
        ("echo aaaaaaaaaaaaaaaaaaab | grep '^\\(\\(a*\\)*\\)*\\2$'", "steps"),
    ],
)
def test_explosions_meet_a_limit_soon(script: str, limit: str) -> None:
    world = World()
    world.script(script)
    world.run(10)
    assert limit in limits(world)


@pytest.mark.parametrize(
    "script",
    [
        "[ " + "! " * 3000 + "x ]",
        "[ " + "\\( " * 3000 + "x" + " \\)" * 3000 + " ]",
        "[[ " + "! " * 3000 + "x ]]",
        "x=$(printf '(%.0s' $(seq 1 3000)); echo $((x))",
        "echo $((" + "x=" * 3000 + "1))",
        "echo $((" + "1?" * 3000 + "1" + ":0" * 3000 + "))",
        "echo $((" + "-" * 3000 + "1))",
        "echo $((" + "2**" * 3000 + "1))",
    ],
)
@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_deep_expressions_end_the_command_and_not_the_engine(shell: str, script: str) -> None:
    world = World()
    world.container("debian", shell, "-c", f"({script}) 2> /dev/null; echo on")
    world.run(10)
    assert world.output().endswith("on\n")


@pytest.mark.parametrize(
    "command",
    [
        "[ $x -gt 1 ]",
        "exit $x",
        "echo $((x)) $((x + 1)) $((${x}#1)) $((0x$x))",
        "shift $x",
        "OPTIND=$x; getopts a y -a",
        "OPTIND=nothing; getopts a y -a",
        "kill -$x 1",
        "wait $x",
        "umask $x",
        "trap : $x",
        "printf '%*d %d' $x $x $x",
        "read -t $x y < /dev/null",
        'eval "exec $x> /tmp/x"',
        "echo ${x:$x:$x}",
        "truncate -s $x /tmp/x",
        "chown 99999999999999999999 /tmp; chmod 7777777777777777777777777 /tmp; mkdir -m 7777777777777777777777777 /tmp/d",
        "sleep $x &",
        "sleep 99999999999999999999 &",
        "sleep 1 | head -c 99999999999999999999 &",
        "timeout 99999999999999999999 sleep 2e30 &",
        "dd if=/dev/zero of=/tmp/x bs=1 count=1 seek=99999999999999999999",
        "head -c $x /etc/passwd",
        "seq $x",
        "sleep 1 | tail -n $x",
    ],
)
@pytest.mark.parametrize("shell", ["bash", "dash", "busybox sh"])
def test_numbers_that_are_too_large_end_the_command_and_not_the_engine(shell: str, command: str) -> None:
    world = World()
    script = f"x=$(printf '9%.0s' $(seq 1 5000)); ({command}) > /dev/null 2>&1; echo on"
    world.container("busybox" if " " in shell else "debian", *shell.split(), "-c", script)
    world.run(5)
    assert world.output() == "on\n"
    assert msgspec.msgpack.encode(world.programs.state)


def test_a_file_is_no_longer_than_a_file_system_lets_it_be() -> None:
    world = World()
    app = world.script("sleep infinity", "debian")
    done = world.exec(app, "bash", "-c", "truncate -s 17T /tmp/x; truncate -s 15T /tmp/y; stat -c %s /tmp/y; ls /tmp")
    assert "File too large" in done.stderr
    assert done.stdout == f"{15 << 40}\ny\n"


def test_another_container_goes_on_beside_a_fork_bomb() -> None:
    world = World()
    world.script("f() { f | f & }; f; sleep 100")
    other = world.script("echo fine; sleep 1; echo still", name="other")
    world.run(3)
    assert "fine\nstill\n" in "".join(line.text + "\n" for line in world.programs.logs(other))


@pytest.mark.parametrize(
    "script", ["(" * 400, "$(" * 400, "{ " * 500, "echo " + "${x:-" * 300, "[[ " + "( " * 300, "echo $((" + "(" * 900]
)
def test_deep_nesting_is_refused_by_the_shell(script: str) -> None:
    world = World()
    world.container("debian", "bash", "-c", script)
    world.run(1)
    assert world.exit_of()[1].code != 0


def held(world: World) -> int:
    """Return how many bytes the files of all containers and volumes weigh, but for what the runtime puts into /etc."""
    trees = [state.layer for state in world.programs.state.containers.values()]
    trees += world.programs.state.volumes.values()
    return sum(len(node.text) for tree in trees for path, node in tree.nodes.items() if not path.startswith("/etc/"))


def fill(world: World, container: str, size: int) -> None:
    """Write a file /tmp/a of a size."""
    view = world.programs.view(world.programs.state.containers[container])
    view.put(view.target("/tmp/a"), Node("f", "a" * size))


@pytest.mark.parametrize("dialect", ["ash", "bash"])
def test_what_could_be_arithmetic_is_tried_once_where_it_stands(dialect: str) -> None:
    began = process_time()
    parse("echo " + "$((" * 22 + " echo " + ") )" * 22, dialect)
    assert process_time() - began < 10, "seconds; minutes where each pair of parentheses is tried twice within each other"


def test_files_together_take_no_more_than_one_may() -> None:
    world = World()
    app = world.script("sleep infinity")
    fill(world, app, 16_000_000)
    filled = world.exec(app, "sh", "-c", "cp /tmp/a /tmp/b; echo $?; cat /tmp/a > /tmp/c; echo $?; wc -c < /tmp/c")
    assert filled.stderr == "cp: write error: No space left on device\ncat: write error: No space left on device\n"
    assert filled.stdout.split() == ["1", "1", str((16 << 20) - 16_000_000)]
    assert limits(world) == {"bytes"}
    assert held(world) == 16 << 20
    after = world.exec(app, "sh", "-c", "echo more > /tmp/d; echo $?; rm /tmp/a; echo more > /tmp/d; echo $?; cat /tmp/d")
    assert after.stderr == "sh: write error: No space left on device\n"
    assert after.stdout == "1\n0\nmore\n"


@pytest.mark.parametrize(
    ("image", "command", "said"),
    [
        ("debian", "bash -c 'echo x > /tmp/d'", "bash: line 1: echo: write error: No space left on device\n"),
        ("debian", "dash -c 'echo x > /tmp/d'", "dash: 1: echo: echo: I/O error\n"),
        ("debian", "cp /etc/passwd /tmp/d", "cp: error writing '/tmp/d': No space left on device\n"),
        ("debian", "echo x | tee /tmp/d", "tee: /tmp/d: No space left on device\n"),
        ("debian", "seq 3 > /tmp/d", "seq: write error: No space left on device\n"),
        ("busybox", "echo x | tee /tmp/d", "tee: /tmp/d: I/O error\n"),
        ("busybox", "head /etc/passwd > /tmp/d", "head: standard output: No space left on device\n"),
        ("busybox", "printf x > /dev/full", "sh: write error: No space left on device\n"),
    ],
)
def test_commands_say_that_there_is_no_space(image: str, command: str, said: str) -> None:
    world = World()
    app = world.script("sleep infinity", image)
    fill(world, app, 16 << 20)
    done = world.exec(app, "sh", "-c", command)
    assert (done.stderr, done.code) == (said, 1)


def test_a_container_remembers_the_last_lines_of_its_log_alone() -> None:
    world = World()
    app = world.script("seq 1 30000; sleep 1; printf 'the\\nlast\\n'; head -c 30000 /dev/zero | tr '\\0' a; echo; yes")
    world.run(0.5)
    assert [line.text for line in world.programs.logs(app)][-3:] == ["29998", "29999", "30000"]
    world.run(1.5)
    assert {line.text for line in world.programs.logs(app)} == {"y"}
    assert len(msgspec.msgpack.encode(world.programs.state)) < 256 << 10
    assert world.output().startswith("1\n2\n3\n")


def test_nul_bytes_weigh_nothing() -> None:
    world = World()
    app = world.script("sleep infinity")
    made = world.exec(app, "sh", "-c", "dd if=/dev/zero of=/tmp/a bs=1M count=500 2>/dev/null; cp /tmp/a /tmp/b")
    assert made.code == 0
    assert held(world) == 0
    assert world.programs.usage(app).writable_layer >= 1000 << 20


def test_each_volume_has_a_limit_of_its_own() -> None:
    world = World()
    mounts = (Mount("/one", "one"), Mount("/two", "two"))
    app = world.script("sleep infinity", mounts=mounts)
    fill(world, app, 10_000_000)
    done = world.exec(app, "sh", "-c", "cp /tmp/a /one/a; cp /tmp/a /two/a; cp /tmp/a /two/b")
    assert done.stderr == "cp: write error: No space left on device\n"
    assert held(world) == 30_000_000
