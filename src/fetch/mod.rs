//! The only way to the network: permit, client, address guard, sitemaps and feeds.
