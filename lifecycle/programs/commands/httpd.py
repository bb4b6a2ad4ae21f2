"""Apache's HTTP server, as its official image has it."""

from __future__ import annotations

from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import ends_gracefully, local_time, serve
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, content_type, contents, server
from lifecycle.programs.state import Process


@command("httpd-apache")
def httpd_apache(call: Call) -> int | None:
    said = (
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using "
        + call.machine.sandbox.spec.ip
    )
    return serve(call, [80], "httpd-apache", said + ". Set the 'ServerName' directive globally to suppress this message")


@server("httpd-apache", manner=Manner(keeps="Keep-Alive", server="Apache/2.4.62 (Unix)", content_type="text/html"))
def httpd_apache_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path = "/usr/local/apache2/htdocs" + request.path.partition("?")[0]
    path = path + "index.html" if path.endswith("/") else path
    node = machine.view.get(path)
    if node is None or node.kind != "f":
        return HTTPResponse(
            404,
            "<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n</body></html>\n",
        )
    return HTTPResponse(200, contents(node), (("Content-Type", content_type(path)),))


def _common_log(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    """Write a line of Apache's format `common`, on standard output as its image has it."""
    when = local_time(machine, process, "%d/%b/%Y:%H:%M:%S %z")
    asked = f"{request.method} {request.path} HTTP/1.1"
    machine.write(process, 1, f'{request.client} - - [{when}] "{asked}" {response.status} {len(response.body) or "-"}\n')


ACCESS_LOGS["httpd-apache"] = _common_log


handler("httpd-apache")(ends_gracefully)
