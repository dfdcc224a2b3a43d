//! Goods nobody would look at twice: the noise in which the planted offers stand.

use crate::demo::dice::Dice;
use crate::demo::stock::{Nature, Oddity, Offer};

/// One shelf: goods of one kind on one host, and the sentences that describe them.
struct Shelf {
    host: &'static str,
    category: &'static str,
    language: &'static str,
    currency: &'static str,
    unit: &'static str,
    /// Name and price in whole units of the currency.
    goods: &'static [(&'static str, u64)],
    /// Sentences; three are taken for each listing.
    sentences: &'static [&'static str],
}

/// All ordinary listings.
pub fn offers(dice: &mut Dice) -> Vec<Offer> {
    let mut offers = Vec::new();
    for shelf in SHELVES {
        for (at, (name, price)) in shelf.goods.iter().enumerate() {
            let first = dice.below(shelf.sentences.len());
            let sentence = |step: usize| shelf.sentences[(first + step * 2 + at) % shelf.sentences.len()];
            let text = format!("{name}. {} {}\n{}", sentence(0), sentence(1), sentence(2));
            let oddity = match at {
                2 => Oddity::Redirected,
                4 => Oddity::SitemapOnly,
                5 => Oddity::ExtraParameter,
                _ => Oddity::None,
            };
            offers.push(Offer {
                host: shelf.host,
                category: shelf.category,
                seller: dice.below(2),
                title: (*name).to_owned(),
                text,
                cents: price * 100 + dice.below(4) as u64 * 25,
                currency: shelf.currency,
                unit: shelf.unit,
                attributes: vec![(
                    "Ref.".into(),
                    format!("{}-{}", shelf.category[..2].to_uppercase(), 300 + dice.below(600)),
                )],
                language: shelf.language,
                nature: Nature::Ordinary,
                // Oddities once a host are enough to be seen; the board without a sitemap can hide nothing.
                oddity: if shelf.host == "pinboard" || !shelf.odd() { Oddity::None } else { oddity },
            });
        }
    }
    offers
}

impl Shelf {
    /// Whether this is the shelf of its host whose listings are reached in odd ways.
    fn odd(&self) -> bool {
        matches!(self.category, "electronics" | "elektronik" | "home")
    }
}

const TRADE: &[&str] = &[
    "Minimum order 50 pieces, samples on request.",
    "In stock in our European warehouse, ready to ship within three working days.",
    "CE marked, certificates and test reports are part of every delivery.",
    "Wholesale price for resellers, graduated from 100 pieces.",
    "We print your logo on the box at no extra charge.",
    "Two years of warranty, spare parts available for five.",
    "Payment by bank transfer, thirty days net for known customers.",
    "Packed in master cartons of twenty, pallets on request.",
];

const FARM: &[&str] = &[
    "Made for daily work outdoors, all metal parts are galvanised.",
    "Sold by the pallet, mixed pallets are possible.",
    "Weather resistant and frost proof down to minus twenty degrees.",
    "Our own workshop keeps spare parts for ten years.",
    "Used by nurseries and parks in four countries.",
    "Ask for the catalogue, prices exclude freight.",
    "Delivered with assembly drawing and tools.",
];

const LABWARE: &[&str] = &[
    "Borosilicate glass 3.3 with graduation in white enamel.",
    "Autoclavable, individually checked under polarised light.",
    "Packed in sets of ten with partition cardboard.",
    "Standard taper joints to ISO 383, replacement stoppers available.",
    "For schools, universities and quality control rooms.",
    "Batch certificate on request, volumetric tolerance class A.",
    "Orders before noon leave our store the same day.",
];

const RAW: &[&str] = &[
    "Food grade, with certificate of analysis and allergen statement.",
    "Bags of 25 kg on exchange pallets, silo delivery possible.",
    "Safety data sheet and REACH registration number are supplied with each batch.",
    "Sold to business customers with a VAT number only.",
    "Price per kilogram ex works, graduated from one tonne.",
    "Shelf life 24 months in the unopened bag, dry and cool.",
    "Kosher and halal certificates available.",
];

const MACHINES: &[&str] = &[
    "Stainless steel frame, all contact parts to food standard.",
    "Commissioning and training at your site are included.",
    "Acceptance test in our hall, please bring your own material.",
    "Delivery time twelve weeks, leasing possible.",
    "Operating manual and declaration of conformity in your language.",
    "Remote service by our technicians for the whole life of the machine.",
];

const HAENDLER: &[&str] = &[
    "Neuware in Originalverpackung, Rechnung mit ausgewiesener Mehrwertsteuer.",
    "Ab Lager lieferbar, Versand innerhalb von zwei Werktagen.",
    "Mindestbestellmenge zehn Stück, Staffelpreise auf Anfrage.",
    "Zwei Jahre Gewährleistung, Ersatzteile über unseren Kundendienst.",
    "Abholung nach Absprache möglich, Zahlung auf Rechnung für Bestandskunden.",
    "Geprüft nach EN-Norm, Konformitätserklärung liegt bei.",
    "Auf Wunsch mit Ihrem Firmenlogo bedruckt.",
];

const LABOR: &[&str] = &[
    "Borosilikatglas 3.3, autoklavierbar, mit weißer Graduierung.",
    "Für Schulen, Hochschulen und Qualitätssicherung.",
    "Chargenzertifikat auf Anfrage, Klasse A.",
    "Verpackt zu je zehn Stück, bruchsicher versendet.",
    "Normschliff nach ISO 383, passende Stopfen im Zubehör.",
    "Lieferung nur an gewerbliche Kunden und Einrichtungen.",
    "Bedienungsanleitung in deutscher Sprache.",
];

const HOUSE: &[&str] = &[
    "Handmade in a small workshop, every piece is a little different.",
    "Dishwasher safe and free of plastic.",
    "Ships in recycled cardboard within two days.",
    "A gift card can be added at checkout.",
    "Returned within thirty days if it does not please.",
    "Please measure first, sizes are given without handles.",
    "Matches the other pieces of the same series.",
];

const CASA: &[&str] = &[
    "Hecho a mano en un taller pequeño, cada pieza es única.",
    "Envío en cartón reciclado en dos o tres días.",
    "Se puede añadir una tarjeta de regalo.",
    "Devolución gratuita durante treinta días.",
    "Consulte las medidas antes de comprar.",
    "Hace juego con el resto de la serie.",
];

const BOOKS: &[&str] = &[
    "Paperback, first edition, with index and colour plates.",
    "Second hand in good condition, no marks, one owner.",
    "Ships as a letter, well packed between cardboard.",
    "Signed copies are available while they last.",
    "Read aloud at our shop on the first Friday of the month.",
    "Also available as an audio book.",
];

const BEAUTY: &[&str] = &[
    "Dermatologically tested, without mineral oil or microplastics.",
    "Vegan formula, made in small batches.",
    "Full list of ingredients on the label and below the picture.",
    "Glass jar with bamboo lid, refills available.",
    "Scented lightly with lavender from Provence.",
    "Not tested on animals.",
];

const RUSSIAN: &[&str] = &[
    "Новое, в заводской упаковке, чек и гарантия один год.",
    "Самовывоз или доставка почтой в течение недели.",
    "Хорошее состояние, хранилось в сухом месте.",
    "Торг возможен при осмотре, отвечу вечером.",
    "Подойдёт в подарок, могу красиво упаковать.",
];

const ADS: &[&str] = &[
    "Used for one season, no repairs needed.",
    "Pick up only, third floor without a lift, I can help to carry.",
    "Price is a suggestion, first come first served.",
    "From a home without pets or smokers.",
    "Would swap for a good bread oven.",
    "Comes with the original box and papers.",
    "Please ring after six, I work early shifts.",
];

const SHELVES: &[Shelf] = &[
    Shelf {
        host: "bazaar",
        category: "electronics",
        language: "en",
        currency: "USD",
        unit: "per piece",
        goods: &[
            ("USB-C hub with seven ports", 18),
            ("Solar power bank 20,000 mAh", 14),
            ("LED desk lamp with wireless charger", 22),
            ("Bluetooth barcode scanner", 39),
            ("Smart plug with energy meter", 9),
            ("Dash camera with night view", 41),
            ("Children's tablet computer, 8 inch", 63),
            ("Noise cancelling headphones", 35),
            ("Digital kitchen scale 5 kg", 7),
            ("Thermal label printer", 58),
        ],
        sentences: TRADE,
    },
    Shelf {
        host: "bazaar",
        category: "garden",
        language: "en",
        currency: "USD",
        unit: "per piece",
        goods: &[
            ("Galvanised raised bed 180 x 90", 47),
            ("Drip irrigation kit for 50 plants", 23),
            ("Greenhouse film, 200 micron, roll", 88),
            ("Grass seed mixture for parks, 10 kg", 31),
            ("Plant food granules for tomatoes, 5 kg", 12),
            ("Battery hedge trimmer 40 V", 79),
            ("Beehive, ten frames, pine", 96),
            ("Compost thermometer, 50 cm", 11),
            ("Poultry feeder, 20 litre", 19),
        ],
        sentences: FARM,
    },
    Shelf {
        host: "bazaar",
        category: "laboratory",
        language: "en",
        currency: "EUR",
        unit: "per set",
        goods: &[
            ("Erlenmeyer flask 250 ml, set of ten", 34),
            ("Graduated cylinder set, 10 to 500 ml", 52),
            ("Magnetic stirrer with hotplate, five positions", 310),
            ("Volumetric pipettes class A", 41),
            ("Petri dishes, sterile, 500 pieces", 45),
            ("pH meter with three buffer solutions", 118),
            ("Analytical balance 220 g, readability 0.1 mg", 1290),
            ("Nitrile gloves, powder free, 1,000 pieces", 62),
            ("Cryogenic vials 2 ml, 500 pieces", 77),
        ],
        sentences: LABWARE,
    },
    Shelf {
        host: "bazaar",
        category: "chemicals",
        language: "en",
        currency: "USD",
        unit: "per kg",
        goods: &[
            ("Citric acid monohydrate, food grade", 2),
            ("Sodium bicarbonate, extra fine", 1),
            ("Titanium dioxide, rutile", 4),
            ("Xanthan gum 200 mesh", 6),
            ("Magnesium stearate, vegetable", 5),
            ("Vanillin, crystalline powder 99 %", 17),
            ("Ascorbic acid, fine powder", 8),
            ("Beeswax pellets, white", 11),
        ],
        sentences: RAW,
    },
    Shelf {
        host: "bazaar",
        category: "machinery",
        language: "en",
        currency: "USD",
        unit: "per machine",
        goods: &[
            ("Vertical form fill seal machine for coffee", 12400),
            ("Carton erector, semi-automatic", 6900),
            ("Shrink tunnel for books", 2100),
            ("Dough divider for bakeries", 3300),
            ("Label applicator for round bottles", 1850),
            ("Soap stamping press with foot pedal", 640),
            ("Pallet wrapper with turntable", 4200),
        ],
        sentences: MACHINES,
    },
    Shelf {
        host: "markt",
        category: "elektronik",
        language: "de",
        currency: "EUR",
        unit: "pro Stück",
        goods: &[
            ("Akkuschrauber 18 V im Koffer", 89),
            ("Überwachungskamera für außen", 64),
            ("Mehrfachsteckdose mit Überspannungsschutz", 17),
            ("Funkkopfhörer mit Ladestation", 72),
            ("Etikettendrucker mit Netzwerkanschluss", 119),
            ("Balkonkraftwerk 800 Watt, komplett", 349),
            ("Wärmebildkamera für Handwerker", 279),
            ("LED-Baustrahler 50 Watt", 33),
            ("Digitale Kofferwaage", 12),
        ],
        sentences: HAENDLER,
    },
    Shelf {
        host: "markt",
        category: "garten",
        language: "de",
        currency: "EUR",
        unit: "pro Stück",
        goods: &[
            ("Hochbeet aus Lärchenholz", 129),
            ("Gartenschere mit Ambossklinge", 24),
            ("Regentonne 300 Liter mit Hahn", 69),
            ("Bio-Tomatendünger, 5 kg", 13),
            ("Nistkasten für Meisen", 16),
            ("Schneeschaufel mit Aluminiumkante", 27),
            ("Teichfolie, Meterware", 9),
            ("Vertikutierer mit Fangkorb", 149),
            ("Komposter aus Recyclingkunststoff", 55),
        ],
        sentences: HAENDLER,
    },
    Shelf {
        host: "markt",
        category: "labor",
        language: "de",
        currency: "EUR",
        unit: "pro Packung",
        goods: &[
            ("Bechergläser 400 ml, zehn Stück", 38),
            ("Rundfilter 110 mm, hundert Blatt", 14),
            ("Laborstativ mit Muffen und Klemmen", 56),
            ("Schülermikroskop mit LED", 98),
            ("Destilliertes Wasser, 10 Liter", 11),
            ("Pipettierball mit drei Ventilen", 9),
            ("Schutzbrillen, zehn Stück", 43),
            ("Magnetrührer ohne Heizung", 145),
        ],
        sentences: LABOR,
    },
    Shelf {
        host: "markt",
        category: "rohstoffe",
        language: "de",
        currency: "EUR",
        unit: "pro kg",
        goods: &[
            ("Zitronensäure, Lebensmittelqualität", 4),
            ("Natriumhydrogencarbonat, 25-kg-Sack", 2),
            ("Kakaobutter, Pellets", 19),
            ("Glycerin 99,5 %, pflanzlich", 5),
            ("Bentonit für die Teichpflege", 3),
            ("Sheabutter, unraffiniert", 12),
            ("Kieselgur, feines Pulver", 6),
        ],
        sentences: HAENDLER,
    },
    Shelf {
        host: "plaza",
        category: "home",
        language: "es",
        currency: "EUR",
        unit: "",
        goods: &[
            ("Juego de tazas de cerámica azul", 28),
            ("Cafetera italiana de seis tazas", 24),
            ("Manta de lana merina", 75),
            ("Tabla de cortar de olivo", 33),
            ("Botijo de barro blanco", 26),
            ("Cesta de esparto con asas", 19),
            ("Farol marroquí de latón", 42),
            ("Delantal de lino lavado", 30),
        ],
        sentences: CASA,
    },
    Shelf {
        host: "plaza",
        category: "home",
        language: "en",
        currency: "EUR",
        unit: "",
        goods: &[
            ("Blue enamel kettle, two litres", 39),
            ("Bread basket with linen lining", 22),
            ("Cast iron pan, 26 cm", 48),
            ("Set of six spice jars with cork", 18),
            ("Wall clock with plain numbers", 35),
            ("Wool tea cosy", 17),
        ],
        sentences: HOUSE,
    },
    Shelf {
        host: "plaza",
        category: "books",
        language: "en",
        currency: "EUR",
        unit: "",
        goods: &[
            ("A Field Guide to Northern Mosses", 27),
            ("The Bread Baker's Winter", 21),
            ("Letters from a Lighthouse", 14),
            ("Atlas of Small Islands", 45),
            ("How Bridges Stand", 19),
            ("A Short History of Buttons", 12),
            ("Ten Walks around the Lake", 9),
        ],
        sentences: BOOKS,
    },
    Shelf {
        host: "plaza",
        category: "beauty",
        language: "en",
        currency: "EUR",
        unit: "",
        goods: &[
            ("Lavender hand cream", 11),
            ("Olive oil soap, four bars", 13),
            ("Sea salt body scrub", 16),
            ("Shaving brush with badger-free bristles", 24),
            ("Rose water, 200 ml", 9),
            ("Cedar comb", 15),
            ("Calendula lip balm", 6),
        ],
        sentences: BEAUTY,
    },
    Shelf {
        host: "plaza",
        category: "collectors",
        language: "ru",
        currency: "EUR",
        unit: "",
        goods: &[
            ("Самовар угольный, латунь", 140),
            ("Набор открыток с видами Риги", 12),
            ("Шахматы деревянные, 1970-е годы", 55),
            ("Фотоаппарат плёночный в чехле", 60),
            ("Подстаканники мельхиоровые, шесть штук", 48),
            ("Настенные часы с боем", 120),
        ],
        sentences: RUSSIAN,
    },
    Shelf {
        host: "pinboard",
        category: "tools",
        language: "en",
        currency: "GBP",
        unit: "",
        goods: &[
            ("Touring bicycle, 56 cm frame", 240),
            ("Workbench with vice", 85),
            ("Circular saw, barely used", 60),
            ("Bicycle trailer for two children", 110),
            ("Set of wood chisels", 35),
            ("Telescopic ladder, 3.8 m", 70),
            ("Child's first bicycle, red", 30),
            ("Box of assorted screws", 8),
        ],
        sentences: ADS,
    },
    Shelf {
        host: "pinboard",
        category: "household",
        language: "en",
        currency: "GBP",
        unit: "",
        goods: &[
            ("Oak dining table, seats six", 180),
            ("Reading chair in green velvet", 75),
            ("Washing machine, five years old", 90),
            ("Curtains, two pairs, beige", 20),
            ("Bookcase, 2 m, white", 45),
            ("Standing lamp with paper shade", 25),
            ("Cot with mattress", 55),
            ("Moving boxes, thirty pieces", 15),
        ],
        sentences: ADS,
    },
    Shelf {
        host: "pinboard",
        category: "misc",
        language: "en",
        currency: "GBP",
        unit: "",
        goods: &[
            ("Piano lessons for beginners", 25),
            ("Aquarium 120 litres with stand", 80),
            ("Two tickets for the folk festival", 60),
            ("Jigsaw puzzles, twelve of them", 18),
            ("Accordion in need of love", 95),
            ("Jam jars, about fifty", 5),
        ],
        sentences: ADS,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shelf_stands_in_a_category_that_exists() {
        for offer in offers(&mut Dice::new(1)) {
            let host = crate::demo::hosts::HOSTS.iter().find(|host| host.key == offer.host).unwrap();
            assert!(host.categories.iter().any(|(slug, _)| *slug == offer.category), "{}", offer.title);
            assert!(offer.text.len() > 60, "{}", offer.title);
        }
    }
}
