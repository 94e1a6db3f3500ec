"""What a function's package has beside its program, and which processor it is built for."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from stack import build, settings


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


class Processor(unittest.TestCase):
    def test_a_deployment_is_built_for_the_processor_that_the_template_asks_for(self):
        default = settings.template()["Parameters"]["Architecture"]["Default"]
        for asked, built in ((None, default), ("x86_64", "x86_64"), ("arm64", "arm64")):
            with mock.patch.object(build, "build_functions") as functions:
                build.deployable("release", asked)
            functions.assert_called_once_with("release", built)

    def test_what_is_not_deployed_is_built_for_this_machine(self):
        with mock.patch.object(build, "build_functions") as functions:
            build.deployable("stack", "arm64")
        functions.assert_called_once_with("stack", build.host())


def authorities() -> list[str]:
    return [file.relative_to(build.CERTIFICATES).as_posix() for file in build.CERTIFICATES.rglob("*.pem")]
