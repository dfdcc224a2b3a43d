//! The heart: capture in, listings, assessments, fingerprints and outlinks out. Pure.
