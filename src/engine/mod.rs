//! The loops: scan, dispatch, recheck, schedule.
