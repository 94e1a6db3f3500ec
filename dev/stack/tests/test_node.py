"""The scripts that use Node.js: they check its version, and do not wait for each other for ever."""

import fcntl
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from stack.paths import ROOT

SCRIPT = f'set -eu; . "{ROOT}/dev/npm/common.sh"; need_node; take_lock "$1"; echo done'


class AScript(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.lock = self.folder / "lock"

    def run_with(self, version: str | None, **env: str) -> subprocess.CompletedProcess:
        node = self.folder / "node"
        if version:
            node.write_text(f"#!/bin/sh\necho {version}\n")
        else:
            node.write_text("#!/bin/sh\nexit 127\n")
        node.chmod(0o755)
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", **env}
        command = ["sh", "-c", SCRIPT, "sh", self.lock]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    def test_runs_with_the_oldest_version_and_with_newer_ones(self):
        for version in ("v20.3.0", "v20.20.2", "v22.0.0", "v101.1.1"):
            self.assertEqual(self.run_with(version).stdout, "done\n", version)

    def test_refuses_an_older_version_or_none_and_names_what_it_needs(self):
        for version in ("v18.20.4", "v20.2.9", None):
            ended = self.run_with(version)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertIn(f"This needs Node.js 20.3 or newer; found: {version or 'none'}.", ended.stderr)

    def test_waits_for_another_one_and_gives_up_after_a_time(self):
        with self.lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            ended = self.run_with("v20.3.0", LOCK_SECONDS="1")
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertIn("waiting for another one", ended.stderr)
            self.assertIn("after 1 s", ended.stderr)
        self.assertEqual(self.run_with("v20.3.0").stdout, "done\n")


class TheScripts(unittest.TestCase):
    def test_all_check_the_version_and_take_the_lock(self):
        for name in ("client", "npm/install"):
            script = (ROOT / "dev" / name).read_text()
            self.assertIn("\nneed_node\n", script)
            self.assertIn("\ntake_lock ", script)
            self.assertNotIn("flock", script)


class TheVersions(unittest.TestCase):
    def test_of_the_scripts_and_the_package_are_the_same(self):
        package = (ROOT / "clients/typescript/package.json").read_text()
        common = (ROOT / "dev/npm/common.sh").read_text()
        self.assertIn("\nNODE=20.3\n", common)
        self.assertIn('"node": ">=20.3"', package)


if __name__ == "__main__":
    unittest.main()
