//! WARC files, datasets, exports.
