//! Where the API is mounted: the gateway's events have the name of a stage, or the mapping of a custom domain, before
//! the path.

/// The path without what stands before it. The route that the gateway took tells where it begins; the route `$default`
/// does not, so only the name of the stage is removed from its paths.
pub(super) fn unmounted<'a>(path: &'a str, route_key: &str, stage: &str) -> &'a str {
    let begin = match route_key.split_once(' ') {
        Some((_, route)) => begin_of(path, route),
        None => path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)).map(|rest| path.len() - rest.len()),
    };
    begin.and_then(|begin| path.get(begin..)).filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

/// Where a path of the route begins: `/chatroom/{proxy+}`, or one without a variable.
fn begin_of(path: &str, route: &str) -> Option<usize> {
    match route.split_once('{') {
        Some((head, _)) => path.find(head),
        None => path.strip_suffix(route).map(str::len),
    }
}

#[cfg(test)]
mod tests {
    use super::unmounted;

    #[test]
    fn a_path_begins_where_its_route_begins() {
        for (path, route, stage, rest) in [
            ("/chatroom/1", "ANY /chatroom/{proxy+}", "$default", "/chatroom/1"),
            ("/v1/chatroom/1", "ANY /chatroom/{proxy+}", "v1", "/chatroom/1"),
            ("/apps/chat/chatroom", "ANY /chatroom", "$default", "/chatroom"),
            ("/apps/chat/chatroom/1/message", "ANY /chatroom/{proxy+}", "v1", "/chatroom/1/message"),
            ("/v1/nothing/", "$default", "v1", "/nothing/"),
            ("/v10/nothing", "$default", "v1", "/v10/nothing"),
            ("/v1", "$default", "v1", "/v1"),
            ("/nothing", "$default", "$default", "/nothing"),
            ("/nothing", "", "", "/nothing"),
            ("/chatroom", "ANY /health", "v1", "/chatroom"),
            ("", "$default", "v1", ""),
        ] {
            assert_eq!(unmounted(path, route, stage), rest, "{path} of {route} at {stage}");
        }
    }
}
