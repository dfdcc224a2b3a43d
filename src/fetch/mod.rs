//! The only way to the network.
//!
//! Owns: the permit, pace and robots.txt at the door, the HTTP client with its caps, the guard of private addresses.
//! Never: decides what to fetch, reads what it fetched, stores pages. No proxies, no cookies, no stealth, by construction.
//! Start reading: [`gate::Gate::admit`].

pub mod address;
pub mod client;
pub mod flights;
pub mod gate;
pub mod post;
