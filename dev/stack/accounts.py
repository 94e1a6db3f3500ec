"""`dev/papers --accounts [PAGE…]`: runs pages against a stack whose Gemini and Stripe are not its own.

The stack gets them as docs/real-accounts.md says: by keys, a price, the secret of the webhook and its stable address.
They are stand-ins that were started beside the stack, so what the page says is tried without an account.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from stack import build, commands
from stack.paths import ROOT, Home
from stack.processes import Server, free_port, stop_all

PRICE, SECRET = "price_of_an_account", "whsec_of_an_account"
PAGES = ["README.md", "docs/real-accounts.md"]


def main(pages: list[str]) -> int:
    """Runs the pages and returns the exit code."""
    commands.interruptible()
    home = Home("accounts")
    home.claim()
    try:
        stop_all(home)
        build.build_standins()
        api, gemini, stripe = free_port(), free_port(), free_port()
        webhook = f"http://127.0.0.1:{api}/_aws/execute-api/chat/webhook/stripe"
        _start(home, "gemini", gemini)
        _start(home, "stripe", stripe, "--price", PRICE, "--webhook-url", webhook, "--webhook-secret", SECRET)
        settings = {
            "PORT": str(api),
            "GEMINI_API_KEY": "key_of_an_account",
            "GEMINI_BASE_URL": f"http://127.0.0.1:{gemini}",
            "STRIPE_SECRET_KEY": "sk_test_of_an_account",
            "STRIPE_API_BASE": f"http://127.0.0.1:{stripe}",
            "STRIPE_PRICE_ID": PRICE,
            "STRIPE_WEBHOOK_SECRET": SECRET,
        }
        up: list[str | Path] = [ROOT / "dev/up", "--name", "with-accounts", ROOT / "dev/papers", *(pages or PAGES)]
        return subprocess.call(up, env={**os.environ, **settings}, cwd=ROOT)
    finally:
        commands.uninterruptible()
        stop_all(home)


def _start(home: Home, name: str, port: int, *options: str) -> None:
    home.directory.mkdir(parents=True, exist_ok=True)
    Server(home, name).start([build.standin(name), "--listen", f"127.0.0.1:{port}", *options], port)
