//! What must leave, and what became of it. At least once, with a key that stays the same.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::evidence::audit::Said;
use crate::referral::state::{Attention, Event, Intervals, Message};
use crate::store::truth::cases::referral_id;
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, audit};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::Channel;
use crate::vocab::time::Timestamp;

/// One delivery that is due.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Row.
    pub id: i64,
    /// Case.
    pub referral: ReferralId,
    /// Platform.
    pub platform: PlatformId,
    /// `feed`, `webhook` or `email`.
    pub channel: Channel,
    /// `referral.created`, ….
    pub message: Message,
    /// Same for every attempt; outsiders drop what they have seen.
    pub idempotency_key: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was put here.
    pub created: Timestamp,
}

/// One delivery as people see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryRow {
    /// By which way.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// `referral.created`, ….
    pub message: Message,
    /// `due`, `delivered`, `undeliverable`, or `lapsed` when it was not to be sent any more.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// The next attempt, while it is due.
    pub due: Timestamp,
    /// When it was put here.
    pub created: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// What the other side answered.
    pub receipt: Option<String>,
    /// When it was delivered or given up.
    pub ended: Option<Timestamp>,
    /// Same for every attempt.
    pub idempotency_key: String,
}

/// One attempt of one delivery.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct AttemptRow {
    /// When it ended.
    pub at: Timestamp,
    /// By which way.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// `referral.created`, ….
    pub message: Message,
    /// Same for every attempt of a message.
    pub idempotency_key: String,
    /// `delivered`, `later`, `gave-up` or `lapsed`.
    pub result: String,
    /// The receipt, or why not.
    pub detail: String,
}

/// A delivery that was given up.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = UndeliverableMessage)]
pub struct Stuck {
    /// Case.
    pub referral: String,
    /// Platform.
    pub platform: String,
    /// By which way.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// `referral.created`, ….
    pub message: Message,
    /// Same for every attempt.
    pub idempotency_key: String,
    /// Attempts made.
    pub attempts: u32,
    /// When it was given up.
    pub ended: Option<Timestamp>,
    /// Why.
    pub last_error: Option<String>,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The other side has it; the receipt is what it answered.
    Delivered {
        /// What the other side answered.
        receipt: String,
    },
    /// Try again then.
    Later {
        /// When.
        at: Timestamp,
        /// Why.
        error: String,
    },
    /// It will not work.
    GaveUp {
        /// Why.
        error: String,
    },
    /// It is not to be sent any more.
    Lapsed {
        /// Why.
        error: String,
    },
}

/// One entry of a platform's event feed.
#[derive(Debug, Clone, Serialize)]
pub struct FeedEvent {
    /// Place in the feed; grows.
    pub seq: i64,
    /// Case.
    pub referral: String,
    /// When.
    pub at: Timestamp,
    /// `referral.created`, ….
    pub message: Message,
    /// State of the case after it.
    pub state: String,
    /// The step.
    pub event: String,
}

/// Puts a message for every channel in the outbox, within the caller's transaction.
pub(super) fn enqueue(
    tx: &Connection,
    referral: &ReferralId,
    message: Message,
    channels: &[Channel],
    now: Timestamp,
) -> Result<(), TruthError> {
    let (platform, seq): (String, i64) = tx.query_row(
        "SELECT platform, (SELECT max(seq) FROM events WHERE referral = ?1) FROM referrals WHERE id = ?1",
        [referral.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for channel in channels {
        let channel = channel_name(*channel);
        let key = format!("{referral}-{seq}-{channel}");
        debug_assert_eq!(event_of(&key), Some(seq));
        tx.execute(
            "INSERT OR IGNORE INTO outbox (referral, platform, channel, message, idempotency_key, state, due, attempts, created)
             VALUES (?, ?, ?, ?, ?, 'due', ?, 0, ?)",
            params![referral.as_str(), platform, channel, message, key, now.as_millis(), now.as_millis()],
        )?;
    }
    Ok(())
}

/// The step of a case that an idempotency key was made from.
fn event_of(key: &str) -> Option<i64> {
    key.rsplit('-').nth(1)?.parse().ok()
}

/// The channels by which a platform is told of changes of a case: those by which the case was delivered before. A mailbox
/// gets no message for each change.
pub(super) fn channels_of_changes(tx: &Connection, referral: &ReferralId) -> Result<Vec<Channel>, TruthError> {
    let mut statement =
        tx.prepare_cached("SELECT DISTINCT channel FROM outbox WHERE referral = ? AND state = 'delivered'")?;
    let names: Vec<String> = statement.query_map([referral.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut channels = Vec::new();
    for name in names {
        match parse_channel(&name)? {
            channel @ (Channel::Feed | Channel::Webhook) => channels.push(channel),
            Channel::Email => {}
        }
    }
    Ok(channels)
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Feed => "feed",
        Channel::Webhook => "webhook",
        Channel::Email => "email",
    }
}

fn parse_channel(text: &str) -> Result<Channel, TruthError> {
    [Channel::Feed, Channel::Webhook, Channel::Email]
        .into_iter()
        .find(|channel| channel_name(*channel) == text)
        .ok_or_else(|| TruthError::Value(format!("channel `{text}`")))
}

impl Delivery {
    /// The step of the case that it tells of.
    pub fn event(&self) -> Option<i64> {
        event_of(&self.idempotency_key)
    }
}

impl Truth {
    /// Deliveries that are due, turn by turn between receivers, of each the oldest first: many messages to one that does not answer
    /// do not stand before the first to another.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn due_deliveries(
        &self,
        now: Timestamp,
        busy: &HashSet<(PlatformId, Channel)>,
        limit: usize,
    ) -> Result<Vec<Delivery>, TruthError> {
        let busy: Vec<String> =
            busy.iter().map(|(platform, channel)| format!("{platform} {}", channel_name(*channel))).collect();
        let busy = serde_json::to_string(&busy)?;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, referral, platform, channel, message, idempotency_key, attempts, created FROM outbox
                 WHERE state = 'due' AND due <= ?1 AND platform || ' ' || channel NOT IN (SELECT value FROM json_each(?3))
                 ORDER BY row_number() OVER (PARTITION BY platform, channel ORDER BY due, id), due, id LIMIT ?2",
            )?;
            let mut rows = statement.query(params![now.as_millis(), limit, busy])?;
            let mut deliveries = Vec::new();
            while let Some(row) = rows.next()? {
                let (referral, platform, channel): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
                deliveries.push(Delivery {
                    id: row.get(0)?,
                    referral: referral_id(&referral)?,
                    platform: PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?,
                    channel: parse_channel(&channel)?,
                    message: row.get(4)?,
                    idempotency_key: row.get(5)?,
                    attempts: row.get(6)?,
                    created: Timestamp::from_millis(row.get(7)?),
                });
            }
            Ok(deliveries)
        })
    }

    /// Notes the intent to send, before anything leaves. What a crash cuts short stays due, under the same key.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn begin_attempt(&self, delivery: i64) -> Result<(), TruthError> {
        self.writer().execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?", [delivery])?;
        Ok(())
    }

    /// Puts a delivery off without an attempt, while its receiver rests.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn postpone_delivery(&self, delivery: i64, until: Timestamp) -> Result<(), TruthError> {
        self.writer().execute(
            "UPDATE outbox SET due = ? WHERE id = ? AND state = 'due'",
            params![until.as_millis(), delivery],
        )?;
        Ok(())
    }

    /// Notes what an attempt came to: the delivery, its receipt, the audit entry of its end and the case's step, in one
    /// transaction, so that no crash leaves them apart.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn finish_attempt(
        &self,
        delivery: &Delivery,
        result: &AttemptResult,
        intervals: Intervals,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let (name, detail) = match result {
            AttemptResult::Delivered { receipt } => {
                tx.execute(
                    "UPDATE outbox SET state = 'delivered', receipt = ?, last_error = NULL, ended = ? WHERE id = ?",
                    params![receipt, now.as_millis(), delivery.id],
                )?;
                ("delivered", receipt)
            }
            AttemptResult::Later { at, error } => {
                tx.execute(
                    "UPDATE outbox SET due = ?, last_error = ? WHERE id = ?",
                    params![at.as_millis(), error, delivery.id],
                )?;
                ("later", error)
            }
            AttemptResult::GaveUp { error } => {
                tx.execute(
                    "UPDATE outbox SET state = 'undeliverable', last_error = ?, ended = ? WHERE id = ?",
                    params![error, now.as_millis(), delivery.id],
                )?;
                // One channel alone, too: that another delivered the notice does not say that this one works.
                tx.execute(
                    "UPDATE referrals SET attention = ? WHERE id = ? AND attention IS NULL",
                    params![Attention::Undeliverable.name(), delivery.referral.as_str()],
                )?;
                ("gave-up", error)
            }
            AttemptResult::Lapsed { error } => {
                tx.execute(
                    "UPDATE outbox SET state = 'lapsed', last_error = ?, ended = ? WHERE id = ?",
                    params![error, now.as_millis(), delivery.id],
                )?;
                ("lapsed", error)
            }
        };
        if matches!(result, AttemptResult::Delivered { .. } | AttemptResult::Lapsed { .. }) {
            // Where nothing else of the case is given up, nobody need look after it any more.
            tx.execute(
                "UPDATE referrals SET attention = NULL WHERE id = ?1 AND attention = ?2 AND state <> 'undeliverable' AND NOT EXISTS
                   (SELECT 1 FROM outbox WHERE referral = ?1 AND state = 'undeliverable')",
                params![delivery.referral.as_str(), Attention::Undeliverable.name()],
            )?;
        }
        tx.execute(
            "INSERT INTO attempts (delivery, at, result, detail) VALUES (?, ?, ?, ?)",
            params![delivery.id, now.as_millis(), name, detail],
        )?;
        let referral = &delivery.referral;
        let event = match result {
            // What becomes of it says nothing of the notice.
            _ if delivery.message == Message::Changed => None,
            AttemptResult::Delivered { .. } => Some(Event::MarkDelivered),
            AttemptResult::Later { .. } => Some(Event::MarkSent),
            AttemptResult::Lapsed { .. } => None,
            AttemptResult::GaveUp { .. } => {
                let open: i64 = tx.query_row(
                    "SELECT count(*) FROM outbox WHERE referral = ? AND state <> 'undeliverable'",
                    [referral.as_str()],
                    |row| row.get(0),
                )?;
                (open == 0).then_some(Event::MarkUndeliverable)
            }
        };
        if !matches!(result, AttemptResult::Later { .. }) {
            let detail = serde_json::json!({ "channel": delivery.channel, "message": delivery.message,
                "key": delivery.idempotency_key, "result": name, "detail": detail })
            .to_string();
            let said = Said {
                actor: &Actor::Job(Job::Dispatch),
                action: "deliver",
                subject: referral.as_str(),
                detail: &detail,
            };
            audit::append(&tx, &said, now)?;
        }
        if let Some(event) = event {
            match transition(&tx, referral, event, &Actor::Job(Job::Dispatch), intervals, now) {
                // A late receipt of a case that went on changes nothing.
                Ok(_) | Err(TruthError::Step(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.commit(tx)
    }

    /// All attempts of a case's deliveries, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn attempts_of(&self, referral: &ReferralId) -> Result<Vec<AttemptRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT a.at, o.channel, o.message, o.idempotency_key, a.result, a.detail FROM attempts a
                 JOIN outbox o ON o.id = a.delivery WHERE o.referral = ? ORDER BY a.id",
            )?;
            let rows = statement.query_map([referral.as_str()], |row| {
                Ok(AttemptRow {
                    at: Timestamp::from_millis(row.get(0)?),
                    channel: row.get(1)?,
                    message: row.get(2)?,
                    idempotency_key: row.get(3)?,
                    result: row.get(4)?,
                    detail: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What was given up and waits for somebody to send it again, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn undeliverable(&self, limit: usize) -> Result<Vec<Stuck>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT referral, platform, channel, message, idempotency_key, attempts, ended, last_error FROM outbox
                 WHERE state = 'undeliverable' ORDER BY id LIMIT ?",
            )?;
            let rows = statement.query_map([limit], |row| {
                Ok(Stuck {
                    referral: row.get(0)?,
                    platform: row.get(1)?,
                    channel: row.get(2)?,
                    message: row.get(3)?,
                    idempotency_key: row.get(4)?,
                    attempts: row.get(5)?,
                    ended: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
                    last_error: row.get(7)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Makes what was given up due again, with a new three days, and takes its targets back into use.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn replay_undeliverable(
        &self,
        referral: &ReferralId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<usize, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let changed = tx.execute(
            "UPDATE outbox SET state = 'due', due = ?1, created = ?1, attempts = 0, ended = NULL WHERE referral = ?2 AND state = 'undeliverable'",
            params![now.as_millis(), referral.as_str()],
        )?;
        if changed > 0 {
            tx.execute(
                "DELETE FROM disabled_targets WHERE platform = (SELECT platform FROM referrals WHERE id = ?)",
                [referral.as_str()],
            )?;
            let said = Said { actor, action: "resend", subject: referral.as_str(), detail: "{}" };
            audit::append(&tx, &said, now)?;
        }
        self.commit(tx)?;
        Ok(changed)
    }

    /// Notes that a target wants nothing any more, until somebody resends or the platform file names another.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn disable_target(
        &self,
        platform: &PlatformId,
        channel: Channel,
        target: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let new = tx.execute(
            "INSERT OR IGNORE INTO disabled_targets (platform, channel, target, since, reason) VALUES (?, ?, ?, ?, ?)",
            params![platform.as_str(), channel_name(channel), target, now.as_millis(), reason],
        )?;
        if new > 0 {
            let detail = serde_json::json!({ "channel": channel, "reason": reason }).to_string();
            let said = Said {
                actor: &Actor::Job(Job::Dispatch),
                action: "disable-target",
                subject: platform.as_str(),
                detail: &detail,
            };
            audit::append(&tx, &said, now)?;
        }
        self.commit(tx)?;
        Ok(())
    }

    /// Why a target gets nothing; `None` when it is in use.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn disabled_target(
        &self,
        platform: &PlatformId,
        channel: Channel,
        target: &str,
    ) -> Result<Option<String>, TruthError> {
        self.read(|connection| {
            let sql = "SELECT reason FROM disabled_targets WHERE platform = ? AND channel = ? AND target = ?";
            let values = params![platform.as_str(), channel_name(channel), target];
            Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
        })
    }

    /// All deliveries of a case, oldest first, with their receipts and failures.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn deliveries_of(&self, referral: &ReferralId) -> Result<Vec<DeliveryRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT channel, message, state, attempts, due, created, last_error, receipt, idempotency_key, ended
                 FROM outbox WHERE referral = ? ORDER BY id",
            )?;
            let rows = statement.query_map([referral.as_str()], |row| {
                Ok(DeliveryRow {
                    channel: row.get(0)?,
                    message: row.get(1)?,
                    state: row.get(2)?,
                    attempts: row.get(3)?,
                    due: Timestamp::from_millis(row.get(4)?),
                    created: Timestamp::from_millis(row.get(5)?),
                    last_error: row.get(6)?,
                    receipt: row.get(7)?,
                    idempotency_key: row.get(8)?,
                    ended: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_millis),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Deliveries by state.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn outbox_counts(&self) -> Result<Vec<(String, u64)>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT state, count(*) FROM outbox GROUP BY state")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Events a platform may see, after `since`, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn feed_events(&self, platform: &PlatformId, since: i64, limit: usize) -> Result<Vec<FeedEvent>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, referral, at, message, state, event FROM events
                 WHERE platform = ? AND seq > ? AND message IS NOT NULL ORDER BY seq LIMIT ?",
            )?;
            let rows = statement.query_map(params![platform.as_str(), since, limit], |row| {
                Ok(FeedEvent {
                    seq: row.get(0)?,
                    referral: row.get(1)?,
                    at: Timestamp::from_millis(row.get(2)?),
                    message: row.get(3)?,
                    state: row.get(4)?,
                    event: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The step with this number, by its name.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn step_named(&self, seq: i64) -> Result<Option<String>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT event FROM events WHERE seq = ?")?;
            Ok(statement.query_row([seq], |row| row.get(0)).optional()?)
        })
    }

    /// The number of the last event of any platform: a greater one was never given out.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn last_event(&self) -> Result<i64, TruthError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?)
        })
    }

    /// The greatest `change` that was ever given to a case.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn last_change(&self) -> Result<i64, TruthError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT coalesce(max(change), 0) FROM referrals", [], |row| row.get(0))?)
        })
    }
}
