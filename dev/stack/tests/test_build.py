"""What a function's package has beside its program."""

import tempfile
import unittest
from pathlib import Path

from stack import build


class Certificates(unittest.TestCase):
    def test_every_authority_is_in_the_package_and_what_was_removed_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder)
            removed = package / "certificates" / "rds" / "nowhere-1.pem"
            removed.parent.mkdir(parents=True)
            removed.touch()
            build.add_certificates(package)
            packed = {file.relative_to(package).as_posix() for file in package.rglob("*") if file.is_file()}
        self.assertEqual(packed, {f"certificates/{name}" for name in authorities()})
        self.assertIn("certificates/rds/us-east-1.pem", packed)


def authorities() -> list[str]:
    return [file.relative_to(build.CERTIFICATES).as_posix() for file in build.CERTIFICATES.rglob("*.pem")]
