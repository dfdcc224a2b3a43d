//! Several found forms of one page's address. The form that answers first stays; the others wait here in case it does not.

use std::collections::{HashMap, HashSet};

use crate::engine::scan::messages::Form;
use crate::store::hot::filter::{KeyFilter, Seen};
use crate::vocab::found::FoundUrl;

/// Memory by which forms met in this scan are known; past a hundred thousand a few are passed over.
const FORMS_BYTES: usize = 1 << 20;

/// Memory by which pages are known that were found in another form than their canonical one.
const ODD_BYTES: usize = 1 << 18;

/// Pages of which other forms are kept, and forms kept of each. Past it a page is asked for in its first form only.
const PAGES_LIMIT: usize = 1 << 14;
const FORMS_LIMIT: usize = 4;

/// What a scan knows of the forms of its pages' addresses. Most addresses are found in their canonical form only and cost
/// nothing here.
pub struct Names {
    odd: KeyFilter,
    has_odd: bool,
    met: KeyFilter,
    waiting: HashMap<u128, Vec<FoundUrl>>,
}

impl Default for Names {
    fn default() -> Self {
        let filter = |bytes| {
            let mut filter = KeyFilter::new(bytes);
            filter.complete();
            filter
        };
        Names { odd: filter(ODD_BYTES), has_odd: false, met: filter(FORMS_BYTES), waiting: HashMap::new() }
    }
}

impl Names {
    /// Those of `links` whose page may be known in another form.
    pub fn other_forms(&self, links: &[FoundUrl]) -> Vec<FoundUrl> {
        let odd_here: HashSet<u128> = links.iter().filter(|url| !url.is_canonical()).map(FoundUrl::key).collect();
        if odd_here.is_empty() && !self.has_odd {
            return Vec::new();
        }
        let may_be = |url: &&FoundUrl| odd_here.contains(&url.key()) || self.odd.seen(url.key()) != Seen::No;
        links.iter().filter(may_be).cloned().collect()
    }

    /// The frontier is offered a page in this form.
    pub fn offered(&mut self, url: &FoundUrl) {
        if !url.is_canonical() {
            self.note_odd(url);
            self.met.insert(url.form_key());
        }
    }

    fn note_odd(&mut self, url: &FoundUrl) {
        self.odd.insert(url.key());
        self.has_odd = true;
    }

    /// Whether the form was not met before in this scan.
    pub fn is_news(&mut self, url: &FoundUrl) -> bool {
        let key = url.form_key();
        let news = self.met.seen(key) == Seen::No;
        if news {
            self.met.insert(key);
        }
        news
    }

    /// Keeps a form in case the one that is tried first does not answer.
    pub fn keep(&mut self, url: FoundUrl) {
        if self.waiting.len() >= PAGES_LIMIT && !self.waiting.contains_key(&url.key()) {
            return;
        }
        let forms = self.waiting.entry(url.key()).or_default();
        if forms.len() < FORMS_LIMIT && !forms.contains(&url) {
            forms.push(url);
        }
    }

    /// A visit to a page ended. Answers the form to try next, where it did not answer and another is known.
    pub fn visited(&mut self, url: &FoundUrl, form: Form) -> Option<FoundUrl> {
        match form {
            Form::Untold => return None,
            Form::Answers => {
                if !self.waiting.is_empty() {
                    self.waiting.remove(&url.key());
                }
                return None;
            }
            Form::Fails => {}
        }
        // Its canonical form may yet be met.
        if !url.is_canonical() {
            self.note_odd(url);
        }
        let mut forms = self.waiting.remove(&url.key())?;
        forms.retain(|form| form != url);
        let next = (!forms.is_empty()).then(|| forms.remove(0));
        if !forms.is_empty() {
            self.waiting.insert(url.key(), forms);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> FoundUrl {
        FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap()
    }

    #[test]
    fn the_first_form_that_answers_stays_and_the_others_wait_their_turn() {
        let mut names = Names::default();
        let (first, second, third) = (url("/i?b=1&a=2"), url("/i?a=2&b=1"), url("/i?a=2&&b=1"));
        assert!(names.other_forms(&[second.clone(), url("/j")]).is_empty());
        assert_eq!(names.other_forms(&[second.clone(), first.clone()]), [second.clone(), first.clone()]);
        names.offered(&first);
        assert!(!names.is_news(&first));
        let others = names.other_forms(&[second.clone(), third.clone(), url("/j")]);
        assert_eq!(others, [second.clone(), third.clone()], "a form counts once its page was found in an odd one");
        for form in others {
            assert!(names.is_news(&form));
            names.keep(form);
        }
        assert_eq!(names.visited(&first, Form::Untold), None);
        assert_eq!(names.visited(&first, Form::Fails), Some(second.clone()));
        assert_eq!(names.visited(&second, Form::Answers), None);
        assert_eq!(names.visited(&third, Form::Fails), None, "what answered ends the search");
    }

    #[test]
    fn forms_of_one_page_and_pages_are_bounded() {
        let mut names = Names::default();
        for n in 0..100 {
            names.keep(url(&format!("/i?b=1&a=2{}", "&".repeat(n))));
        }
        assert_eq!(names.waiting.values().map(Vec::len).sum::<usize>(), FORMS_LIMIT);
        for n in 0..=PAGES_LIMIT {
            names.keep(url(&format!("/i?b={n}&a=2")));
        }
        assert_eq!(names.waiting.len(), PAGES_LIMIT);
    }
}
