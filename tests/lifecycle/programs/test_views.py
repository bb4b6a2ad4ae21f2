"""What a view finds at one look is what it finds step by step, whatever was written, linked or removed over the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.programs.files import FileError, Node, Tree
from lifecycle.programs.images import userland
from lifecycle.programs.images.image import Image
from lifecycle.programs.links import steps
from lifecycle.programs.paths import parent
from lifecycle.programs.view import View
from tests.lifecycle.programs.world import World

PATH = "/usr/local/bin:/usr/bin:/bin:sbin:"


def image() -> Image:
    return Image(
        userland.with_parents(
            {
                "/usr/bin/cat": userland.program("cat"),
                "/usr/bin/ls": userland.program("ls"),
                "/usr/local/bin": userland.directory(),
                "/bin": userland.link("/usr/bin"),
                "/usr/lib/run": userland.file("#!/bin/sh\n", 0o755),
                "/usr/bin/run": userland.link("../lib/run"),
                "/usr/bin/notes": userland.file("no program"),
                "/etc/loop": userland.link("/etc/loop"),
                "/mnt": userland.directory(),
                "/tmp": userland.directory(),
            }
        )
    )


PLACES = st.sampled_from(
    [
        "/tmp/a",
        "/tmp/a/b",
        "/tmp/a/b/cat",
        "/usr/local/bin/cat",
        "/usr/local/bin/ls",
        "/usr/bin/cat",
        "/usr/bin/run",
        "/usr/bin",
        "/usr/lib/run",
        "/bin",
        "/bin/new",
        "/etc/loop",
        "/etc/loop/x",
        "/mnt/a",
        "/mnt/cat",
        "/sbin/cat",
        "/sbin",
        "/new",
        "/proc/1/root/tmp",
    ]
)
CHANGES = st.lists(st.tuples(st.sampled_from(["file", "program", "directory", "link", "remove"]), PLACES, PLACES), max_size=12)


def change(view: View, what: str, path: str, other: str) -> None:
    """Do what programs do; what cannot be done fails as a system call does."""
    try:
        if what == "remove":
            place, node = view.find(path, follow=False)
            if node.kind != "d" or not view.names(place.full):
                view.remove(place)
            return
        place = view.target(path, follow=what in ("file", "program"))
        if view.node_at(place) is not None and what in ("directory", "link"):
            return
        made = {
            "file": Node("f", "text"),
            "program": userland.program("written"),
            "directory": userland.directory(),
            "link": userland.link(other),
        }[what]
        if (there := view.node_at(place)) is None or there.kind == "f":
            view.put(place, made)
    except FileError:
        pass


def outcome(find: Callable[..., Any], *args: Any) -> Any:
    try:
        return find(*args)
    except FileError as error:
        return error.code


def as_one_image(view: View) -> View:
    """Return the same files with nothing written over them: what is found in them is found step by step."""
    nodes = {path: node for path, node in {**view.image, **view.layer.nodes}.items() if not node.gone}
    return View(Image(nodes), Tree(), [("/mnt", "data", "", False)], view.volumes)


def last_step(view: View, path: str) -> str:
    return list(steps(path, lambda one: view.node_at(view.place(one))))[-1]


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES, asked=st.lists(PLACES, max_size=4))
def test_one_look_finds_what_steps_find(changes: list[tuple[str, str, str]], asked: list[str]) -> None:
    layer, volumes = Tree(), {"data": Tree(nodes={"/": userland.directory()})}
    view = View(image(), layer, [("/mnt", "data", "", False)], volumes.get)
    for what, path, other in changes:
        for one in asked:  # what is found is remembered
            outcome(view.get, one)
            outcome(view.resolve, one)
            view.program(PATH, "cat", "/tmp")
        change(view, what, path, other)
    flat = as_one_image(view)
    anew = View(view.image, layer, [("/mnt", "data", "", False)], volumes.get)
    for path in asked:
        end = outcome(last_step, flat, path)
        for one in (view, anew):
            assert outcome(one.resolve, path) == end
            assert one.get(path) == (flat.node_at(flat.place(end)) if end.startswith("/") else None)
    for name in ("cat", "ls", "run", "notes", "new"):
        for directory in ("/", "/tmp", parent("/tmp/a/b")):
            paths = [f"/usr/local/bin/{name}", f"/usr/bin/{name}", f"/bin/{name}", f"{directory.rstrip('/')}/sbin/{name}"]
            paths.append(f"{directory.rstrip('/')}/{name}")
            nodes = [flat.get(path) for path in paths]
            first = next((path for path, node in zip(paths, nodes, strict=True) if node and node.executable), None)
            for one in (view, anew):
                found = one.program(PATH, name, directory)
                assert (found and found.path) == first


def test_a_program_that_is_written_before_another_on_path_is_found_first() -> None:
    world = World()
    write = "printf '#!/bin/sh\\necho mine\\n' > /usr/local/bin/ls; chmod +x /usr/local/bin/ls"
    world.script(f"ls / > /dev/null; {write}; ls; rm /usr/local/bin/ls; ls /nowhere", image="debian")
    world.run(1)
    assert world.output() == "mine\nls: cannot access '/nowhere': No such file or directory\n"


def test_containers_of_one_image_do_not_find_each_others_programs() -> None:
    world = World()
    world.script("printf '#!/bin/sh\\necho mine\\n' > /bin/hello; chmod +x /bin/hello; hello; sleep 100")
    world.run(1)
    world.script("hello", name="second")
    world.run(2)
    assert world.output() == "mine\nsh: hello: not found\n"


def test_processes_share_the_environment_that_they_are_given_and_keep_their_own_changes() -> None:
    world = World()
    app = world.script("export A=changed; env | grep ^A=; sleep 100", env=(("A", "given"),))
    world.run(1)
    assert world.exec(app, "sh", "-c", "A=other; echo $A").stdout == "other\n"
    assert world.exec(app, "printenv", "A").stdout == "given\n"
    assert world.output() == "A=changed\n"


def test_an_address_is_the_newest_pods_also_after_a_restore() -> None:
    world = World()
    world.pod("old", ip="10.244.0.9")
    world.pod("new", ip="10.244.0.9")
    for one in (world, world.saved_and_restored()):
        assert one.programs.sandbox_at("10.244.0.9").spec.pod == "new"
        one.programs.remove_sandbox("new")
        assert one.programs.sandbox_at("10.244.0.9").spec.pod == "old"
        one.programs.remove_sandbox("old")
        assert one.programs.sandbox_at("10.244.0.9") is None
