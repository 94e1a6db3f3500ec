//! The role that the functions have in Postgres, if migrations have another one: it reads and writes rows, and changes no
//! schema.

use std::fmt;

use postgres_protocol::password::scram_sha_256;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Db;
use super::connect::{Login, pool_as};
use super::row::{FromRow, row};
use crate::Fault;
use crate::config::{ConfigError, Env};

const OWNER: &str = "MIGRATION_DATABASE_URL";

row! {
    /// What the catalogue says, with names as they are written in SQL.
    struct Known {
        role: String,
        database: String,
        schema: String,
        exists: bool,
        may_change_schema: bool,
        tables: Option<String>,
    }
}

const KNOWN: &str = "select quote_ident($1) as role, quote_ident(current_database()) as database,
    quote_ident(current_schema()) as schema, exists (select from pg_roles where rolname = $1) as exists,
    exists (select from pg_roles r where rolname = $1
        and (rolsuper or rolcreaterole or rolcreatedb or pg_has_role(oid, current_user, 'member') or exists (
            select from pg_namespace n where nspname = current_schema() and (pg_has_role(r.oid, nspowner, 'member')
                or exists (select from pg_class where relnamespace = n.oid and pg_has_role(r.oid, relowner, 'member')))
        ))) as may_change_schema,
    (select string_agg(format('%I.%I', nspname, relname), ', ')
        from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = current_schema() and relkind in ('r', 'p') and relname <> 'refinery_schema_history'
            and pg_has_role(relowner, 'usage')) as tables";

/// The tables that the functions use.
pub const TABLES: [&str; 12] = [
    "allowances",
    "attempts",
    "chatrooms",
    "counters",
    "customers",
    "messages",
    "past_usage",
    "refresh_tokens",
    "sessions",
    "stripe_events",
    "stripe_listing",
    "users",
];

/// Those of them whose rows the role may not read, write or delete: another role owns them.
const LACKS: &str = "select string_agg(relname, ', ' order by relname)
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = current_schema() and relname = any($2)
        and not (has_table_privilege($1, pg_class.oid, 'select') and has_table_privilege($1, pg_class.oid, 'insert')
            and has_table_privilege($1, pg_class.oid, 'update') and has_table_privilege($1, pg_class.oid, 'delete'))";

/// The role of `DATABASE_URL`.
#[derive(Clone)]
pub struct RuntimeRole {
    name: String,
    password: Option<Vec<u8>>,
    /// The migrated database, for this role.
    db: Db,
}

impl fmt::Debug for RuntimeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RuntimeRole(…)")
    }
}

/// What was done so that the role can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It could already.
    None,
    /// It was created.
    Created,
    /// It got the password of `DATABASE_URL`.
    PasswordSet,
}

/// The role as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// What was done so that it can sign in.
    pub change: Change,
    /// Whether it has powers that the functions do not need.
    pub may_change_schema: bool,
    /// The tables whose rows it may not read and write, because the role that migrates does not own them.
    pub lacks: Option<String>,
}

impl RuntimeRole {
    /// The role of `DATABASE_URL`; `None` if migrations have the same one.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        if env.optional(OWNER).is_none() {
            return Ok(None);
        }
        let login = Login::of(env, "DATABASE_URL")?;
        if login.user == Login::of(env, OWNER)?.user {
            return Ok(None);
        }
        let db = pool_as(env, OWNER, &login)?;
        Ok(Some(Self { name: login.user, password: login.password, db }))
    }

    /// Signs in as the role. It is done before the transaction of the migrations, which holds locks.
    pub async fn sign_in(&self) -> Result<(), Fault> {
        let answer = self.db.ping().await;
        self.db.rest();
        answer
    }

    /// Lets the role sign in and gives it its rights, in the open transaction of the migrations. `signed_in` is what
    /// [`Self::sign_in`] returned. Repeating it changes nothing; with another password in `DATABASE_URL` the role gets
    /// that one.
    pub async fn admit(&self, owner: &Client, signed_in: Result<(), Fault>) -> Result<Admitted, Fault> {
        let rows = owner.query_typed(KNOWN, &[(&self.name, Type::TEXT)]).await?;
        let known = rows.first().ok_or(Fault::Bug("a statement that always returns a row returned none"))?;
        let known = Known::from_row(known)?;
        let change = self.let_in(owner, &known, signed_in).await?;
        owner.batch_execute(&known.rights()).await?;
        let tables = TABLES.as_slice();
        let lacks = owner.query_typed(LACKS, &[(&self.name, Type::TEXT), (&tables, Type::TEXT_ARRAY)]).await?;
        let lacks = lacks.first().map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(Admitted { change, may_change_schema: known.may_change_schema, lacks })
    }

    /// Creates the role, or sets its password if it was not let in. A role that signs in is left alone: it may be somebody
    /// else's, and poolers keep what its password was stored as. So is one of which nobody knows: Postgres may be full.
    async fn let_in(&self, owner: &Client, known: &Known, signed_in: Result<(), Fault>) -> Result<Change, Fault> {
        let (verb, change) = match signed_in {
            _ if !known.exists => ("create", Change::Created),
            Ok(()) => return Ok(Change::None),
            Err(fault) if fault.is_without_rights() => return Ok(Change::None),
            Err(fault) if !fault.is_refused_login() => return Err(fault),
            Err(_) => ("alter", Change::PasswordSet),
        };
        // The server gets what it would store. So no log of statements has the password.
        let password = self.password.as_deref().map(|password| format!(" password '{}'", scram_sha_256(password)));
        let role = &known.role;
        owner.batch_execute(&format!("{verb} role {role} login{}", password.unwrap_or_default())).await?;
        Ok(change)
    }
}

impl Known {
    /// The rights on what there is, and on tables that are made later. Nobody else may create tables either.
    fn rights(&self) -> String {
        let Self { role, database, schema, .. } = self;
        let rows = "select, insert, update, delete on";
        let tables = self.tables.as_ref().map(|tables| format!("grant {rows} {tables} to {role};"));
        format!(
            "grant connect on database {database} to {role}; grant usage on schema {schema} to {role}; {}
             alter default privileges in schema {schema} grant {rows} tables to {role};
             revoke create on schema {schema} from public, {role};
             revoke temporary on database {database} from public, {role}",
            tables.unwrap_or_default()
        )
    }
}
