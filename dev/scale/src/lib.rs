//! How far the design carries, and what a month costs: on paper (`cargo run -p scale`), as docs/scaling.md and README
//! quote it.

mod cost;
mod habits;
mod limits;
mod load;
pub mod usd;
pub mod workers;

use std::fmt::{self, Display};

pub use cost::{Millions, Month};
pub use habits::Habits;
pub use load::Load;

/// The sizes that are looked at: people who write on a day.
pub const DAILY_USERS: [f64; 3] = [1e3, 1e5, 1e6];

/// All tables, as docs/scaling.md has them.
#[derive(Debug, Clone, Copy)]
pub struct Paper(pub Habits);

impl Display for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loads = DAILY_USERS.map(|users| Load::of(users, self.0));
        writeln!(f, "{}\n\n{}", self.0, load::Table(&loads))?;
        writeln!(f, "\n{}\n\n{}", limits::Table(&loads), cost::Table(&loads.map(Month::of)))?;
        writeln!(f, "\n{}", workers::Table { seconds: self.0.reply_seconds })
    }
}

/// The cells of a line, each `width` wide.
fn cells(width: usize, numbers: impl IntoIterator<Item = f64>) -> String {
    numbers.into_iter().fold(String::new(), |line, number| line + &format!("{:>width$}", shown(number)))
}

/// A number as a table shows it: three digits that count, and a comma between thousands.
fn shown(number: f64) -> String {
    let digits = match number {
        ..0.1 => return format!("{number:.3}"),
        ..10.0 => return format!("{number:.1}"),
        ..1000.0 => return format!("{number:.0}"),
        _ => format!("{number:.0}"),
    };
    let round = 10_f64.powi(i32::try_from(digits.len()).unwrap_or(3) - 3);
    let digits = format!("{:.0}", (number / round).round() * round);
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_number_has_three_digits_that_count() {
        let numbers = [0.0123, 5.04, 41.7, 1234.5, 9_999_999.0].map(shown);
        assert_eq!(numbers, ["0.012", "5.0", "42", "1,230", "10,000,000"]);
    }
}
