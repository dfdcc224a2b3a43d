//! Lawful listings that speak of the same things: what a careless detector would flag, and a moderator would never forgive.

use crate::demo::stock::{Nature, Oddity, Offer};

struct LookAlike {
    host: &'static str,
    category: &'static str,
    seller: usize,
    language: &'static str,
    title: &'static str,
    text: &'static str,
    price: u64,
    currency: &'static str,
    cas: Option<&'static str>,
}

/// All look-alikes.
pub fn offers() -> Vec<Offer> {
    LOOK_ALIKES
        .iter()
        .map(|item| Offer {
            host: item.host,
            category: item.category,
            seller: item.seller,
            title: item.title.to_owned(),
            text: item.text.to_owned(),
            cents: item.price * 100,
            currency: item.currency,
            unit: "",
            attributes: item.cas.map(|cas| ("CAS No.".to_owned(), cas.to_owned())).into_iter().collect(),
            language: item.language,
            nature: Nature::LookAlike,
            oddity: Oddity::None,
        })
        .collect()
}

const LOOK_ALIKES: &[LookAlike] = &[
    LookAlike {
        host: "bazaar",
        category: "laboratory",
        seller: 3,
        language: "en",
        title: "Fentanyl test strips, box of 100",
        text: "Immunoassay test strips that show the presence of fentanyl and of eighteen analogues in a dissolved sample. For harm \
               reduction services, drug checking services and laboratories.\nCE marked, shelf life 24 months. Wholesale price for \
               public health departments, minimum order ten boxes.",
        price: 95,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "bazaar",
        category: "laboratory",
        seller: 3,
        language: "en",
        title: "Isotonitazene certified reference material, 1 mg/ml in methanol",
        text: "Certified reference material to ISO 17034 for licensed forensic and toxicology laboratories. Ampoule of 1 ml with \
               certificate of analysis.\nControlled substance: a licence of the national authority and an end-user declaration are \
               required before we can accept the order. Not sold to individuals.",
        price: 210,
        currency: "EUR",
        cas: Some("14188-81-9"),
    },
    LookAlike {
        host: "bazaar",
        category: "laboratory",
        seller: 3,
        language: "en",
        title: "Fentanyl-D5 isotope-labelled internal standard",
        text: "Deuterated internal standard for LC-MS/MS quantification in clinical toxicology. Analytical standard with certificate, \
               100 micrograms per ml, exempt preparation.\nDelivery to registered laboratories only, import permit required outside the \
               country of dispatch.",
        price: 165,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "bazaar",
        category: "machinery",
        seller: 1,
        language: "en",
        title: "Rotary tablet press for vitamins and dishwasher tablets, GMP",
        text: "Rotary tablet press with 27 stations for food supplement and detergent makers. Full GMP documentation, factory \
               acceptance test, operator training.\nWe deliver to registered manufacturers after checking the trade licence and the \
               end use certificate; every machine is registered with the competent authority.",
        price: 48_500,
        currency: "USD",
        cas: None,
    },
    LookAlike {
        host: "bazaar",
        category: "chemicals",
        seller: 2,
        language: "en",
        title: "Acetone, technical grade, 200 litre drum",
        text: "Acetone for the paint and composites industry. UN 1090, hazmat shipping only, safety data sheet in twenty languages.\n\
               Scheduled chemical: sold to business customers with a precursor declaration; quantities are reported as the law requires.",
        price: 260,
        currency: "USD",
        cas: Some("67-64-1"),
    },
    LookAlike {
        host: "markt",
        category: "labor",
        seller: 1,
        language: "de",
        title: "Nitazen-Teststreifen, 50 Stück",
        text: "Teststreifen zum Nachweis von Nitazenen für Drogenberatung und Drug-Checking-Stellen. Mit Anleitung in fünf Sprachen.\n\
               Schadensminderung beginnt mit Wissen: Rabatt für gemeinnützige Träger und kommunale Suchtberatung.",
        price: 79,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "markt",
        category: "labor",
        seller: 1,
        language: "de",
        title: "Referenzsubstanz Etizolam, zertifiziert, 1 mg",
        text: "Zertifiziertes Referenzmaterial für forensische Labore, Analysenzertifikat nach ISO 17034 liegt bei.\nAbgabe nur mit \
               Erlaubnis nach dem Betäubungsmittelgesetz und Endverbleibserklärung. Lizenz erforderlich, keine Abgabe an Privatpersonen.",
        price: 140,
        currency: "EUR",
        cas: Some("40054-69-1"),
    },
    LookAlike {
        host: "markt",
        category: "garten",
        seller: 0,
        language: "de",
        title: "Lehrbuch der Pharmakologie, 11. Auflage",
        text: "Fachbuch für Studierende und Praxis, gebunden, 980 Seiten. Mit Kapiteln über Opioide, Fentanyl und Benzodiazepine sowie \
               über Suchtprävention.\nKaum benutzt, ohne Anstreichungen, Versand als Büchersendung.",
        price: 45,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "plaza",
        category: "books",
        seller: 1,
        language: "en",
        title: "Fentanyl: the Story of an Epidemic (paperback)",
        text: "A reporter follows three families and one police laboratory through ten years. With an afterword on prevention and \
               treatment and a list of helplines.\nPaperback book, 320 pages, ships as a letter.",
        price: 16,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "plaza",
        category: "books",
        seller: 1,
        language: "en",
        title: "Museum poster: The Apothecary and the Poppy",
        text: "Poster of the museum's exhibition about opium, laudanum and the first laws against them. Heavy matt paper, 50 by 70.\n\
               Free entry on Sundays; guided tours for schools about drug education can be booked at the desk.",
        price: 12,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "plaza",
        category: "beauty",
        seller: 1,
        language: "en",
        title: "Bath salts with eucalyptus, 800 g",
        text: "Cosmetic bath salts from the Dead Sea with eucalyptus oil, for a warm evening in the tub. Dermatologically tested.\n\
               Ingredients are listed on the glass jar. Buy three and get the wooden spoon free.",
        price: 9,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "plaza",
        category: "beauty",
        seller: 0,
        language: "es",
        title: "Quitaesmalte con acetona, 250 ml",
        text: "Quitaesmalte clásico con acetona y aceite de almendras para uñas naturales y de gel. Producto cosmético.\nManténgase \
               fuera del alcance de los niños. Envío en dos días.",
        price: 4,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "plaza",
        category: "collectors",
        seller: 2,
        language: "ru",
        title: "Учебник «Химия для школы», издание 1968 года",
        text: "Учебник с рисунками, переплёт крепкий, пометок нет. Книга для коллекции или в подарок учителю.\nТам же есть плакат \
               «Профилактика наркомании» того же времени, отдам вместе.",
        price: 10,
        currency: "EUR",
        cas: None,
    },
    LookAlike {
        host: "pinboard",
        category: "misc",
        seller: 0,
        language: "en",
        title: "Naloxone kit training evening, free",
        text: "Our neighbourhood group shows how overdose reversal works and hands out naloxone kits that the council pays for. \
               Everyone is welcome, no questions asked.\nWe also have fentanyl test strips and the phone number of the treatment centre.",
        price: 0,
        currency: "GBP",
        cas: None,
    },
    LookAlike {
        host: "pinboard",
        category: "misc",
        seller: 1,
        language: "en",
        title: "Veterinary practice clears its bookshelf and cupboard",
        text: "Catalogues of veterinary medicines from the eighties, among them the xylazine and ketamine pages that students laugh about, \
               a stethoscope and two posters.\nOnly paper and instruments, medicines stay where they belong: veterinary prescription \
               required.",
        price: 20,
        currency: "GBP",
        cas: None,
    },
    LookAlike {
        host: "pinboard",
        category: "household",
        seller: 0,
        language: "en",
        title: "Pill organizer and tablet splitter, new",
        text: "Weekly pill box in big letters and a tablet splitter, bought for my mother who got another model from her pharmacy.\n\
               Both unopened. Collect in person or I post them for the price of a stamp.",
        price: 4,
        currency: "GBP",
        cas: None,
    },
];
