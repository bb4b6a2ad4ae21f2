"""What the engine says in sentences of its own (assumptions, limits, decisions), in the reader's language.

The English stands in `lifecycle`; here it is a template: what a hole holds is Kubernetes' or the manifest's and stays as it is.
"""

from __future__ import annotations

import re

from django.utils.translation import get_language, gettext, gettext_noop

SENTENCES = (
    gettext_noop(
        "The image %(image)s is not known: it is assumed to be a server that listens on the declared ports (%(ports)s), answers every HTTP request with 200, and exits with 0 on SIGTERM."  # noqa: E501
    ),
    gettext_noop(
        "The image %(image)s is not known: as an init container it is assumed to do its work at once and to exit with 0."
    ),
    gettext_noop(
        "The image %(image)s is not known: the command %(command)s in it is assumed to exit with 0 and to put out nothing."
    ),
    gettext_noop("Nothing is known of what the image %(image)s holds: its volume is taken to be empty."),
    gettext_noop("Nothing is known of the provisioner %(name)s: each of its volumes is taken to be ready after 1 s"),
    gettext_noop("The command %(name)s is not modelled: it is assumed to exit with 0 at once and to put out nothing."),
    gettext_noop("The annotation %(name)s is not used: %(error)s"),
    gettext_noop("What %(name)s answers on port %(port)s is not modelled: it is assumed to end the connection."),
    gettext_noop("Python code is not run: python is assumed to exit with 0 at once."),
    gettext_noop(
        "Python code is not run: %(script)s is assumed to be a server on the declared ports that exits with 0 on SIGTERM."
    ),
    gettext_noop("A program in %(name)s's own language is not run: it is assumed to exit with 0 at once."),
    gettext_noop("tar with bzip2 or xz is not modelled: it is assumed to have failed."),
    gettext_noop("trap RETURN is not modelled: its action is never run."),
    gettext_noop("sysctl is assumed to have done what it was asked for."),
    gettext_noop("A signal to %(process)s, which is no container's, is assumed to do nothing."),
    gettext_noop("The node's own processes are assumed: init, containerd, the kubelet, and a pause for each Pod."),
    gettext_noop("stty %(word)s is not modelled: the terminal stays as it is."),
    gettext_noop("The clock of the node, which date is allowed to set, is not modelled: it goes on as it was."),
    gettext_noop(
        "%(name)s is not modelled in detail: it is assumed to listen on the declared ports, to answer, and to exit with 0 on SIGTERM."  # noqa: E501
    ),
    gettext_noop("%(name)s is not modelled: it is assumed to take 3 s and to exit with 0; what it installs is not there."),
    gettext_noop("%(name)s is not modelled: it is assumed to serve on the declared ports."),
    gettext_noop("%(name)s is modelled as a server only: %(command)s is assumed to exit with 0."),
    gettext_noop("%(name)s is not run: it is assumed to be a server on the declared ports that exits with 0 on SIGTERM."),
    gettext_noop("%(name)s is assumed to serve on the declared ports."),
    gettext_noop("%(command)s is assumed to exit with 0."),
    gettext_noop("The container met the limit of %(limit)s: %(consequence)s."),
    gettext_noop("The Pod met the limit of %(n)s restarts of all its containers: it makes one in a minute."),
    gettext_noop("The resolv.conf of the node is not known: it is assumed to name %(server)s, and no domains to search."),
    gettext_noop("These fields are kept and have no effect on the simulated life: %(fields)s."),
    gettext_noop("The Pod is not scheduled: the ResourceClaims that it asks for are not modelled (%(names)s)."),
    gettext_noop("Volumes were not mounted within 2m3s and are waited for anew: [%(names)s]"),
)
"""The more particular first."""

PARTS = (
    gettext_noop("%(n)s nested calls"),
    gettext_noop("%(n)s processes"),
    gettext_noop("%(n)s files"),
    gettext_noop("%(n)s words (%(m)s of braces) in one command"),
    gettext_noop("%(n)s steps of its scripts in one second"),
    gettext_noop("%(n)s steps of its scripts without a rest"),
    gettext_noop("%(n)s steps of its scripts, and %(m)s more for each second"),
    gettext_noop("%(n)s characters in sed's pattern space"),
    gettext_noop("%(n)s numbers of seq"),
    gettext_noop("%(n)s pairs of lines of diff"),
    gettext_noop("%(size)s of output of one command"),
    gettext_noop("%(size)s of output"),
    gettext_noop("%(size)s in one archive"),
    gettext_noop("%(size)s in one file"),
    gettext_noop("%(size)s in one packed file"),
    gettext_noop("%(size)s in the files of one file system"),
    gettext_noop("%(size)s in one script"),
    gettext_noop("%(size)s in one variable"),
    gettext_noop("%(size)s in what its processes hold"),
    gettext_noop("what one pattern of path names may look at"),
    gettext_noop("%(size)s in a pipe"),
    gettext_noop("%(size)s in a text that is edited"),
    gettext_noop("what matching one regular expression may take"),
    gettext_noop("what one command may read (some MiB, some 100,000 lines)"),
    gettext_noop("its command fails"),
    gettext_noop("no more processes can be started"),
    gettext_noop("no more can be written"),
    gettext_noop("no more can be made"),
    gettext_noop("they are left as busy for ever; they still take signals"),
    gettext_noop("they go on in the next second"),
    gettext_noop("they go on more slowly"),
    gettext_noop("only the last of it is kept, and no more is written down"),
    gettext_noop("the rest of it is lost"),
    gettext_noop("the rest is left out"),
    gettext_noop("the rest is not read"),
    gettext_noop("all lines are taken to differ"),
    gettext_noop("the rest is not shown"),
    gettext_noop("what comes after is left out"),
    gettext_noop("it cannot be written"),
    gettext_noop("it ends with %(code)s"),
    gettext_noop("what is written beyond is lost"),
    gettext_noop("the shell ends as when it is out of memory"),
    gettext_noop("the shell ends as after running out of stack"),
    gettext_noop("the rest of what braces make is left out"),
    gettext_noop("its braces stand for themselves"),
    gettext_noop("it matches no more"),
    gettext_noop("it is killed as when it is out of memory"),
)
"""What the limits are called, and what comes of meeting them."""


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)


_SENTENCES = [(_pattern(template), template) for template in SENTENCES]
_PARTS = [(_pattern(template), template) for template in PARTS]


def translated(text: str) -> str:
    """Return a sentence of the engine's in the reader's language; one that nobody has translated stays as it is."""
    if (get_language() or "en").startswith("en"):
        return text
    for pattern, template in _SENTENCES:
        match = pattern.fullmatch(text.strip())
        if match:
            holes = match.groupdict()
            values = {name: _part(value) if name in ("limit", "consequence") else value for name, value in holes.items()}
            return gettext(template) % values
    return text


def _part(text: str) -> str:
    for pattern, template in _PARTS:
        match = pattern.fullmatch(text)
        if match:
            return gettext(template) % match.groupdict()
    return text
