"""What SAM makes of the template's aliases, with and without CodeDeploy, which the local AWS does not have."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from samtranslator.translator.transform import transform

from stack import aws, digest, settings

SHIFT = "Canary10Percent5Minutes"
# What invokes functions, or allows it.
INVOKING = (
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGateway::RestApi",
    "AWS::Events::Rule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
)
WITHOUT_ALIAS = "MigrateFunction"
# What writes a new word or challenge, and what reads it.
READ_FIRST = {"AuthFunction": "OtpSenderFunction", "GeminiWorkerFunction": "ChatroomFunction"}


class Policies:
    """The managed policies that SAM asks AWS for."""

    def load(self) -> dict:
        return {}


def transformed(**chosen: str) -> dict:
    """The resources that SAM makes of the template."""
    template = settings.template()
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            one["Properties"]["CodeUri"] = f"s3://bucket/{one['Properties']['CodeUri']}"
    values = {name: str(one.get("Default", "given")) for name, one in template["Parameters"].items()}
    region = {"AWS_DEFAULT_REGION": aws.REGION}
    with mock.patch.dict(os.environ, region), contextlib.redirect_stderr(io.StringIO()):
        return transform(template, {**values, "VersionDigest": "a" * 16, **chosen}, Policies())["Resources"]


def names_in(node) -> set[str]:
    """The resources and parameters that a part of a template refers to."""
    if isinstance(node, list):
        return set().union(*map(names_in, node))
    if not isinstance(node, dict):
        return set()
    found = set()
    for key, value in node.items():
        if key == "Ref":
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value.split(".")[0] if isinstance(value, str) else value[0])
        elif key == "Fn::Sub":
            found |= set(re.findall(r"\$\{(\w+)", value if isinstance(value, str) else value[0]))
            found |= names_in(value)
        elif key == "DependsOn":
            found |= {value} if isinstance(value, str) else set(value)
        else:
            found |= names_in(value)
    return found


def before(resources: dict, name: str) -> set[str]:
    """Everything that is made or changed before a resource."""
    found: set[str] = set()
    rest = [name]
    while rest:
        new = (names_in(resources[rest.pop()]) & resources.keys()) - found
        found |= new
        rest += new
    return found


class Aliases(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.at_once, cls.shifting = transformed(), transformed(DeploymentShift=SHIFT)
        cls.doors = [cls.at_once, transformed(StreamDoor="rest")]
        cls.functions = {name for name, one in cls.at_once.items() if one["Type"] == "AWS::Lambda::Function"}

    def test_every_function_but_migrate_has_an_alias_of_its_newest_version(self):
        aliases = {name for name, one in self.at_once.items() if one["Type"] == "AWS::Lambda::Alias"}
        self.assertEqual(aliases, {aws.alias_of(function) for function in self.functions - {WITHOUT_ALIAS}})
        self.assertEqual({self.at_once[alias]["Properties"]["Name"] for alias in aliases}, {"live"})

    def test_nothing_invokes_a_function_past_its_alias(self):
        for resources in self.doors:
            invoking = {name: one for name, one in resources.items() if one["Type"] in INVOKING}
            self.assertGreater(len(invoking), 20)
            for name, one in invoking.items():
                self.assertFalse(names_in(one["Properties"]) & self.functions, name)

    def test_another_digest_publishes_a_version_of_each_function(self):
        def versions(resources: dict) -> set:
            return {name for name, one in resources.items() if one["Type"] == "AWS::Lambda::Version"}

        other = transformed(VersionDigest="b" * 16)
        self.assertEqual(len(versions(other)), len(self.functions) - 1)
        self.assertFalse(versions(other) & versions(self.at_once))
        # Lambda makes a version only of a function that has changed, if by its description alone.
        described = {other[function]["Properties"].get("Description") for function in self.functions - {WITHOUT_ALIAS}}
        self.assertEqual(described, {"b" * 16})
        # Why there is a digest: SAM does not see the values of parameters.
        self.assertEqual(versions(transformed(LogLevel="DEBUG")), versions(self.at_once))

    def test_versions_stay_to_go_back_to(self):
        kept = {one.get("DeletionPolicy") for one in self.at_once.values() if one["Type"] == "AWS::Lambda::Version"}
        self.assertEqual(kept, {"Retain"})

    def test_all_at_once_needs_no_codedeploy(self):
        self.assertFalse([one for one in self.at_once.values() if "CodeDeploy" in one["Type"]])
        self.assertFalse([name for name, one in self.at_once.items() if "UpdatePolicy" in one])

    def test_a_shift_goes_back_by_the_alarm_of_its_function_and_of_the_api(self):
        of_api = {"Name": self.shifting["ApiFaultsAlarm"]["Properties"]["AlarmName"]}
        for function in self.functions - {WITHOUT_ALIAS}:
            group = self.shifting[f"{function}DeploymentGroup"]["Properties"]
            own = f"{function.removesuffix('Function')}ErrorsAlarm"
            self.assertIn(own, self.shifting)
            self.assertEqual(group["AlarmConfiguration"]["Alarms"], [of_api, {"Name": {"Ref": own}}])
            self.assertIn("DEPLOYMENT_STOP_ON_ALARM", group["AutoRollbackConfiguration"]["Events"])
            self.assertEqual(group["DeploymentConfigName"]["Fn::Sub"][1], {"ConfigName": SHIFT})
            self.assertIn("CodeDeployLambdaAliasUpdate", self.shifting[aws.alias_of(function)]["UpdatePolicy"])

    def test_every_shift_that_the_template_allows_is_by_codedeploy_but_all_at_once(self):
        template = settings.template()
        allowed = template["Parameters"]["DeploymentShift"]["AllowedValues"]
        by_codedeploy = {name: one["ByCodeDeploy"] for name, one in template["Mappings"]["Shifts"].items()}
        self.assertEqual(by_codedeploy, {name: "false" if name == "AllAtOnce" else "true" for name in allowed})

    def test_no_resource_waits_for_itself(self):
        for resources in [*self.doors, self.shifting, transformed(DeploymentShift=SHIFT, StreamDoor="rest")]:
            for name in resources:
                self.assertNotIn(name, before(resources, name))

    def test_what_reads_a_new_word_serves_everybody_before_what_writes_it_changes(self):
        for resources in (self.at_once, self.shifting):
            for writes, reads in READ_FIRST.items():
                self.assertIn(aws.alias_of(reads), before(resources, writes))
            for function in self.functions - {WITHOUT_ALIAS}:
                self.assertIn("Migrations", before(resources, function))


class Digests(unittest.TestCase):
    def test_the_digest_changes_with_code_template_and_parameters_and_with_nothing_else(self):
        with tempfile.TemporaryDirectory() as folder:
            template, functions = Path(folder) / "template.yaml", Path(folder) / "functions"
            program = functions / "user" / "bootstrap"
            program.parent.mkdir(parents=True)
            template.write_text("a")
            program.write_text("a")

            def made(**parameters: str) -> str:
                return digest.of({"LogLevel": "INFO", **parameters}, template, functions)

            first = made()
            self.assertEqual(made(VersionDigest=first), first)
            self.assertRegex(first, r"^[0-9a-f]{16}$")
            seen = [first, made(LogLevel="DEBUG")]
            for file in (template, program):
                file.write_text("b")
                seen.append(made())
            program.rename(program.with_name("other"))
            seen.append(made())
            self.assertEqual(len(set(seen)), len(seen))
