"""A private Postgres, behind a PgBouncer if wanted, and a private Redis, a cluster if wanted. Both are empty."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stack.console import Failure, run, step
from stack.paths import Home
from stack.processes import Server, free_port
from stack.tools import postgres_programs

USER = "chat"
# The data need not survive a crash of the machine, so Postgres does not wait for the disk. If Postgres is killed, it
# loses no commit.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "400",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}


def start_postgres(home: Home, password: str) -> str:
    """Creates a cluster with one empty database and returns its URL."""
    programs = postgres_programs()
    if programs is None:
        raise Failure("No Postgres server is installed.")
    with step(f"postgres ({programs.parent.name})"):
        folder, prefix = _owner(home, "postgres")
        data = folder / "data"
        port = free_port()
        log = home.logs / "postgres-setup.log"
        with tempfile.NamedTemporaryFile("w", dir=data.parent, delete=False) as secret:
            secret.write(password)
        Path(secret.name).chmod(0o644 if prefix else 0o600)
        initdb = ["initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", secret.name]
        initdb += ["-E", "UTF8", "--locale=C", "--no-sync"]
        run([*prefix, programs / initdb[0], *initdb[1:]], log, "initdb", cwd=data.parent)
        Path(secret.name).unlink()
        settings = [part for name, value in POSTGRES_SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [*prefix, programs / "postgres", "-D", data, "-p", str(port), *settings]
        ready = [str(programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
        server = Server(home, "postgres")
        server.start(command, port, stop=signal.SIGINT, stale=str(data / "postmaster.pid"), ready=ready)
        base = f"postgres://{USER}:{password}@127.0.0.1:{port}"
        sql = [programs / "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
        run([*sql, f"{base}/template1", "-c", "create extension pg_stat_statements"], log, "psql")
        run([*sql, f"{base}/postgres", "-c", f"create database {USER}"], log, "psql")
        return f"{base}/{USER}"


def start_pgbouncer(home: Home, database_url: str) -> str:
    """Starts a PgBouncer that shares its connections by transaction, and returns the URL of the database behind it."""
    with step("pgbouncer"):
        url = urlsplit(database_url)
        folder, prefix = _owner(home, "pgbouncer")
        port = free_port()
        (folder / "users.txt").write_text(f'"{url.username}" "{unquote(url.password or "")}"\n')
        (folder / "pgbouncer.ini").write_text(f"""[databases]
* = host={url.hostname} port={url.port or 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 3
max_client_conn = 400
""")
        Server(home, "pgbouncer").start([*prefix, "pgbouncer", folder / "pgbouncer.ini"], port, stop=signal.SIGINT)
        return url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}").geturl()


def start_redis(home: Home, cluster: bool = False) -> str:
    """Starts a Redis without persistence and returns its URL. As a `cluster` it is one node with every slot."""
    with step("redis"):
        port = free_port()
        folder = home.data / "redis"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        command += ["--dir", folder]
        if cluster:
            command += ["--cluster-enabled", "yes", "--cluster-port", str(free_port())]
        Server(home, "redis").start(command, port)
        if cluster:
            slots = ["redis-cli", "-p", str(port), "cluster", "addslotsrange", "0", "16383"]
            subprocess.run(slots, check=True, stdout=subprocess.DEVNULL)
        return f"redis://127.0.0.1:{port}"


def clear(home: Home) -> None:
    """Removes the data of stopped servers."""
    for name in ("postgres", "pgbouncer", "redis"):
        _clear(home, name)


def _clear(home: Home, name: str) -> None:
    note = _note(home, name)
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
        note.unlink()
    shutil.rmtree(home.data / name, ignore_errors=True)


def _note(home: Home, name: str) -> Path:
    """The file with the path of a server's folder, if that is not in the stack's own folder."""
    return home.data / f"{name}-is-in"


def _owner(home: Home, name: str) -> tuple[Path, list]:
    """A new folder for a server, and the prefix for its commands, which must not run as root."""
    _clear(home, name)
    folder = home.data / name
    folder.mkdir(parents=True, mode=0o700)
    if os.geteuid() != 0:
        return folder, []
    mapped = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if shutil.which("unshare") and subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode == 0:
        return folder, mapped
    # Without user namespaces, as in many containers: use the account of the package, and a folder that it can access.
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise Failure("Postgres cannot run as root: run this as another user, or set DATABASE_URL.") from None
    elsewhere = Path(tempfile.mkdtemp(prefix=f"chat-backend-{name}-"))
    os.chown(elsewhere, account.pw_uid, account.pw_gid)
    _note(home, name).write_text(str(elsewhere))
    return elsewhere, ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
