"""Lifecycle hooks. Kubernetes: pkg/kubelet/lifecycle/handlers.go"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lifecycle import programs
from lifecycle.clock import SECOND
from lifecycle.core_v1.types import Container, LifecycleHandler
from lifecycle.kernel import Reply
from lifecycle.kubelet import reasons
from lifecycle.kubelet.probe import quoted, resolve_port
from lifecycle.kubelet.state import PodState
from lifecycle.runtime import delays, texts
from lifecycle.runtime.records import ContainerRecord

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

POST_START, PRE_STOP = "postStart", "preStop"
FALLBACK = " by HTTP"
HTTP_RESPONSE = "server gave HTTP response to HTTPS client"
USER_AGENT = ("User-Agent", "kube-lifecycle/1.36")


class Hooks:
    """The hooks that run. A result waits in `PodState.hooks` until its step takes it."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def post_start(self, pod: PodState, container: Container, record: ContainerRecord) -> bool:
        """Begin a postStart hook; say whether it has ended already."""
        assert container.lifecycle
        assert container.lifecycle.post_start
        return self._run(pod, container, record, POST_START, container.lifecycle.post_start)

    def pre_stop(self, pod: PodState, container: Container, record: ContainerRecord) -> bool:
        """Begin a preStop hook; say whether it has ended already."""
        assert container.lifecycle
        assert container.lifecycle.pre_stop
        return self._run(pod, container, record, PRE_STOP, container.lifecycle.pre_stop)

    def take_result(self, pod: PodState, container_id: str) -> str | None:
        """Return why the hook failed, or None."""
        return pod.hooks.pop(container_id, "") or None

    def _run(self, pod: PodState, container: Container, record: ContainerRecord, hook: str, handler: LifecycleHandler) -> bool:
        index = self.kernel.trace("hook", self.kubelet.about(pod, container.name), hook=hook, phase="started", message="")
        with self.kernel.because(index):
            error = self._start(pod, container, record, hook, handler)
            if error is not None:
                self._ended(pod, record.id, hook, error)
                return True
        return False

    def _start(
        self, pod: PodState, container: Container, record: ContainerRecord, hook: str, handler: LifecycleHandler
    ) -> str | None:
        """Begin; return an error where it cannot even begin."""
        reply = Reply("kubelet", "hook", (pod.uid, record.id, hook))
        if handler.exec:
            takes = self.kubelet.runtime.takes(delays.EXEC, pod)
            self.kernel.after(takes, "kubelet", "hook_exec", pod.uid, record.id, hook)
        elif handler.http_get:
            return self._http(pod, container, handler, reply)
        elif handler.sleep:
            self.kernel.after(handler.sleep.seconds * SECOND, "kubelet", "hook", pod.uid, record.id, hook, None)
        else:
            return f"Cannot run handler: invalid handler: {_go_struct(handler)}"
        return None

    def on_hook_exec(self, uid: str, container_id: str, hook: str) -> None:
        """Run a hook's command, now that the runtime has it."""
        pod = self.kubelet.state.pods.get(uid)
        record = pod.runtime.by_id(container_id) if pod else None
        container = self.kubelet.container(pod, record.name) if pod and record else None
        handler = _handler(container, hook)
        if pod is None or record is None or container is None or handler is None or handler.exec is None:
            return
        reply = Reply("kubelet", "hook", (uid, container_id, hook))
        if record.state != "running":
            self._over(pod, container_id, hook, self._exec_error(pod, container, handler, texts.no_running_task(record.id), ""))
            return
        failure = self.kubelet.programs.exec(record.id, handler.exec.command, reply)
        if failure:
            exec_id = self.kernel.seeds.hex(64, "exec", record.id, self.kernel.now)
            error = self._exec_error(pod, container, handler, texts.cannot_exec(exec_id, failure.message), "")
            self._over(pod, container_id, hook, error)

    def _falls_back(
        self, pod: PodState, container: Container, handler: LifecycleHandler, hook: str, record: ContainerRecord, error: str
    ) -> bool:
        """Ask again by HTTP where a server that was asked by HTTPS does not speak it."""
        get = handler.http_get
        if get is None or get.scheme != "HTTPS" or hook.endswith(FALLBACK) or HTTP_RESPONSE not in error:
            return False
        plain = msgspec.structs.replace(handler, http_get=msgspec.structs.replace(get, scheme="HTTP"))
        reply = Reply("kubelet", "hook", (pod.uid, record.id, hook + FALLBACK))
        return self._http(pod, container, plain, reply) is None

    def _tell_of_fallback(self, pod: PodState, container: Container, handler: LifecycleHandler) -> None:
        get = handler.http_get
        if get:
            host = f"{get.host or self.kubelet.pod_ip(pod)}:{resolve_port(get.port, container)}"
            message = f"request to HTTPS lifecycle hook {host} got HTTP response, retry with HTTP succeeded"
            self.kubelet.event(pod, "Warning", "LifecycleHTTPFallback", message, container.name)

    def _http(self, pod: PodState, container: Container, handler: LifecycleHandler, reply: Reply) -> str | None:
        get = handler.http_get
        assert get
        port = resolve_port(get.port, container)
        if isinstance(port, str):
            return self._http_error(pod, container, handler, port)
        request = programs.HTTPGet(
            node=pod.node,
            host=get.host or self.kubelet.pod_ip(pod),
            port=port,
            path=get.path,
            scheme=get.scheme,
            headers=(USER_AGENT, *((h.name, h.value) for h in get.http_headers)),
            timeout=None,
        )
        self.kubelet.programs.http(request, reply)
        return None

    def on_hook(self, uid: str, container_id: str, hook: str, result: Any) -> None:
        pod = self.kubelet.state.pods.get(uid)
        record = pod.runtime.by_id(container_id) if pod else None
        if pod is None or record is None:
            return
        container = self.kubelet.container(pod, record.name)
        handler = _handler(container, hook.removesuffix(FALLBACK))
        if container is None or handler is None:
            return
        error = ""
        if isinstance(result, programs.ExecResult) and result.code != 0:
            assert handler.exec
            text = f"command '{' '.join(handler.exec.command)}' exited with {result.code}: {result.stderr}"
            error = self._exec_error(pod, container, handler, text, result.stdout + result.stderr)
        elif isinstance(result, programs.HTTPResult) and result.error:
            if self._falls_back(pod, container, handler, hook, record, result.error):
                return
            error = self._http_error(pod, container, handler, result.error)
        if hook.endswith(FALLBACK) and not error:
            self._tell_of_fallback(pod, container, handler)
        self._over(pod, container_id, hook.removesuffix(FALLBACK), error)

    def _over(self, pod: PodState, container_id: str, hook: str, error: str) -> None:
        self._ended(pod, container_id, hook, error)
        if hook == POST_START:
            self.kubelet.sync_pod.resume(pod)

    def _ended(self, pod: PodState, container_id: str, hook: str, error: str) -> None:
        record = pod.runtime.by_id(container_id)
        name = record.name if record else ""
        phase = "failed" if error else "ended"
        index = self.kernel.trace("hook", self.kubelet.about(pod, name), hook=hook, phase=phase, message=error)
        self.kernel.cause = index
        if hook == POST_START:
            pod.hooks[container_id] = error
            return
        if error:
            self.kubelet.event(pod, "Warning", reasons.FAILED_PRE_STOP_HOOK, "PreStopHook failed", name)
        self.kubelet.termination.pre_stop_ended(pod, container_id)

    def _exec_error(self, pod: PodState, container: Container, handler: LifecycleHandler, error: str, output: str) -> str:
        assert handler.exec
        what = f"Exec lifecycle hook ([{' '.join(handler.exec.command)}])"
        return f"{self._failed(pod, container, what)} - error: {error}, message: {quoted(output)}"

    def _http_error(self, pod: PodState, container: Container, handler: LifecycleHandler, error: str) -> str:
        assert handler.http_get
        return f"{self._failed(pod, container, f'HTTP lifecycle hook ({handler.http_get.path})')} - error: {error}"

    def _failed(self, pod: PodState, container: Container, what: str) -> str:
        return f'{what} for Container "{container.name}" in Pod "{self.kubelet.pod_id(pod)}" failed'


def _handler(container: Container | None, hook: str) -> LifecycleHandler | None:
    if container is None or container.lifecycle is None:
        return None
    return container.lifecycle.post_start if hook == POST_START else container.lifecycle.pre_stop


def _go_struct(handler: LifecycleHandler) -> str:
    """Return a handler that has none but a tcpSocket as Go prints it with %v."""
    socket = "nil"
    if handler.tcp_socket:
        port, host = handler.tcp_socket.port, handler.tcp_socket.host
        shown = f"0 {port} " if isinstance(port, int) else f"1 0 {port}"
        socket = f"&TCPSocketAction{{Port:{{{shown}}},Host:{host},}}"
    return f"&LifecycleHandler{{Exec:nil,HTTPGet:nil,TCPSocket:{socket},Sleep:nil,}}"
