use super::*;

fn shown(price: Option<Price>) -> (String, Option<String>) {
    price.map_or_else(|| ("none".to_owned(), None), |price| (price.to_string(), price.currency))
}

#[test]
fn prices_of_the_world() {
    for (text, hint, expected, currency) in [
        ("12.50 EUR", None, "12.50", Some("EUR")),
        ("1.234,56 €", None, "1234.56", Some("EUR")),
        ("US$ 1,234.50 / kg", None, "1234.50", Some("USD")),
        ("1 234,5 руб.", None, "1234.50", Some("RUB")),
        ("￥98", None, "98.00", Some("CNY")),
        ("1,500", Some("usd"), "1500.00", Some("USD")),
        ("0.015 BTC", None, "0.01500000", Some("BTC")),
        ("1.125 BTC", None, "1.12500000", Some("BTC")),
        ("CHF 1'299.00", None, "1299.00", Some("CHF")),
        ("from £5 to £9", None, "5.00", Some("GBP")),
        ("19,99", None, "19.99", None),
        (".99", None, "0.99", None),
        ("2500円", None, "2500", Some("JPY")),
        ("98元起", None, "98.00", Some("CNY")),
        ("1.5万元", None, "15000.00", Some("CNY")),
        ("１２０元", None, "120.00", Some("CNY")),
        ("٢٥٠ SAR", None, "250.00", Some("SAR")),
        ("12 000원", None, "12000", Some("KRW")),
        ("Rs. 1,500", None, "1500.00", Some("INR")),
        ("Rs.1500/-", None, "1500.00", Some("INR")),
        ("₹ 1,50,000", None, "150000.00", Some("INR")),
        ("NOK 249,-", None, "249.00", Some("NOK")),
        ("249 kr", None, "249.00", Some("SEK")),
        ("kr 249", None, "249.00", Some("SEK")),
        ("DKK 1.299,00", None, "1299.00", Some("DKK")),
        ("250 kr. DKK", None, "250.00", Some("DKK")),
        ("$20 CAD", None, "20.00", Some("CAD")),
        ("49,90 zł", None, "49.90", Some("PLN")),
        ("1 290 Kč", None, "1290.00", Some("CZK")),
        ("١٬٢٩٩٫٥٠ ر.س", None, "1299.50", Some("SAR")),
        ("250 درهم", None, "250.00", Some("AED")),
        ("₹ 900", None, "900.00", Some("INR")),
        ("TRY 250", None, "250.00", Some("TRY")),
        ("250.000 vnđ", None, "250000", Some("VND")),
        ("Fr. 25.50", None, "25.50", Some("CHF")),
        ("5 990 Ft", None, "5990.00", Some("HUF")),
        ("1 200 ₽", None, "1200.00", Some("RUB")),
        ("300 р.", None, "300.00", Some("RUB")),
        ("R$ 1.050,90", None, "1050.90", Some("BRL")),
        ("HK$128", None, "128.00", Some("HKD")),
        ("JP¥1500", None, "1500", Some("JPY")),
        ("KWD 1.250", None, "1.250", Some("KWD")),
        ("12€99", None, "12.99", Some("EUR")),
        ("€ 12,–", None, "12.00", Some("EUR")),
        ("3k USD", None, "3000.00", Some("USD")),
        ("EUR 4", None, "4.00", Some("EUR")),
        ("40 euros", None, "40.00", Some("EUR")),
        ("15", Some("US Dollars"), "15.00", Some("USD")),
        ("15", Some("XDR"), "15.00", Some("XDR")),
        ("15", Some("kr"), "15.00", Some("SEK")),
    ] {
        let (amount, code) = shown(parse(text, hint));
        assert_eq!((amount.as_str(), code.as_deref()), (expected, currency), "{text}");
    }
    for text in ["", "call us", "99999999999999999999999"] {
        assert_eq!(parse(text, None), None, "{text}");
    }
}

#[test]
fn a_number_that_counts_something_else_is_no_price() {
    for (text, expected) in [
        ("3 chairs from $349", "349.00"),
        ("20 kg for €90", "90.00"),
        ("4 x £15", "15.00"),
        ("5g €40", "40.00"),
        ("Model 42, 99 EUR", "99.00"),
        ("10 g / 25 € / 40 g", "25.00"),
        ("-20% today: $16", "16.00"),
        ("was $30 now $20", "20.00"),
        ("UVP 49,90 € 29,90 €", "29.90"),
        ("statt EUR 80 nur EUR 60", "60.00"),
        ("原价￥98 现价￥68", "68.00"),
        ("was $30", "30.00"),
        ("12 $40", "40.00"),
        ("2 pieces 35", "35.00"),
        ("B12 tablets 35", "35.00"),
    ] {
        assert_eq!(shown(parse(text, None)).0, expected, "{text}");
    }
}

#[test]
fn currencies_end_where_words_end() {
    for text in [
        "Methyl 20 mg",
        "Gift box 20",
        "country of origin 20",
        "try 20 times",
        "TRY 3 colours",
        "Audi RS 6 from 2019",
        "Fr 14:30 to 16:00",
        "MAD 4",
        "6 ft long",
        "20 Nokia cases",
        "all 20 lakers",
        "cad drawing 20",
        "路元20",
        "made in 2020",
        "krone 20",
    ] {
        assert_eq!(in_line(text), None, "{text}");
        assert_eq!(parse(text, None).and_then(|price| price.currency), None, "{text}");
    }
    for (text, expected) in [("Gift box $20", "USD"), ("20EUR", "EUR"), ("EUR20", "EUR"), ("Price: 20,- NOK", "NOK")] {
        assert_eq!(in_line(text).and_then(|price| price.currency).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn fields_that_schema_org_defines_have_a_decimal_point() {
    for (amount, currency, expected) in [
        ("140.000", Some("EUR"), "140.00"),
        ("3.355", Some("EUR"), "3.36"),
        ("1,234,567.890", Some("EUR"), "1234567.89"),
        ("1,500", Some("EUR"), "1500.00"),
        ("12,5", Some("EUR"), "12.50"),
        ("1.234.567", None, "1234567.00"),
        ("2500.00", Some("JPY"), "2500"),
        (" 7 ", None, "7.00"),
        ("€ 1.500,00", None, "1500.00"),
    ] {
        assert_eq!(shown(of_field(amount, currency)).0, expected, "{amount}");
    }
}

#[test]
fn a_sign_of_several_countries_is_that_of_the_language() {
    for (text, language, expected) in [
        ("99 kr", "nb-NO", "NOK"),
        ("99 kr", "da", "DKK"),
        ("99 kr", "sv", "SEK"),
        ("99 €", "da", "EUR"),
        ("¥1500", "ja", "JPY"),
    ] {
        let price = in_language(parse(text, None).unwrap(), Some(language));
        assert_eq!(price.currency.as_deref(), Some(expected), "{text} {language}");
    }
    assert_eq!(in_language(parse("¥1500", None).unwrap(), Some("ja")).minor_units, 1500);
}
