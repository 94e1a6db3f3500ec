//! Arbitrary bytes never cause a panic, never verify as signed, and never parse as an event that they do not contain.

use proptest::prelude::*;
use shared::domain::Timestamp;
use shared::stripe::signature::verify;
use shared::stripe::{Event, Subject};

fn now() -> Timestamp {
    Timestamp::from_unix(1_795_435_200).unwrap()
}

fn secrets() -> Vec<String> {
    vec!["whsec_unknown".into(), "whsec_older".into()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_header_verifies_without_the_secret(header in any::<String>(), body in any::<Vec<u8>>()) {
        prop_assert!(verify(&header, &body, &secrets(), now()).is_err());
    }

    #[test]
    fn no_header_of_the_right_form_verifies_without_the_secret(
        time in prop_oneof![Just("1795435200".to_owned()), "[0-9]{0,22}"],
        items in prop::collection::vec("(v1|v0|t)=[0-9a-fA-F]{0,66}|v1=[0-9a-f]{64}|[ ,=tv1]{0,4}", 0..6),
        body in any::<Vec<u8>>(),
    ) {
        let header = format!("t={time},{}", items.join(","));
        prop_assert!(verify(&header, &body, &secrets(), now()).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_no_event(body in any::<Vec<u8>>()) {
        prop_assert_eq!(Event::parse(&body), None);
    }

    #[test]
    fn an_event_with_arbitrary_content_keeps_its_id_and_names_only_ids_it_contains(
        object in json(), kind in "[a-z._]{1,30}",
    ) {
        let event = serde_json::json!({ "id": "evt_1", "type": kind, "data": { "object": object } });
        let read = Event::parse(event.to_string().as_bytes()).unwrap();
        prop_assert_eq!((read.id.as_str(), &read.kind), ("evt_1", &kind));
        if let Subject::Customer(id) | Subject::Charge(id) = read.subject {
            prop_assert!(event.to_string().contains(&serde_json::to_string(&id).unwrap()));
        }
    }

    #[test]
    fn an_event_cut_off_anywhere_is_no_event(at in 0..100_usize) {
        let whole = r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"object":"invoice","customer":"cus_1"}}}"#;
        prop_assume!(at < whole.len());
        prop_assert_eq!(Event::parse(&whole.as_bytes()[..at]), None);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "cus_[a-z]{3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("id|object|customer|charge|[a-z]{1,5}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
