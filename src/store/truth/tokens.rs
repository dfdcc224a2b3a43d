//! Access tokens and console sessions. Secrets are random and stored as hashes only.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use subtle::ConstantTimeEq;

use crate::evidence::audit::Said;
use crate::store::truth::{Truth, TruthError, audit};
use crate::vocab::actor::{Actor, Door, Person, PersonName};
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;

pub use crate::vocab::terms::Role;

/// Who a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Principal {
    /// Token id.
    pub token: String,
    /// What it allows.
    pub role: Role,
    /// Who holds it; named in the audit log.
    pub owner: String,
    /// The platform it is bound to.
    pub platform: Option<PlatformId>,
    /// How they came in.
    #[serde(skip)]
    pub door: Door,
}

impl Principal {
    /// The person, as who acts.
    pub fn actor(&self) -> Actor {
        // The owner was checked when the token was made; one of the first versions is told apart from reserved words.
        let name = PersonName::on_record(&self.owner);
        Actor::Person(Person::Named { name, role: Some(self.role), door: self.door })
    }
}

/// A token as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct TokenRow {
    /// Id.
    pub id: String,
    /// Role.
    pub role: Role,
    /// Holder.
    pub owner: String,
    /// Platform it is bound to.
    pub platform: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// A console session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who signed in.
    pub principal: Principal,
    /// Goes into every form.
    pub csrf: String,
}

const SECRET_BYTES: usize = 32;

fn random(bytes: &mut [u8]) -> Result<(), TruthError> {
    getrandom::fill(bytes).map_err(|error| TruthError::Invalid(format!("no randomness: {error}")))
}

fn secret() -> Result<String, TruthError> {
    let mut bytes = [0; SECRET_BYTES];
    random(&mut bytes)?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

/// SHA-256: the secret is 256 bits of randomness, so nothing slower is needed.
fn hash(secret: &str) -> [u8; 32] {
    crate::vocab::ids::Sha256Digest::of(secret.as_bytes()).0
}

impl Truth {
    /// Makes a token; the secret is returned once and stored as a hash.
    ///
    /// # Errors
    /// When the role needs a platform and none is given, the owner is no name of a person, or SQLite refuses.
    pub fn create_token(
        &self,
        role: Role,
        owner: &str,
        platform: Option<&PlatformId>,
        expires: Option<Timestamp>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(String, String), TruthError> {
        if role.needs_platform() != platform.is_some() {
            let message = if role.needs_platform() { "needs a platform" } else { "sees all platforms and takes none" };
            return Err(TruthError::Invalid(format!("the role `{role}` {message}")));
        }
        let owner = PersonName::parse(owner)?;
        let mut bytes = [0; 6];
        random(&mut bytes)?;
        let id = format!("T-{}", data_encoding::HEXLOWER.encode(&bytes));
        let secret = format!("lw_{}", secret()?);
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute(
            "INSERT INTO tokens (id, secret_hash, role, owner, platform, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                id,
                hash(&secret).as_slice(),
                role,
                owner.as_str(),
                platform.map(PlatformId::as_str),
                now.as_millis(),
                expires.map(Timestamp::as_millis)
            ],
        )?;
        let detail = serde_json::json!({ "role": role, "owner": owner, "platform": platform }).to_string();
        audit::append(&tx, &Said { actor, action: "create-token", subject: &id, detail: &detail }, now)?;
        self.commit(tx)?;
        Ok((id, secret))
    }

    /// Who a secret stands for, if it is valid at `now`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn principal(&self, secret: &str, now: Timestamp) -> Result<Option<Principal>, TruthError> {
        let wanted = hash(secret);
        self.read(|connection| {
            principal(connection, "secret_hash = ?", wanted.as_slice(), Some(&wanted), Door::Api, now)
        })
    }

    /// All tokens, newest first, never their secrets.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, role, owner, platform, created, expires, revoked FROM tokens ORDER BY created DESC, id",
            )?;
            let mut rows = statement.query([])?;
            let mut tokens = Vec::new();
            while let Some(row) = rows.next()? {
                let role: String = row.get(1)?;
                tokens.push(TokenRow {
                    id: row.get(0)?,
                    role: role.parse().map_err(|_| TruthError::Value(format!("role `{role}`")))?,
                    owner: row.get(2)?,
                    platform: row.get(3)?,
                    created: Timestamp::from_millis(row.get(4)?),
                    expires: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                    revoked: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
                });
            }
            Ok(tokens)
        })
    }

    /// Ends a token and its sessions.
    ///
    /// # Errors
    /// When there is no such token, or SQLite refuses.
    pub fn revoke_token(&self, id: &str, actor: &Actor, now: Timestamp) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let changed =
            tx.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL", params![now.as_millis(), id])?;
        if changed == 0 {
            return Err(TruthError::NotFound { kind: "token in force", id: id.to_owned() });
        }
        tx.execute("DELETE FROM sessions WHERE token = ?", [id])?;
        audit::append(&tx, &Said { actor, action: "revoke-token", subject: id, detail: "{}" }, now)?;
        self.commit(tx)?;
        Ok(())
    }

    /// Opens a console session; returns the cookie's secret and the form token.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn open_session(
        &self,
        principal: &Principal,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(String, String), TruthError> {
        let (cookie, csrf) = (secret()?, secret()?);
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute("DELETE FROM sessions WHERE expires < ?", [now.as_millis()])?;
        tx.execute(
            "INSERT INTO sessions (secret_hash, token, csrf, expires) VALUES (?, ?, ?, ?)",
            params![hash(&cookie).as_slice(), principal.token, csrf, expires.as_millis()],
        )?;
        let signed_in = Principal { door: Door::Console, ..principal.clone() };
        let said = Said { actor: &signed_in.actor(), action: "sign-in", subject: &principal.token, detail: "{}" };
        audit::append(&tx, &said, now)?;
        self.commit(tx)?;
        Ok((cookie, csrf))
    }

    /// The session of a cookie, if it and its token are valid at `now`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn session(&self, cookie: &str, now: Timestamp) -> Result<Option<Session>, TruthError> {
        self.read(|connection| {
            let held: Option<(String, String)> = connection
                .prepare_cached("SELECT token, csrf FROM sessions WHERE secret_hash = ? AND expires > ?")?
                .query_row(params![hash(cookie).as_slice(), now.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((token, csrf)) = held else { return Ok(None) };
            Ok(principal(connection, "id = ?", &token, None, Door::Console, now)?
                .map(|principal| Session { principal, csrf }))
        })
    }

    /// Ends a console session.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn close_session(&self, cookie: &str) -> Result<(), TruthError> {
        self.writer().execute("DELETE FROM sessions WHERE secret_hash = ?", [hash(cookie).as_slice()])?;
        Ok(())
    }
}

fn principal(
    connection: &rusqlite::Connection,
    clause: &str,
    value: impl rusqlite::ToSql,
    wanted: Option<&[u8; 32]>,
    door: Door,
    now: Timestamp,
) -> Result<Option<Principal>, TruthError> {
    type Held = (String, Vec<u8>, String, String, Option<String>, Option<i64>, Option<i64>);
    let sql = format!("SELECT id, secret_hash, role, owner, platform, expires, revoked FROM tokens WHERE {clause}");
    let held: Option<Held> = connection
        .prepare_cached(&sql)?
        .query_row([value], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .optional()?;
    let Some((token, stored, role, owner, platform, expires, revoked)) = held else { return Ok(None) };
    // The look-up is by hash; the comparison in constant time makes sure no index shortcut decides.
    let same = wanted.is_none_or(|wanted| bool::from(stored.as_slice().ct_eq(wanted.as_slice())));
    if !same || revoked.is_some() || expires.is_some_and(|expires| expires <= now.as_millis()) {
        return Ok(None);
    }
    let role = role.parse().map_err(|_| TruthError::Value(format!("role `{role}`")))?;
    let platform =
        platform.map(|id| PlatformId::parse(&id)).transpose().map_err(|error| TruthError::Value(error.to_string()))?;
    Ok(Some(Principal { token, role, owner, platform, door }))
}
