//! The service accepts exactly the texts that the contract allows, in every dialect of regular expressions.

use serde_json::{Value, json};
use shared::domain::{Content, Email, Mobile, Name, SystemPrompt, Title};

type Takes = fn(String) -> bool;

const TEXTS: [(&str, Takes); 6] = [
    ("Name", |text| Name::try_from(text).is_ok()),
    ("Title", |text| Title::try_from(text).is_ok()),
    ("SystemPrompt", |text| SystemPrompt::try_from(text).is_ok()),
    ("Content", |text| Content::try_from(text).is_ok()),
    ("Email", |text| Email::try_from(text).is_ok()),
    ("Mobile", |text| Mobile::try_from(text).is_ok()),
];

#[test]
fn every_text_is_accepted_or_refused_as_the_contract_says() {
    let schemas = openapi::document()["components"]["schemas"].take();
    for (name, takes) in TEXTS {
        let schema: &Value = &schemas[name];
        let validator = jsonschema::validator_for(schema).unwrap();
        // Characters that some dialect sees as blank or control, and others; each alone and around a letter.
        let odd =
            (0..=0x00ff).chain(0x1680..=0x1681).chain(0x180e..=0x180e).chain(0x1fff..=0x2030).chain(0x205f..=0x2060);
        let odd = odd.chain([0x0660, 0x3000, 0xfeff, 0xfffd, 0x1_f422]).filter_map(char::from_u32);
        let mut taken = 0;
        for text in odd.flat_map(|char| around(name, char)) {
            let (told, is) = (validator.is_valid(&json!(text)), takes(text.clone()));
            assert_eq!(told, is, "{name}: {text:?}");
            taken += usize::from(is);
        }
        assert!(taken > 5, "{name}: {taken}");
    }
}

/// Texts of a kind with a character in them.
fn around(name: &str, char: char) -> Vec<String> {
    match name {
        "Email" => {
            vec![format!("a{char}a@example.org"), format!("ada@ex{char}ample.org"), format!("ada@example{char}")]
        }
        "Mobile" => vec![format!("+1415555012{char}"), format!("{char}14155550123")],
        _ => vec![char.to_string(), format!("{char}{char}"), format!(" {char}a"), format!("a{char}\n")],
    }
}
