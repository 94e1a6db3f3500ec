//! `docs/problems.md`

use shared::http::Code;

/// Every problem with its cause and its remedy.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "# Problems\n\n\
        Every refusal is `application/problem+json` (RFC 9457). `code` is what to switch on, `detail` is for people, \
        and `request_id` is in the log. `type` leads to a section of this list, which the service shows at `/problems`.\n",
    );
    for code in Code::ALL {
        text += &format!(
            "\n## {}\n{}. {}\n\nWhat to do: {}\n",
            code.as_str(),
            code.status(),
            code.cause(),
            code.remedy()
        );
    }
    text
}
