//! Documents about the work: coverage statement, transparency report. Pure.
