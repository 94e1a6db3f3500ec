"""What infrastructure.yaml promises, and that template.yaml takes what it puts out."""

import ipaddress
import unittest

from stack import infrastructure, samconfig, settings

TEMPLATE = settings.read(infrastructure.TEMPLATE)
RESOURCES = TEMPLATE["Resources"]
# Outputs of which the URLs of the secret are written.
HOSTS = {"DatabaseHost", "DatabaseIsShared", "MigrationDatabaseHost", "CacheHost"}
OF_SECRET = {*HOSTS, *infrastructure.LOGINS, "RuntimeLogin"}


def of_type(kind):
    """The resources of a type, by their name."""
    return {name: one for name, one in RESOURCES.items() if one["Type"] == kind}


class Infrastructure(unittest.TestCase):
    def test_data_outlives_the_stack(self):
        policies = {"AWS::RDS::DBCluster": "Snapshot", "AWS::SecretsManager::Secret": "Retain"}
        for kind, policy in policies.items():
            for name, one in of_type(kind).items():
                self.assertEqual((one["DeletionPolicy"], one["UpdateReplacePolicy"]), (policy, policy), name)

    def test_the_database_is_encrypted_protected_and_backed_up(self):
        database = RESOURCES["Database"]["Properties"]
        self.assertTrue(database["StorageEncrypted"] and database["DeletionProtection"])
        self.assertEqual(TEMPLATE["Parameters"]["BackupDays"]["Default"], 14)
        self.assertEqual(RESOURCES["DatabaseParameters"]["Properties"]["Parameters"]["rds.force_ssl"], "1")
        for name, one in of_type("AWS::RDS::DBInstance").items():
            self.assertIs(one["Properties"]["PubliclyAccessible"], False, name)

    def test_the_log_of_postgres_has_no_values_of_statements(self):
        parameters = RESOURCES["DatabaseParameters"]["Properties"]["Parameters"]
        # Without these a slow or failed statement is logged with what people wrote.
        for name in ("log_parameter_max_length", "log_parameter_max_length_on_error"):
            self.assertEqual(parameters[name], "0", name)

    def test_the_queues_are_reached_however_the_network_is_closed(self):
        rule = TEMPLATE["Rules"]["WithoutAWayOutAwsNeedsEndpoints"]
        self.assertEqual(rule["RuleCondition"]["Fn::Equals"], [{"Ref": "WayOut"}, "none"])
        self.assertEqual(rule["Assertions"][0]["Assert"]["Fn::Equals"], [{"Ref": "AwsEndpoints"}, "true"])

    def test_stores_are_in_subnets_without_a_way_out(self):
        isolated = [{"Ref": "IsolatedSubnetA"}, {"Ref": "IsolatedSubnetB"}]
        for name in ("DatabaseSubnets", "CacheSubnets", "ServerlessCache"):
            self.assertEqual(RESOURCES[name]["Properties"]["SubnetIds"], isolated, name)
        self.assertEqual(RESOURCES["Proxy"]["Properties"]["VpcSubnetIds"], isolated)
        routes = [one["Properties"]["RouteTableId"] for one in of_type("AWS::EC2::Route").values()]
        self.assertTrue(routes)
        self.assertNotIn({"Ref": "IsolatedRoutes"}, routes)

    def test_nobody_on_the_internet_may_begin_a_connection(self):
        for name, one in of_type("AWS::EC2::SecurityGroup").items():
            for rule in one["Properties"].get("SecurityGroupIngress", []):
                rule = rule["Fn::If"][1] if "Fn::If" in rule else rule
                inside = rule.get("SourceSecurityGroupId") or rule.get("CidrIp") == {"Ref": "VpcCidr"}
                self.assertTrue(inside, f"{name}: {rule}")
                self.assertEqual(rule["FromPort"], rule["ToPort"], name)

    def test_a_group_without_rules_for_what_it_sends_would_send_anything(self):
        for name, one in of_type("AWS::EC2::SecurityGroup").items():
            self.assertTrue(one["Properties"]["SecurityGroupEgress"], name)

    def test_the_subnets_are_within_every_network_that_the_pattern_allows(self):
        # Six subnets of 256 addresses.
        self.assertGreaterEqual(ipaddress.ip_network("10.0.0.0/20").num_addresses, 6 * 2**8)

    def test_each_way_out_and_each_part_has_its_price(self):
        for name in ("WayOut", "AwsEndpoints", "FlowLogs", "DatabaseMinCapacity", "DatabaseProxy", "CacheKind"):
            self.assertIn("$", TEMPLATE["Parameters"][name]["Description"], name)
        ways = TEMPLATE["Parameters"]["WayOut"]
        for way in ways["AllowedValues"]:
            self.assertIn(way, ways["Description"])

    def test_every_output_is_used(self):
        declared = settings.template()["Parameters"].keys()
        self.assertEqual(TEMPLATE["Outputs"].keys() - OF_SECRET - declared, set())
        self.assertLessEqual(OF_SECRET, TEMPLATE["Outputs"].keys())

    def test_every_environment_sets_parameters_that_exist(self):
        for name, chosen in samconfig.environments().items():
            for parameter, value in chosen["infrastructure"]["parameters"].items():
                declared = TEMPLATE["Parameters"].get(parameter)
                self.assertIsNotNone(declared, f"{name}: {parameter}")
                self.assertIn(value, map(str, declared.get("AllowedValues", [value])), f"{name}: {parameter}")
            self.assertEqual(samconfig.secret(chosen), f"chat-backend/{samconfig.stage(chosen)}")


class Secrets:
    """An account with secrets alone."""

    def __init__(self):
        login = {"username": "someone", "password": "first"}
        self.secrets = {name: dict(login) for name in ("owner", "runtime", "cache")}

    def secret(self, name: str) -> dict:
        return self.secrets.get(name, {})

    def write(self, name: str, keys: dict) -> None:
        self.secrets[name] = keys


class Urls(unittest.TestCase):
    OUTPUTS = {
        "OwnerLogin": "owner", "RuntimeLogin": "runtime", "CacheLogin": "cache",
        "DatabaseHost": "db", "MigrationDatabaseHost": "db", "CacheHost": "cache", "DatabaseIsShared": "false",
    }  # fmt: skip

    def setUp(self):
        self.account = Secrets()

    def fill(self, **changed: str) -> tuple[list, dict]:
        return infrastructure.fill(self.account, "ours", {**self.OUTPUTS, **changed})

    def test_what_the_stack_changes_reaches_the_secret(self):
        written, kept = self.fill()
        self.assertIn("database_url", written)
        self.assertEqual((self.fill(), kept), (([], {}), {}))
        self.account.secrets["runtime"] = {"username": "someone_b", "password": "second"}
        self.assertEqual(self.fill(), (["database_url"], {}))
        self.assertEqual(self.fill(DatabaseHost="proxy", DatabaseIsShared="true"), (["database_url"], {}))
        self.assertIn("someone_b:second@proxy:5432/chat?", self.account.secrets["ours"]["database_url"])

    def test_what_somebody_else_changed_stays_and_is_told_without_its_value(self):
        self.fill()
        restored = "postgres://someone:third@restored:5432/chat?sslmode=verify-full"
        self.account.secrets["ours"]["database_url"] = restored
        for _ in range(2):
            written, kept = self.fill(CacheHost="another")
            self.assertEqual(kept, {"database_url": "password, hostname"})
            self.assertEqual(self.account.secrets["ours"]["database_url"], restored)
        self.assertEqual(written, [])
        del self.account.secrets["ours"]["database_url"]
        self.assertEqual(self.fill(), (["database_url", "redis_url"], {}))

    def test_a_secret_that_was_filled_by_hand_is_not_emptied(self):
        self.account.secrets["ours"] = {"redis_url": "rediss://own:6379", "gemini_api_key": "mine"}
        _, kept = self.fill()
        self.assertEqual(kept, {"redis_url": "username, password, hostname"})
        self.assertEqual(self.account.secrets["ours"]["gemini_api_key"], "mine")


if __name__ == "__main__":
    unittest.main()
