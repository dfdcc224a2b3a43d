//! Trade talk from which planted offers are put together, so that no two of them read like re-postings of each other.

/// Sentences of one language, by what they are about. Every list is of one length, a prime, see [`Phrases::compose`].
pub struct Phrases {
    /// Grade and look.
    grade: &'static [&'static str],
    /// Price and quantity.
    quantity: &'static [&'static str],
    /// How it travels.
    shipping: &'static [&'static str],
    /// How it is paid.
    payment: &'static [&'static str],
    /// How to ask.
    contact: &'static [&'static str],
}

impl Phrases {
    /// Sentences for the offer number `at`.
    ///
    /// With a prime number of sentences in each list, two offers below its square share at most one sentence: list `k` steps
    /// through its sentences with slope `k + 1` in the offer's low digit and slope 1 in its high digit.
    pub fn compose(&self, at: usize) -> String {
        let size = self.grade.len();
        let (low, high) = (at % size, at / size);
        let lists = [self.grade, self.quantity, self.shipping, self.payment, self.contact];
        let chosen: Vec<&str> = lists.iter().enumerate().map(|(k, list)| list[(low * (k + 1) + high) % size]).collect();
        format!("{} {}\n{} {} {}", chosen[0], chosen[1], chosen[2], chosen[3], chosen[4])
    }
}

/// English: seven of each, enough for 49 offers.
pub const ENGLISH: Phrases = Phrases {
    grade: &[
        "Off-white crystal powder, purity 99% by HPLC, each lot with its own report.",
        "High purity powder, 98.7 percent, direct from lab, no cutting agents.",
        "Fresh batch of this month, lab tested product with chromatogram, quality guaranteed.",
        "Pure powder in sealed bags, 99.5 % minimum, the same maker for six years.",
        "Big crystal and small crystal both available, assay above 99% purity.",
        "Research chemical of the first grade, strong potency, sent with analysis sheet.",
        "Premium quality, white to yellowish, tested twice before it leaves our store.",
    ],
    quantity: &[
        "Price per gram falls from ten grams on, kilo price on request.",
        "Minimum order 5 g, bulk order up to 25 kg a month, free sample for first buyers.",
        "MOQ 100 g, factory price per kg with discount for bulk.",
        "Wholesale price from 50 grams, samples available against postage.",
        "We sell per gram and per kilo, price list comes with the first answer.",
        "Stock of 40 kg in the EU warehouse, smallest pack 10 grams.",
        "Order from one gram, best price from 500 g, repeat customers pay less.",
    ],
    shipping: &[
        "Discreet shipping in plain foil, tracking number provided, ships worldwide.",
        "Stealth packaging with decoy, free reship if the parcel is seized.",
        "Customs clearance guaranteed for Europe, USA and Canada, door to door.",
        "Discreet packaging, vacuum sealed twice, letter mail shipping on demand.",
        "Special line delivery with double customs clearance, 100% safe delivery.",
        "Invoice and label name as you wish, disguised label, express delivery in six days.",
        "Overnight shipping from local stock, odor proof packaging, no customs problem.",
    ],
    payment: &[
        "Payment in bitcoin or monero.",
        "USDT TRC20 and Western Union are welcome.",
        "Crypto only, escrow accepted from 200 dollars.",
        "Pay by moneygram, bitcoin accepted as well.",
        "Half as a deposit in BTC, the rest on arrival.",
        "We take XMR, LTC and gift card payment.",
        "Bitcoin accepted, bank transfer for old friends.",
    ],
    contact: &[
        "Contact me on Telegram @northpier_demo for the menu.",
        "Wickr id hollowoakdemo, no prescription and no questions.",
        "WhatsApp us for details, the number is in the profile picture.",
        "Threema id DEMO0000, answers within the hour.",
        "Write to our protonmail box, welcome to inquiry.",
        "Signal app preferred, session id on request, for research use only.",
        "Add me on Telegram @jadewell_demo, not for human consumption.",
    ],
};

/// German: five of each, enough for 25 offers.
pub const GERMAN: Phrases = Phrases {
    grade: &[
        "Weißes Kristallpulver, Reinheit 99%, jede Charge mit eigenem Laborbericht.",
        "Reines Pulver ohne Streckmittel, frisch eingetroffen, Qualität garantiert.",
        "Höchste Reinheit, HPLC geprüft, seit Jahren derselbe Hersteller.",
        "Feine Kristalle in versiegelten Beuteln, mindestens 98,5 Prozent.",
        "Neue Charge aus diesem Monat, zweifach getestet, sehr hell.",
    ],
    quantity: &[
        "Preis pro Gramm ab zehn Gramm günstiger, Kilopreis auf Anfrage.",
        "Mindestbestellmenge 5 g, Gratisprobe für neue Kunden.",
        "Großhandel ab 100 Gramm zum Fabrikpreis, auf Lager bis 20 kg.",
        "Verkauf grammweise und im Kilo, Preisliste kommt mit der ersten Antwort.",
        "Kleinste Packung ein Gramm, Rabatt bei Großbestellung.",
    ],
    shipping: &[
        "Diskreter Versand in neutraler Folie, weltweiter Versand mit Sendungsnummer.",
        "Stealth Versand mit Zollgarantie, Reship bei Verlust.",
        "Diskrete Verpackung, doppelt vakuumiert, Versand an jede Packstation.",
        "Expressversand über Nacht, Zollabfertigung garantiert.",
        "Versand aus den Niederlanden als neutraler Brief, diskrete Lieferung.",
    ],
    payment: &[
        "Zahlung in Krypto, Bitcoin oder Monero.",
        "Bargeld per Post oder Bitcoin.",
        "Nur Kryptozahlung, ab 200 Euro über Treuhand.",
        "Paysafecard und Monero werden angenommen.",
        "Bitcoin bevorzugt, Überweisung nur für Stammkunden.",
    ],
    contact: &[
        "Kontakt über Telegram @brennerstein_demo, ohne Rezept.",
        "Schreib mir auf Telegram, Menü auf Anfrage, nur für Forschungszwecke.",
        "Threema ID DEMO1111, Antwort am selben Tag.",
        "Kontakt per Signal, keine Fragen, nicht für den menschlichen Verzehr.",
        "Per Wickr elsterdemo, PN für Preis.",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_offers_share_at_most_one_sentence() {
        for (phrases, count) in [(&ENGLISH, 49), (&GERMAN, 25)] {
            let sentences = |at: usize| {
                let size = phrases.grade.len();
                [0, 1, 2, 3, 4].map(|k| ((at % size) * (k + 1) + at / size) % size)
            };
            for one in 0..count {
                for other in 0..one {
                    let shared = sentences(one).iter().zip(sentences(other)).filter(|(a, b)| **a == *b).count();
                    assert!(shared <= 1, "{one} and {other} share {shared}");
                }
            }
        }
    }
}
