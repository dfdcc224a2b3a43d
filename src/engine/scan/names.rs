//! Several found forms of one page's address. The form that answers first stays; the others wait here in case it does not.

use std::collections::{HashMap, HashSet};

use crate::engine::scan::messages::Form;
use crate::store::hot::filter::{KeyFilter, Seen};
use crate::vocab::found::FoundUrl;

/// Memory by which forms met in this scan are known; past a hundred thousand a few are passed over.
const FORMS_BYTES: usize = 1 << 20;

/// Memory by which pages are known that were found in another form than their canonical one.
const ODD_BYTES: usize = 1 << 18;

/// Pages that are asked for in other forms, and other forms of each. What is met beyond is passed over, and counted where the
/// page does not answer: forms of an address can be made without end.
const PAGES_LIMIT: usize = 1 << 14;
const FORMS_LIMIT: usize = 4;

/// Memory by which pages are known of which forms were passed over.
const PASSED_OVER_BYTES: usize = 1 << 18;

/// What a scan knows of the forms of its pages' addresses. Most addresses are found in their canonical form only and cost
/// nothing here.
pub struct Names {
    odd: KeyFilter,
    has_odd: bool,
    met: KeyFilter,
    pages: HashMap<u128, Forms>,
    passed_over: KeyFilter,
}

/// Other forms of one page's address.
#[derive(Default)]
struct Forms {
    waiting: Vec<FoundUrl>,
    /// Those that waited or were asked for, `waiting` among them.
    taken: usize,
}

impl Default for Names {
    fn default() -> Self {
        let filter = |bytes| {
            let mut filter = KeyFilter::new(bytes);
            filter.complete();
            filter
        };
        Names {
            odd: filter(ODD_BYTES),
            has_odd: false,
            met: filter(FORMS_BYTES),
            pages: HashMap::new(),
            passed_over: filter(PASSED_OVER_BYTES),
        }
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
            self.asked_for(url);
            self.met.insert(url.form_key());
        }
    }

    /// The frontier asks for a page in this form; its canonical form may yet be met.
    pub fn asked_for(&mut self, url: &FoundUrl) {
        if !url.is_canonical() {
            self.odd.insert(url.key());
            self.has_odd = true;
        }
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
        let key = url.key();
        match self.room(key) {
            Some(forms) if forms.waiting.contains(&url) => {}
            Some(forms) => {
                forms.taken += 1;
                forms.waiting.push(url);
            }
            None => self.passed_over.insert(key),
        }
    }

    /// Whether a page that did not answer may be asked for in one more form, which is counted.
    pub fn may_try(&mut self, url: &FoundUrl) -> bool {
        let room = self.room(url.key());
        room.map(|forms| forms.taken += 1).is_some()
    }

    fn room(&mut self, key: u128) -> Option<&mut Forms> {
        if self.pages.len() >= PAGES_LIMIT && !self.pages.contains_key(&key) {
            return None;
        }
        Some(self.pages.entry(key).or_default()).filter(|forms| forms.taken < FORMS_LIMIT)
    }

    /// A visit to a page ended. Answers the form to try next, where it did not answer and another is known.
    pub fn visited(&mut self, url: &FoundUrl, form: Form) -> Option<FoundUrl> {
        match form {
            Form::Untold => return None,
            Form::Answers => {
                if !self.pages.is_empty() {
                    self.pages.remove(&url.key());
                }
                return None;
            }
            Form::Fails => {}
        }
        self.asked_for(url);
        let forms = self.pages.get_mut(&url.key())?;
        forms.waiting.retain(|form| form != url);
        (!forms.waiting.is_empty()).then(|| forms.waiting.remove(0))
    }

    /// Whether forms of the page's address were passed over.
    pub fn has_passed_over(&self, url: &FoundUrl) -> bool {
        self.passed_over.seen(url.key()) != Seen::No
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
        assert_eq!(names.pages.values().map(|forms| forms.waiting.len()).sum::<usize>(), FORMS_LIMIT);
        assert!(names.has_passed_over(&url("/i?a=2&b=1")) && !names.has_passed_over(&url("/j")));
        for n in 0..=PAGES_LIMIT {
            names.keep(url(&format!("/i?b={n}&a=2")));
        }
        assert_eq!(names.pages.len(), PAGES_LIMIT);
    }

    #[test]
    fn a_page_that_never_answers_is_asked_for_in_a_few_forms() {
        let mut names = Names::default();
        let form = |n: usize| url(&format!("/i?b=1&a=2{}", "&".repeat(n)));
        let mut asked = 1;
        names.keep(form(1));
        names.keep(form(2));
        while names.visited(&form(asked - 1), Form::Fails).is_some() {
            asked += 1;
        }
        let tried = (asked..100).filter(|n| names.may_try(&form(*n))).count();
        assert_eq!((asked, tried), (3, FORMS_LIMIT - 2), "what was asked for counts as what waits does");
    }
}
