"""The catalogue itself, one entry for each image."""

from __future__ import annotations

import msgspec

from lifecycle.programs.lists import names


class Entry(msgspec.Struct, frozen=True):
    """What an image is made of: a base's files, its own programs and files, its configuration.

    `release` is the version of its program where no tag says it (empty: its tags are no versions of that); variables that
    end in _VERSION tell it. `entrypoint_since`: releases before that one have no entry point.
    """

    base: str
    cmd: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    programs: dict[str, str] = {}
    files: dict[str, str] = {}
    directories: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    working_dir: str = "/"
    user: str = ""
    stop_signal: str = "SIGTERM"
    ports: tuple[int, ...] = ()
    release: str = ""
    entrypoint_since: str = ""


_NGINX_PAGE = """<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
"""

_NGINX = Entry(
    base="debian",
    cmd=("nginx", "-g", "daemon off;"),
    programs={"/usr/sbin/nginx": "nginx", "/usr/bin/curl": "curl"},
    files={
        "/usr/share/nginx/html/index.html": _NGINX_PAGE,
        "/usr/share/nginx/html/50x.html": (
            "<!DOCTYPE html>\n<html>\n<head>\n"
            "<title>Error</title>\n</head>\n"
            "<body>\n<h1>An error occurred.</h1>\n"
            "</body>\n</html>\n"
        ),
        "/etc/nginx/nginx.conf": (
            "\nuser  nginx;\nworker_processes  auto;\n\n"
            "error_log  /var/log/nginx/error.log notice;\npid        /run/nginx.pid;\n\n\n"
            "events {\n    worker_connections  1024;\n}\n\n\nhttp {\n"
            "    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n\n"
            "    log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
            "                      '$status $body_bytes_sent \"$http_referer\" '\n"
            '                      \'"$http_user_agent" "$http_x_forwarded_for"\';\n\n'
            "    access_log  /var/log/nginx/access.log  main;\n\n"
            "    include /etc/nginx/conf.d/*.conf;\n}\n"
        ),
        "/etc/nginx/conf.d/default.conf": (
            "server {\n    listen       80;\n    listen  [::]:80;\n"
            "    server_name  localhost;\n\n"
            "    #access_log  /var/log/nginx/host.access.log  main;\n\n"
            "    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n\n"
            "    #error_page  404              /404.html;\n\n"
            "    error_page   500 502 503 504  /50x.html;\n"
            "    location = /50x.html {\n        root   /usr/share/nginx/html;\n    }\n"
            "}\n"
        ),
    },
    directories=("/var/log/nginx", "/var/cache/nginx"),
    env=(("NGINX_VERSION", "1.22.1"),),
    stop_signal="SIGQUIT",
    ports=(80,),
    release="1.22.1",
)

_OFFICIAL_NGINX = msgspec.structs.replace(
    _NGINX,
    entrypoint=("/docker-entrypoint.sh",),
    entrypoint_since="1.19",
    programs={
        **_NGINX.programs,
        "/docker-entrypoint.sh": "nginx-entrypoint",
        "/docker-entrypoint.d/10-listen-on-ipv6-by-default.sh": "true",
        "/docker-entrypoint.d/15-local-resolvers.envsh": "true",
        "/docker-entrypoint.d/20-envsubst-on-templates.sh": "true",
        "/docker-entrypoint.d/30-tune-worker-processes.sh": "true",
    },
)


def _nginx_at(entry: Entry, port: int, user: str) -> Entry:
    """Return an image in which nginx is nobody special, and listens where that one may."""
    site = "/etc/nginx/conf.d/default.conf"
    files = {**entry.files, site: entry.files[site].replace("80;", f"{port};")}
    return msgspec.structs.replace(entry, files=files, user=user, ports=(port,))


_CURL_PASSWD = "root:x:0:0:root:/root:/bin/sh\ncurl_user:x:100:101:Linux User,,,:/home/curl_user:/bin/sh\n"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _server(program: str, path: str, port: int, base: str = "debian", **more: object) -> Entry:
    """Return an image that holds one server."""
    entry = Entry(base=base, cmd=(path.rpartition("/")[2],), programs={path: program}, ports=(port,))
    return msgspec.structs.replace(entry, **more)


def _runtime(name: str, base: str = "debian-procps", **more: object) -> Entry:
    """Return the image of a language: its interpreter does nothing by itself."""
    entry = Entry(base=base, cmd=(name,), programs={f"/usr/local/bin/{name}": f"runtime:{name}"})
    return msgspec.structs.replace(entry, **more)


def _static(name: str, program: str, *ports: int) -> Entry:
    """Return an image that holds one program written in Go, and nothing else."""
    return Entry("scratch", entrypoint=(f"/{name}",), programs={f"/{name}": program}, ports=ports)


_HELLO_APP = Entry("alpine", cmd=("./hello-app",), programs={"/hello-app": "hello-app"}, ports=(8080,), env=(("PORT", "8080"),))
_DNSUTILS = Entry(
    "debian",
    cmd=("sleep", "infinity"),
    programs={"/usr/bin/nslookup": "nslookup", "/usr/bin/dig": "dig", "/usr/bin/host": "host", "/usr/bin/curl": "curl"},
)

ENTRIES: dict[str, Entry] = {
    "busybox": Entry("busybox", cmd=("sh",), release="1.35.0"),
    "e2e-test-images/busybox": Entry("busybox", cmd=("sh",), release="1.35.0"),
    "alpine": Entry("alpine", cmd=("/bin/sh",)),
    "debian": Entry("debian", cmd=("bash",)),
    "ubuntu": Entry("ubuntu", cmd=("/bin/bash",)),
    "centos": Entry("centos", cmd=("/bin/bash",)),
    "bash": Entry(
        "alpine",
        cmd=("bash",),
        entrypoint=("docker-entrypoint.sh",),
        programs={"/usr/local/bin/bash": "bash", "/usr/local/bin/docker-entrypoint.sh": "entrypoint"},
    ),
    "nginx": _OFFICIAL_NGINX,
    "e2e-test-images/nginx": _NGINX,
    "demoapp": _NGINX,
    "secret-fetch": Entry("busybox", cmd=("sh",)),
    "network-proxy": Entry("scratch", cmd=("/goproxy",), programs={"/goproxy": "goproxy"}, ports=(8080,)),
    "nginx-slim": msgspec.structs.replace(_NGINX, release=""),
    "nginx-unprivileged": _nginx_at(_OFFICIAL_NGINX, 8080, "101"),
    "bitnami/nginx": _nginx_at(_NGINX, 8080, "1001"),
    "httpd": _server(
        "httpd-apache",
        "/usr/local/bin/httpd-foreground",
        80,
        stop_signal="SIGWINCH",
        directories=("/usr/local/apache2/htdocs",),
        files={"/usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n"},
        working_dir="/usr/local/apache2",
    ),
    "agnhost": Entry(
        "alpine",
        cmd=("pause",),
        entrypoint=("/agnhost",),
        programs={"/agnhost": "agnhost", "/usr/bin/curl": "curl"},
        ports=(80, 8080, 8081, 9376),
    ),
    "e2e-test-images/agnhost": Entry(
        "alpine",
        cmd=("pause",),
        entrypoint=("/agnhost",),
        programs={"/agnhost": "agnhost", "/usr/bin/curl": "curl"},
        ports=(80, 8080, 8081, 9376),
    ),
    "liveness": Entry("scratch", entrypoint=("/server",), programs={"/server": "agnhost-liveness"}, ports=(8080,)),
    "goproxy": Entry("scratch", cmd=("/goproxy",), programs={"/goproxy": "goproxy"}, ports=(8080,)),
    "pause": Entry("scratch", entrypoint=("/pause",), programs={"/pause": "pause"}, user="65535:65535"),
    "echoserver": _server("echoserver", "/usr/local/bin/run.sh", 8080),
    "hello-app": _HELLO_APP,
    "google-samples/hello-app": _HELLO_APP,
    "http-echo": Entry("scratch", entrypoint=("/http-echo",), programs={"/http-echo": "http-echo"}, ports=(5678,)),
    "whoami": Entry("scratch", entrypoint=("/whoami",), programs={"/whoami": "whoami-server"}, ports=(80,)),
    "curl": Entry(
        "alpine",
        entrypoint=("/entrypoint.sh",),
        cmd=("curl",),
        programs={"/entrypoint.sh": "entrypoint", "/usr/bin/curl": "curl"},
        files={"/etc/passwd": _CURL_PASSWD},
        user="100",
        working_dir="/home/curl_user",
        directories=("/home/curl_user",),
    ),
    "curlimages/curl": Entry(
        "alpine",
        entrypoint=("/entrypoint.sh",),
        cmd=("curl",),
        programs={"/entrypoint.sh": "entrypoint", "/usr/bin/curl": "curl"},
        files={"/etc/passwd": _CURL_PASSWD},
        user="100",
        working_dir="/home/curl_user",
        directories=("/home/curl_user",),
    ),
    "redis": Entry(
        "debian",
        cmd=("redis-server",),
        entrypoint=("docker-entrypoint.sh",),
        programs={
            "/usr/local/bin/redis-server": "redis-server",
            "/usr/local/bin/redis-cli": "redis-cli",
            "/usr/local/bin/docker-entrypoint.sh": "entrypoint",
        },
        working_dir="/data",
        directories=("/data",),
        ports=(6379,),
    ),
    "memcached": Entry(
        "debian",
        cmd=("memcached",),
        entrypoint=("docker-entrypoint.sh",),
        programs={"/usr/local/bin/memcached": "server:memcached", "/usr/local/bin/docker-entrypoint.sh": "entrypoint"},
        user="11211",
        ports=(11211,),
    ),
    "postgres": Entry(
        "debian",
        cmd=("postgres",),
        entrypoint=("docker-entrypoint.sh",),
        programs={
            "/usr/local/bin/postgres": "postgres",
            "/usr/local/bin/docker-entrypoint.sh": "entrypoint",
            "/usr/bin/pg_isready": "pg_isready",
            "/usr/bin/psql": "psql",
        },
        env=(("PGDATA", "/var/lib/postgresql/data"),),
        directories=("/var/lib/postgresql/data",),
        stop_signal="SIGINT",
        ports=(5432,),
    ),
    "mysql": Entry(
        "debian",
        cmd=("mysqld",),
        entrypoint=("docker-entrypoint.sh",),
        programs={
            "/usr/sbin/mysqld": "mysqld",
            "/usr/local/bin/docker-entrypoint.sh": "entrypoint",
            "/usr/bin/mysqladmin": "mysqladmin",
            "/usr/bin/mysql": "mysql",
        },
        directories=("/var/lib/mysql",),
        ports=(3306,),
    ),
    "mariadb": Entry(
        "debian",
        cmd=("mariadbd",),
        entrypoint=("docker-entrypoint.sh",),
        programs={
            "/usr/sbin/mariadbd": "mysqld",
            "/usr/local/bin/docker-entrypoint.sh": "entrypoint",
            "/usr/bin/mariadb-admin": "mysqladmin",
        },
        ports=(3306,),
    ),
    "mongo": Entry(
        "debian",
        cmd=("mongod",),
        entrypoint=("docker-entrypoint.sh",),
        programs={"/usr/bin/mongod": "server:mongod", "/usr/local/bin/docker-entrypoint.sh": "entrypoint"},
        ports=(27017,),
    ),
    "rabbitmq": Entry(
        "debian",
        cmd=("rabbitmq-server",),
        entrypoint=("docker-entrypoint.sh",),
        programs={"/usr/bin/rabbitmq-server": "server:rabbitmq-server", "/usr/local/bin/docker-entrypoint.sh": "entrypoint"},
        ports=(5672,),
    ),
    "fluentd": Entry("debian", cmd=("fluentd",), programs={"/usr/bin/fluentd": "server:fluentd"}, ports=(24224,)),
    "fluent-bit": Entry(
        "scratch",
        cmd=("/fluent-bit/bin/fluent-bit",),
        programs={"/fluent-bit/bin/fluent-bit": "server:fluent-bit"},
        ports=(2020,),
    ),
    "python": _runtime("python3", programs={"/usr/local/bin/python3": "python", "/usr/local/bin/python": "python"}),
    "node": _runtime(
        "node",
        entrypoint=("docker-entrypoint.sh",),
        programs={
            "/usr/local/bin/node": "runtime:node",
            "/usr/local/bin/npm": "server:npm",
            "/usr/local/bin/docker-entrypoint.sh": "entrypoint",
        },
    ),
    "golang": _runtime("go", cmd=("bash",)),
    "openjdk": _runtime("java", cmd=("jshell",), programs={"/usr/local/bin/java": "runtime:java"}),
    "eclipse-temurin": _runtime("java", cmd=("jshell",), programs={"/usr/local/bin/java": "runtime:java"}),
    "ruby": _runtime("ruby"),
    "php": _runtime("php"),
    "perl": _runtime("perl", programs={"/usr/local/bin/perl": "perl"}),
    "stress": Entry("debian", entrypoint=("/usr/bin/stress",), programs={"/usr/bin/stress": "stress"}),
    "polinux/stress": Entry(
        "debian", cmd=("stress",), programs={"/usr/bin/stress": "stress", "/usr/local/bin/stress": "stress"}
    ),
    "stress-ng": Entry("alpine", entrypoint=("/usr/bin/stress-ng",), programs={"/usr/bin/stress-ng": "stress"}),
    "vish/stress": _static("stress", "vish-stress"),
    "podinfo": Entry(
        "alpine",
        cmd=("./podinfo",),
        programs={"/home/app/podinfo": "podinfo", "/usr/bin/curl": "curl"},
        working_dir="/home/app",
        user="100",
        ports=(9898,),
    ),
    "httpbin": _server("httpbin", "/usr/local/bin/gunicorn", 80),
    "kuard-amd64": _static("kuard", "kuard", 8080),
    "kuard": _static("kuard", "kuard", 8080),
    "hpa-example": _server("hpa-example", "/usr/local/bin/apache2-foreground", 80, stop_signal="SIGWINCH"),
    "php-apache": _server("hpa-example", "/usr/local/bin/apache2-foreground", 80, stop_signal="SIGWINCH"),
    "gb-frontend": _server("gb-frontend", "/usr/local/bin/apache2-foreground", 80, stop_signal="SIGWINCH"),
    "node-hello": Entry(
        "debian-procps", cmd=("/bin/sh", "-c", "node server.js"), programs={"/usr/local/bin/node": "node-hello"}, ports=(8080,)
    ),
    "test-webserver": _static("test-webserver", "test-webserver", 80),
    "hello-world": Entry("scratch", cmd=("/hello",), programs={"/hello": "hello-world"}),
    "netshoot": Entry(
        "alpine",
        cmd=("zsh",),
        programs={"/bin/zsh": "bash", "/bin/bash": "bash", "/usr/bin/curl": "curl", "/usr/bin/dig": "dig"},
    ),
    "jessie-dnsutils": _DNSUTILS,
    "e2e-test-images/jessie-dnsutils": _DNSUTILS,
    "dnsutils": _DNSUTILS,
}

_KUBIA = _server(
    "kubia", "/usr/local/bin/node", 8080, base="debian-procps", cmd=(), entrypoint=("node", "app.js"), files={"/app.js": ""}
)
ENTRIES["kubia"] = ENTRIES["kubia-unhealthy"] = _KUBIA
ENTRIES["simpleservice"] = Entry(
    "debian-procps",
    cmd=("python", "simpleservice.py"),
    programs={"/usr/local/bin/python": "simpleservice", "/usr/bin/curl": "curl"},
    working_dir="/usr/src/app",
    ports=(9876,),
    release="0.5.0",
)
ENTRIES["hellok8s"] = _server("hellok8s", "/main", 3000, base="alpine", cmd=("/main",))
ENTRIES["batch-job"] = Entry(
    "busybox", entrypoint=("/bin/sh", "-c", 'echo "$(date) Batch job starting"; sleep 120; echo "$(date) Finished succesfully"')
)
ENTRIES["gb-redis-follower"] = ENTRIES["redis-follower"] = ENTRIES["redis"]
ENTRIES["jenkins"] = Entry(
    "debian",
    entrypoint=("/usr/local/bin/jenkins.sh",),
    programs={"/usr/local/bin/jenkins.sh": "server:java"},
    env=(("JENKINS_HOME", "/var/jenkins_home"),),
    directories=("/var/jenkins_home",),
    user="1000",
    ports=(8080, 50000),
)

SERVER_PROGRAMS = names(
    "java node python python3 ruby php php-fpm gunicorn uvicorn celery flask npm yarn pnpm dotnet rails puma unicorn "
    "nginx httpd apache2 caddy haproxy envoy traefik redis-server postgres mysqld mongod memcached rabbitmq-server etcd "
    "consul vault prometheus grafana-server fluentd supervisord"
)
"""Programs that serve until they are told to stop; in an unknown image they are assumed to be there."""
