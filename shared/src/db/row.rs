//! Rows as structs. A field has the name of its column, so a column is named once.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::Fault;

/// A type that can be read from a row.
pub(crate) trait FromRow: Sized {
    /// Reads a row. It is a fault if a column is missing or its value does not fit the type.
    fn from_row(row: &Row) -> Result<Self, Fault>;
}

/// Reads a column of a row.
pub(super) fn read<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Fault> {
    row.try_get(column).map_err(|error| unreadable(column, &error))
}

fn unreadable(column: &str, error: &tokio_postgres::Error) -> Fault {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Fault::Unreadable(column.to_owned(), cause)
}

/// A row of one column.
impl<T: for<'a> FromSql<'a>> FromRow for (T,) {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        row.try_get(0).map(|value| (value,)).map_err(|error| unreadable("0", &error))
    }
}

/// Declares a struct that is read from the columns of the same names. With `of alias` the columns are those of a table
/// alias, and the struct has them as `COLUMNS`, for the statements that select it.
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident of $alias:ident {
        $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty),+ $(,)?
    }) => {
        row! { $(#[$doc])* $vis struct $name { $($(#[$field_doc])* $field_vis $field: $type),+ } }
        row!(@columns $name $alias $($field)+);
    };
    ($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        $vis struct $name { $($(#[$field_doc])* $field_vis $field: $type),+ }

        impl $crate::db::row::FromRow for $name {
            fn from_row(row: &tokio_postgres::Row) -> Result<Self, $crate::Fault> {
                Ok(Self { $($field: $crate::db::row::read(row, stringify!($field))?),+ })
            }
        }
    };
    (@columns $name:ident $alias:ident $first:ident $($field:ident)*) => {
        impl $name {
            /// Its columns, in the order of its fields.
            pub(in crate::db) const COLUMNS: &str = concat!(
                stringify!($alias), ".", stringify!($first)
                $(, ", ", stringify!($alias), ".", stringify!($field))*
            );
        }
    };
}
pub(super) use row;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Whether another page follows.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Makes a page of `limit` items from the rows of a statement that asked for one more.
    pub(super) fn of(mut items: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn the_extra_row_says_that_another_page_follows_and_is_not_part_of_the_page() {
        assert_eq!(Page::of(vec![1, 2, 3], 2), Page { items: vec![1, 2], has_more: true });
        assert_eq!(Page::of(vec![1, 2], 2), Page { items: vec![1, 2], has_more: false });
    }
}
