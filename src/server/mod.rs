//! The hub: API, feeds, console.
