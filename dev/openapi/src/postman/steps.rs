//! The steps of the journey: what is sent, and what is asserted of the response.

/// A request of the journey.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// The `operationId`; [`PAY`] is no operation of the API.
    pub(super) operation: &'static str,
    pub(super) status: u16,
    /// The code of the refusal that is expected.
    pub(super) code: Option<&'static str>,
    /// Fields of the body that replace the example's.
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) query: &'static [(&'static str, &'static str)],
    /// A script that runs before the request.
    pub(super) before: &'static str,
    /// Until when it is sent again.
    pub(super) until: Option<Until>,
    /// The assertions, in words and in code.
    pub(super) checks: &'static [(&'static str, &'static str)],
}

/// A request is sent again until `holds`, at most `most` times; both in code.
pub(super) struct Until {
    pub(super) what: &'static str,
    pub(super) holds: &'static str,
    pub(super) most: &'static str,
}

impl Step {
    const fn new(name: &'static str, operation: &'static str, status: u16) -> Self {
        Self { name, operation, status, code: None, fields: &[], query: &[], before: "", until: None, checks: &[] }
    }
}

/// The name of the step that pays. The API has no such operation.
pub(super) const PAY: &str = "";

/// A number that nobody else has, made from the clock's milliseconds.
const NEW_NUMBER: &str = "pm.collectionVariables.set('mobile', `+1555${String(Date.now() % 1e9).padStart(9, '0')}`); \
    pm.collectionVariables.set('tries', '0');";

/// Skips the step on Stripe's own page, which is for people.
const PAY_OR_LEAVE_IT: &str = "const page = pm.collectionVariables.get('checkout_url'); \
    if (!page || /^https:[/]{2}[^/]*stripe[.]com[/]/.test(page)) { \
    console.log(`Pay with the card 4242 4242 4242 4242 in a browser, the next request waits for it: ${page}`); pm.execution.skipRequest(); }";

const REPLIED: Until =
    Until { what: "the reply ends", holds: "!['pending', 'generating'].includes(body.state)", most: "6" };

/// The journey.
pub(super) const STEPS: [Step; 26] = [
    Step {
        before: NEW_NUMBER,
        checks: &[("is about the number", "pm.expect(body.mobile).to.eql(pm.collectionVariables.get('mobile'));")],
        ..Step::new("Sign up", "sign_up", 201)
    },
    Step {
        checks: &[
            ("has the code, which a deployment does not", "pm.expect(body.otp).to.match(/^[0-9]{6,8}$/);"),
            ("says when another may be requested", "pm.expect(body.resend_after).to.be.at.least(0);"),
        ],
        ..Step::new("Request a code", "send_otp", 202)
    },
    Step {
        checks: &[
            (
                "gives tokens",
                "pm.expect(body.token_type).to.eql('Bearer'); pm.expect(body.refresh_token).to.be.a('string');",
            ),
            (
                "has made the account of the sign-up",
                "pm.expect(body.user.name).to.eql('Ada Lovelace'); pm.expect(body.user.tier).to.eql('basic');",
            ),
        ],
        ..Step::new("Sign in with the code", "verify_otp", 200)
    },
    Step {
        checks: &[
            ("is the account", "pm.expect(body.mobile).to.eql(pm.collectionVariables.get('mobile'));"),
            (
                "has the whole allowance",
                "pm.expect(body.allowance.used).to.eql(0); pm.expect(body.allowance.remaining).to.eql(body.allowance.limit);",
            ),
            ("has a tag for revalidation", "pm.expect(pm.response.headers.get('ETag')).to.match(/^W[/]/);"),
        ],
        ..Step::new("Read the account", "get_me", 200)
    },
    Step {
        checks: &[
            ("has the title", "pm.expect(body.title).to.eql('Weekend in Lisbon');"),
            (
                "has its address",
                "pm.expect(pm.response.headers.get('Location')).to.match(new RegExp(`chatroom/${body.id}$`));",
            ),
        ],
        ..Step::new("Make a room", "create_room", 201)
    },
    Step {
        checks: &[(
            "has the room",
            "pm.expect(body.data.map((room) => room.id)).to.eql([pm.collectionVariables.get('chatroom_id')]); pm.expect(body.next_cursor).to.eql(null);",
        )],
        ..Step::new("List the rooms", "list_rooms", 200)
    },
    Step {
        checks: &[
            (
                "has a pending reply",
                "pm.expect(body.reply.role).to.eql('assistant'); pm.expect(body.reply.in_reply_to).to.eql(body.message.id);",
            ),
            ("is charged", "pm.expect(body.allowance.used).to.eql(1);"),
            ("has the reply's address", "pm.expect(pm.response.headers.get('Location')).to.include(body.reply.id);"),
            (
                "has the allowance in its headers",
                "pm.expect(pm.response.headers.get('RateLimit')).to.include(`r=${body.allowance.remaining};`);",
            ),
        ],
        ..Step::new("Send a message", "send_message", 202)
    },
    Step {
        query: &[("wait", "20")],
        until: Some(REPLIED),
        checks: &[(
            "is an answer",
            "pm.expect(body.state).to.eql('completed'); pm.expect(body.content).to.not.be.empty;",
        )],
        ..Step::new("Wait for the reply", "get_message", 200)
    },
    Step {
        checks: &[(
            "has the message and its reply",
            "pm.expect(body.messages.data.map((one) => one.role)).to.eql(['user', 'assistant']); \
             pm.expect(body.messages.data[1].in_reply_to).to.eql(body.messages.data[0].id);",
        )],
        ..Step::new("Read the room", "get_room", 200)
    },
    Step {
        fields: &[("content", "And where is the best view in the evening?")],
        until: Some(Until {
            what: "the allowance is spent after at most 50 (BASIC_DAILY_LIMIT)",
            holds: "body.allowance?.remaining === 0",
            most: "50",
        }),
        checks: &[("nothing is left", "pm.expect(body.allowance.used).to.eql(body.allowance.limit);")],
        ..Step::new("Spend the day's allowance", "send_message", 202)
    },
    Step {
        code: Some("allowance_spent"),
        fields: &[("content", "One more thing: how do we get to the airport?")],
        checks: &[
            (
                "says when there is more",
                "pm.expect(body.allowance.remaining).to.eql(0); pm.expect(Number(pm.response.headers.get('Retry-After'))).to.be.above(0);",
            ),
            ("says how to get more now", "pm.expect(body.upgrade.path).to.eql('/subscribe/pro');"),
        ],
        ..Step::new("Exceed the limit", "send_message", 429)
    },
    Step {
        checks: &[(
            "has a page to pay at",
            "pm.expect(body.checkout_url).to.match(/^https?:/); pm.expect(body.session_id).to.match(/^cs_/);",
        )],
        ..Step::new("Subscribe to Pro", "subscribe_to_pro", 201)
    },
    Step {
        before: PAY_OR_LEAVE_IT,
        checks: &[("leads back", "pm.expect(pm.response.headers.get('Location')).to.match(/^https?:/);")],
        ..Step::new("Pay", PAY, 303)
    },
    Step {
        before: "setTimeout(() => {}, 500);",
        until: Some(Until {
            what: "the user is Pro",
            holds: "body.tier === 'pro'",
            most: "(pm.collectionVariables.get('checkout_url').includes('stripe.com') ? 600 : 60)",
        }),
        checks: &[
            ("is active", "pm.expect(body.status).to.eql('active'); pm.expect(body.payment_problem).to.eql(null);"),
            (
                "has a period",
                "pm.expect(Date.parse(body.current_period_end)).to.be.above(Date.parse(body.current_period_start));",
            ),
        ],
        ..Step::new("Wait for Pro", "get_subscription_status", 200)
    },
    Step {
        checks: &[(
            "has a larger allowance",
            "pm.expect(body.tier).to.eql('pro'); pm.expect(body.allowance.remaining).to.be.above(0);",
        )],
        ..Step::new("Read the account again", "get_me", 200)
    },
    Step {
        fields: &[("content", "How do we get to the airport?")],
        checks: &[("is charged to the larger allowance", "pm.expect(body.allowance.remaining).to.be.above(0);")],
        ..Step::new("Send a message as Pro", "send_message", 202)
    },
    Step {
        query: &[("wait", "20")],
        until: Some(REPLIED),
        checks: &[("is an answer", "pm.expect(body.state).to.eql('completed');")],
        ..Step::new("Wait for the reply to it", "get_message", 200)
    },
    Step {
        checks: &[(
            "has the payment",
            "pm.expect(body.data[0].status).to.eql('paid'); pm.expect(body.data[0].amount).to.be.above(0);",
        )],
        ..Step::new("List the invoices", "list_invoices", 200)
    },
    Step {
        checks: &[("is a link", "pm.expect(body.portal_url).to.match(/^https?:/);")],
        ..Step::new("Open the portal", "open_billing_portal", 200)
    },
    Step {
        checks: &[(
            "ends with the period",
            "pm.expect(body.cancel_at).to.eql(body.current_period_end); pm.expect(body.tier).to.eql('pro');",
        )],
        ..Step::new("Cancel", "cancel_subscription", 200)
    },
    Step { code: Some("already_cancelled"), ..Step::new("Cancel twice", "cancel_subscription", 409) },
    Step {
        checks: &[("does not end", "pm.expect(body.cancel_at).to.eql(null); pm.expect(body.tier).to.eql('pro');")],
        ..Step::new("Undo the cancellation", "reactivate_subscription", 200)
    },
    Step { code: Some("not_paused"), ..Step::new("Resume what is not paused", "resume_subscription", 409) },
    Step {
        checks: &[(
            "gives another token",
            "pm.expect(body.refresh_token).to.be.a('string').that.does.not.eql(pm.collectionVariables.get('refresh_token'));",
        )],
        ..Step::new("Renew the tokens", "refresh_tokens", 200)
    },
    Step::new("Sign out", "log_out", 204),
    Step { code: Some("unauthenticated"), ..Step::new("Use the dead token", "get_me", 401) },
];
