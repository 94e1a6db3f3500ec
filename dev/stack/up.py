"""`dev/up [--name NAME] [COMMAND…]`: the whole backend on this machine.

Without a command it runs until Ctrl-C. With a command it runs the command against the stack and ends with its exit
code. NAME separates a second stack of the same clone; its files are in .dev/run-NAME.

The database of a stack without a command is kept for its next run (`dev/ctl reset` removes it). With a command the
database is another one, which is empty and is removed at the end.
"""

from __future__ import annotations

import os
import shlex
import shutil
import time
from pathlib import Path

from stack import aws, build, commands, example, health, live, overview, page, preflight, settings, stores
from stack.console import Failure, report, say, step
from stack.environment import given
from stack.paths import MAIN, ROOT, Home
from stack.processes import Server, free_port, servers, stop_all


class Stack:
    """The running stack, and the variables with the addresses of its parts."""

    def __init__(self, home: Home, keep: bool):
        self.home = home
        self.keep = keep
        self.began_with_data = keep and not given("DATABASE_URL") and stores.has_kept(home)
        self.variables: dict = {}

    def start(self) -> None:
        """Starts everything; when it returns, the API is ready."""
        stop_all(self.home)
        self.home.env.unlink(missing_ok=True)
        for directory in (self.home.logs, self.home.faults):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        build.announce(preflight.profile())
        port = preflight.port() or free_port()
        self.local = local = aws.LocalAws(self.home, port)
        local.start()
        standins = self._standins()
        database_url = given("DATABASE_URL")
        redis_url = given("REDIS_URL")
        if not database_url:
            database_url = stores.start_postgres(self.home, settings.keys()["PostgresPassword"], self.keep)
        if not redis_url:
            redis_url = stores.start_redis(self.home, cluster=bool(given("REDIS_CLUSTER")))
        template = build.build_for(self.home, preflight.profile())
        page_port = page.choose_port()
        page_url = page.address(page_port)
        parameters = settings.parameters(database_url, redis_url, build.host(), page=page.returns(page_url), **standins)
        if given("PGBOUNCER"):
            pooled = stores.start_pgbouncer(self.home, database_url)
            parameters["DatabaseUrl"] = f"{pooled}{'&' if '?' in pooled else '?'}pgbouncer=true"
            parameters["MigrationDatabaseUrl"] = database_url
        if "gemini" in standins:
            self._start_standin("gemini", standins["gemini"])
        outputs = self._deploy(local, parameters, template)
        if "stripe" in standins:
            webhook = ["--webhook-url", outputs["WEBHOOK_URL"], "--price", parameters["StripePriceId"]]
            webhook += ["--webhook-secret", parameters["StripeWebhookSecret"].split(",")[0]]
            if self.keep:
                self.home.kept.mkdir(parents=True, exist_ok=True)
                webhook += ["--keep", self.home.kept / "stripe.json"]
            self._start_standin("stripe", standins["stripe"], *webhook)
        with step("health"):
            health.wait(local.api_url, self.home)
        page.start(self.home, page_port)
        self.variables = {
            **outputs,
            "PAGE_URL": page_url,
            **{f"{name.upper()}_STANDIN_URL": url for name, url in standins.items()},
            "WEBHOOK_SECRET": parameters["StripeWebhookSecret"].split(",")[0],
            "OPERATOR_KEY": parameters["OperatorKey"],
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "AWS_ENDPOINT_URL": local.endpoint,
            **aws.ACCESS,
            "STACK_NAME": self.home.name,
            "STACK_PID": str(os.getpid()),
            **{f"{one.name.upper()}_PID": str(one.record["pid"]) for one in servers(self.home)},
        }
        self._write_env()

    def stay(self) -> None:
        """Waits; fails if a server ends without having been stopped."""
        feed = live.Feed(self.local)
        while True:
            time.sleep(0.5)
            feed.show()
            for server in servers(self.home):
                if not server.alive() and not server.stopped_on_purpose():
                    raise Failure(f"{server.name} has ended.", server.log)

    def _deploy(self, local: aws.LocalAws, parameters: dict, template: Path) -> dict:
        """Deploys; a database of an earlier run may be what the deployment stumbles over."""
        try:
            return local.deploy(parameters, template)
        except Failure as failure:
            if self.began_with_data:
                advice = "The database is the one of the last run. If it does not suit this code: "
                raise Failure(f"{failure}\n{advice}{overview.command(self.home, 'reset')}", failure.log) from None
            raise

    def stop(self) -> None:
        """Stops everything and removes the variables and what is not kept; the logs stay."""
        self.home.env.unlink(missing_ok=True)
        stop_all(self.home)
        if self.keep and self.variables:
            overview.farewell(self.home)
        stores.clear(self.home)
        shutil.rmtree(self.home.code, ignore_errors=True)

    def screen(self) -> None:
        """Prints the addresses and a first command."""
        env = os.path.relpath(self.home.env, ROOT)
        say(f"\n  Page      {self.variables['PAGE_URL']}")
        say(f"  API       {self.variables['API_URL']}")
        say(f"  Webhook   {self.variables['WEBHOOK_URL']}")
        say(f"  Streams   {self.variables['STREAM_URL']}")
        say(f"  Docs      {self.variables['API_URL']}/docs; variables: . {env}")
        logs = os.path.relpath(self.home.logs, ROOT)
        say(f"  Logs      {logs}/; of the functions: {overview.command(self.home, 'logs')}")
        say("\n  Start with:\n")
        say(f"    curl -i {self.variables['API_URL']}/auth/signup \\")
        say("""      -H 'content-type: application/json' -d '{"mobile":"+14155550100","name":"Ada"}'\n""")
        self._screen_of_streams()
        overview.show(self.home, self.variables, self.began_with_data)
        say("  Ctrl-C stops all of it.\n")

    def _screen_of_streams(self) -> None:
        """Prints how a reply is followed while it is written."""
        is_ours = not given("DATABASE_URL") and given("OTP_DELIVERY") != "sns"
        line = example.command(self.variables) if is_ours else None
        if line:
            say(f"  Watch an answer while it is written:\n\n    {line}\n")

    def _standins(self) -> dict:
        wanted = {"gemini": settings.wants_gemini_standin(), "stripe": settings.wants_stripe_standin()}
        chosen = {name: f"http://127.0.0.1:{free_port()}" for name, is_wanted in wanted.items() if is_wanted}
        if chosen:
            build.build_standins()
        return chosen

    def _start_standin(self, name: str, url: str, *options: str) -> None:
        with step(f"{name} stand-in"):
            address = url.removeprefix("http://")
            command = [build.standin(name), "--listen", address, *options]
            Server(self.home, name).start(command, int(address.rpartition(":")[2]))

    def _write_env(self) -> None:
        draft = self.home.env.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.variables.items()))
        draft.replace(self.home.env)


def main(arguments: list[str]) -> int:
    """Runs the stack and returns the exit code."""
    name = MAIN
    if arguments[:1] == ["--name"] and len(arguments) > 1:
        name, arguments = arguments[1], arguments[2:]
    commands.interruptible()
    preflight.check()
    home = Home(name)
    home.claim()
    stack = Stack(home, keep=not arguments)
    began = time.monotonic()
    try:
        stack.start()
        say(f"  ready after {time.monotonic() - began:.1f} s")
        if arguments:
            return commands.run(arguments, stack.variables)
        stack.screen()
        stack.stay()
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stack.stop()
