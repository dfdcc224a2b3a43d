//! What is fetched next and how gently: entries, host state, robots record, revisit times, traps. Pure.
