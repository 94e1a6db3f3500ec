//! What models write becomes elements, and never markup.

use e2e::variable;
use serde_json::json;

use crate::webdriver::with_browser;

/// Texts, and the markup of the elements that are made of them.
const CASES: [(&str, &str); 13] = [
    ("Tea\nand *coffee*", "<p>Tea\nand <em>coffee</em></p>"),
    ("One\n\nTwo", "<p>One</p><p>Two</p>"),
    ("## Tea **now**", "<h3>Tea <strong>now</strong></h3>"),
    ("- a\n- `b`\n  more", "<ul><li>a</li><li><code>b</code> more</li></ul>"),
    ("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>"),
    (
        "```rust\nlet a = \"**b**\";\n\n- c\n```\nafter",
        "<pre tabindex=\"0\" aria-label=\"Code\"><code>let a = \"**b**\";\n\n- c</code></pre><p>after</p>",
    ),
    ("```\nunfinished <b>", "<pre tabindex=\"0\" aria-label=\"Code\"><code>unfinished &lt;b&gt;</code></pre>"),
    ("2 * 3 * 4 and a_b_c", "<p>2 * 3 * 4 and a_b_c</p>"),
    ("``a ` b``", "<p><code>a ` b</code></p>"),
    ("**unfinished", "<p>**unfinished</p>"),
    ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
    ("[link](javascript:alert(1))", "<p>[link](javascript:alert(1))</p>"),
    ("- <script>alert(1)</script>", "<ul><li>&lt;script&gt;alert(1)&lt;/script&gt;</li></ul>"),
];

#[tokio::test]
async fn texts_become_elements_and_never_markup() {
    with_browser(async |browser| {
        browser.visit(&variable("PAGE_URL")).await;
        for (text, markup) in CASES {
            let body = format!(
                "return import('/markdown.js').then(({{ markdown }}) => markdown({}).map((one) => one.outerHTML).join(''))",
                json!(text)
            );
            assert_eq!(browser.script(&body).await, markup, "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_makes_markup_of_a_text_is_stopped_by_its_policy() {
    with_browser(async |browser| {
        browser.visit(&variable("PAGE_URL")).await;
        let body = "try { document.body.innerHTML = '<b>b</b>'; return 'made' } catch (error) { return error.name }";
        assert_eq!(browser.script(body).await, "TypeError");
        let far = "return fetch('http://example.org/').then(() => 'asked', () => 'refused')";
        assert_eq!(browser.script(far).await, "refused");
        assert!(browser.complaints().await.iter().any(|one| one.contains("Content Security Policy")));
    })
    .await;
}
