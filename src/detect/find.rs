//! What is named: listed names, identifiers, systematic names and names of families in one field, each once and whole.

use crate::detect::Detector;
use crate::detect::apart;
use crate::detect::assessment::EmergingFinding;
use crate::detect::chemical::{self, ChemicalName};
use crate::detect::controls::control;
use crate::detect::found::{Emerging, Field, Named, cut};
use crate::detect::identifiers::{self, Identifier};
use crate::detect::marks::SignalWords;
use crate::detect::names::{Found, Meaning, Spelling, Strength};
use crate::detect::skeletons::Meant;
use crate::detect::view::Folded;
use crate::detect::whole::{self, Piece};
use crate::vocab::terms::{Class, How, LegitimateUse};

/// Bytes of the longest folded code that a part number could hold.
const LONGEST_CODE: usize = 8;

/// Letters of a word that makes a name of what has digits too (`butane-1,4-diol`, `2-phenylacetonitrile`), and no code.
const SPELLED_OUT: usize = 6;

/// Letters of the articles and prepositions that stand in front of names.
const LONGEST_PARTICLE: usize = 2;

/// Pieces of a name that was pulled apart into words, not into letters.
const FEW_PIECES: usize = 3;

/// Characters for chemical groups that make another compound of the name behind them.
const HAN_GROUPS: [char; 24] = [
    '异', '仲', '叔', '新', '氟', '氯', '溴', '碘', '甲', '乙', '丙', '丁', '戊', '己', '羟', '氧', '硝', '脱', '去',
    '二', '三', '环', '氰', '苯',
];

/// Bytes between a short name and the CAS number beside it.
const NUMBER_WINDOW_BYTES: usize = 24;

impl Detector {
    /// Names, identifiers and class names of one field. Answers whether all of it was looked at.
    pub(super) fn find(
        &self,
        fields: &[Field<'_>],
        at: usize,
        named: &mut Vec<Named>,
        emerging: &mut Vec<Emerging>,
    ) -> bool {
        let field = &fields[at];
        let folded = &field.folded;
        let mut found: Vec<Found> = Vec::new();
        let mut all = self.names.find(folded, &field.tokens, &mut found);
        self.add_specific(field, &mut found);
        let plain = found.len();
        all &= self.names.find_squeezed(folded, &mut found);
        let squeezed = found.split_off(plain);
        for hit in squeezed {
            // A name that was pulled apart goes before the short words its pieces happen to spell.
            let overlaps = |held: &Found| held.start < hit.end && hit.start < held.end;
            let inside = |held: &Found| {
                let rest = folded.text.get(held.end..hit.end).unwrap_or_default();
                // `flualprazolamu i`: a word of one letter behind a name is none of it.
                let has_more = held.start != hit.start || rest.trim().chars().count() > 1;
                hit.start <= held.start && held.end <= hit.end && held.len() < hit.len() && has_more
            };
            if found.iter().filter(|held| overlaps(held)).all(inside) {
                found.retain(|held| !overlaps(held));
                found.push(hit);
            }
        }
        let (ids, all_ids) = identifiers::find(&folded.text);
        let chemicals = if found.is_empty() { Vec::new() } else { chemical::find(folded) };
        found.retain_mut(|hit| {
            let piece = self.piece(folded, hit);
            hit.doubtful |= piece == Piece::Doubtful;
            piece != Piece::Sure
                && !is_piece_of_a_systematic_name(folded, hit, &chemicals)
                && !self.is_another_by_number(hit, &ids)
        });
        self.relatives_in_han(field, at, &mut found, emerging);
        let (accepted_names, all_stems) = self.classes.find(folded);
        all &= all_stems & all_ids;
        let before_near = found.len();
        all &= self.names.find_near(folded, &mut found);
        // A name its family's rule accepts is a new relative, no slip of the pen in an old one's name, unless it only lacks a
        // letter where no other group can stand.
        let mut kept = 0;
        found.retain(|hit| {
            kept += 1;
            let mut relatives = accepted_names.iter().filter(|name| name.start < hit.end && hit.start < name.end);
            kept <= before_near
                || relatives.all(|name| {
                    (hit.start <= name.start && name.end <= hit.end)
                        && self.names.lacks_a_letter(&folded.text[hit.start..hit.end], hit.pattern)
                })
        });
        let taken: Vec<(usize, usize)> = found.iter().map(|hit| (hit.start, hit.end)).collect();
        found.iter().for_each(|hit| self.push_names(field, at, hit, named));
        for id in &ids {
            if let Some(substance) = self.identifiers.get(&id.value) {
                named.push(Named {
                    how: How::Identifier,
                    ..self.sure(field, at, *substance, (id.start, id.end), id.rule)
                });
            }
        }
        self.find_digits(field, at, &ids, named);
        self.find_systematic(field, at, named, emerging);
        for accepted in accepted_names {
            let name = &folded.text[accepted.start..accepted.end];
            let of_a_code = is_code(name).then(|| whole::piece_of_a_code(folded, accepted.start, accepted.end));
            let piece = whole::follows_on(folded, accepted.end).max(of_a_code.unwrap_or(Piece::No));
            if self.names.has(name)
                || taken.iter().any(|(start, end)| *start <= accepted.start && accepted.end <= *end)
                || piece == Piece::Sure
                || emerging
                    .iter()
                    .any(|held| held.at == at && held.folded.0 <= accepted.start && accepted.end <= held.folded.1)
            {
                continue;
            }
            // A listed name wins over its family's rule unless a chemical prefix makes a relative of it (`ortho methylfentanyl`).
            let inside: Vec<(usize, usize)> = named
                .iter()
                .filter(|held| {
                    held.field == at
                        && !held.doubtful
                        && held.strength == Strength::Distinct
                        && held.how != How::Fuzzy
                        && held.folded.0 >= accepted.start
                        && held.folded.1 <= accepted.end
                })
                .map(|held| held.folded)
                .collect();
            let rest_is_chemical = |(start, end): &(usize, usize)| {
                let before = folded.text[accepted.start..*start].trim();
                let after = folded.text[*end..accepted.end].trim();
                let is_part = |word: &str| is_prefix(word);
                // `de MDMB-4en-PINACA`: what stands in front with a space behind it is a word.
                let is_word = stand_apart(folded, accepted.start, *start).any(|word| word.len() <= LONGEST_PARTICLE);
                (!before.is_empty() || !after.is_empty())
                    && !is_word
                    && before.split(' ').chain(after.split(' ')).filter(|word| !word.is_empty()).all(is_part)
            };
            if !inside.is_empty() && !inside.iter().all(rest_is_chemical) {
                continue;
            }
            named.retain(|held| held.field != at || held.folded.0 < accepted.start || held.folded.1 > accepted.end);
            let (start, end) = folded.span(accepted.start, accepted.end);
            let finding = EmergingFinding {
                surface: cut(field.source, start, end),
                class: accepted.class,
                subclass: accepted.subclass,
                field: field.name.clone(),
                start,
                end,
                controls: accepted.controls.iter().filter_map(|code| control(code)).collect(),
            };
            emerging.push(Emerging {
                finding,
                folded: (accepted.start, accepted.end),
                at,
                doubtful: piece != Piece::No,
            });
        }
        all
    }

    /// Chinese names of listed substances without lawful use behind a character for a chemical group are names of relatives.
    fn relatives_in_han(&self, field: &Field<'_>, at: usize, found: &mut Vec<Found>, emerging: &mut Vec<Emerging>) {
        let text = field.folded.text.as_str();
        found.retain(|hit| {
            let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            let name = &text[hit.start..hit.end];
            if hit.spelling != Spelling::Plain || !name.chars().all(is_han) || name.chars().count() < 3 {
                return true;
            }
            let is_relative = text[..hit.start].ends_with(HAN_GROUPS);
            if !is_relative {
                return true;
            }
            let entry = self.names.entry(hit.pattern);
            if let (Some(Meaning::Substance(substance)), false) =
                (entry.meanings.first(), self.has_lawful_use(hit.pattern))
            {
                let substance = &self.watchlist.substances[*substance as usize];
                let head =
                    text[..hit.start].char_indices().rev().take_while(|(_, c)| is_han(*c) && HAN_GROUPS.contains(c));
                let start = head.last().map_or(hit.start, |(at, _)| at);
                let (first, last) = field.folded.span(start, hit.end);
                emerging.push(Emerging {
                    finding: EmergingFinding {
                        surface: cut(field.source, first, last),
                        class: substance.class(),
                        subclass: substance.subclass.clone(),
                        field: field.name.clone(),
                        start: first,
                        end: last,
                        controls: Vec::new(),
                    },
                    folded: (start, hit.end),
                    at,
                    doubtful: hit.doubtful,
                });
            }
            false
        });
    }

    /// The word for a family may hold the name of a member (`fentanyl powder`): the member is named too.
    fn add_specific(&self, field: &Field<'_>, found: &mut Vec<Found>) {
        let families: Vec<(usize, usize)> = found
            .iter()
            .filter(|hit| hit.spelling == Spelling::Plain && self.is_family_word(hit.pattern))
            .map(|hit| (hit.start, hit.end))
            .collect();
        for (start, end) in families {
            for piece in self.names.find_inside(&field.folded, &field.tokens, start, end) {
                if !self.is_family_word(piece.pattern) && self.names.entry(piece.pattern).strength == Strength::Distinct
                {
                    found.push(piece);
                }
            }
        }
    }

    fn is_family_word(&self, pattern: usize) -> bool {
        self.names.entry(pattern).meanings.iter().all(|meaning| match meaning {
            Meaning::Substance(at) => self.watchlist.substances[*at as usize].class() == Class::ClassTerm,
            Meaning::Equipment(_) => false,
        })
    }

    /// Whether a find is a piece of a longer chemical name or of a part number. What makes another compound of a precursor
    /// makes a relative of a drug, so only a precursor is surely a piece.
    fn piece(&self, folded: &Folded, hit: &Found) -> Piece {
        let entry = self.names.entry(hit.pattern);
        let text = &folded.text[hit.start..hit.end];
        let has_use = self.has_lawful_use(hit.pattern);
        let is_spelled_out =
            hit.spelling == Spelling::Plain && has_use && text.split(' ').any(|word| word.len() >= SPELLED_OUT);
        if (entry.code || is_code(text)) && !is_spelled_out {
            return whole::piece_of_a_code(folded, hit.start, hit.end);
        }
        let few_pieces = text.split(' ').count() <= FEW_PIECES;
        if !(if hit.spelling == Spelling::Squeezed { few_pieces } else { has_use }) {
            return Piece::No;
        }
        let piece = whole::piece_of_a_name(folded, hit.start, hit.end);
        let most = if self.all_are(hit.pattern, |usage| usage == LegitimateUse::DualUse) {
            Piece::Sure
        } else {
            Piece::Doubtful
        };
        piece.min(most)
    }

    fn has_lawful_use(&self, pattern: usize) -> bool {
        self.all_are(pattern, |usage| usage != LegitimateUse::NoneKnown)
    }

    /// Whether a name stands for substances alone, each of a use.
    fn all_are(&self, pattern: usize, of_a_use: impl Fn(LegitimateUse) -> bool) -> bool {
        self.names.entry(pattern).meanings.iter().all(|meaning| match meaning {
            Meaning::Substance(at) => of_a_use(self.watchlist.substances[*at as usize].legitimate_use()),
            Meaning::Equipment(_) => false,
        })
    }

    /// Whether a CAS number of another substance beside a short or ambiguous name says what it stands for here
    /// (`4-AP, CAS 504-24-5`).
    fn is_another_by_number(&self, hit: &Found, ids: &[Identifier]) -> bool {
        let entry = self.names.entry(hit.pattern);
        if !(entry.strength != Strength::Distinct || entry.code && self.has_lawful_use(hit.pattern)) {
            return false;
        }
        let beside: Vec<&Identifier> = ids
            .iter()
            .filter(|id| {
                id.start >= hit.end && id.start - hit.end <= NUMBER_WINDOW_BYTES
                    || id.end <= hit.start && hit.start - id.end <= NUMBER_WINDOW_BYTES
            })
            .collect();
        let is_its = |id: &&&Identifier| {
            self.identifiers.get(&id.value).is_some_and(|at| entry.meanings.contains(&Meaning::Substance(*at)))
        };
        !beside.is_empty() && beside.iter().find(is_its).is_none()
    }

    fn push_names(&self, field: &Field<'_>, at: usize, hit: &Found, named: &mut Vec<Named>) {
        let entry = self.names.entry(hit.pattern);
        let span = field.folded.span(hit.start, hit.end);
        let pulled_apart = hit.spelling == Spelling::Squeezed;
        let disguised = pulled_apart && apart::is_letter_by_letter(&field.folded.text[hit.start..hit.end])
            || (pulled_apart || field.folded.is_disguised(hit.start, hit.end))
                && !self.is_listed_spelling(&cut(field.source, span.0, span.1));
        let how = match entry.strength {
            _ if hit.spelling == Spelling::Near => How::Fuzzy,
            _ if disguised => How::Obfuscated,
            Strength::Distinct | Strength::Ambiguous => How::Name,
            Strength::Street => How::Street,
        };
        let rule = match hit.spelling {
            Spelling::Plain => "name",
            Spelling::Squeezed => "squeezed-name",
            Spelling::Near => "near-spelling",
        };
        for meaning in entry.meanings.iter() {
            named.push(Named {
                field: at,
                pattern: hit.pattern,
                meaning: *meaning,
                strength: entry.strength,
                code: entry.code,
                brief: is_part_number(&field.folded.text[hit.start..hit.end])
                    || is_in_a_part_number(&field.folded, hit.start, hit.end),
                how,
                rule: rule.to_owned(),
                folded: (hit.start, hit.end),
                span,
                disguised,
                marked: false,
                doubtful: hit.doubtful,
            });
        }
    }

    /// Whether a name as written is a listed spelling but for case, accents and separators: in its own script it hides
    /// nothing.
    fn is_listed_spelling(&self, surface: &str) -> bool {
        !surface.chars().any(crate::detect::view::is_invisible) && self.is_spelling_of_the_list(surface)
    }

    /// Systematic names: listed substances in another spelling, and members of families.
    fn find_systematic(&self, field: &Field<'_>, at: usize, named: &mut Vec<Named>, emerging: &mut Vec<Emerging>) {
        for (name, meant) in self.skeletons.find(&field.folded) {
            // A listed name that covers all of it is the same find; one inside it is a piece.
            let covers =
                |held: &Named| held.field == at && held.folded.0 <= name.start + 2 && name.end <= held.folded.1 + 2;
            if named.iter().any(covers) {
                continue;
            }
            let inside = |held: &Named| held.field == at && name.start <= held.folded.0 && held.folded.1 <= name.end;
            named.retain(|held| held.how == How::Identifier || !inside(held));
            let place = (name.start, name.end);
            match meant {
                Meant::Substance(substance) => named.push(self.sure(field, at, substance, place, "systematic-name")),
                Meant::Family(rule) => {
                    let rule = self.skeletons.rule(rule);
                    let (start, end) = field.folded.span(name.start, name.end);
                    let finding = EmergingFinding {
                        surface: cut(field.source, start, end),
                        class: rule.class.known().unwrap_or(Class::OtherControlled),
                        subclass: rule.subclass.clone(),
                        field: field.name.clone(),
                        start,
                        end,
                        controls: rule.controls.iter().filter_map(|code| control(code)).collect(),
                    };
                    emerging.push(Emerging { finding, folded: place, at, doubtful: false });
                }
            }
        }
    }

    /// CAS numbers of the list written as plain digits or in other groups. Beside the word `CAS` they say what they are, and
    /// elsewhere as much as an ambiguous code does.
    fn find_digits(&self, field: &Field<'_>, at: usize, ids: &[Identifier], named: &mut Vec<Named>) {
        let is_listed = |value: &str| self.identifiers.contains_key(value);
        for (id, labelled) in identifiers::find_digits(&field.folded.text, is_listed) {
            let is_known = ids.iter().any(|held| held.start < id.end && id.start < held.end);
            let Some(substance) = self.identifiers.get(&id.value).filter(|_| !is_known) else { continue };
            let sure = self.sure(field, at, *substance, (id.start, id.end), id.rule);
            // Groups parted by other signs are the form of a number, in disguise; plain digits may be any number.
            let in_groups = field.folded.text[id.start..id.end].contains(|c: char| !c.is_ascii_digit());
            let strength = if labelled || in_groups { Strength::Distinct } else { Strength::Ambiguous };
            named.push(Named { how: How::Identifier, strength, code: true, ..sure });
        }
    }

    /// Dies with the brand of a known pill, where pills or their pressing are spoken of: equipment whatever the machine is
    /// called.
    pub(super) fn find_dies(&self, fields: &[Field<'_>], named: &mut Vec<Named>) {
        let found = |words: &SignalWords| fields.iter().any(|field| words.is_in(&field.folded.text));
        if named.iter().any(|name| matches!(name.meaning, Meaning::Equipment(_)))
            || !(fields.iter().any(|field| self.marks.has_brand(&field.folded.text)) && found(&self.marks.pills))
        {
            return;
        }
        let item = self.watchlist.equipment.iter().position(|item| item.category == "brand-imprint");
        let Some(item) = item.and_then(|at| u32::try_from(at).ok()) else { return };
        for (at, field) in fields.iter().enumerate() {
            if let Some(place) = self.marks.dies.first(&field.folded.text) {
                let die = self.sure(field, at, 0, place, "die-with-brand");
                named.push(Named { meaning: Meaning::Equipment(item), strength: Strength::Ambiguous, ..die });
                return;
            }
        }
    }

    /// An unambiguous find of a listed substance.
    fn sure(&self, field: &Field<'_>, at: usize, substance: u32, folded: (usize, usize), rule: &str) -> Named {
        Named {
            field: at,
            pattern: usize::MAX - substance as usize,
            meaning: Meaning::Substance(substance),
            strength: Strength::Distinct,
            code: false,
            brief: false,
            how: How::Name,
            rule: rule.to_owned(),
            folded,
            span: field.folded.span(folded.0, folded.1),
            disguised: false,
            marked: false,
            doubtful: false,
        }
    }
}

/// Words of letters alone in a stretch of a folded text with a space behind them, where no dash stood.
fn stand_apart(folded: &Folded, from: usize, until: usize) -> impl Iterator<Item = &str> {
    let stretch = &folded.text[from..until];
    let spaces = stretch.match_indices(' ').map(move |(at, _)| from + at).filter(|at| !folded.is_glue(*at));
    let words = spaces.filter_map(move |at| folded.text[from..at].rsplit(' ').next());
    words.filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}

/// Whether a find lies inside a longer systematic name that says more than it (`1-methyl-4-piperidone`).
fn is_piece_of_a_systematic_name(folded: &Folded, hit: &Found, chemicals: &[ChemicalName]) -> bool {
    let Some(name) = chemicals.iter().find(|name| name.start <= hit.start && hit.end <= name.end) else { return false };
    let rest = [&folded.text[name.start..hit.start], &folded.text[hit.end..name.end]];
    rest.iter().flat_map(|rest| rest.split(|c: char| !c.is_alphabetic())).any(chemical::is_chemical)
}

/// Whether a word in front of a name makes another compound's name of it.
fn is_prefix(word: &str) -> bool {
    let letters = word.trim_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '\''));
    letters.len() <= 2
        || matches!(
            letters,
            "meo"
                | "ortho"
                | "meta"
                | "para"
                | "alpha"
                | "beta"
                | "des"
                | "nor"
                | "iso"
                | "sec"
                | "tert"
                | "bis"
                | "aco"
        )
        || chemical::is_chemical(letters)
}

/// Whether a folded name has the form of a part number: letters and digits both, few of them.
fn is_part_number(name: &str) -> bool {
    is_code(name) && name.bytes().any(|b| b.is_ascii_digit()) && name.bytes().any(|b| b.is_ascii_lowercase())
}

/// Digits of a number that makes a code before it one of a part.
const DIGITS_OF_A_PART: usize = 3;

/// Whether a code of letters is joined to a number or to a shorter code: `MDPV-1203`, `BK-MDPHP`.
fn is_in_a_part_number(folded: &Folded, start: usize, end: usize) -> bool {
    let (text, name) = (folded.text.as_str(), &folded.text[start..end]);
    if name.len() > LONGEST_CODE || !name.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let digits = || text[end + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let behind = text[end..].starts_with(' ') && folded.is_glue(end) && digits() >= DIGITS_OF_A_PART;
    let joined = || text[..start].trim_end().bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    let before = text[..start].ends_with(' ') && folded.is_glue(start - 1) && (1..=3).contains(&joined());
    behind || before
}

/// Whether a folded name is a short code: letters and digits such as a part number may have.
fn is_code(name: &str) -> bool {
    let has_digits = name.bytes().any(|b| b.is_ascii_digit());
    name.len() <= LONGEST_CODE && name.is_ascii() && (has_digits || name.split(' ').all(|piece| piece.len() <= 4))
}
