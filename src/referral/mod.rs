//! The case: lifecycle, notice, policy. Pure.
