//! Same page, same bytes, same text: content digest, minhash, clusters. Pure.
