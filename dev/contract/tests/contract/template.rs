//! The parts of `template.yaml` that the tests read. The loader drops CloudFormation's tags: `!Ref X` is the text `X`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use yaml_rust2::yaml::Hash;
use yaml_rust2::{Yaml, YamlLoader};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A function of the template.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its crate, folder and binary.
    pub(crate) name: String,
    /// Its name in the template.
    pub(crate) id: String,
    /// Its routes on the HTTP API: `ANY /path` or `$default`.
    pub(crate) routes: Vec<String>,
    /// Whether it has a URL of its own.
    pub(crate) has_url: bool,
    /// The inputs that its schedules send.
    pub(crate) inputs: Vec<String>,
    /// Its settings: the name of a parameter, resource or condition, or the value itself.
    pub(crate) settings: BTreeMap<String, String>,
    /// Its timeout in seconds; `None` if a parameter sets it.
    pub(crate) timeout: Option<i64>,
}

/// A metric that an alarm watches.
#[derive(Debug)]
pub(crate) struct Alarmed {
    pub(crate) alarm: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, String)>,
}

/// The template.
#[derive(Debug)]
pub(crate) struct Template(Yaml);

impl Template {
    pub(crate) fn read() -> Self {
        Self::of("template.yaml")
    }

    /// Reads infrastructure.yaml.
    pub(crate) fn of_infrastructure() -> Self {
        Self::of("infrastructure.yaml")
    }

    fn of(file: &str) -> Self {
        let text = fs::read_to_string(root().join(file)).expect("a template");
        Self(YamlLoader::load_from_str(&text).expect("YAML").remove(0))
    }

    /// All functions, by their names in the template.
    pub(crate) fn functions(&self) -> Vec<Function> {
        self.resources("AWS::Serverless::Function").map(|(id, properties)| self.function(id, properties)).collect()
    }

    /// The function of a crate.
    pub(crate) fn function_of(&self, name: &str) -> Function {
        self.functions().into_iter().find(|function| function.name == name).expect("a function of that name")
    }

    /// The origins that may read the streaming API's own refusals, by the kind of refusal.
    pub(crate) fn readers_of_refusals(&self, kind: &str) -> Option<String> {
        let definition = &self.0["Resources"]["StreamApi"]["Properties"]["DefinitionBody"];
        let refusal = &definition["x-amazon-apigateway-gateway-responses"][kind];
        scalar(&refusal["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"])
    }

    /// A parameter's default, if it has one.
    pub(crate) fn default_of(&self, parameter: &str) -> Option<String> {
        scalar(&self.0["Parameters"][parameter]["Default"])
    }

    /// The version that the deployment migrates the schema to.
    pub(crate) fn schema_version(&self) -> String {
        scalar(&self.0["Resources"]["Migrations"]["Properties"]["SchemaVersion"]).expect("a version")
    }

    /// The resources that must exist before `id`.
    pub(crate) fn depends_on(&self, id: &str) -> Option<String> {
        scalar(&self.0["Resources"][id]["DependsOn"])
    }

    /// The functions that queues invoke, by their aliases: their names in the template.
    pub(crate) fn consumers(&self) -> Vec<String> {
        let mappings = self.resources("AWS::Lambda::EventSourceMapping");
        let aliases = mappings.map(|(_, properties)| scalar(&properties["FunctionName"]).expect("an alias"));
        aliases.map(|alias| alias.strip_suffix(".Alias").expect("not the function itself").to_owned()).collect()
    }

    /// The metrics that alarms watch: the alarm's name, the metric's namespace and name, and its dimensions.
    pub(crate) fn alarmed(&self) -> Vec<Alarmed> {
        let mut alarmed = Vec::new();
        for (id, alarm) in self.resources("AWS::CloudWatch::Alarm") {
            let computed = alarm["Metrics"].as_vec().into_iter().flatten().map(|one| &one["MetricStat"]["Metric"]);
            for metric in std::iter::once(alarm).chain(computed) {
                let text = |name: &str| scalar(&metric[name]);
                let (Some(namespace), Some(name)) = (text("Namespace"), text("MetricName")) else { continue };
                let dimensions = metric["Dimensions"].as_vec().into_iter().flatten();
                let dimensions = dimensions.filter_map(|one| Some((scalar(&one["Name"])?, scalar(&one["Value"])?)));
                alarmed.push(Alarmed { alarm: id.to_owned(), namespace, name, dimensions: dimensions.collect() });
            }
        }
        alarmed
    }

    /// The names of all alarms, composite ones included.
    pub(crate) fn alarms(&self) -> BTreeSet<String> {
        let kinds = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
        kinds.into_iter().flat_map(|kind| self.resources(kind)).map(|(id, _)| id.to_owned()).collect()
    }

    /// Whom the alarm `id` tells: the condition that its actions begin with, at an alarm and at its end.
    pub(crate) fn told(&self, id: &str) -> [Option<String>; 2] {
        let properties = &self.0["Resources"][id]["Properties"];
        ["AlarmActions", "OKActions"].map(|actions| scalar(&properties[actions][0]))
    }

    /// The rule of a composite alarm.
    pub(crate) fn rules(&self) -> Vec<String> {
        let composite = self.resources("AWS::CloudWatch::CompositeAlarm");
        composite.map(|(_, alarm)| scalar(&alarm["AlarmRule"]).expect("a rule")).collect()
    }

    /// Whether a function URL of its own resource leads to a function.
    fn has_url(&self, id: &str) -> bool {
        self.resources("AWS::Lambda::Url")
            .any(|(_, url)| url["TargetFunctionArn"].as_str() == Some(&format!("{id}.Alias")))
    }

    /// The routes of REST APIs, each with the address of its integration, which names a function.
    pub(crate) fn rest_routes(&self) -> Vec<[String; 2]> {
        let apis = self.resources("AWS::Serverless::Api");
        let paths = apis.flat_map(|(_, api)| entries(&api["DefinitionBody"]["paths"]));
        let integration = |operations: &Yaml| {
            scalar(&operations["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]["uri"])
        };
        paths.map(|(path, operations)| [format!("ANY {path}"), integration(operations).expect("an address")]).collect()
    }

    /// A parameter's greatest value.
    pub(crate) fn most(&self, parameter: &str) -> Option<i64> {
        self.0["Parameters"][parameter]["MaxValue"].as_i64()
    }

    /// What a function's `name` in a VPC is chosen by: a condition, and the two parameters that it chooses between.
    pub(crate) fn network(&self, id: &str, name: &str) -> Vec<String> {
        let chosen = &self.0["Resources"][id]["Properties"]["VpcConfig"][1][name];
        chosen.as_vec().into_iter().flatten().filter_map(scalar).collect()
    }

    /// Whether a parameter is a secret.
    pub(crate) fn is_secret(&self, parameter: &str) -> bool {
        self.0["Parameters"][parameter]["NoEcho"].as_bool() == Some(true)
    }

    /// The settings that every function gets, each with its parameter.
    pub(crate) fn settings_of_all(&self) -> BTreeMap<String, String> {
        let settings = entries(&self.0["Globals"]["Function"]["Environment"]["Variables"]);
        settings.filter_map(|(name, value)| Some((name.to_owned(), scalar(value)?))).collect()
    }

    /// The properties that make CloudFormation check the settings again.
    pub(crate) fn checked(&self) -> Vec<String> {
        self.0["Resources"]["Migrations"]["Properties"]["Checked"]
            .as_vec()
            .into_iter()
            .flatten()
            .filter_map(scalar)
            .collect()
    }

    fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Yaml)> {
        entries(&self.0["Resources"])
            .filter(move |(_, resource)| resource["Type"].as_str() == Some(kind))
            .map(|(id, resource)| (id, &resource["Properties"]))
    }

    fn function(&self, id: &str, properties: &Yaml) -> Function {
        let code = properties["CodeUri"].as_str().expect("a CodeUri");
        let name = code.strip_prefix("target/lambda/").and_then(|name| name.strip_suffix('/'));
        let (routes, inputs) = events(&properties["Events"]);
        let globals = &self.0["Globals"]["Function"];
        let variables = [globals, properties].map(|of| entries(&of["Environment"]["Variables"]));
        let timeout = if properties["Timeout"].is_badvalue() { &globals["Timeout"] } else { &properties["Timeout"] };
        Function {
            name: name.expect("CodeUri is target/lambda/<name>/").to_owned(),
            id: id.to_owned(),
            routes,
            has_url: !properties["FunctionUrlConfig"].is_badvalue() || self.has_url(id),
            inputs,
            settings: variables
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.to_owned(), scalar(&value[0]).or_else(|| scalar(value)).expect("one value")))
                .collect(),
            timeout: timeout.as_i64(),
        }
    }
}

/// The routes and the schedules' inputs of a function's `Events`.
fn events(events: &Yaml) -> (Vec<String>, Vec<String>) {
    let (mut routes, mut inputs) = (Vec::new(), Vec::new());
    for (_, event) in entries(events) {
        let properties = &event["Properties"];
        match event["Type"].as_str() {
            Some("HttpApi") => routes.push(match (properties["Method"].as_str(), properties["Path"].as_str()) {
                (Some(method), Some(path)) => format!("{method} {path}"),
                _ => "$default".to_owned(),
            }),
            Some("Schedule") => inputs.push(properties["Input"].as_str().expect("an input").to_owned()),
            other => panic!("{other:?} is not known here"),
        }
    }
    (routes, inputs)
}

fn entries(of: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    of.as_hash().into_iter().flat_map(Hash::iter).map(|(key, value)| (key.as_str().expect("a name"), value))
}

fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
