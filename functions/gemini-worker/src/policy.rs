//! What an answer or a failure means for the reply: one table for Google's finish reasons, one for its failures.

use std::time::Duration;

use shared::db::replies::{MOST_ATTEMPTS, Outcome};
use shared::domain::{ReplyError, ReplyState};

use crate::gemini::{Failure, Progress};

/// A pause that Google asks for is kept if it is no longer than this. No user waits longer for an answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What follows an attempt.
#[derive(Debug)]
pub enum Verdict {
    /// The reply has ended.
    End(Outcome),
    /// Another attempt, after this long; this one failed so.
    Again(Duration, Outcome),
}

/// The state of a reply for each of Google's finish reasons. Unknown reasons count as `OTHER`.
/// Source: <https://ai.google.dev/api/generate-content#FinishReason>.
pub fn state_of(finish_reason: &str) -> ReplyState {
    match finish_reason {
        "STOP" => ReplyState::Completed,
        // With CONTINUATION more would follow another request.
        "MAX_TOKENS" | "CONTINUATION" => ReplyState::Truncated,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => ReplyState::Blocked,
        // FINISH_REASON_UNSPECIFIED, OTHER, MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, TOO_MANY_TOOL_CALLS,
        // MISSING_THOUGHT_SIGNATURE, MALFORMED_RESPONSE, NO_IMAGE, IMAGE_OTHER, and future ones.
        _ => ReplyState::Failed,
    }
}

/// Judges an attempt. `pause` is how long to wait if Google does not say.
pub fn judge(result: Result<(), Failure>, progress: Progress, attempt: i32, pause: Duration) -> Verdict {
    let failure = match result {
        Ok(()) => return answered(progress, attempt, pause),
        Err(failure) => failure,
    };
    tracing::warn!(%failure, attempt, "Gemini");
    match failure {
        // The time is spent and paid for: what was written is the reply.
        Failure::OutOfTime if !progress.is_empty() => Verdict::End(cut_off(progress)),
        Failure::RateLimited(Some(named)) => at_googles_time(named, attempt, ReplyError::QuotaExhausted, progress),
        Failure::Overloaded(_, Some(named)) => at_googles_time(named, attempt, ReplyError::ModelUnavailable, progress),
        Failure::RateLimited(None) => again(pause, attempt, ReplyError::QuotaExhausted, progress),
        // The model was asked, and may have thought all the time.
        Failure::Silent | Failure::OutOfTime => {
            again(pause, attempt, ReplyError::ModelUnavailable, Progress { has_begun: true, ..progress })
        }
        Failure::Overloaded(_, None) | Failure::Unreachable(_) | Failure::Garbled(_) => {
            again(pause, attempt, ReplyError::ModelUnavailable, progress)
        }
        Failure::QuotaSpent => failed(ReplyError::QuotaExhausted, progress),
        Failure::Unauthorized(_) => failed(ReplyError::ModelUnauthorized, progress),
        Failure::NoSuchModel => failed(ReplyError::ModelNotFound, progress),
        Failure::Refused(..) => failed(ReplyError::RequestRefused, progress),
    }
}

/// The text that is shown of an answer so far: none if a filter stopped it.
pub fn shown(progress: &Progress) -> &str {
    let stopped = progress.finish_reason.as_deref().is_some_and(|reason| state_of(reason) == ReplyState::Blocked);
    if stopped || progress.block_reason.is_some() { "" } else { &progress.text }
}

/// The outcome of an attempt that nobody waits for any more, with the text so far.
pub fn so_far(progress: &Progress) -> Outcome {
    let progress = Progress { text: shown(progress).to_owned(), ..progress.clone() };
    Outcome { state: ReplyState::Cancelled, signature: None, ..cut_off(progress) }
}

/// The end of a reply whose last worker died, with the text that it had published. If there is one, it is kept and paid
/// for, as after any other last attempt.
pub fn exhausted(text: String) -> Outcome {
    let progress = Progress { text, ..Progress::default() };
    if progress.is_empty() { Outcome::failed(ReplyError::AttemptsExhausted) } else { cut_off(progress) }
}

/// The outcome of an attempt that failed: what it took is recorded as well.
pub fn without_text(error: ReplyError, progress: Progress) -> Outcome {
    let failed = Outcome::failed(error);
    let reached_model = progress.has_begun || failed.reached_model;
    Outcome { model: progress.model, usage: progress.usage, reached_model, ..failed }
}

/// The outcome of an answer that broke off.
fn cut_off(progress: Progress) -> Outcome {
    Outcome {
        state: ReplyState::Truncated,
        content: progress.text,
        signature: progress.signature,
        model: progress.model,
        finish_reason: None,
        usage: progress.usage,
        error: None,
        reached_model: true,
    }
}

/// An exponential pause with full jitter: at most 2, 4, 8, 16 seconds, and at least half a second.
/// Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
pub fn jitter(attempt: i32) -> Duration {
    let most = 1000_u64 << attempt.clamp(1, 6).unsigned_abs();
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    Duration::from_millis((most * u64::from(random) / u64::from(u32::MAX)).max(500))
}

fn again(pause: Duration, attempt: i32, error: ReplyError, progress: Progress) -> Verdict {
    if attempt >= MOST_ATTEMPTS {
        return failed(error, progress);
    }
    Verdict::Again(pause, without_text(error, progress))
}

/// Another attempt when Google says that there can be an answer. If it says so of the last attempt, one more follows.
fn at_googles_time(pause: Duration, attempt: i32, error: ReplyError, progress: Progress) -> Verdict {
    if attempt > MOST_ATTEMPTS || pause > LONGEST_PAUSE {
        return failed(error, progress);
    }
    Verdict::Again(pause, without_text(error, progress))
}

/// The end after a failure. If there is a text, it is kept and paid for.
fn failed(error: ReplyError, progress: Progress) -> Verdict {
    Verdict::End(if progress.is_empty() { without_text(error, progress) } else { cut_off(progress) })
}

fn answered(progress: Progress, attempt: i32, pause: Duration) -> Verdict {
    let (reason, state) = match (&progress.block_reason, &progress.finish_reason) {
        (Some(blocked), _) => (Some(blocked.clone()), ReplyState::Blocked),
        (None, Some(reason)) => (Some(reason.clone()), state_of(reason)),
        (None, None) => (None, ReplyState::Truncated),
    };
    let state = if progress.too_large && state == ReplyState::Completed { ReplyState::Truncated } else { state };
    if progress.is_empty() && state == ReplyState::Completed {
        return again(pause, attempt, ReplyError::EmptyAnswer, progress);
    }
    let (state, error) = match state {
        ReplyState::Blocked => (state, Some(ReplyError::ContentBlocked)),
        ReplyState::Failed => (state, Some(ReplyError::ModelStopped)),
        _ if progress.is_empty() => (ReplyState::Failed, Some(ReplyError::NoText)),
        _ => (state, None),
    };
    // A text that a filter stopped is not shown.
    let has_text = state != ReplyState::Blocked && !progress.is_empty();
    let content = if has_text { progress.text } else { String::new() };
    // Later turns are told of a reply only if there is no error, and then as it was written.
    let signature = progress.signature.filter(|_| error.is_none() && !progress.too_large);
    let (model, usage) = (progress.model, progress.usage);
    Verdict::End(Outcome { state, content, signature, model, finish_reason: reason, usage, error, reached_model: true })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared::domain::{ReplyError, ReplyState};

    use super::{Verdict, jitter, judge};
    use crate::gemini::{Failure, Progress};

    const PAUSE: Duration = Duration::from_secs(1);

    fn answer(text: &str, finish_reason: &str) -> Verdict {
        judge(
            Ok(()),
            Progress { text: text.into(), finish_reason: Some(finish_reason.into()), ..Progress::default() },
            1,
            PAUSE,
        )
    }

    #[test]
    fn every_documented_reason_has_its_state() {
        use ReplyState::{Blocked, Completed, Failed, Truncated};
        let table = [
            ("STOP", Completed),
            ("MAX_TOKENS", Truncated),
            ("CONTINUATION", Truncated),
            ("SAFETY", Blocked),
            ("RECITATION", Blocked),
            ("LANGUAGE", Blocked),
            ("BLOCKLIST", Blocked),
            ("PROHIBITED_CONTENT", Blocked),
            ("SPII", Blocked),
            ("IMAGE_SAFETY", Blocked),
            ("IMAGE_PROHIBITED_CONTENT", Blocked),
            ("IMAGE_RECITATION", Blocked),
            ("FINISH_REASON_UNSPECIFIED", Failed),
            ("OTHER", Failed),
            ("MALFORMED_FUNCTION_CALL", Failed),
            ("UNEXPECTED_TOOL_CALL", Failed),
            ("TOO_MANY_TOOL_CALLS", Failed),
            ("MISSING_THOUGHT_SIGNATURE", Failed),
            ("MALFORMED_RESPONSE", Failed),
            ("NO_IMAGE", Failed),
            ("IMAGE_OTHER", Failed),
            ("OF_2031", Failed),
        ];
        for (reason, state) in table {
            let Verdict::End(outcome) = answer("text", reason) else { panic!("{reason} is retried") };
            assert_eq!((outcome.state, outcome.finish_reason.as_deref()), (state, Some(reason)));
            assert_eq!(outcome.error.is_some(), matches!(state, Blocked | Failed), "{reason}");
        }
    }

    #[test]
    fn an_empty_answer_is_never_completed() {
        let Verdict::Again(_, empty) = answer(" ", "STOP") else { panic!("completed") };
        assert_eq!(empty.error, Some(ReplyError::EmptyAnswer));
        for (text, reason) in [("", "MAX_TOKENS"), (" \n", "MAX_TOKENS"), ("", "CONTINUATION")] {
            let Verdict::End(outcome) = answer(text, reason) else { panic!("retried") };
            assert_eq!((outcome.state, outcome.error), (ReplyState::Failed, Some(ReplyError::NoText)));
            assert_eq!((outcome.content.as_str(), outcome.finish_reason.as_deref()), ("", Some(reason)));
        }
    }

    #[test]
    fn an_attempt_has_reached_the_model_once_it_began_to_answer_or_was_silent() {
        let reached = |failure, progress| match judge(Err(failure), progress, 1, PAUSE) {
            Verdict::Again(_, outcome) | Verdict::End(outcome) => outcome.reached_model,
        };
        let begun = || Progress { has_begun: true, ..Progress::default() };
        for failure in [|| Failure::Overloaded(503, None), || Failure::QuotaSpent, || Failure::RateLimited(None)] {
            assert!(!reached(failure(), Progress::default()));
            assert!(reached(failure(), begun()));
        }
        // Whoever has the request may have worked on it all the time.
        assert!(reached(Failure::OutOfTime, Progress::default()) && reached(Failure::Silent, Progress::default()));
        let Verdict::Again(_, empty) = answer("", "STOP") else { panic!("completed") };
        assert!(empty.reached_model);
    }

    #[test]
    fn a_blocked_question_keeps_googles_reason() {
        for reason in
            ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "BLOCK_REASON_UNSPECIFIED", "NEW"]
        {
            let progress = Progress { block_reason: Some(reason.into()), ..Progress::default() };
            let Verdict::End(outcome) = judge(Ok(()), progress, 1, PAUSE) else { panic!("retried") };
            assert_eq!((outcome.state, outcome.finish_reason.as_deref()), (ReplyState::Blocked, Some(reason)));
        }
    }

    #[test]
    fn the_last_attempt_is_the_end() {
        let overloaded = || Err(Failure::Overloaded(503, None));
        assert!(matches!(judge(overloaded(), Progress::default(), 4, PAUSE), Verdict::Again(PAUSE, _)));
        let Verdict::End(outcome) = judge(overloaded(), Progress::default(), 5, PAUSE) else { panic!("retried") };
        assert_eq!((outcome.state, outcome.error), (ReplyState::Failed, Some(ReplyError::ModelUnavailable)));
    }

    #[test]
    fn the_last_attempt_is_not_the_end_if_google_names_a_pause_and_the_one_after_it_is() {
        let pause = Duration::from_secs(34);
        for failure in [Failure::RateLimited(Some(pause)), Failure::Overloaded(503, Some(pause))] {
            let judged = |attempt| judge(Err(failure.clone()), Progress::default(), attempt, PAUSE);
            assert!(matches!(judged(5), Verdict::Again(named, _) if named == pause));
            assert!(matches!(judged(6), Verdict::End(_)));
        }
    }

    #[test]
    fn googles_pause_is_kept_unless_nobody_would_wait_for_it() {
        let limited = |seconds| {
            judge(Err(Failure::RateLimited(Some(Duration::from_secs(seconds)))), Progress::default(), 1, PAUSE)
        };
        assert!(matches!(limited(34), Verdict::Again(pause, _) if pause == Duration::from_secs(34)));
        assert!(matches!(limited(301), Verdict::End(_)));
    }

    #[test]
    fn pauses_grow_and_are_spread() {
        let pauses: Vec<_> = (0..200).map(|_| jitter(4)).collect();
        assert!(pauses.iter().all(|pause| (500..=16_000).contains(&pause.as_millis())));
        assert!(pauses.iter().filter(|pause| pause.as_secs() >= 8).count() > 50);
    }
}
