//! What each function reaches and which secrets it has: docs/security.md says it as the template does.

use std::fs;

use crate::template::{Function, Template, root};

/// What a function may reach, each with a setting that only those have which use it.
const REACHED: [(&str, &str); 8] = [
    ("Postgres", "DATABASE_URL"),
    ("Redis", "REDIS_PREFIX"),
    ("SQS", "_QUEUE_URL"),
    ("SNS", "SMS_TEXT"),
    // The answer to CloudFormation goes to S3.
    ("CloudFormation", "MIGRATION_DATABASE_URL"),
    ("Gemini", "GEMINI_API_KEY"),
    ("Stripe", "STRIPE_SECRET_KEY"),
    ("Turnstile", "TURNSTILE_SECRET_KEY"),
];

fn reached(function: &Function) -> Vec<&'static str> {
    let has = |setting: &str| function.settings.keys().any(|name| name.ends_with(setting));
    REACHED.iter().filter(|(_, setting)| has(setting)).map(|(name, _)| *name).collect()
}

/// The condition under which a function needs a way to the internet.
fn way_out(function: &Function) -> Option<&'static str> {
    let reached = reached(function);
    let uses = |names: &[&str]| names.iter().any(|name| reached.contains(name));
    match (uses(&["Gemini", "Stripe"]), uses(&["Turnstile"]), uses(&["SQS", "SNS", "CloudFormation"])) {
        (true, ..) => Some("HasEgress"),
        (_, true, _) => Some("AuthByEgress"),
        (_, _, true) => Some("AwsByEgress"),
        _ => None,
    }
}

/// The rows of the table in docs/security.md.
fn rows(template: &Template) -> Vec<String> {
    let mut rows: Vec<String> = template
        .functions()
        .iter()
        .map(|function| {
            let way_out = match way_out(function) {
                Some("HasEgress") => "always",
                Some("AuthByEgress") => "with `CodeGuard`, or without `AwsEndpoints`",
                Some(_) => "without `AwsEndpoints`",
                None => "never",
            };
            let mut secrets: Vec<_> = function.settings.values().filter(|name| template.is_secret(name)).collect();
            secrets.sort();
            let secrets = secrets.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            format!("| `{}` | {} | {way_out} | {secrets} |", function.name, reached(function).join(", "))
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn only_functions_that_need_the_internet_have_a_way_to_it() {
    let template = Template::read();
    for function in template.functions() {
        let condition = way_out(&function).expect("every function calls something");
        for name in ["SubnetIds", "SecurityGroupIds"] {
            let chosen = [condition, &format!("Egress{name}"), name];
            assert_eq!(template.network(&function.id, name), chosen, "{}", function.name);
        }
    }
}

#[test]
fn the_page_says_what_each_function_reaches_and_which_secrets_it_has() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let section =
        page.split("\n## What each function reaches\n").nth(1).expect("a section").split("\n## ").next().unwrap();
    let told: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
    let expected = rows(&Template::read());
    assert_eq!(told, expected, "the table must be:\n{}", expected.join("\n"));
}

#[test]
fn the_owner_of_the_schema_is_known_to_migrate_alone() {
    let functions = Template::read().functions();
    let owners = functions.iter().filter(|function| function.settings.contains_key("MIGRATION_DATABASE_URL"));
    assert_eq!(owners.map(|function| function.name.as_str()).collect::<Vec<_>>(), ["migrate"]);
}

#[test]
fn the_version_of_the_secrets_reaches_every_function_and_the_check_of_the_settings() {
    let template = Template::read();
    assert_eq!(template.settings_of_all().get("SECRET_VERSION").map(String::as_str), Some("SecretVersion"));
    assert!(template.checked().contains(&"SecretVersion".to_owned()));
    assert_eq!(template.default_of("SecretVersion").as_deref(), Some(""));
    assert!(!template.is_secret("SecretVersion"));
}

/// The build puts the folder `certificates` into each function's package.
#[test]
fn every_authority_that_a_deployment_may_name_is_in_the_packages() {
    let mut named = 0;
    for file in ["template.yaml", "infrastructure.yaml", "samconfig.toml", "certificates/README.md", "README.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default().replace("${AWS::Region}", "us-east-1");
        for path in text.split("/var/task/").skip(1) {
            let path =
                path.split(|char: char| char.is_whitespace() || "`\"',".contains(char)).next().unwrap_or_default();
            let Some(path) = path.trim_end_matches('.').strip_suffix(".pem") else { continue };
            assert!(root().join(format!("{path}.pem")).exists(), "{file}: /var/task/{path}.pem");
            named += 1;
        }
    }
    assert!(named >= 2);
}
