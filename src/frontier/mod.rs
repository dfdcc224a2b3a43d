//! What is fetched next and how gently.
//!
//! Owns: frontier entries, the state of a URL and of a host, robots records, control files, revisit times, traps, parameters that change nothing, sitemaps and content codings as data.
//! Never: sockets, stores, clocks; it answers from values and `now`.
//! Start reading: [`entry::NewEntry`], then [`politeness::HostRecord`] and [`robots::RobotsRecord`].

pub mod coding;
pub mod control;
pub mod entry;
pub mod ledger;
pub mod markup;
pub mod parameters;
pub mod politeness;
pub mod retry_after;
pub mod revisit;
pub mod robots;
pub mod robots_tag;
pub mod shapes;
pub mod sitemap;
pub mod traps;
pub mod yields;
