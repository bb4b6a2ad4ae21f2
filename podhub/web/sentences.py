"""Traces in words: one sentence for each kind that `lifecycle/CONTRACTS.md` lists; and their causes, in a word or two."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from podhub.web.engine_texts import translated

Body = dict[str, Any]

SHOWN = 120
"""Characters of what was sent that a sentence shows."""


def sentence(kind: str, body: Body) -> str:
    """Return what a trace says, in the reader's language; Kubernetes' own words stay as they are."""
    write = _SENTENCES.get(kind)
    return write(body) if write else f"{kind} {body.get('text') or ''}".strip()


def cause(kind: str, type: str, resource: str, name: str) -> str:
    """Return what an entry of the log is, as the cause of another: `probe`, `Event Killing`, `request create pods`.

    `name` is its object's, of an Event its reason; of the Pod that is spoken of there is none.
    """
    if kind == "trace":
        return gettext(_CAUSES.get(type, type))
    if kind == "request":
        return gettext("request %(request)s") % {"request": f"{type} {resource}"}
    if resource == "events":
        return gettext("Event %(reason)s") % {"reason": name}
    changes = {
        "ADDED": gettext("%(object)s created"),
        "MODIFIED": gettext("%(object)s changed"),
        "DELETED": gettext("%(object)s gone"),
    }
    return changes.get(type, "%(object)s") % {"object": f"{resource}/{name}" if name else gettext("the Pod")}


def request_sentence(body: Body) -> str:
    """Return what was asked of the API and by whom: `delete pods by podhub`, `patch pods/status`."""
    asked = "/".join(filter(None, (body.get("resource"), body.get("subresource"))))
    text = f"{body.get('verb', '')} {asked}"
    return gettext("%(request)s by %(user)s") % {"request": text, "user": body["user"]} if body.get("user") else text


def _probe(body: Body) -> str:
    result = body.get("result") or ""
    values = {"probe": body.get("probe", ""), "result": gettext(_RESULTS.get(result, result)), "run": body.get("run", 1)}
    text = gettext("%(probe)s probe: %(result)s") % values
    if (body.get("run") or 1) > 1:
        text += ngettext(", %(run)d in a row", ", %(run)d in a row", body["run"]) % values
    if body.get("every"):
        text += gettext(", again every %(every)s s") % {"every": f"{body['every']:g}"}
    return _with(text, body.get("output"))


def _hook(body: Body) -> str:
    phases = {
        "started": gettext("%(hook)s hook started"),
        "ended": gettext("%(hook)s hook ended"),
        "failed": gettext("%(hook)s hook failed"),
        "abandoned": gettext("%(hook)s hook was abandoned"),
    }
    return _with(phases.get(body.get("phase", ""), "%(hook)s") % {"hook": body.get("hook", "")}, body.get("message"))


def _pull(body: Body) -> str:
    phases = {
        "started": gettext("pulling the image %(image)s"),
        "ended": gettext("pulled the image %(image)s"),
        "failed": gettext("the image %(image)s cannot be pulled"),
    }
    return _with(phases.get(body.get("phase", ""), "%(image)s") % {"image": body.get("image", "")}, body.get("message"))


def _signal(body: Body) -> str:
    text = gettext("%(signal)s to the container") % {"signal": body.get("signal", "")}
    if body.get("grace") is not None:
        text += gettext(", %(grace)s s of grace") % {"grace": f"{body['grace']:g}"}
    return _with(text, body.get("why"))


def _exit(body: Body) -> str:
    text = gettext("ended with exit code %(code)s") % {"code": body.get("exitCode", 0)}
    if body.get("signal"):
        text += gettext(" by %(signal)s") % {"signal": body["signal"]}
    return f"{text} ({body['reason']})" if body.get("reason") else text


def _exec(body: Body) -> str:
    command = body.get("command") or ""
    command = command if isinstance(command, str) else " ".join(command)
    if body.get("phase") == "ended":
        text = gettext("%(command)s ended with exit code %(code)s") % {"command": command, "code": body.get("exitCode", 0)}
    else:
        text = gettext("%(command)s started") % {"command": command}
    return _with(text, _excerpt(body.get("message")))


def _attach(body: Body) -> str:
    if body.get("tty"):
        return gettext("somebody attached to its terminal")
    if body.get("stdin"):
        return gettext("somebody attached to its output and its standard input")
    return gettext("somebody attached to its output")


def _portforward(body: Body) -> str:
    values = {"port": body.get("port", 0)}
    if body.get("phase") == "ended":
        return _with(gettext("the forwarded connection to port %(port)s ended") % values, body.get("message"))
    return gettext("a forwarded connection to port %(port)s") % values


def _proxy(body: Body) -> str:
    if body.get("phase") != "ended":
        text = gettext("%(method)s %(path)s passed on to port %(port)s")
        return text % {"method": body.get("method", ""), "path": body.get("path", ""), "port": body.get("port", 0)}
    if body.get("message"):
        return _with(gettext("no answer to what was passed on"), body["message"])
    return gettext("answered with status %(status)s") % {"status": body.get("status", 0)}


def _session(body: Body) -> str:
    """Say what somebody's own command or connection was told; of bytes that are no text, that there are some."""
    values = {"stream": body.get("stream", ""), "session": body.get("session", 0)}
    return _with(gettext("%(stream)s of session %(session)s") % values, _excerpt(body.get("text")))


def _decision(body: Body) -> str:
    return f"{body['by']}: {_assumption(body)}" if body.get("by") else _assumption(body)


def _limit(body: Body) -> str:
    return gettext("limit %(limit)s: %(text)s") % {"limit": body.get("limit", ""), "text": _assumption(body)}


def _assumption(body: Body) -> str:
    return translated(_text(body))


def _text(body: Body) -> str:
    return str(body.get("text", ""))


def _excerpt(text: str | None) -> str:
    """Return the beginning of what a program wrote, on one line; of bytes that are no text only what can be read."""
    words = " ".join("".join(one if one.isprintable() else " " for one in text or "").split())
    return words[:SHOWN] + ("…" if len(words) > SHOWN else "")


def _with(text: str, more: str | None) -> str:
    return f"{text}: {more.strip()}" if more and more.strip() else text


_SENTENCES = {
    "probe": _probe,
    "hook": _hook,
    "pull": _pull,
    "signal": _signal,
    "exit": _exit,
    "exec": _exec,
    "attach": _attach,
    "portforward": _portforward,
    "proxy": _proxy,
    "session": _session,
    "decision": _decision,
    "limit": _limit,
    "assumption": _assumption,
    "output": _text,
}

_RESULTS = {"success": gettext_noop("success"), "failure": gettext_noop("failure"), "error": gettext_noop("error")}

_CAUSES = {
    "probe": gettext_noop("probe"),
    "hook": gettext_noop("hook"),
    "pull": gettext_noop("image pull"),
    "signal": gettext_noop("signal"),
    "exit": gettext_noop("end of the process"),
    "exec": gettext_noop("command"),
    "attach": gettext_noop("attachment"),
    "portforward": gettext_noop("forwarded connection"),
    "proxy": gettext_noop("proxied request"),
    "session": gettext_noop("session"),
    "decision": gettext_noop("decision"),
    "limit": gettext_noop("limit"),
    "assumption": gettext_noop("assumption"),
    "output": gettext_noop("output"),
}
