//! `docs/problems.md`

use std::fmt::Write as _;

use shared::http::ProblemCode;

/// Every problem with its cause and its remedy.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "# Problems\n\n\
        Every refusal is `application/problem+json` (RFC 9457). `code` is what to switch on, `detail` is for people, \
        and `request_id` is in the log. `type` leads to a section of this list, which the service shows at `/problems`.\n",
    );
    for code in ProblemCode::ALL {
        let (name, status, cause, remedy) = (code.as_str(), code.status(), code.cause(), code.remedy());
        // Writing to a String does not fail.
        let _ = write!(text, "\n## {name}\n{status}. {cause}\n\nWhat to do: {remedy}\n");
    }
    text
}
