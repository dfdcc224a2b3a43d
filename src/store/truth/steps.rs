//! Moving a case: the state, its event, its audit entry and what must be said because of it, in one transaction.

use rusqlite::{Connection, OptionalExtension, params};

use crate::evidence::audit::Said;
use crate::referral::history::{Because, Earlier, HistoryLine};
use crate::referral::issued::IssuedKind;
use crate::referral::notice::Notice;
use crate::referral::outcome::Outcome;
use crate::referral::row::ReferralRow;
use crate::referral::state::{Attention, Effect, Event, Intervals, Message, ReferralState, step};
use crate::store::truth::{Truth, TruthError, audit, cases, deconflict, issued, outbox, pages, series, story};
use crate::vocab::actor::{Actor, ActorKind, Approver, Door, PersonName};
use crate::vocab::ids::{PlatformId, ReferralId, Sha256Digest};
use crate::vocab::platform::Channel;
use crate::vocab::time::Timestamp;

/// The key a request was sent with, and the token that sent it: keys of others are not in its way.
#[derive(Debug, Clone, Copy)]
pub struct RepeatKey<'a> {
    /// Id of the token.
    pub token: &'a str,
    /// Its `Idempotency-Key`.
    pub key: &'a str,
}

/// A case whose time for an answer is up.
#[derive(Debug, Clone)]
pub struct Reminder {
    /// Case.
    pub referral: ReferralId,
    /// Platform.
    pub platform: PlatformId,
    /// How often it was said again so far.
    pub times: u32,
}

/// A case as it stands on record.
fn standing(tx: &Connection, referral: &ReferralId) -> Result<(ReferralState, String), TruthError> {
    let held: Option<(String, String)> = tx
        .query_row("SELECT state_json, platform FROM referrals WHERE id = ?", [referral.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((state, platform)) = held else {
        return Err(TruthError::NotFound { kind: "referral", id: referral.to_string() });
    };
    Ok((serde_json::from_str(&state)?, platform))
}

/// What must hold besides the state: a contest is decided by another person, and nothing held back leaves.
fn may_happen(
    tx: &Connection,
    referral: &ReferralId,
    state: &ReferralState,
    event: &Event,
    actor: &Actor,
) -> Result<(), TruthError> {
    let decides = matches!(event, Event::Uphold | Event::Withdraw { .. } | Event::Correct);
    if decides && matches!(state, ReferralState::Contested { .. }) {
        second_person(tx, referral, actor)?;
    }
    if matches!(event, Event::Contest { .. }) && was_upheld(tx, referral)? {
        return Err(TruthError::Conflict(
            "this referral cannot be contested now: a second person upheld it".to_owned(),
        ));
    }
    if matches!(event, Event::Approve) && Approver::of(actor).is_none() {
        return Err(TruthError::Invalid(format!("`{actor}` approves nothing; a person or the agreed policy does")));
    }
    if matches!(event, Event::Approve | Event::Remind { .. } | Event::ListingChanged { .. })
        && let Some(mark) = deconflict::mark_on(tx, referral)?
    {
        return Err(TruthError::Held(format!("`{referral}` is held back: {mark}")));
    }
    Ok(())
}

/// Whether the case was contested and upheld since its last notice. The notice is contested once; with news the sender is written to.
fn was_upheld(tx: &Connection, referral: &ReferralId) -> Result<bool, TruthError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM events u WHERE u.referral = ?1 AND u.event = 'uphold' AND u.seq >
                 (SELECT coalesce(max(a.seq), 0) FROM events a WHERE a.referral = ?1 AND a.event = 'approve'))";
    Ok(tx.prepare_cached(sql)?.query_row([referral.as_str()], |row| row.get(0))?)
}

/// Makes sure that `actor` is a person, and another one than whoever approved the referral. What is not on record counts as
/// the same person.
fn second_person(tx: &Connection, referral: &ReferralId, actor: &Actor) -> Result<(), TruthError> {
    let refuse = |why: &str| Err(TruthError::Refused(why.to_owned()));
    let decider = actor.person().map(PersonName::key).filter(|key| !key.is_empty());
    let Some(decider) = decider else { return refuse("a contest is decided by a person with a name") };
    let (kind, approver): (Option<String>, Option<String>) =
        tx.query_row("SELECT approved_kind, approved_key FROM referrals WHERE id = ?", [referral.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    match (kind.as_deref().and_then(ActorKind::parse), approver.filter(|key| !key.is_empty())) {
        (Some(ActorKind::Policy), _) => Ok(()),
        (Some(ActorKind::Person), Some(approver)) if approver != decider => Ok(()),
        (Some(ActorKind::Person), Some(_)) => {
            refuse("a contest is decided by a second person, not by the one who approved the referral")
        }
        (Some(ActorKind::Person), None) | (Some(ActorKind::Job) | None, _) => {
            refuse("a contest is decided by a second person, and who approved this referral is not on record")
        }
    }
}

/// Notes the first step of a new case, which is drafted or queued. Answers the step's name.
pub(super) fn note_first(
    tx: &Connection,
    referral: &str,
    platform: &str,
    (actor, state): (&Actor, &ReferralState),
    now: Timestamp,
) -> Result<&'static str, TruthError> {
    let event = if *state == ReferralState::Queued { "queue" } else { "draft" };
    note_step(tx, (referral, platform), actor, (event, state.name(), None), now)?;
    Ok(event)
}

/// Notes one step of a case of a platform: event, state afterwards, and what it told the platform.
fn note_step(
    tx: &Connection,
    (referral, platform): (&str, &str),
    actor: &Actor,
    (event, state, message): (&str, &str, Option<Message>),
    now: Timestamp,
) -> Result<(), TruthError> {
    tx.prepare_cached(
        "INSERT INTO events (referral, platform, at, actor, actor_kind, actor_role, actor_door, event, state, message)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        referral,
        platform,
        now.as_millis(),
        actor.to_string(),
        actor.kind().name(),
        actor.role(),
        actor.door().map(Door::name),
        event,
        state,
        message
    ])?;
    Ok(())
}

/// Moves a case within the caller's transaction: state, event, audit entry. The messages must be put in the outbox.
pub(super) fn transition(
    tx: &Connection,
    referral: &ReferralId,
    mut event: Event,
    actor: &Actor,
    intervals: Intervals,
    now: Timestamp,
) -> Result<(ReferralState, Vec<Message>), TruthError> {
    let (state, platform) = standing(tx, referral)?;
    let (name, detail) = logged(&mut event)?;
    may_happen(tx, referral, &state, &event, actor)?;
    let approves = matches!(event, Event::Approve);
    let decision = match &event {
        Event::Answer { outcome, .. } => Some(outcome.decision.name()),
        _ => None,
    };
    let reminds = matches!(event, Event::Remind { .. });
    let (next, effects) = step(state.clone(), event, intervals, now)?;
    if next == state && effects.is_empty() {
        return Ok((next, Vec::new()));
    }
    if next == state && only_sets_dates(tx, referral, &effects)? {
        // A look that found what the one before had found is on record with the page, and moves nothing that readers follow.
        let messages = carry_out(tx, referral, &effects)?;
        audit::append(tx, &Said { actor, action: name, subject: referral.as_str(), detail: &detail }, now)?;
        return Ok((next, messages));
    }
    let change = cases::next_change(tx)?;
    tx.execute(
        "UPDATE referrals SET state = ?, state_json = ?, change = ?, updated = ? WHERE id = ?",
        params![next.name(), serde_json::to_string(&next)?, change, now.as_millis(), referral.as_str()],
    )?;
    series::moved(tx, referral, &state, &next)?;
    if approves {
        let person = actor.person();
        tx.execute(
            "UPDATE referrals SET approved_by = ?, approved_kind = ?, approved_key = ?, reminders = 0 WHERE id = ?",
            params![
                person.map(PersonName::as_str),
                actor.kind().name(),
                person.map(PersonName::key),
                referral.as_str()
            ],
        )?;
    }
    if let Some(decision) = decision {
        // Kept apart from the state: reports ask for it after the case went on.
        tx.execute("UPDATE referrals SET decision = ? WHERE id = ?", params![decision, referral.as_str()])?;
    }
    let due: Option<i64> =
        tx.query_row("SELECT recheck_at FROM referrals WHERE id = ?", [referral.as_str()], |row| row.get(0))?;
    let messages = carry_out(tx, referral, &effects)?;
    if decision.is_some() && matches!(state, ReferralState::Decided { .. }) {
        // The same answer in other words puts no look off.
        tx.execute(
            "UPDATE referrals SET recheck_at = min(recheck_at, ?) WHERE id = ? AND recheck_at IS NOT NULL",
            params![due.unwrap_or(i64::MAX), referral.as_str()],
        )?;
    }
    if reminds && !messages.is_empty() {
        tx.execute("UPDATE referrals SET reminders = reminders + 1 WHERE id = ?", [referral.as_str()])?;
    }
    note_step(tx, (referral.as_str(), &platform), actor, (name, next.name(), messages.first().copied()), now)?;
    audit::append(tx, &Said { actor, action: name, subject: referral.as_str(), detail: &detail }, now)?;
    Ok((next, messages))
}

/// Whether effects say only when to look or to remind next: nothing is sent, and what an authority is shown stays as it is.
fn only_sets_dates(tx: &Connection, referral: &ReferralId, effects: &[Effect]) -> Result<bool, TruthError> {
    let sql = "SELECT attention FROM referrals WHERE id = ?";
    let shown: Option<String> = tx.prepare_cached(sql)?.query_row([referral.as_str()], |row| row.get(0))?;
    Ok(effects.iter().all(|effect| match effect {
        Effect::RecheckAt(_) | Effect::NoRecheck | Effect::RenoticeAt(_) | Effect::NoRenotice => true,
        Effect::Attention(why) => why.map(Attention::name) == shown.as_deref(),
        Effect::Deliver(_) => false,
    }))
}

/// What the audit log says of an event: of a statement it has the digest, and the words are taken away.
fn logged(event: &mut Event) -> Result<(&'static str, String), TruthError> {
    let Event::Contest { statement } = event else { return Ok((event.name(), serde_json::to_string(event)?)) };
    let digest = Sha256Digest::of(std::mem::take(statement).as_bytes()).to_string();
    let mut detail = serde_json::to_value(&*event)?;
    detail["digest"] = digest.into();
    Ok((event.name(), detail.to_string()))
}

/// Where a case stands whose answer was sent before under the same key.
fn repeated(
    tx: &Connection,
    referral: &ReferralId,
    (outcome, urls): (&Outcome, &[String]),
    repeat: RepeatKey<'_>,
) -> Result<Option<ReferralState>, TruthError> {
    let mut given = serde_json::to_value(outcome)?;
    if !urls.is_empty() {
        given["urls"] = urls.into();
    }
    let (state, platform) = standing(tx, referral)?;
    // Answers from before keys were scoped have no token; they count only as repeats of themselves.
    let held: Option<(String, String, String)> = tx
        .query_row(
            "SELECT token, referral, answer FROM answers WHERE platform = ? AND token IN (?, '')
               AND idempotency_key = ? ORDER BY token DESC LIMIT 1",
            params![platform, repeat.token, repeat.key],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let same = |answer: &str| serde_json::from_str::<serde_json::Value>(answer).is_ok_and(|held| held == given);
    match held {
        Some((_, case, answer)) if case == referral.as_str() && same(&answer) => return Ok(Some(state)),
        Some((token, ..)) if !token.is_empty() => {
            return Err(TruthError::Conflict("this idempotency key was used for another answer".to_owned()));
        }
        Some(_) | None => {}
    }
    tx.execute(
        "INSERT INTO answers (platform, token, idempotency_key, referral, answer) VALUES (?, ?, ?, ?, ?)",
        params![platform, repeat.token, repeat.key, referral.as_str(), given.to_string()],
    )?;
    tx.prepare_cached(
        "DELETE FROM answers WHERE referral = ?1 AND rowid <=
           (SELECT rowid FROM answers WHERE referral = ?1 ORDER BY rowid DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![referral.as_str(), KEYS_OF_A_CASE])?;
    Ok(None)
}

/// Whether a case that this answer was given to stands by it.
fn is_answered_with(state: &ReferralState, answer: &Outcome) -> bool {
    match state {
        ReferralState::Decided { outcome, .. } | ReferralState::VerifiedGone { outcome: Some(outcome) } => {
            outcome == answer
        }
        _ => false,
    }
}

/// Answers that say something new of one page, on average: a case's record must not grow without end.
const ANSWERS_OF_A_PAGE: usize = 50;

/// Refuses an answer to a case of `pages` pages that has taken all it may.
fn may_take_another(tx: &Connection, referral: &ReferralId, pages: usize) -> Result<(), TruthError> {
    let most = pages.max(1).saturating_mul(ANSWERS_OF_A_PAGE);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM events WHERE referral = ? AND event = 'answer' LIMIT ?)";
    let taken: usize = tx.prepare_cached(sql)?.query_row(params![referral.as_str(), most], |row| row.get(0))?;
    if taken < most {
        return Ok(());
    }
    Err(TruthError::Conflict(format!(
        "`{referral}` has taken {most} answers, {ANSWERS_OF_A_PAGE} for each page, and takes no more; write to the sender of the notice"
    )))
}

/// Keys of a case's answers that are remembered, the newest.
const KEYS_OF_A_CASE: usize = 1000;

/// Notes an answer that leaves the state of the case as it is: for some of its pages.
fn answered_in_part(
    tx: &Connection,
    referral: &ReferralId,
    event: Event,
    actor: &Actor,
    intervals: Intervals,
    now: Timestamp,
) -> Result<(), TruthError> {
    let (state, platform) = standing(tx, referral)?;
    let (name, detail) = (event.name(), serde_json::to_string(&event)?);
    let standing = state.name();
    // It must be allowed all the same.
    step(state, event, intervals, now)?;
    let change = cases::next_change(tx)?;
    tx.execute(
        "UPDATE referrals SET change = ?, updated = ? WHERE id = ?",
        params![change, now.as_millis(), referral.as_str()],
    )?;
    note_step(tx, (referral.as_str(), &platform), actor, (name, standing, None), now)?;
    audit::append(tx, &Said { actor, action: name, subject: referral.as_str(), detail: &detail }, now)
}

/// Stores what a step asks for; what must be said is handed back.
fn carry_out(tx: &Connection, referral: &ReferralId, effects: &[Effect]) -> Result<Vec<Message>, TruthError> {
    let set = |column: &str, at: Option<Timestamp>| {
        let sql = format!("UPDATE referrals SET {column} = ? WHERE id = ?");
        tx.prepare_cached(&sql)?.execute(params![at.map(Timestamp::as_millis), referral.as_str()])
    };
    let mut messages = Vec::new();
    for effect in effects {
        match effect {
            Effect::RecheckAt(at) => _ = set("recheck_at", Some(*at))?,
            Effect::NoRecheck => _ = set("recheck_at", None)?,
            Effect::RenoticeAt(at) => _ = set("renotice_at", Some(*at))?,
            Effect::NoRenotice => _ = set("renotice_at", None)?,
            Effect::Attention(why) => {
                tx.execute(
                    "UPDATE referrals SET attention = ? WHERE id = ?",
                    params![why.map(Attention::name), referral.as_str()],
                )?;
            }
            Effect::Deliver(message) => messages.push(*message),
        }
    }
    Ok(messages)
}

impl Truth {
    /// Moves a case. What must be said because of it is put in the outbox for `channels` in the same transaction.
    ///
    /// # Errors
    /// When there is no such case, its state does not allow the event, it is held back, or SQLite refuses.
    pub fn apply(
        &self,
        referral: &ReferralId,
        event: Event,
        actor: &Actor,
        channels: &[Channel],
        intervals: Intervals,
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        // The step takes the words away.
        let statement = match &event {
            Event::Contest { statement } => Some(self.sealed_statement(referral, statement)),
            _ => None,
        };
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let follows = issued::kind_of(&event);
        let (state, messages) = transition(&tx, referral, event, actor, intervals, now)?;
        // Only what the case takes is sealed, and before the case has its hash.
        if let Some(statement) = statement {
            story::note_statement(&tx, referral, &statement.hash)?;
            self.vault.keep(&[statement], now)?;
        }
        if let Some(kind) = follows.filter(|_| !messages.is_empty()) {
            issued::keep_following(&tx, referral, kind, None, self.print, actor, now)?;
        }
        for message in messages {
            outbox::enqueue(&tx, referral, message, channels, now)?;
        }
        self.commit(tx)?;
        Ok(state)
    }

    /// Approves a case and keeps its notice as it leaves, in one step. `change` is the number of the last change of the case
    /// that the notice was made of.
    ///
    /// # Errors
    /// When the case changed since, and as [`Truth::apply`].
    pub(super) fn approve_with(
        &self,
        notice: &Notice,
        change: i64,
        actor: &Actor,
        (channels, intervals): (&[Channel], Intervals),
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        let referral = &notice.referral;
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let held: i64 =
            tx.query_row("SELECT change FROM referrals WHERE id = ?", [referral.as_str()], |row| row.get(0))?;
        if held != change {
            return Err(TruthError::Conflict(format!("`{referral}` changed while it was approved; read it again")));
        }
        let (state, messages) = transition(&tx, referral, Event::Approve, actor, intervals, now)?;
        issued::keep_notice(&tx, notice, self.print, actor, now)?;
        for message in messages {
            outbox::enqueue(&tx, referral, message, channels, now)?;
        }
        self.commit(tx)?;
        Ok(state)
    }

    /// Records a platform's answer, for the pages that `urls` names or, where it names none, for the case. Once each page has an
    /// answer, the case has. Sent again, under the same key or another, it gives the same state and changes nothing.
    ///
    /// # Errors
    /// As [`Truth::apply`], when an address is no page of the case, and when the case has taken all answers it may.
    pub fn answer(
        &self,
        referral: &ReferralId,
        (outcome, urls): (&Outcome, &[String]),
        repeat: Option<RepeatKey<'_>>,
        actor: &Actor,
        intervals: Intervals,
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        if let Some(repeat) = repeat
            && let Some(state) = repeated(&tx, referral, (outcome, urls), repeat)?
        {
            return Ok(state);
        }
        let said = (outcome, actor.to_string());
        let noted = pages::note_answer(&tx, referral, urls, said, now, |page| self.page_name(page))?;
        let to_case = noted.together.clone().unwrap_or_else(|| outcome.clone());
        let event = Event::Answer { outcome: to_case, of_pages: noted.of_pages };
        let before = standing(&tx, referral)?.0;
        if !noted.changed && noted.together.as_ref().is_none_or(|together| is_answered_with(&before, together)) {
            // Said once more: nothing is written but the key it came with.
            self.commit(tx)?;
            return Ok(before);
        }
        may_take_another(&tx, referral, noted.pages)?;
        let state = match noted.together {
            Some(_) => transition(&tx, referral, event.clone(), actor, intervals, now)?.0,
            None => before.clone(),
        };
        // The answer of the case stays as it was, or is still to come.
        if noted.changed && state == before {
            answered_in_part(&tx, referral, event, actor, intervals, now)?;
        }
        self.commit(tx)?;
        Ok(state)
    }

    /// Closes a case that left with a mistake in it, tells the platform that it is taken back, and opens a draft in its
    /// place with the same listings. Answers with the new case.
    ///
    /// # Errors
    /// As [`Truth::apply`].
    pub fn correct(
        &self,
        referral: &ReferralId,
        reason: &str,
        actor: &Actor,
        channels: &[Channel],
        intervals: Intervals,
        now: Timestamp,
    ) -> Result<ReferralId, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let (state, messages) = transition(&tx, referral, Event::Correct, actor, intervals, now)?;
        issued::keep_following(&tx, referral, IssuedKind::Correction, None, self.print, actor, now)?;
        for message in messages {
            outbox::enqueue(&tx, referral, message, channels, now)?;
        }
        let mut earlier = Earlier::of(referral.as_str(), &state, now, Because::Corrected);
        earlier.reason = Some(reason.to_owned());
        let history = serde_json::to_string(&[HistoryLine::Earlier(earlier)])?;
        let (platform, cluster, generation): (String, String, u32) = tx.query_row(
            "SELECT platform, cluster, (SELECT max(generation) FROM referrals r WHERE r.platform = referrals.platform
               AND r.cluster = referrals.cluster) FROM referrals WHERE id = ?",
            [referral.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let id = self.case_id(&platform, &cluster, generation + 1);
        let drafted = serde_json::to_string(&ReferralState::Drafted)?;
        tx.execute(
            "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score,
               substances, urls, change, created, updated, history, series)
             SELECT ?1, platform, cluster, ?2, 'drafted', ?3, verdict, category, title, score, substances, urls, ?4, ?5, ?5, ?6, series
             FROM referrals WHERE id = ?7",
            params![id, generation + 1, drafted, cases::next_change(&tx)?, now.as_millis(), history, referral.as_str()],
        )?;
        tx.execute("UPDATE hits SET referral = ? WHERE referral = ?", params![id, referral.as_str()])?;
        note_first(&tx, &id, &platform, (actor, &ReferralState::Drafted), now)?;
        let detail = serde_json::json!({ "corrects": referral, "reason": reason }).to_string();
        audit::append(&tx, &Said { actor, action: "draft", subject: &id, detail: &detail }, now)?;
        self.commit(tx)?;
        cases::referral_id(&id)
    }

    /// Cases whose time for an answer is up.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn due_reminders(&self, now: Timestamp, limit: usize) -> Result<Vec<Reminder>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, platform, reminders FROM referrals WHERE renotice_at <= ? ORDER BY renotice_at LIMIT ?",
            )?;
            let mut rows = statement.query(params![now.as_millis(), limit])?;
            let mut due = Vec::new();
            while let Some(row) = rows.next()? {
                let (id, platform): (String, String) = (row.get(0)?, row.get(1)?);
                due.push(Reminder {
                    referral: cases::referral_id(&id)?,
                    platform: PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?,
                    times: row.get(2)?,
                });
            }
            Ok(due)
        })
    }

    /// Puts a reminder off, while the case is held back or there is no agreement.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn postpone_reminder(&self, referral: &ReferralId, until: Timestamp) -> Result<(), TruthError> {
        self.writer().execute(
            "UPDATE referrals SET renotice_at = ? WHERE id = ? AND renotice_at IS NOT NULL",
            params![until.as_millis(), referral.as_str()],
        )?;
        Ok(())
    }

    /// Drafts nobody decided on since `before`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn stale_drafts(&self, before: Timestamp, limit: usize) -> Result<Vec<ReferralId>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM referrals WHERE state = 'drafted' AND updated < ? ORDER BY updated LIMIT ?",
            )?;
            let ids: Vec<String> =
                statement.query_map(params![before.as_millis(), limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
            ids.iter().map(|id| cases::referral_id(id)).collect()
        })
    }

    /// Cases that left and wait for an authority, with the reason, oldest change first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn attention(&self, limit: usize) -> Result<Vec<(ReferralRow, String)>, TruthError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT {}, attention FROM referrals WHERE attention IS NOT NULL ORDER BY change LIMIT ?",
                cases::ROW
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([limit], |r| Ok((cases::row(r)?, r.get(cases::COLUMNS)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
