//! Platform files and settings: what is accepted, with which defaults, and what is said about the rest.
