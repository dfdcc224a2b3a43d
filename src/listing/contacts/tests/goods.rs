//! Goods whose titles and fields resemble contacts stay readable; the contacts they resemble do not.

use super::check;
use super::forms::check_forms;
use super::ordinary::changed;

#[test]
fn titles_and_fields_of_goods_stay() {
    let lines = "
        Product name: Zinc Oxide, 25 kg bags
        Brand Name: Norwell. Material: aluminium alloy
        Chemical name: Ascorbic Acid
        Name: Zinc Oxide, CAS: 1314-13-2, formula ZnO
        Nombre: Ácido cítrico; Fórmula: C6H8O7
        nom : Oxyde de zinc ; formule : ZnO
        Dr. Norwell Baking Powder 6 x 16 g
        Shoes, Dr Norwell 1460, UK 8
        Manager Series Executive Office Chair
        Signed first edition, Signed Norwell baseball card
        PayPal Invoice Template pack
        PayPal Buyer Protection
        Card Holder Leather Brown
        Handle: Walnut, Blade: Damascus
        Element: Titanium Grade 5
        Matrix: human plasma; Matrix: soil
        Store: dry, 15-25 °C
        Contact: gold plated copper, 10 A
        Kontakt: Silber
        Trading bot - Pivot points
        D-Link dir-655 router, up-link dx501
        sony 8gb memory stick pro duo card msmt8g
        Bic wosqpp418, bic b411yw
        Smartphone with battery, phone 4000 mAh, 5.5 inch
        HP 305XL 3YM62AE ink, kx-tg phone dect2080-2
        Portable HP 15s-fq5000, 15,6 pouces
        Model Number: XJ-9000-220, Part number 472-0115
        Serial number 20231120345, item no. 1034567890
        Artikelnummer 100200300, Ref. 900123456
        製品コード 012-00343, 상품번호 1234567890
        Index-Nr. 011-002-00-6
        MA EU/1/97/041/001, PL 12345/0678
        watch strap 38/40/41/42/44/45/49 mm
        MS: m/z 337.2274, 188.1434, 105.0699, 132.0813
        socket set, 1/4 Inch Drive, 0.5 In. Drive
        pillow covers, pack of 4 Solid Linen Square
        dvd player via hdmi 5 -disc
        InPost 11,99 zł, InPost 24/7
        找平砂浆 20kg，找茬图画书，我叫不一样 绘本
        私はあなたの瞳の林檎 単行本
        海关编码 2933.99.80，产品编码 XJ-9000-220
        The quickBrownFoxJumps over, C17H21NO4C17H21NO4, InChIKey RYYVLZVUVIJVGH-UHFFFAOYSA-N
        Galaxy S24, Model 44, 12345 Stück, Regal Oslo 80, 10000 Units
        Acme Sofa, 3 Piece Corner Square
        REACH-Nr. 01-2119458838-20-0000
        Miss Norwell EDP 50 ml, Monsieur Norwell Citron 1,3 L, Mr Norwell Oven Cleaner 300 ml
        заводской номер 2023045678, ГОСТ Р 50193-2015
        微信读书会员年卡 兑换码
        Contact Lens Solution 360 ml, Contact Grill Norwell for two
        Zahlung an Kasse, Zahlung an der Tür
        TCpop60x102-SageP39 Polyester Poplin Tablecloth
    ";
    let wrong = changed(lines);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn forms_that_were_missed_are_hidden() {
    check_forms(
        "
        it is base64 so the bots sleep: ⟦b2FrcmVlZjUyQG1haWwuZXhhbXBsZQ==⟧
        read this ⟦dGVsZWdyYW0gb2FrcmVlZjUy⟧ and write
        Cash in an envelope to ⟦Orla Fennimore⟧, ⟦14 Nowhere Lane⟧
        poslat: ⟦Orla Fennimorová⟧, ⟦Vymyšlená 44, 000 44 Nikdeves⟧
        Orla: ⟦Erfundener Hof 12, 00123 Nirgendstadt⟧
        App mij op ⟦O6 - oooo oo44⟧ (o = nul)
        CF ⟦NSSFNT00A00Z000Z⟧
        باسم ⟦وهمان بن لاأحد الخيالي⟧
        Fale com ⟦Orla⟧, resposta rápida
        Zahlung an ⟦Orla Fennimore⟧, IBAN folgt
        payment to ⟦Orla Fennimore⟧
        contact ⟦Orla Fennimore⟧ for prices
        टेलीग्राम पर ⟦oakreef⟧ से संपर्क करें
        テレグラムで ⟦oakreef⟧
        ",
    );
}

#[test]
fn what_those_resemble_is_hidden() {
    check_forms(
        "
        Contact name: ⟦Orla Fennimore⟧
        Name: ⟦Orla Fennimore⟧, Telegram below
        Miss ⟦Fennimore⟧: 20 g
        (Miss ⟦Fennimore⟧) 5 kg
        write to Mr ⟦Fennimore⟧ 50 g
        ask for Dr ⟦Fennimore⟧
        Contact Dr. ⟦Fennimore⟧
        prof. Dr. ⟦Orla Fennimore⟧
        Manager: ⟦Orla Fennimore⟧
        signed, ⟦Orla Fennimore⟧
        PayPal to ⟦Orla Fennimore⟧
        PayPal: ⟦Orla Fennimore⟧
        Western Union ⟦Orla Fennimore⟧
        4000 0200 card holder: ⟦Orla Fennimore⟧
        Handle: ⟦oakreef⟧
        handle: ⟦oak_reef⟧
        signal - ⟦oakreef⟧
        Element: ⟦oakreef52⟧
        card ⟦4000 0200 0000 0000⟧
        bank card: ⟦4000 0200 0000 0000⟧
        swift: ⟦NOWHXX22⟧
        phone ⟦555 0147 0199⟧
        mobile ⟦0612 345 678⟧
        numbers: to order ⟦0612345678⟧
        12 ⟦Fennimore Drive⟧
        Packstation ⟦145⟧, Postnummer ⟦11223344⟧
        找⟦张三⟧
        我叫⟦李小红⟧
        47.1234, ⟦8.5678⟧
        ",
    );
    check(&[("btc 1Bk7 Q9xz 3Lm2 Ty8P hW4v 6Rd5 nK", &["Q9xz", "Ty8P"], &["btc"])]);
}
