//! How the newtypes of this folder are sent to and read from Postgres: as the value that they wrap.

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
