//! `make deploy` goes nowhere by itself.

use std::process::{Command, Output};

use crate::template::root;

fn make_deploy(environment: &str) -> Output {
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "deploy", environment]).current_dir(root()).env_remove("ENV");
    make.output().expect("make")
}

#[test]
fn without_a_name_of_an_environment_nothing_is_deployed_and_the_names_are_shown() {
    for environment in ["ENV=", "ENV=production", "ENV=prod staging"] {
        let refused = make_deploy(environment);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success(), "{environment}: {said}");
        for name in ["dev", "staging", "prod"] {
            assert!(said.contains(&format!("make deploy ENV={name}")), "{environment}: {said}");
        }
        assert!(!said.contains("Deploying") && refused.stdout.is_empty(), "{environment}: {said}");
    }
}
