//! API versions. Stripe releases one every month; those of one name break nothing
//! (<https://docs.stripe.com/api-versions>).

use super::API_VERSION;
use super::error::ApiError;

/// Accepts the stand-in's version and every later one of its name; no other, and not none.
pub(super) fn check(asked: Option<&str>) -> Result<(), ApiError> {
    match asked {
        Some(asked) if is_compatible(asked) => Ok(()),
        Some(other) => Err(ApiError::invalid(format!(
            "Invalid Stripe API version: {other}. This stand-in has {API_VERSION}, and accepts later ones of its name."
        ))),
        None => Err(ApiError::invalid(format!(
            "Missing header Stripe-Version: this stand-in requires {API_VERSION}, or a later one of its name, on every \
             call."
        ))),
    }
}

fn is_compatible(asked: &str) -> bool {
    let (Some((since, name)), Some((date, asked))) = (API_VERSION.split_once('.'), asked.split_once('.')) else {
        return false;
    };
    let is_date = date.len() == since.len()
        && date.bytes().zip(since.bytes()).all(|(one, other)| match other {
            b'-' => one == b'-',
            _ => one.is_ascii_digit(),
        });
    is_date && asked == name && date >= since
}

#[cfg(test)]
mod tests {
    use super::is_compatible;

    #[test]
    fn a_later_version_of_the_same_name_is_compatible() {
        for version in ["2026-09-30.endive", "2026-10-28.endive", "2027-01-27.endive"] {
            assert!(is_compatible(version), "{version}");
        }
        for version in [
            "2026-08-26.endive",
            "2026-07-29.dahlia",
            "2027-03-31.fennel",
            "2026-10-28",
            "2026-10-28.endive.preview",
            "2026-1o-28.endive",
            "2026-10-2.endive",
            "",
        ] {
            assert!(!is_compatible(version), "{version}");
        }
    }
}
