//! Finds public offers of new psychoactive substances, synthetic opioids and drug precursors on platforms that cooperate,
//! keeps evidence, and drafts referrals for the platforms' trust-and-safety teams.
//!
//! # Layout
//!
//! The order of the modules is the order of imports: a room may name what stands above it in its group's path, never what
//! stands below. `docs/ARCHITECTURE.md` walks through it.
//!
//! - words: [`vocab`]
//! - pure core (values and `now` in, values out): [`frontier`], [`evidence`], [`listing`], [`detect`], [`dedup`],
//!   [`examine`], [`referral`], [`report`]
//! - edges (IO, they do not import each other): [`config`], [`fetch`], [`store`], [`archive`], [`outbound`]
//! - drivers: [`engine`], [`server`], [`demo`], [`app`], [`cli`]

pub mod vocab;

pub mod dedup;
pub mod detect;
pub mod evidence;
pub mod examine;
pub mod frontier;
pub mod listing;
pub mod referral;
pub mod report;

pub mod archive;
pub mod config;
pub mod fetch;
pub mod outbound;
pub mod store;

pub mod demo;
pub mod engine;
pub mod server;

pub mod app;
pub mod cli;
pub mod telemetry;
