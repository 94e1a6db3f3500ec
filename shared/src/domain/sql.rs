//! How values are sent to and read from Postgres: newtypes of this folder as the value that they wrap.

use time::{Date, OffsetDateTime};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// A value whose type in Postgres is known without asking the server. So a statement need not be prepared first.
pub(crate) trait Typed {
    /// The type.
    const TYPE: Type;
}

/// A value of which lists are sent.
pub(crate) trait Listed {
    /// The type of such a list.
    const LIST: Type;
}

macro_rules! typed {
    ($($rust:ty => $one:ident, $list:ident;)+) => {
        $(
            impl Typed for $rust {
                const TYPE: Type = Type::$one;
            }
            impl Listed for $rust {
                const LIST: Type = Type::$list;
            }
        )+
    };
}

typed! {
    bool => BOOL, BOOL_ARRAY;
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    Uuid => UUID, UUID_ARRAY;
    Date => DATE, DATE_ARRAY;
    OffsetDateTime => TIMESTAMPTZ, TIMESTAMPTZ_ARRAY;
    serde_json::Value => JSONB, JSONB_ARRAY;
}

impl Listed for Vec<u8> {
    const LIST: Type = Type::BYTEA_ARRAY;
}

impl Typed for [u8] {
    const TYPE: Type = Type::BYTEA;
}

impl<T: Listed> Typed for [T] {
    const TYPE: Type = T::LIST;
}

impl<T: Typed + ?Sized> Typed for &T {
    const TYPE: Type = T::TYPE;
}

impl<T: Listed + ?Sized> Listed for &T {
    const LIST: Type = T::LIST;
}

impl<T: Typed> Typed for Option<T> {
    const TYPE: Type = T::TYPE;
}

/// A parameter of a statement.
pub(crate) trait Value: ToSql + Sync {
    /// Its type in Postgres.
    fn declared(&self) -> Type;
}

impl<T: Typed + ToSql + Sync> Value for T {
    fn declared(&self) -> Type {
        T::TYPE
    }
}

/// Implements `ToSql` and `FromSql` for a type by means of another type: `$inner` is what Postgres sees, `$out` returns
/// it, `$back` makes the type from it. If `$back` refuses, the reader of the row gets an error.
macro_rules! speaks_sql {
    ($name:ty, $inner:ty, $out:expr, $back:expr) => {
        impl tokio_postgres::types::ToSql for $name {
            fn to_sql(
                &self,
                ty: &tokio_postgres::types::Type,
                out: &mut bytes::BytesMut,
            ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
                let lend: fn(&Self) -> $inner = $out;
                lend(self).to_sql(ty, out)
            }

            fn accepts(ty: &tokio_postgres::types::Type) -> bool {
                <$inner as tokio_postgres::types::ToSql>::accepts(ty)
            }

            tokio_postgres::types::to_sql_checked!();
        }

        impl $crate::domain::sql::Typed for $name {
            const TYPE: tokio_postgres::types::Type = <$inner as $crate::domain::sql::Typed>::TYPE;
        }

        impl $crate::domain::sql::Listed for $name {
            const LIST: tokio_postgres::types::Type = <$inner as $crate::domain::sql::Listed>::LIST;
        }

        impl<'a> tokio_postgres::types::FromSql<'a> for $name {
            fn from_sql(
                ty: &tokio_postgres::types::Type,
                raw: &'a [u8],
            ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                let make: fn($inner) -> Result<Self, $crate::domain::Invalid> = $back;
                Ok(make(<$inner as tokio_postgres::types::FromSql>::from_sql(ty, raw)?)?)
            }

            fn accepts(ty: &tokio_postgres::types::Type) -> bool {
                <$inner as tokio_postgres::types::FromSql>::accepts(ty)
            }
        }
    };
}
pub(crate) use speaks_sql;
