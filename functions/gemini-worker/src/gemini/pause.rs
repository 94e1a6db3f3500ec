//! The pause that Google asks for: in the error's `RetryInfo`, in the header `Retry-After`, or in the message alone.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// What comes before the pause in a message.
const IN_WORDS: &str = "retry in ";

/// The pause of the header `Retry-After`: seconds, or a date, which counts from the response's own date.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| {
        let (until, now) = (date(headers, &RETRY_AFTER)?, date(headers, &DATE)?);
        Duration::try_from(until - now).ok()
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(headers.get(name)?.to_str().ok()?.trim(), &Rfc2822).ok()
}

/// The pause of a message: `Please retry in 12.3s.`
pub(super) fn of_message(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once(IN_WORDS)?;
    let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',', ';']);
    of_units(word).or_else(|| seconds(word))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// A sum of numbers with units: `34.07s`, as protobuf writes it, or `1m2.5s` and `850ms`, as Google's messages do.
pub(super) fn of_units(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, None);
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|char: char| char.is_ascii_alphabetic())?);
        let (unit, after) = after.split_at(after.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(after.len()));
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        sum = Some(sum.unwrap_or(Duration::ZERO).checked_add(part)?);
        rest = after;
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

    use super::{of_headers, of_message, of_units};

    #[test]
    fn pauses_are_read_in_all_of_their_units() {
        let table = [("34.5s", Some(34_500)), ("1m2.5s", Some(62_500)), ("850ms", Some(850)), ("2h", Some(7_200_000))];
        for (text, millis) in
            table.into_iter().chain(["", "s", "-3s", "12", "3 days", "1e300h", "NaNs"].map(|text| (text, None)))
        {
            assert_eq!(of_units(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn a_message_names_a_pause_in_words() {
        let named = |message| of_message(message).map(|pause| pause.as_millis());
        assert_eq!(named("Quota exceeded, limit: 15\nPlease retry in 12.3s."), Some(12_300));
        assert_eq!(named("Please retry in 1m0.5s"), Some(60_500));
        assert_eq!(named("Please retry in 7 seconds."), Some(7_000));
        assert_eq!((named("Please retry."), named("Please retry in a while.")), (None, None));
    }

    #[test]
    fn the_header_has_seconds_or_a_date() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Mon, 23 Nov 2026 12:00:00 GMT"));
        let pauses = [("7", 7), (" 12.5 ", 12), ("Mon, 23 Nov 2026 12:01:30 GMT", 90)];
        for (text, seconds) in pauses {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            assert_eq!(of_headers(&headers).map(|pause| pause.as_secs()), Some(seconds), "{text}");
        }
        for text in ["soon", "-1", "Mon, 23 Nov 2026 11:59:00 GMT"] {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            assert_eq!(of_headers(&headers), None, "{text}");
        }
    }
}
