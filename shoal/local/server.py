"""The service's process: one port on loopback for the data plane and ARM, until it is told to end."""

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import random
import secrets
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import Route

from shoal import service_status as status
from shoal.local import accounts, admin
from shoal.local.api.dispatch import DataPlane
from shoal.local.arm import blob_access, defaults
from shoal.local.arm.resource_manager import ResourceManager
from shoal.local.control import LOG_NAME, CannotStart, make_directory
from shoal.local.edge import METHODS, Edge
from shoal.local.identity.certificates import Certificates, ensure_certificates
from shoal.local.identity.discovery import Discovery
from shoal.local.identity.token_endpoint import TokenEndpoint
from shoal.local.identity.tokens import OWNER, TENANT, Tokens, make_key
from shoal.local.node import task_users
from shoal.local.service import STORAGE_SERVED, Service
from shoal.local.start_options import StartOptions
from shoal.local.state_files import DATABASE, keep_private, let_pass, require_blobs_kept, require_not_lost
from shoal.local.storage import Storage, StorageMissing, free_port
from shoal.local.store import settings
from shoal.local.store.database import ForeignDatabase, open_database, wait_for_disk

THREADS = 32
"""For what waits: ends of processes, files of nodes."""
LOOK_EVERY = 1.0
"""Seconds between looks at the files of the state."""
LOCK_TRIES, LOCK_PAUSE = 20, 0.05
POWER_SAFE, TASK_USERS = "power_safe", "task_users"
"""Names of settings."""

log = logging.getLogger(__name__)


def serve(state_dir: Path, options: StartOptions, *, attached: bool = False, logged: bool = False) -> None:
    """Run until SIGTERM or SIGINT; where attached, also until standard input ends. Raises CannotStart.

    Where logged, its output goes to the log of the state, which is emptied first.

    Without a port and a scheme those of the state's last service are taken again, since clients and tasks know URLs
    with them; a new state gets any port that is free, and plain HTTP.
    """
    make_directory(state_dir)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # The SDK logs every request at INFO.
    logging.getLogger("azure").setLevel(logging.WARNING)
    with _usable(state_dir), _alone_on(state_dir):
        if logged:
            _write_to(state_dir / LOG_NAME)
        keep_private(state_dir)
        connection = _open(state_dir)
        require_blobs_kept(state_dir, were_served=bool(settings.get(connection, STORAGE_SERVED, 0)))
        if _kept_switch(connection, POWER_SAFE, options.power_safe):
            wait_for_disk(connection)
        batch_socket = _listen(connection, options.port)
        tokens = Tokens(_secret(connection, "token_key", make_key))
        certificates = _certificates(connection, state_dir, tokens, requested=options.https)
        storage = Storage(folder=state_dir / "azurite", port=_blob_port(connection), certificates=certificates)
        service = Service(
            state_dir=state_dir,
            connection=connection,
            storage=storage,
            url=f"{'https' if certificates else 'http'}://127.0.0.1:{batch_socket.getsockname()[1]}",
            tokens=tokens,
            client_secret=_secret(connection, "client_secret", lambda: secrets.token_urlsafe(32)),
            trust=_trust(certificates),
            task_users=_task_users(connection, state_dir, requested=options.task_users),
        )
        # The service's own clients of storage, and its agents, which inherit them.
        os.environ.update(service.trust)
        _collect_garbage_less_often()
        try:
            uvloop.run(_run(service, state_dir, batch_socket, certificates, attached=attached))
        except StorageMissing as exc:
            raise CannotStart(str(exc)) from exc
        finally:
            status.forget_status(state_dir)


def _collect_garbage_less_often() -> None:
    """Leave out what lives as long as the process, and look after more objects: a collection of tasks has thousands."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@contextlib.contextmanager
def _usable(state_dir: Path) -> Iterator[None]:
    """Turn what is wrong with the files of the state into CannotStart, in one sentence that names the file."""
    try:
        yield
    except sqlite3.Error as exc:
        log.exception("the database failed")
        raise CannotStart(f"the state in {state_dir / DATABASE} cannot be used: {exc}") from exc
    except OSError as exc:
        if not str(exc.filename).startswith(str(state_dir)):
            raise
        raise CannotStart(f"{exc.filename} cannot be used ({exc.strerror}); move it away") from exc


def _write_to(path: Path) -> None:
    """Let the output of this process go to a file, which is emptied: `control` takes its lines for those of now."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for output in (sys.stdout, sys.stderr):
        os.dup2(descriptor, output.fileno())
    os.close(descriptor)


class Server(uvicorn.Server):
    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]  # it is a generator there
        """Leave signals to this module: uvicorn would raise them again at its end, before the nodes are stopped."""
        return contextlib.nullcontext()


async def _run(
    service: Service, state_dir: Path, batch_socket: socket.socket, certificates: Certificates | None, *, attached: bool
) -> None:
    resources = ResourceManager(service)
    # A bound method: Starlette would take the object itself for an ASGI application.
    arm = resources.__call__
    routes = [
        *admin.routes(service),
        *TokenEndpoint(service).routes(),
        *Discovery(service).routes(),
        Route("/tenants", arm, methods=METHODS),
        Route("/subscriptions", arm, methods=METHODS),
        Route("/subscriptions/{path:path}", arm, methods=METHODS),
        Route("/providers/{path:path}", arm, methods=METHODS),
        Route("/-/{path:path}", admin.nothing_here, methods=METHODS),
        # Last: it takes any path.
        Route("/{path:path}", DataPlane(service).__call__, methods=METHODS),
    ]
    # The timeout: a client that leaves its request open would otherwise keep the service from ending.
    server = Server(
        uvicorn.Config(
            Edge(Starlette(routes=routes)),
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
            ssl_certfile=certificates.server if certificates else None,
            ssl_keyfile=certificates.server_key if certificates else None,
        )
    )
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="wait"))
    # Before the start: a signal that comes during it ends what has been started.
    _end_on_request(server, attached=attached)
    try:
        await blob_access.guard(service)
        await service.start()
        await defaults.ensure(service)
        # Last of the start: `control.start` returns once it reads this. The socket listens already.
        present = _status(service, state_dir, certificates)
        status.write_status(present)
        watching = asyncio.create_task(_watch_files(server, service, present))
        await server.serve(sockets=[batch_socket])
        watching.cancel()
    finally:
        await resources.long_operations.close()
        await service.stop()


def _end_on_request(server: Server, *, attached: bool) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        # An ended input stays readable: the loop would call this at every turn.
        loop.remove_reader(sys.stdin)
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    if attached:
        # Nothing is ever written there: it can be read once the process that held the other end is gone.
        loop.add_reader(sys.stdin, end)


async def _watch_files(server: Server, service: Service, present: status.Status) -> None:
    """Write the status anew where somebody has damaged or removed it, and end when the database was removed."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if (fault := service.database_files.fault()) is not None:
            # `Service.stop` puts it back, once nothing changes any more.
            log.error("%s; the service writes it again and ends", fault)
            server.should_exit = True
            return
        if not status.is_written(present):
            log.error("%s was damaged or removed; it is written again", Path(present.state_dir) / status.FILE_NAME)
            # A directory may stand there; the next look tries again.
            with contextlib.suppress(OSError):
                status.write_status(present)


def _status(service: Service, state_dir: Path, certificates: Certificates | None) -> status.Status:
    account, storage_account = accounts.DEFAULT_ACCOUNT, accounts.DEFAULT_STORAGE_ACCOUNT
    return status.Status(
        pid=os.getpid(),
        state_dir=str(state_dir),
        batch_endpoint=f"{service.url}/{account}",
        account=account,
        key=service.account_keys(account)[0],
        arm_endpoint=service.url,
        arm_token=service.arm_token,
        blob_endpoint=f"{service.storage.endpoint}/{storage_account}",
        storage_account=storage_account,
        storage_key=accounts.storage_keys(service.connection)[storage_account],
        tenant_id=TENANT,
        client_id=OWNER.client_id,
        client_secret=service.client_secret,
        ca_file=str(certificates.authority) if certificates else None,
        ca_bundle=str(certificates.bundle) if certificates else None,
        power_safe=bool(settings.get(service.connection, POWER_SAFE, 0)),
        task_users=service.task_users is not None,
    )


@contextlib.contextmanager
def _alone_on(state_dir: Path) -> Iterator[None]:
    """Hold a lock file and the directory itself: either alone could be removed, or be replaced, under the service."""
    directory = os.open(state_dir, os.O_RDONLY)
    try:
        with (state_dir / status.LOCK_NAME).open("a") as lock:
            if not (_locked(lock.fileno()) and _locked(directory)):
                raise CannotStart(f"a service already runs on {state_dir}; `shoal local status` shows it")
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            # An earlier service that was killed has left its status, which must not be taken for this one's.
            status.forget_status(state_dir)
            yield
    finally:
        os.close(directory)


def _locked(lock: int) -> bool:
    """Try for a while: `is_running` takes the lock for a moment, too."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        else:
            return True
    return False


def _open(state_dir: Path) -> sqlite3.Connection:
    path = state_dir / DATABASE
    require_not_lost(state_dir)
    try:
        return open_database(path)
    except ForeignDatabase as exc:
        raise CannotStart(str(exc)) from exc


def _listen(connection: sqlite3.Connection, requested: int | None) -> socket.socket:
    port = requested if requested is not None else settings.get(connection, "batch_port", 0)
    try:
        listening = socket.create_server(("127.0.0.1", port))
    except OSError as exc:
        hint = "stop what uses it, or choose another with --port N (0 takes any that is free)"
        raise CannotStart(f"port {port} cannot be listened on ({exc.strerror}); {hint}") from None
    settings.put(connection, "batch_port", listening.getsockname()[1])
    return listening


def _blob_port(connection: sqlite3.Connection) -> int:
    """Return the port of storage, the same at every start: jobs hold URLs with it."""
    if not (port := settings.get(connection, "blob_port", 0)):
        port = free_port()
        settings.put(connection, "blob_port", port)
    return port


def _kept_switch(connection: sqlite3.Connection, name: str, requested: bool | None) -> bool:
    """Return the switch as requested, or else as at the last start; off at the first. Keep it for the next one."""
    value = requested if requested is not None else bool(settings.get(connection, name, 0))
    settings.put(connection, name, int(value))
    return value


def _task_users(connection: sqlite3.Connection, state_dir: Path, *, requested: bool | None) -> int | None:
    """Return where the numbers of the state's task users begin, in nodes, or None for none. Raises CannotStart."""
    wanted = requested if requested is not None else bool(settings.get(connection, TASK_USERS, 0))
    obstacle = task_users.obstacle(state_dir) if wanted else None
    if obstacle is not None:
        raise CannotStart(f"--task-users {obstacle}; --no-task-users starts without")
    settings.put(connection, TASK_USERS, int(wanted))
    if not wanted:
        return None
    let_pass(state_dir)
    if (start := settings.get(connection, "task_user_start", -1)) < 0:
        # At random, since another service of this machine has users of its own.
        start = random.randrange(task_users.NODES)
        settings.put(connection, "task_user_start", start)
    return start


def _secret(connection: sqlite3.Connection, name: str, make: Callable[[], str]) -> str:
    """Return a secret of the state, which is made at its first start."""
    if not (secret := settings.get(connection, name, "")):
        secret = make()
        settings.put(connection, name, secret)
    return secret


def _certificates(
    connection: sqlite3.Connection, state_dir: Path, tokens: Tokens, *, requested: bool | None
) -> Certificates | None:
    """Return the certificates of HTTPS, or None where the service is to speak plain HTTP."""
    if not _kept_switch(connection, "https", requested):
        return None
    names = accounts.names(connection)
    return ensure_certificates(state_dir / "https", token_key=tokens.public_pem, accounts=names)


def _trust(certificates: Certificates | None) -> Mapping[str, str]:
    if certificates is None:
        return {}
    return status.trust_variables(authority=str(certificates.authority), bundle=str(certificates.bundle))
