//! An answer, as it is written.

use serde_json::json;

use crate::page::{ANSWER, ENTER, ask, count, say, sign_in};
use crate::webdriver::with_browser;

/// Follows a reply whose connection breaks in its second piece, and notes what is shown after each event.
const FOLLOW: &str = "
    return Promise.all([import('/watch.js'), import('/turns.js')]).then(async ([{ watch }, { answer }]) => {
        const turn = answer(() => null);
        document.body.replaceChildren(turn.element);
        const seen = [];
        const look = () => new Promise((drawn) => requestAnimationFrame(() => {
            seen.push([turn.element.querySelector('.body').innerText.trim(), turn.element.className.includes('writing')]);
            drawn();
        }));
        const message = { role: 'assistant', state: 'completed', content: '**Tea** is a leaf.', error: null };
        let connections = 0;
        async function* follow() {
            connections += 1;
            yield { type: 'snapshot', content: connections === 1 ? '' : '**Tea** ' };
            await look();
            yield { type: 'delta', content: connections === 1 ? '**Te' : 'is a' };
            await look();
            if (connections === 1) throw new TypeError('Failed to fetch');
            yield { type: 'done', message };
        }
        const connected = [];
        const to = {
            write: (text) => turn.write(text), append: (piece) => turn.append(piece),
            connected: (is) => connected.at(-1) === is || connected.push(is),
        };
        turn.show(await watch({ chat: { follow } }, {}, new AbortController().signal, to));
        await look();
        return { seen, connected };
    })";

#[tokio::test]
async fn an_answer_is_written_piece_by_piece_and_goes_on_after_a_lost_connection() {
    with_browser(async |browser| {
        browser.visit(&e2e::variable("PAGE_URL")).await;
        browser.reads("h1", "Sign in").await;

        let followed = browser.script(FOLLOW).await;

        let seen = json!([["", true], ["**Te", true], ["Tea", true], ["Tea is a", true], ["Tea is a leaf.", false]]);
        assert_eq!(followed["seen"], seen);
        assert_eq!(followed["connected"], json!([true, false, true]));
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_seen_while_it_is_written() {
    with_browser(async |browser| {
        sign_in(&browser, &e2e::Person::new().mobile).await;
        say(&browser, &format!("[[drip:300]] {}", "Tell me of tea. ".repeat(20))).await;
        browser.reads(".turn.assistant.writing:not(.waiting) .body", "You said").await;
        browser.reads(ANSWER, "This is turn 1 of our conversation.").await;
    })
    .await;
}

#[tokio::test]
async fn the_title_of_a_conversation_ends_with_a_word() {
    with_browser(async |browser| {
        sign_in(&browser, &e2e::Person::new().mobile).await;
        ask(&browser, "Please compare green tea, black tea and oolong for an afternoon with scones").await;
        browser.reads("header .name", "Please compare green tea, black tea and oolong…").await;
    })
    .await;
}

#[tokio::test]
async fn a_text_that_is_too_long_is_not_sent_and_not_cut() {
    with_browser(async |browser| {
        sign_in(&browser, &e2e::Person::new().mobile).await;
        let long = "const text = document.getElementById('message');
            text.value = '🍵'.repeat(8001);
            text.dispatchEvent(new Event('input'));";
        browser.script(long).await;
        browser.reads(".hint.error", "8,001 of 8,000 characters").await;
        browser.types("#message", &ENTER.to_string()).await;
        assert_eq!(count(&browser, ".turn").await, 0);
        assert_eq!(count(&browser, "#send:disabled").await, 1);

        let shorter = "const text = document.getElementById('message');
            text.value = text.value.slice(2);
            text.dispatchEvent(new Event('input'));";
        browser.script(shorter).await;
        browser.types("#message", &ENTER.to_string()).await;
        browser.shows(".turn.assistant").await;
    })
    .await;
}
