//! No control file panics, and none makes us faster: every hold ends later than now, every delay is one more candidate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::frontier::control::Control;
use listingwatch::vocab::time::Timestamp;

fuzz_target!(|body: &[u8]| {
    let now = Timestamp::from_millis(1_770_000_000_000);
    let control = Control::parse(body, now);
    assert!(control.hold(now).is_none_or(|(_, until)| until > now));
    assert!(control.notes.len() <= 5);
});
