"""Feed readers others wrote read our feeds: feedparser (Atom, and JSON Feed where its version knows it), atoma (JSON Feed)."""

import sys
import urllib.request

import atoma
import feedparser

base, token = sys.argv[1:3]
headers = {"Authorization": f"Bearer {token}"}
entries = 0
for platform in ("demo-bazaar", "demo-plaza", "demo-pinboard"):
    atom = feedparser.parse(f"{base}/feeds/{platform}.atom", request_headers=headers)
    if atom.bozo or atom.version != "atom10":
        sys.exit(f"{platform}.atom: {atom.get('bozo_exception')}")
    for entry in atom.entries:
        assert entry.id and entry.title and entry.link and entry.updated_parsed, entry
    entries += len(atom.entries)
    raw = urllib.request.urlopen(urllib.request.Request(f"{base}/feeds/{platform}.json", headers=headers)).read()
    feed = atoma.parse_json_feed_bytes(raw)
    assert feed.version == "https://jsonfeed.org/version/1.1", feed.version
    assert [item.id_ for item in feed.items] == [entry.id for entry in atom.entries], "both feeds list the same cases"
    assert all(item.date_published and item.content_text for item in feed.items)
    parsed = feedparser.parse(raw, response_headers={"content-type": "application/feed+json"})
    if parsed.version.startswith("json"):
        assert len(parsed.entries) == len(feed.items)
    else:
        print(f"note: feedparser {feedparser.__version__} does not know JSON Feed; atoma read {platform}.json")
if entries == 0:
    sys.exit("no feed had an entry")
print(f"{entries} entries read in both forms")
