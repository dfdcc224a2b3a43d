//! The loops: scan, dispatch, recheck, schedule. Each is a public `step()` or `run()` around it.
//!
//! Owns: who does what when; the order in which a page becomes durable (WARC, SQLite, sled, then acknowledged).
//! Never: parses, judges, renders; it carries values between the rooms that do.
//! Start reading: [`scan::run`].

pub mod deliver;
pub mod disk;
pub mod dispatch;
pub mod evidence;
pub mod examiners;
pub mod intake;
pub mod mandate;
pub mod offered;
pub mod rebuild;
pub mod recheck;
pub mod record;
pub mod rejudge;
pub mod retention;
pub mod rooms;
pub mod scan;
pub mod schedule;
pub mod service;
pub mod timestamps;
