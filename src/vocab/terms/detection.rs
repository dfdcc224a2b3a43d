//! What detection says: of substances, of the places they are named at, of the words around them, and of a listing.

use crate::vocab::terms::terms;

terms! {
    /// What should happen with a listing, in rising order.
    "verdict" pub enum Verdict {
        /// Nothing in scope.
        Clear = "clear",
        /// A person should look.
        Review = "review",
        /// In scope, fit for a referral.
        Refer = "refer",
    }

    /// What a substance is used for lawfully.
    "legitimate use" pub enum LegitimateUse {
        /// Nothing known.
        NoneKnown = "none-known",
        /// A controlled substance that needs a licence.
        Licensed = "licensed",
        /// Lawful goods, watched for diversion.
        DualUse = "dual-use",
    }

    /// Class of a substance in the fact tables; items of equipment have one of their own.
    "class" pub enum Class {
        /// Cutting agents.
        Adulterant = "adulterant",
        /// Aminoindanes.
        Aminoindane = "aminoindane",
        /// Ketamine's and phencyclidine's relatives.
        Arylcyclohexylamine = "arylcyclohexylamine",
        /// Barbiturates.
        Barbiturate = "barbiturate",
        /// Benzodiazepines that are medicines.
        BenzodiazepinePharma = "benzodiazepine-pharma",
        /// The name of a whole family.
        ClassTerm = "class-term",
        /// Drugs of the 1961 and 1971 Conventions that were traded long before the new substances.
        ClassicalDrug = "classical-drug",
        /// Benzodiazepines that are no medicines.
        DesignerBenzodiazepine = "designer-benzodiazepine",
        /// Dissociatives that are medicines.
        DissociativePharma = "dissociative-pharma",
        /// Presses, dies, glassware.
        Equipment = "equipment",
        /// Hallucinogens of no other class.
        HallucinogenOther = "hallucinogen-other",
        /// Inhalants.
        Inhalant = "inhalant",
        /// Lysergamides.
        Lysergamide = "lysergamide",
        /// Opioids that are medicines.
        OpioidPharma = "opioid-pharma",
        /// Controlled substances of no other class.
        OtherControlled = "other-controlled",
        /// Phenethylamines.
        Phenethylamine = "phenethylamine",
        /// Piperazines.
        Piperazine = "piperazine",
        /// Plants and what is in them.
        Plant = "plant",
        /// Precursors and reagents.
        Precursor = "precursor",
        /// Sedatives of no other class.
        SedativeHypnotic = "sedative-hypnotic",
        /// Cannabinoids made from those of the plant.
        SemiSyntheticCannabinoid = "semi-synthetic-cannabinoid",
        /// Stimulants of no other class.
        StimulantOther = "stimulant-other",
        /// Synthetic cannabinoids.
        SyntheticCannabinoid = "synthetic-cannabinoid",
        /// Synthetic cathinones.
        SyntheticCathinone = "synthetic-cathinone",
        /// Synthetic opioids.
        SyntheticOpioid = "synthetic-opioid",
        /// Tryptamines.
        Tryptamine = "tryptamine",
    }

    /// Category of a hit: what the mandate is about, and other drugs.
    "category" pub enum Category {
        /// Synthetic opioids.
        SyntheticOpioid = "synthetic-opioid",
        /// New psychoactive substances.
        Nps = "nps",
        /// Precursors.
        Precursor = "precursor",
        /// Equipment.
        Equipment = "equipment",
        /// Other controlled drugs.
        OtherControlled = "other-controlled",
    }

    /// What words around a name point to.
    "signal" pub enum Signal {
        /// Something is offered.
        Offer = "offer",
        /// Shipping as shops write it.
        Shipping = "shipping",
        /// How a substance looks or is packed.
        Form = "form",
        /// Hiding from customs, police or the law; no licence, prescription or name asked for; a false declaration.
        Evasion = "evasion",
        /// A substance made out to be for research only.
        Disclaimer = "disclaimer",
        /// A messenger or another private way to reach the seller.
        Contact = "contact",
        /// A handle, a telephone number or an address of a messenger, read by its shape.
        Handle = "handle",
        /// Payment that cannot be traced or taken back.
        Payment = "payment",
        /// Words of the drug trade.
        DrugTrade = "drug-trade",
        /// An amount, read by its shape.
        Quantity = "quantity",
        /// A strength of a solution, read by its shape.
        Strength = "strength",
        /// A purity, read by its shape.
        Purity = "purity",
        /// A price, read by its shape.
        Price = "price",
        /// Reference material.
        ReferenceMaterial = "reference-material",
        /// A laboratory or its customers.
        Laboratory = "laboratory",
        /// A licence, permit, registration or end-use statement.
        Licence = "licence",
        /// A medicine through a pharmacy, a hospital or a prescription.
        Pharmacy = "pharmacy",
        /// Veterinary medicine.
        Veterinary = "veterinary",
        /// Tests for a substance.
        Kit = "kit",
        /// Antibodies and antigens.
        Antibody = "antibody",
        /// Books, films, music.
        Book = "book",
        /// Other goods that only carry a word.
        Merchandise = "merchandise",
        /// Trade between companies.
        Trade = "trade",
        /// Machines, parts and electronics, whose numbers look like codes of substances.
        Hardware = "hardware",
        /// Goods of which a substance is an ingredient.
        Ingredient = "ingredient",
        /// Lessons and aids to recognise substances.
        Training = "training",
        /// Help, treatment, counselling.
        HarmReduction = "harm-reduction",
        /// News and official notices.
        News = "news",
        /// Vacancies.
        Job = "job",
        /// Theses and scientific papers.
        Thesis = "thesis",
        /// Articles and advice.
        Article = "article",
        /// Talk between users.
        Forum = "forum",
        /// What lawful trade asks for: a prescription, a permit, papers. Behind a denial it is evasion.
        Requirement = "requirement",
        /// Stands before a name and denies it.
        DeniedBefore = "denied-before",
        /// Stands behind a name and denies it.
        DeniedAfter = "denied-after",
        /// A lawful purpose, in records of versions that did not tell them apart.
        Licit = "licit",
    }

    /// How a place in a text was recognised.
    "way of matching" pub enum How {
        /// A listed name.
        Name = "name",
        /// A CAS or EC number or an InChIKey.
        Identifier = "identifier",
        /// A class rule.
        Class = "class",
        /// A listed name with a slip of the pen.
        Fuzzy = "fuzzy",
        /// A listed name in disguise.
        Obfuscated = "obfuscated",
        /// A street name.
        Street = "street",
    }

    /// What a text does with the substance it mentions.
    "role of a mention" pub enum MentionRole {
        /// It offers it.
        Offered = "offered",
        /// It only mentions it.
        Mentioned = "mentioned",
        /// It says that it is not in the goods.
        Denied = "denied",
        /// It offers a test for it.
        Tested = "tested",
    }

    /// What a listing names, the first part of a decision.
    "part of a decision" pub enum DecisionNamed {
        /// A substance without known legitimate use.
        NoneKnown = "none-known",
        /// A controlled substance that needs a licence.
        Controlled = "controlled",
        /// A precursor under the strictest controls.
        Precursor = "precursor",
        /// Goods with lawful uses.
        DualUse = "dual-use",
        /// A whole family.
        Family = "family",
        /// An everyday chemical.
        Everyday = "everyday",
        /// Equipment.
        Equipment = "equipment",
        /// Something that may mean another thing.
        Ambiguous = "ambiguous",
        /// Nothing.
        Nothing = "nothing",
    }

    /// Row of the decision table.
    "row of the decision table" pub enum DecisionRow {
        /// A substance without known legitimate use.
        NoneKnown = "none-known",
        /// A controlled substance that needs a licence.
        Controlled = "controlled",
        /// A precursor with lawful uses.
        Precursor = "precursor",
        /// Other goods with lawful uses.
        DualUse = "dual-use",
        /// A family that a class-wise control covers.
        FamilyUnderControl = "family-under-control",
        /// A family that none covers.
        Family = "family",
        /// Equipment with marks of the drug trade.
        EquipmentWithDrugMarks = "equipment-with-drug-marks",
        /// An everyday chemical.
        Everyday = "everyday",
        /// Equipment of lawful trade.
        Equipment = "equipment",
        /// A street name or an ordinary word.
        Ambiguous = "ambiguous",
    }

    /// Whether a listing offers what it names, the second part of a decision.
    "part of a decision" pub enum DecisionOffered {
        /// With signs that the deal shuns the light.
        WithEvasion = "with-evasion",
        /// Without such signs.
        Plainly = "plainly",
        /// It only mentions it.
        Mentioned = "mentioned",
        /// It says that it is not in the goods.
        Denied = "denied",
        /// No.
        No = "no",
    }

    /// What lawful thing a listing is about, the third part of a decision.
    "lawful kind" pub enum LawfulKind {
        /// Reference material of a laboratory.
        ReferenceMaterial = "reference-material",
        /// A laboratory or its customers.
        Laboratory = "laboratory",
        /// Test kits.
        Kit = "kit",
        /// Antibodies.
        Antibody = "antibody",
        /// Goods sold under a licence.
        Licence = "licence",
        /// Medicines through a pharmacy, a hospital or a prescription.
        Pharmacy = "pharmacy",
        /// Veterinary goods.
        Veterinary = "veterinary",
        /// Books.
        Book = "book",
        /// News.
        News = "news",
        /// Vacancies.
        Job = "job",
        /// Theses and papers.
        Thesis = "thesis",
        /// Articles and talk that offer nothing.
        Article = "article",
        /// Goods that only carry a word.
        Merchandise = "merchandise",
        /// Courses.
        Training = "training",
        /// Advice and goods that reduce harm.
        HarmReduction = "harm-reduction",
        /// Ordinary trade in the goods.
        Trade = "trade",
    }

    /// What kind of page a listing stands on.
    "page kind" pub enum PageKind {
        /// One product.
        Product = "product",
        /// A list of products.
        Category = "category",
        /// An article.
        Article = "article",
        /// News.
        News = "news",
        /// A vacancy.
        Job = "job",
        /// A thesis.
        Thesis = "thesis",
        /// A profile.
        Profile = "profile",
        /// A forum.
        Forum = "forum",
        /// Any other page.
        Page = "page",
    }
}

impl Class {
    /// Classes a substance may have.
    pub fn of_substances() -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(|class| *class != Class::Equipment)
    }
}

impl Category {
    /// The category of hits of a class, where an entry of the watchlist does not say it.
    pub fn of(class: Class) -> Self {
        match class {
            Class::SyntheticOpioid => Category::SyntheticOpioid,
            Class::Precursor => Category::Precursor,
            Class::SyntheticCannabinoid
            | Class::SyntheticCathinone
            | Class::Phenethylamine
            | Class::Tryptamine
            | Class::Arylcyclohexylamine
            | Class::Lysergamide
            | Class::DesignerBenzodiazepine
            | Class::Piperazine
            | Class::Aminoindane
            | Class::SemiSyntheticCannabinoid
            | Class::StimulantOther
            | Class::HallucinogenOther
            | Class::SedativeHypnotic
            | Class::ClassTerm
            | Class::Plant
            | Class::Adulterant => Category::Nps,
            Class::Barbiturate
            | Class::BenzodiazepinePharma
            | Class::ClassicalDrug
            | Class::DissociativePharma
            | Class::Equipment
            | Class::Inhalant
            | Class::OpioidPharma
            | Class::OtherControlled => Category::OtherControlled,
        }
    }
}

impl Signal {
    /// Signals of a deal that avoids control.
    pub const DEALING: [Signal; 5] =
        [Signal::Evasion, Signal::Disclaimer, Signal::Contact, Signal::Payment, Signal::DrugTrade];

    /// Whether it speaks for a lawful purpose.
    pub const fn is_lawful(self) -> bool {
        match self {
            Signal::ReferenceMaterial
            | Signal::Laboratory
            | Signal::Licence
            | Signal::Pharmacy
            | Signal::Veterinary
            | Signal::Kit
            | Signal::Antibody
            | Signal::Book
            | Signal::Merchandise
            | Signal::Trade
            | Signal::Ingredient
            | Signal::Training
            | Signal::HarmReduction
            | Signal::News
            | Signal::Job
            | Signal::Thesis
            | Signal::Article
            | Signal::Licit => true,
            Signal::Offer
            | Signal::Shipping
            | Signal::Form
            | Signal::Evasion
            | Signal::Disclaimer
            | Signal::Contact
            | Signal::Handle
            | Signal::Payment
            | Signal::DrugTrade
            | Signal::Quantity
            | Signal::Strength
            | Signal::Purity
            | Signal::Price
            | Signal::Hardware
            | Signal::Forum
            | Signal::Requirement
            | Signal::DeniedBefore
            | Signal::DeniedAfter => false,
        }
    }
}
