"""What is wrong with a generated client."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from stack import generators


class AClient(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.models = Path(folder.name)
        self.types = len(json.loads(generators.CONTRACT.read_text())["components"]["schemas"])

    def defects(self, *names: str) -> list[str]:
        for name in names:
            (self.models / name).touch()
        with contextlib.redirect_stdout(io.StringIO()):
            return generators._names("python", self.models, more=8)

    def test_has_names_for_everything(self):
        self.assertEqual(self.defects("Chatroom.ts", "Message.ts"), [])
        [told] = self.defects("InlineObject30.ts")
        self.assertIn("InlineObject30 is a type without a name", told)

    def test_repeats_no_part_of_the_contract(self):
        self.assertEqual(self.defects(*(f"model_{at}.py" for at in range(self.types + 8))), [])
        [told] = self.defects("model_more.py")
        self.assertIn("a part of the contract is repeated", told)

    def test_without_models_is_none(self):
        self.assertEqual(len(self.defects()), 1)

    def test_tells_what_a_failed_program_printed(self):
        [told] = generators._run("a compiler", "sh", "-c", "echo error TS2304; exit 2")
        self.assertIn("a compiler: exit code 2\nerror TS2304", told)
