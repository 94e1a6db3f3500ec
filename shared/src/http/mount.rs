//! Where the API is mounted: the gateway's events have the name of a stage, or the mapping of a custom domain, before
//! the path.

use std::borrow::Cow;

/// The route that the gateway took.
#[derive(Debug, Default)]
pub(super) struct Route<'a> {
    /// `ANY /chatroom/{proxy+}`.
    pub(super) key: Cow<'a, str>,
    /// What the gateway found in the place of `{proxy+}`.
    pub(super) proxy: Option<Cow<'a, str>>,
}

/// The path without what stands before it. The route that the gateway took tells where it begins; the route `$default`
/// does not, so only the name of the stage is removed from its paths.
pub(super) fn unmounted<'a>(path: &'a str, route: &Route<'_>, stage: &str) -> &'a str {
    let begin = match route.key.split_once(' ') {
        Some((_, pattern)) => begin_of(path, pattern, route.proxy.as_deref()),
        None => path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)).map(|rest| path.len() - rest.len()),
    };
    begin.and_then(|begin| path.get(begin..)).filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

/// Where a path of the pattern begins: `/chatroom/{proxy+}`, or one without a variable. What stands before may have the
/// name of a route too, so the end is looked at first.
fn begin_of(path: &str, pattern: &str, proxy: Option<&str>) -> Option<usize> {
    let Some((head, _)) = pattern.split_once('{') else { return path.strip_suffix(pattern).map(str::len) };
    let before = proxy.and_then(|proxy| path.strip_suffix(proxy)?.strip_suffix(head)).map(str::len);
    before.or_else(|| path.find(head))
}

#[cfg(test)]
mod tests {
    use super::{Route, unmounted};

    fn route<'a>(key: &'a str, proxy: Option<&'a str>) -> Route<'a> {
        Route { key: key.into(), proxy: proxy.map(Into::into) }
    }

    #[test]
    fn a_path_begins_where_its_route_begins() {
        for (path, key, stage, rest) in [
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
            assert_eq!(unmounted(path, &route(key, None), stage), rest, "{path} of {key} at {stage}");
        }
    }

    #[test]
    fn what_stands_before_may_have_the_name_of_a_route() {
        for (path, proxy, rest) in [
            ("/chatroom/chatroom/1", "1", "/chatroom/1"),
            ("/apps/chatroom/v1/chatroom/1/message", "1/message", "/chatroom/1/message"),
            ("/chatroom/1/chatroom/2", "1/chatroom/2", "/chatroom/1/chatroom/2"),
            // Written otherwise than in the path.
            ("/v1/chatroom/a b", "a%20b", "/chatroom/a b"),
        ] {
            let taken = route("ANY /chatroom/{proxy+}", Some(proxy));
            assert_eq!(unmounted(path, &taken, "$default"), rest, "{path} with {proxy}");
        }
    }
}
