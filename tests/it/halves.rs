//! The half of a scan that fetches and examines, and the half that keeps, speak in messages that survive serialisation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use listingwatch::app::{App, Paths};
use listingwatch::engine::scan::messages::{
    Brought, Done, Fetched, Granted, InProcess, Known, Naming, Passage, Spend, Spent, Want,
};
use listingwatch::engine::scan::{self, Looks, ScanOrder};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::ids::{MandateId, RunId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing, offer};

/// Sends every message as JSON, and counts each kind.
#[derive(Default)]
struct AsJson(Mutex<BTreeMap<&'static str, usize>>);

impl AsJson {
    fn carry<T: Serialize + DeserializeOwned>(&self, kind: &'static str, message: &T) -> T {
        *self.0.lock().unwrap().entry(kind).or_default() += 1;
        let text = serde_json::to_string(message).unwrap();
        let arrived = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&arrived).unwrap(), text, "`{kind}` changes on its way");
        arrived
    }
}

impl Passage for AsJson {
    fn fetched(&self, message: Fetched) -> Fetched {
        self.carry("fetched", &message)
    }
    fn done(&self, message: Done) -> Done {
        self.carry("done", &message)
    }
    fn known(&self, message: Known) -> Known {
        self.carry("known", &message)
    }
    fn want(&self, message: Want) -> Want {
        self.carry("want", &message)
    }
    fn granted(&self, message: Granted) -> Granted {
        self.carry("granted", &message)
    }
    fn naming(&self, message: Naming) -> Naming {
        self.carry("naming", &message)
    }
    fn shorter_name(&self, message: Option<FoundUrl>) -> Option<FoundUrl> {
        self.carry("shorter-name", &message)
    }
    fn spend(&self, message: Spend) -> Spend {
        self.carry("spend", &message)
    }
    fn brought(&self, message: Brought) -> Brought {
        self.carry("brought", &message)
    }
    fn spent(&self, message: Spent) -> Spent {
        self.carry("spent", &message)
    }
}

/// A shop with everything a message may hold: offers, a feed, a sitemap, redirects, refusals, pages that are gone.
fn shop() -> MockServer {
    MockServer::start(|asked| {
        let host = asked.header("host").unwrap_or_default().to_owned();
        match asked.path.as_str() {
            "/robots.txt" => {
                Reply::text(format!("User-agent: *\nDisallow: /hidden\n\nSitemap: http://{host}/sitemap.xml\n"))
            }
            "/sitemap.xml" => Reply::of(
                200,
                "application/xml",
                format!(
                    "<urlset><url><loc>http://{host}/b</loc></url><url><loc>http://{host}/old</loc></url></urlset>"
                ),
            ),
            "/products.xml" => Reply::of(
                200,
                "application/rss+xml",
                format!(
                    "<rss version='2.0' xmlns:g='http://base.google.com/ns/1.0'><channel><title>t</title><item><g:id>7</g:id>\
                     <title>Metonitazene powder</title><description>98% pure, price per gram, minimum order 5 g, discreet \
                     shipping, bitcoin accepted</description><g:link>http://{host}/sold</g:link></item></channel></rss>"
                ),
            ),
            "/" => Reply::html(links(&["/a", "/b", "/moved", "/hidden", "/broken", "mailto:x@y"].map(str::to_owned))),
            "/a" => Reply::html(offer(1, &["/b".to_owned()])).with("etag", "\"one\""),
            "/b" => Reply::html(offer(2, &["/a".to_owned(), "/chair?x=1".to_owned()])),
            "/moved" => Reply::redirect("/chair"),
            "/broken" => Reply::status(500),
            path if path.starts_with("/chair") => Reply::html(listing("Chair", "Oak.", &[])),
            _ => Reply::status(404),
        }
    })
}

/// What one scan of `server` brings, without what differs from run to run.
async fn scanned(server: &MockServer, passage: Arc<dyn Passage>) -> (Value, Vec<Value>) {
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), &format!("feeds = [\"{}\"]", server.url("/products.xml")));
    // Cases are named with the installation's secret: both have the same.
    std::fs::create_dir_all(place.data().join("keys")).unwrap();
    std::fs::write(place.data().join("keys/seal.key"), [7; 32]).unwrap();
    let paths = Paths::new(&place.data(), Some(&place.path("seeds")), None, Some(&place.path("listingwatch.toml")));
    let app = App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap();
    let own_site = MandateId::parse("own-site").unwrap();
    let order = ScanOrder {
        run: RunId::parse("run-1").unwrap(),
        platforms: app.platforms().into_iter().map(|platform| (platform, own_site.clone())).collect(),
        max_pages: None,
        until: None,
        looks: Looks::Due,
    };
    let results = scan::run_over(app.rooms.clone(), order, passage, |_| {}, std::future::pending()).await.unwrap();
    app.close().unwrap();
    drop(app);
    let mut result = serde_json::to_value(&results[0]).unwrap();
    for moment in ["started_at", "ended_at"] {
        result["coverage"].as_object_mut().unwrap().remove(moment);
    }
    (result, place.referrals())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_whose_messages_are_serialised_brings_the_same() {
    let server = shop();
    let as_json = Arc::new(AsJson::default());
    let (by_json, cases_by_json) = scanned(&server, as_json.clone()).await;
    let (plain, cases) = scanned(&server, Arc::new(InProcess)).await;
    assert_eq!(by_json, plain);
    assert_eq!(cases_by_json, cases);
    assert_eq!(plain["referrals_new"], 3, "{plain}");
    let carried = as_json.0.lock().unwrap().clone();
    let kinds: Vec<&str> = carried.keys().copied().collect();
    let all = ["brought", "done", "fetched", "granted", "known", "naming", "shorter-name", "spend", "spent", "want"];
    assert_eq!(kinds, all, "every kind of message was sent");
}
