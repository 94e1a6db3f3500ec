//! Relative references (RFC 3986, section 4.2). The API does not know what stands before its paths: a stage, a custom
//! domain's mapping, a proxy. A relative reference resolves in any case.

/// The reference that leads from the resource at the path `from` to `to`. A `to` that is not a path of the API is kept.
pub(super) fn relative(from: &str, to: &str) -> String {
    match to.strip_prefix('/') {
        Some(rest) if !rest.starts_with('/') => {
            let folders = from.bytes().filter(|byte| *byte == b'/').count().saturating_sub(1);
            format!("{}{rest}", "../".repeat(folders))
        }
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn a_reference_goes_up_to_the_root_of_the_api() {
        for (from, to, reference) in [
            ("/chatroom", "/chatroom/1", "chatroom/1"),
            ("/chatroom/1/message", "/chatroom/1/message/2", "../../chatroom/1/message/2"),
            ("/user/me/", "/problems#not_found", "../../problems#not_found"),
            ("/", "/problems#not_found", "problems#not_found"),
            ("/user/me", "https://example.com/a", "https://example.com/a"),
            ("/user/me", "//example.com/a", "//example.com/a"),
        ] {
            assert_eq!(relative(from, to), reference, "from {from} to {to}");
        }
    }
}
