"""`dev/up dev/papers [PAGE…]`: runs every shell block of README.md and docs/*.md as printed, against the stack.

The blocks of a page run in one shell, one after another, in a folder that looks like the clone but has the variables
of this stack. A JSON block after a shell block is what it prints: the names in it must be those of the real answer. A
block that cannot run here has a comment before it, which a reader of the page does not see:
`<!-- not run: the reason -->`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stack.accounts import main as with_accounts
from stack.environment import given
from stack.paths import DEV, ROOT, Home

PAGES = ["README.md", "docs/*.md", "dev/standins/README.md", "clients/*/README.md"]
SHELL = ("sh", "bash", "shell", "console")
FENCE = re.compile(r"^( *)```(\w*)\s*$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
ELLIPSIS = "…"
# A page that takes longer hangs.
SECONDS = 100


@dataclass
class Block:
    """A shell block of a page, and the answer that the page shows after it."""

    page: Path
    line: int
    text: str
    not_run: str | None = None
    shows: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The shell blocks of a page."""
    found: list[Block] = []
    fence, last = None, ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if fence is None and (opened := FENCE.match(line)):
            kind, fence, begun, lines = opened[2], opened[1], number, []
        elif fence is not None and line.strip() == "```":
            text = "".join(f"{one.removeprefix(fence)}\n" for one in lines)
            if kind in SHELL:
                reason = NOT_RUN.match(last)
                found.append(Block(page, begun, text, reason[1] if reason else None))
                follows = True
            elif kind == "json" and found and follows:
                found[-1].shows = text
            fence, last = None, ""
        elif fence is not None:
            lines.append(line)
        elif line.strip():
            last = line.strip()
            follows = last.endswith(":")
    return found


def differences(shown: str, printed: str) -> list[str]:
    """The names of an answer in a page that the real one lacks; without an ellipsis, also those that the page lacks."""
    ours = set(re.findall(r'"(\w+)":', shown))
    theirs = set(re.findall(r'"(\w+)":', printed))
    lacking = [f"the answer has no {name}" for name in sorted(ours - theirs)]
    if ELLIPSIS not in shown:
        lacking += [f"the page has no {name}" for name in sorted(theirs - ours)]
    return lacking


def main(arguments: list[str]) -> int:
    """Runs the pages, or the named ones; the result is 1 if one of them fails."""
    if arguments[:1] == ["--accounts"]:
        return with_accounts(arguments[1:])
    pages = [ROOT / name for name in arguments] or [one for name in PAGES for one in sorted(ROOT.glob(name))]
    passed = failed = 0
    for page in pages:
        ok, wrong = run(page, blocks(page))
        passed, failed = passed + ok, failed + wrong
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed;")
    return 1 if failed else 0


def run(page: Path, found: list[Block]) -> tuple[int, int]:
    """Runs the blocks of one page. Returns how many passed and failed."""
    for block in found:
        if block.not_run:
            print(f"{block.place} is not run: {block.not_run}")
    to_run = [block for block in found if not block.not_run]
    if not to_run:
        return 0, 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chat-backend-papers-") as folder:
        looks_like_the_clone(Path(folder) / "clone")
        outputs, code = _shell(Path(folder), to_run)
    if not outputs:
        print(f"{page.relative_to(ROOT)}: bash cannot read its blocks, exit code {code}")
    passed = 0
    for block, printed in zip(to_run, outputs, strict=False):
        is_last = block is to_run[len(outputs) - 1]
        wrong = [f"exit code {code}"] if is_last and code else differences(block.shows, printed) if block.shows else []
        passed += not wrong
        if wrong:
            print(f"{block.place}: {'; '.join(wrong)}\n{block.text}\nIt printed:\n{printed}")
    print(f"{page.relative_to(ROOT)}: {passed} of {len(to_run)} blocks, {time.monotonic() - began:.1f} s", flush=True)
    return passed, len(to_run) - passed


def _shell(folder: Path, to_run: list[Block]) -> tuple[list[str], int]:
    """Runs the blocks in one shell. Returns what each one that began has printed, and the exit code."""
    script = folder / "script"
    marked = [f"exec >{folder}/{number} 2>&1\n{block.text}" for number, block in enumerate(to_run)]
    script.write_text("set -eu -o pipefail\n" + "\n".join(marked))
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    try:
        env = {**os.environ, **accounts()}
        done = subprocess.run(["bash", script], cwd=folder / "clone", env=env, timeout=SECONDS, check=False, **streams)
        code = done.returncode
    except subprocess.TimeoutExpired:
        code = 124
    begun = [folder / str(number) for number in range(len(to_run))]
    return [file.read_text(errors="replace") for file in begun if file.exists()], code


def accounts() -> dict:
    """What a reader has who has accounts at Gemini and Stripe: the stack's own ones, else those of the stand-ins."""
    of_standins = {
        "GEMINI_API_KEY": "local",
        "GEMINI_BASE_URL": os.environ.get("GEMINI_STANDIN_URL", ""),
        "STRIPE_SECRET_KEY": "sk_test_local",
        "STRIPE_API_BASE": os.environ.get("STRIPE_STANDIN_URL", ""),
    }
    return {name: given(name) or value for name, value in of_standins.items()}


def looks_like_the_clone(folder: Path) -> None:
    """Makes a folder with the clone's files, whose .dev/env is that of this stack."""
    folder.mkdir()
    (folder / ".dev").mkdir()
    for source, target in ((ROOT, folder), (DEV, folder / ".dev")):
        for one in source.iterdir():
            if one.name not in (".dev", ".git", "env"):
                (target / one.name).symlink_to(one)
    (folder / ".dev" / "env").symlink_to(Home.current().env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
