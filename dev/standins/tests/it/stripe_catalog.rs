//! What Stripe's libraries call beside what this project calls: versions, pages backwards, prices, products, lines, search.

use serde_json::{Value, json};

use crate::support::{PRICE, TestStripe, id, send};

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn later_versions_of_the_same_name_are_accepted_and_told_back() {
    let stripe = TestStripe::start();
    let url = stripe.url(&format!("/v1/prices/{PRICE}"));
    for (version, status) in
        [("2026-09-30.endive", 200), ("2026-10-28.endive", 200), ("2026-07-29.dahlia", 400), ("2027-03-31.fennel", 400)]
    {
        let reply = send(stripe.http.get(&url).bearer_auth("sk_test_1").header("stripe-version", version)).await;
        assert_eq!((reply.status, reply.headers["stripe-version"].to_str().unwrap()), (status, version));
    }
}

#[tokio::test]
async fn a_list_is_read_backwards_from_a_cursor() {
    let stripe = TestStripe::start();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(stripe.customer().await);
    }
    made.reverse();
    let before = stripe.get(&format!("/v1/customers?limit=2&ending_before={}", made[3])).await.json;
    assert_eq!((ids(&before), &before["has_more"]), (made[1..3].to_vec(), &json!(true)));
    let first = stripe.get(&format!("/v1/customers?limit=2&ending_before={}", made[1])).await.json;
    assert_eq!((ids(&first), &first["has_more"]), (made[..1].to_vec(), &json!(false)));
    let both = format!("/v1/customers?ending_before={}&starting_after={}", made[1], made[1]);
    assert_eq!(stripe.get(&both).await.status, 400);
}

#[tokio::test]
async fn prices_products_and_the_lines_of_a_session_are_listed() {
    let stripe = TestStripe::start();
    stripe.admin("prices", json!({ "id": "price_eur", "currency": "eur" })).await;
    let listed = async |path: &str| ids(&stripe.get(path).await.json);
    assert_eq!(listed("/v1/prices").await, ["price_eur", PRICE]);
    assert_eq!(listed("/v1/prices?currency=usd&active=true&type=recurring&recurring[interval]=month").await, [PRICE]);
    assert!(listed("/v1/prices?active=false").await.is_empty() && listed("/v1/prices?type=one_time").await.is_empty());
    assert!(listed("/v1/prices?lookup_keys[]=pro").await.is_empty());

    let [product] = listed("/v1/products").await.try_into().unwrap();
    assert_eq!(stripe.get(&format!("/v1/products/{product}")).await.json["name"], "Pro");
    assert_eq!(listed(&format!("/v1/prices?product={product}")).await.len(), 2);
    assert!(listed("/v1/products?ids[]=prod_none").await.is_empty());
    let expanded = stripe.get("/v1/prices?expand[]=data.product&limit=1").await.json;
    assert_eq!(expanded["data"][0]["product"]["name"], "Pro");

    let session = stripe.post(
        "/v1/checkout/sessions",
        &[
            ("mode", "subscription"),
            ("success_url", "https://a.example"),
            ("line_items[0][price]", PRICE),
            ("line_items[0][quantity]", "1"),
        ],
    );
    let session = id(&session.await.json);
    let lines = stripe.get(&format!("/v1/checkout/sessions/{session}/line_items")).await.json;
    assert_eq!((&lines["data"][0]["price"]["id"], &lines["has_more"]), (&json!(PRICE), &json!(false)));
    assert_eq!(stripe.get("/v1/checkout/sessions/cs_none/line_items").await.status, 404);
}

#[tokio::test]
async fn customers_are_searched_by_stripes_query_language() {
    let stripe = TestStripe::start();
    let make = async |name: &str, email: &str, plan: &str| {
        let fields = [("name", name), ("email", email), ("metadata[plan]", plan)];
        id(&stripe.post("/v1/customers", &fields).await.json)
    };
    let ada = make("Ada Lovelace", "ada@example.org", "pro").await;
    let bob = make("Bob \"B\" Moog", "bob@example.org", "basic").await;
    let gone = make("Ada Gone", "gone@example.org", "pro").await;
    stripe.delete(&format!("/v1/customers/{gone}")).await;
    let search = async |query: &str| {
        let url = reqwest::Url::parse_with_params(&stripe.url("/"), [("query", query)]).unwrap();
        stripe.get(&format!("/v1/customers/search?{}", url.query().unwrap_or_default())).await
    };
    for (query, found) in [
        (r#"email:"ADA@example.org""#, vec![&ada]),
        (r#"name~"love""#, vec![&ada]),
        (r#"metadata["plan"]:"basic""#, vec![&bob]),
        (r"metadata['plan']:'pro'", vec![&ada]),
        (r#"-metadata["plan"]:"pro""#, vec![&bob]),
        (r#"metadata["none"]:null"#, vec![&bob, &ada]),
        (r#"phone:null AND name~"ada""#, vec![&ada]),
        (r#"email~"example" name~"bob""#, vec![&bob]),
        (r#"email:"ada@example.org" or email:"bob@example.org""#, vec![&bob, &ada]),
        (r#"name:"Bob \"B\" Moog""#, vec![&bob]),
        ("created>1", vec![&bob, &ada]),
        ("created<=1", vec![]),
    ] {
        let reply = search(query).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        let expected: Vec<_> = found.into_iter().cloned().collect();
        assert_eq!(ids(&reply.json), expected, "{query}");
    }
    for bad in [
        "",
        "email",
        "email:ada",
        r#"colour:"red""#,
        r#"email:"ada"#,
        r#"email:"a" AND"#,
        r#"email:"a" AND name:"b" OR name:"c""#,
    ] {
        assert_eq!(search(bad).await.status, 400, "{bad}");
    }
    let first = stripe.get("/v1/customers/search?query=created>0&limit=1&expand[]=total_count").await.json;
    assert_eq!(
        (&first["object"], &first["total_count"], &first["has_more"]),
        (&json!("search_result"), &json!(2), &json!(true))
    );
    let page = first["next_page"].as_str().unwrap();
    let rest = stripe.get(&format!("/v1/customers/search?query=created>0&limit=1&page={page}")).await.json;
    assert_eq!((ids(&first), ids(&rest), &rest["next_page"]), (vec![bob], vec![ada], &Value::Null));
    assert_eq!(stripe.get("/v1/customers/search?query=created>0&page=page_9").await.status, 400);
}
