//! The bundled synthetic marketplace on loopback.
//!
//! Owns: a small trading world whose every listing is known to be planted, ordinary or a look-alike; the servers that show it;
//! the log of who asked for what and when; the comparison of what a scan found with what is there.
//! Never: crawls, judges, or stores anything; holds a word about how a substance is made or used; answers to anyone but
//! loopback. The scan sees it only through HTTP, as it would see a stranger's site.
//! Start reading: [`site::Site::build`], then [`serve::Marketplace`], then [`truth::Truth::compare`].

pub mod audit;
pub mod dice;
pub mod disguise;
pub mod hosts;
pub mod markup;
pub mod platform_file;
pub mod robots;
pub mod serve;
pub mod site;
pub mod sitemap;
pub mod stock;
pub mod templates;
pub mod truth;

/// The seed of the marketplace that `demo` shows when it is not told another.
pub const DEFAULT_SEED: u64 = 2026;
