"""POST, PUT, PATCH, DELETE: what is asked for goes to the cluster's writer, and its answer comes back.

Kubernetes: apiserver/pkg/endpoints/handlers (create.go, update.go, patch.go, delete.go)
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import RESOURCES, Target
from lifecycle.core_v1 import field, registry, status
from lifecycle.core_v1.patch import APPLY_PATCH, not_patched
from lifecycle.core_v1.status import Status
from lifecycle.wire import Answer, Object, Request
from podhub.api import bodies, list_options
from podhub.api.address import Address
from podhub.api.http import Call, Reply, json_reply, warning_headers
from podhub.api.negotiation import Wanted, wanted
from podhub.api.objects import as_table, include, listed, page, partial, served
from podhub.api.threads import on_thread
from podhub.log.moments import compact
from podhub.runs.queue import asubmit

VALIDATIONS = ("Ignore", "Strict", "Warn")

PROPAGATIONS = ("Foreground", "Background", "Orphan")


async def create(call: Call, address: Address, target: Target) -> Reply:
    """Make an object, or do what a subresource is posted to for. Raises: Refused."""
    check_options(call, "CreateOptions")
    body = await bodies.read_object(call, target.kind)
    target = _bound(target, body)
    _check_namespace(target, body)
    if isinstance(body, dict) and target.subresource == "eviction":
        _check_dry_run(call, body.get("deleteOptions"))
    return await written(call, address, target, "create", body)


def _bound(target: Target, body: Any) -> Target:
    """Return what a Binding that was posted to no Pod is about: the Pod of its name."""
    if target.kind.kind != "Binding":
        return target
    metadata = body.get("metadata") if isinstance(body, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return Target(RESOURCES["v1", "pods"], target.namespace, str(name or ""), "binding")


async def update(call: Call, address: Address, target: Target) -> Reply:
    """Replace an object. Raises: Refused."""
    check_options(call, "UpdateOptions")
    body = await bodies.read_object(call, target.kind)
    _check_namespace(target, body)
    metadata = body.get("metadata") if isinstance(body, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name and name != target.name:
        why = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise Refused(status.bad_request(why))
    if isinstance(metadata, dict) and not name:
        why = f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        raise Refused(status.bad_request(why))
    return await written(call, address, target, "update", body)


async def patch(call: Call, address: Address, target: Target) -> Reply:
    """Change an object. Raises: Refused."""
    check_options(call, "PatchOptions")
    return await written(call, address, target, "patch", await bodies.read_patch(call))


async def delete(call: Call, address: Address, target: Target) -> Reply:
    """Delete an object, or all that a query selects. Raises: Refused."""
    options = await bodies.read_options(call)
    _check_dry_run(call, options)
    check_options(call, "DeleteOptions")
    _check_delete(call, options)
    if target.name:
        return await written(call, address, target, "delete", options)
    return await _delete_all(call, address, target, options)


async def _delete_all(call: Call, address: Address, target: Target, options: Any) -> Reply:
    """Delete what a query selects, and answer with what that was before."""
    list_options.check_all(call)
    form = wanted(call.headers.get("accept", ""), "PartialObjectMetadataList")
    found = await on_thread(lambda: page(call, address, target))
    reply = await written(call, address, target, "deletecollection", options)
    return reply if reply.code >= 400 else listed(call, address, target, form, found)


def _check_dry_run(call: Call, options: Any) -> None:
    """Put the dryRun of a body's options where that of other requests stands."""
    if isinstance(options, dict) and options.get("dryRun") and "dryRun" not in call.query:
        given = options["dryRun"]
        call.query["dryRun"] = [str(one) for one in given] if isinstance(given, list) else [str(given)]


def _check_delete(call: Call, options: Any) -> None:
    given = (options or {}).get("propagationPolicy") or call.one("propagationPolicy")
    errors = []
    if given and ((options or {}).get("orphanDependents") is not None or call.one("orphanDependents")):
        why = "orphanDependents and deletionPropagation cannot be both set"
        errors.append(field.invalid("propagationPolicy", given, why))
    if given and given not in PROPAGATIONS:
        errors.append(field.not_supported("propagationPolicy", given, [*PROPAGATIONS, "nil"]))
    if errors:
        raise Refused(list_options.invalid("DeleteOptions.meta.k8s.io", "", errors))
    seconds = (options or {}).get("gracePeriodSeconds")
    if isinstance(seconds, int) and not -(2**63) <= seconds < 2**63:
        raise Refused(status.bad_request("gracePeriodSeconds: the number does not fit in 64 bits"))


def check_options(call: Call, kind: str) -> None:
    """Refuse options that mean nothing. Raises: Refused (422). Kubernetes: apimachinery/pkg/apis/meta/v1/validation"""
    errors = _apply_errors(call) if kind == "PatchOptions" else []
    errors += _manager_errors(call.one("fieldManager"))
    if any(value != "All" for value in call.query.get("dryRun", ()) if value or len(call.query["dryRun"]) > 1):
        errors.append(field.not_supported("dryRun", call.query["dryRun"], ["All"]))
    elif call.query.get("dryRun"):
        call.query["dryRun"] = ["All"] if "All" in call.query["dryRun"] else []
    validation = call.one("fieldValidation")
    if validation and validation not in VALIDATIONS:
        errors.append(field.not_supported("fieldValidation", validation, ["", *VALIDATIONS]))
    if errors:
        raise Refused(list_options.invalid(f"{kind}.meta.k8s.io", "", errors))


def _manager_errors(manager: str) -> list[field.Error]:
    errors = [field.too_long("fieldManager", 128)] if len(manager.encode()) > 128 else []
    for i, character in enumerate(manager):
        if not character.isprintable():
            why = f"invalid character U+{ord(character):04X} (at position {len(manager[:i].encode())})"
            errors.append(field.invalid("fieldManager", manager, why))
    return errors


def _apply_errors(call: Call) -> list[field.Error]:
    if call.content_type == APPLY_PATCH:
        return [] if call.one("fieldManager") else [field.required("fieldManager", "is required for apply patch")]
    return [field.forbidden("force", "may not be specified for non-apply patch")] if "force" in call.query else []


def _check_namespace(target: Target, body: Any) -> None:
    """Refuse an object of another namespace than the path's. Raises: Refused (400)."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    own = metadata.get("namespace") if isinstance(metadata, dict) else None
    if target.kind.namespaced and isinstance(own, str) and own and target.namespace and own != target.namespace:
        raise Refused(status.bad_request(registry.OTHER_NAMESPACE))


async def written(call: Call, address: Address, target: Target, verb: str, body: Any) -> Reply:
    """Have the cluster's writer take a request, and return its answer as an answer of the API. Raises: Refused."""
    form = wanted(call.headers.get("accept", ""), "PartialObjectMetadata")
    check_writable(address)
    _check_repeated(call, target, verb, body)
    kind = target.kind
    _name_manager(call, verb)
    request = Request(
        verb,
        kind.plural,
        kind.group_version,
        target.namespace,
        target.name,
        target.subresource,
        content_type=call.content_type if verb == "patch" else "application/json",
        query=call.query,
        body=body,
        user=call.user,
    )
    answer = await asubmit(address.cluster, request)
    if call.repeated and call.one("fieldValidation") != "Ignore":
        answer = msgspec.structs.replace(answer, warnings=tuple(dict.fromkeys((*call.repeated, *answer.warnings))))
    return await answered(call, address, target, answer, form)


def _check_repeated(call: Call, target: Target, verb: str, body: Any) -> None:
    """Refuse a body in which fields stand twice, where strict reading is asked for; else they become warnings.

    Kubernetes: apiserver/pkg/endpoints/handlers (patch.go, update.go). Raises: Refused (400, 422).
    """
    if not call.repeated or call.one("fieldValidation") != "Strict":
        return
    if call.content_type == APPLY_PATCH:
        raise Refused(status.bad_request(f"error strict decoding YAML: {call.repeated[0]}"))
    if verb == "patch":
        found = f"strict decoding error: {', '.join(call.repeated)}"
        raise Refused(not_patched(body, call.content_type, found))
    read = registry.read(body, "Strict", target.kind)
    if isinstance(read, Status):
        raise Refused(read)
    kind = target.kind
    version = kind.group_version.rpartition("/")[2]
    why = f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}: strict decoding error: '
    raise Refused(status.bad_request(why + ", ".join(call.repeated)))


def _name_manager(call: Call, verb: str) -> None:
    """Have fields managed in the name of the program that writes them, where the request names nobody else.

    Kubernetes: apiserver/pkg/endpoints/handlers (managerOrUserAgent)
    """
    agent = call.headers.get("user-agent", "").partition("/")[0]
    if verb in ("create", "update", "patch") and not call.one("fieldManager") and agent and agent.isprintable():
        call.query["fieldManager"] = [agent[:128]]


def check_writable(address: Address) -> None:
    """Refuse to change the past. Raises: Refused (403)."""
    if address.moment is not None:
        name = address.cluster.name
        fork = f"podhub cluster create NEW --from {name}@{compact(address.moment.at)}"
        why = f"cluster {name!r} as it was is read-only; fork it from that moment ({fork}), or change {name!r} as it is now"
        raise Refused(Status(403, "Forbidden", why, {}))


async def answered(call: Call, address: Address, target: Target, answer: Answer, form: Wanted) -> Reply:
    """Return the writer's answer as an answer of the API."""
    body = answer.body
    if body.get("kind") == "Status":
        seconds = (body.get("details") or {}).get("retryAfterSeconds")
        retry = (("retry-after", str(seconds)),) if seconds else ()
        return json_reply(body, answer.code, (*warning_headers(answer.warnings), *retry), form.content_type)
    if "items" not in body:
        body = served(await _versioned(address, target, answer), target, address.cluster, address.now)
        if form.form == "Table":
            metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
            body = as_table(target, [body], address.now, metadata, include(call), form)
        elif form.form:
            body = partial(body, form)
    return json_reply(body, answer.code, warning_headers(answer.warnings), form.content_type)


async def _versioned(address: Address, target: Target, answer: Answer) -> Object:
    """Return an answer's object with its resourceVersion: that of the change, or the one it has had."""
    metadata = answer.body["metadata"]
    version = answer.changed
    if version is None:
        name = metadata.get("namespace", ""), metadata.get("name", "")

        def standing() -> int | None:
            address.cluster.refresh_from_db(fields=["head", "horizon"])
            found = address.view.find(target.kind.plural, *name)
            same = found is not None and found.object["metadata"].get("uid") == metadata.get("uid")
            return found.seq if found and same else None

        version = await on_thread(standing)
    if version is None:
        return answer.body
    return {**answer.body, "metadata": {**metadata, "resourceVersion": str(version)}}
