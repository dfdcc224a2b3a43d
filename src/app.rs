//! Composition root: reads files, builds rooms, owns shutdown.
