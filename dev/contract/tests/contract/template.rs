//! The parts of `template.yaml` that the tests read. The loader drops CloudFormation's tags: `!Ref X` is the text `X`.

use std::collections::BTreeMap;
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

/// The template.
#[derive(Debug)]
pub(crate) struct Template(Yaml);

impl Template {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(root().join("template.yaml")).expect("a template");
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

    /// The functions that queues invoke: their names in the template.
    pub(crate) fn consumers(&self) -> Vec<String> {
        let mappings = self.resources("AWS::Lambda::EventSourceMapping");
        mappings.map(|(_, properties)| scalar(&properties["FunctionName"]).expect("a function")).collect()
    }

    /// The values of a dimension that alarms watch, by the alarms' names.
    pub(crate) fn watched(&self, dimension: &str) -> BTreeMap<String, String> {
        let mut watched = BTreeMap::new();
        for (id, properties) in self.resources("AWS::CloudWatch::Alarm") {
            let dimensions = properties["Dimensions"].as_vec().into_iter().flatten();
            let named = dimensions.filter(|one| one["Name"].as_str() == Some(dimension));
            watched.extend(named.filter_map(|one| Some((id.to_owned(), scalar(&one["Value"])?))));
        }
        watched
    }

    /// The alarms on metrics of our own: their names, metrics and descriptions.
    pub(crate) fn own_alarms(&self) -> Vec<[String; 3]> {
        let alarms = self.resources("AWS::CloudWatch::Alarm");
        let own = alarms.filter(|(_, alarm)| alarm["Namespace"].as_str() == Some("ChatBackend"));
        own.map(|(id, alarm)| {
            let text = |name: &str| scalar(&alarm[name]).expect("one value");
            [id.to_owned(), text("MetricName"), text("AlarmDescription")]
        })
        .collect()
    }

    /// Whether a function URL of its own resource leads to a function.
    fn has_url(&self, id: &str) -> bool {
        self.resources("AWS::Lambda::Url").any(|(_, url)| url["TargetFunctionArn"].as_str() == Some(id))
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
