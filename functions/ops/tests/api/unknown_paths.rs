//! Paths that no function has.

use http::Method;
use testkit::TestApi;

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let user = TestApi::start(ops::router).await.anyone();
    for path in ["/nothing", "/debug", "/debug/queue/more", "/.env", "/health/"] {
        let answer = user.get(path).await;
        assert_eq!((answer.status(), answer.code().as_str()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_a_problem_that_names_the_known_ones() {
    let user = TestApi::start(ops::router).await.anyone();
    let answer = user.raw(Method::DELETE, "/health", &[], "").await;
    assert_eq!((answer.status(), answer.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(answer.header("allow"), "GET,HEAD");
}
