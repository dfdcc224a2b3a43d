//! Closed terms in SQL: bound and read by their wire names.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::vocab::terms::{Category, Class, Message, PageKind, Role, Sight, Verdict};

macro_rules! in_sql {
    ($($term:ty),+ $(,)?) => { $(
        impl ToSql for $term {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $term {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    )+ };
}

in_sql!(Category, Class, Message, PageKind, Role, Sight, Verdict);

/// States in which a case is closed; only closed cases age.
pub const CLOSED: &[&str] = &["decided", "verified-gone", "dismissed", "withdrawn", "corrected", "expired"];
