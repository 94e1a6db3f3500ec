"""A private Postgres, behind a PgBouncer if wanted, and a private Redis, a cluster if wanted.

Both begin empty, but a Postgres whose data is kept.
"""

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
from stack.tools import postgres_programs, postgres_version

USER = "chat"
# If Postgres is killed, it loses no commit.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "1000",
    "autovacuum_naptime": "10min",
}
# Data that is removed need not survive a crash of the machine, so Postgres does not wait for the disk. Kept data may
# lose its last moment in a crash, but is still readable.
REMOVED_DATA = {"fsync": "off", "full_page_writes": "off"}
KEPT_DATA = {"synchronous_commit": "off"}


def start_postgres(home: Home, password: str, keep: bool = False) -> str:
    """Starts a cluster with one database and returns its URL. The database is empty, or with `keep` as it was left."""
    programs = postgres_programs()
    if programs is None:
        raise Failure("No Postgres server is installed.")
    with step(f"postgres ({programs.parent.name})"):
        base = home.kept if keep else home.data
        folder, prefix = _owner(base, "postgres", keep)
        data = folder / "data"
        complete = _complete(base)
        # The folder may be gone: a temporary one does not outlive the machine's restart.
        is_new = not (complete.exists() and (data / "PG_VERSION").exists())
        port = free_port()
        log = home.logs / "postgres-setup.log"
        if is_new:
            _create(prefix, programs, data, password, log)
        _check_version(data, programs)
        extra = KEPT_DATA if keep else REMOVED_DATA
        settings = [part for name, value in (POSTGRES_SETTINGS | extra).items() for part in ("-c", f"{name}={value}")]
        command = [*prefix, programs / "postgres", "-D", data, "-p", str(port), *settings]
        ready = [str(programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
        server = Server(home, "postgres")
        server.start(command, port, stop=signal.SIGINT, stale=str(data / "postmaster.pid"), ready=ready)
        server_url = f"postgres://{USER}:{password}@127.0.0.1:{port}"
        if is_new:
            sql = [programs / "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
            run([*sql, f"{server_url}/template1", "-c", "create extension pg_stat_statements"], log, "psql")
            run([*sql, f"{server_url}/postgres", "-c", f"create database {USER}"], log, "psql")
            complete.touch()
        return f"{server_url}/{USER}"


def _create(prefix: list, programs: Path, data: Path, password: str, log: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, delete=False) as secret:
        secret.write(password)
    Path(secret.name).chmod(0o644 if prefix else 0o600)
    initdb = [programs / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", secret.name]
    initdb += ["-E", "UTF8", "--locale=C", "--no-sync"]
    run([*prefix, *initdb], log, "initdb", cwd=data.parent)
    Path(secret.name).unlink()


def _check_version(data: Path, programs: Path) -> None:
    """Refuses kept data of another major version of Postgres, which it cannot read."""
    theirs, ours = (data / "PG_VERSION").read_text().strip(), str(postgres_version(programs))
    if theirs != ours:
        raise Failure(f"The kept data is of Postgres {theirs}, and {ours} is installed: `make reset` removes the data.")


def _complete(base: Path) -> Path:
    """The file that says that a cluster and its database were created to the end."""
    return base / "postgres-is-complete"


def start_pgbouncer(home: Home, database_url: str) -> str:
    """Starts a PgBouncer that shares its connections by transaction, and returns the URL of the database behind it."""
    with step("pgbouncer"):
        url = urlsplit(database_url)
        folder, prefix = _owner(home.data, "pgbouncer")
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
    """Removes the data of stopped servers; what is kept stays."""
    for name in ("postgres", "pgbouncer", "redis"):
        _clear(home.data, name)


def has_kept(home: Home) -> bool:
    """Whether data of an earlier run is kept."""
    return _complete(home.kept).exists()


def forget(home: Home) -> None:
    """Removes what is kept."""
    _clear(home.kept, "postgres")
    shutil.rmtree(home.kept, ignore_errors=True)


def _clear(base: Path, name: str) -> None:
    note = _note(base, name)
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
        note.unlink()
    shutil.rmtree(base / name, ignore_errors=True)
    (base / f"{name}-is-complete").unlink(missing_ok=True)


def _note(base: Path, name: str) -> Path:
    """The file with the path of a server's folder, if that is not in the stack's own folder."""
    return base / f"{name}-is-in"


def _owner(base: Path, name: str, keep: bool = False) -> tuple[Path, list]:
    """A folder for a server, and the prefix for its commands, which must not run as root.

    The folder is empty, or with `keep` the one of the run before.
    """
    if not keep:
        _clear(base, name)
    folder = base / name
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        return folder, []
    mapped = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if shutil.which("unshare") and subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode == 0:
        return folder, mapped
    # Without user namespaces, as in many containers: use the account of the package, and a folder that it can access.
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    note = _note(base, name)
    if note.exists() and Path(note.read_text()).is_dir():
        return Path(note.read_text()), as_postgres
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise Failure("Postgres cannot run as root: run this as another user, or set DATABASE_URL.") from None
    elsewhere = Path(tempfile.mkdtemp(prefix=f"chat-backend-{name}-"))
    os.chown(elsewhere, account.pw_uid, account.pw_gid)
    note.write_text(str(elsewhere))
    return elsewhere, as_postgres
