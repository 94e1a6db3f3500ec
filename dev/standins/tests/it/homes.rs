//! The page that a stand-in shows to a person.

use standins::{Gemini, Turnstile};

use crate::support::{TestStripe, send};

#[tokio::test]
async fn each_stand_in_says_what_it_is_and_how_it_fails() {
    let (gemini, stripe) = (Gemini::start("127.0.0.1:0").unwrap(), TestStripe::start());
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    for (url, word) in
        [(gemini.url(), "[[429:day]]"), (stripe.url(""), "payment_fails"), (turnstile.url(), "internal_error")]
    {
        let page = send(stripe.http.get(format!("{url}/"))).await;
        assert_eq!((page.status, page.text.contains(word)), (200, true), "{url}: {word}");
        assert!(!page.text.contains("\n## "), "it shows its own section alone");
        for link in page.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(send(stripe.http.get(format!("{url}{link}"))).await.status, 200, "{link}");
        }
    }
}
