//! What listings sell, in the words of many languages: nothing of it may be hidden.

use super::*;

#[test]
fn goods_their_numbers_and_their_prices_stay() {
    let lines = "
        3-MMC crystal, 2-FDCK powder, 4-AcO-DMT fumarate
        1P-LSD, 1cP-LSD, 2C-B, 25I-NBOMe, 5F-MDMB-2201, MDMB-4en-PINACA
        CAS 28578-16-7, CAS 13605-48-6, CAS-No. 5449-12-7
        CAS 28578–16–7 and 1451–82–7
        CAS: 1445583−20−9
        JWH018, AM2201, UR144, HU210, CP47497, XLR11
        U-47700, W-18, O-PCE, 3-MeO-PCP, 4F-MPH, 6-APB
        5 kg, 25 kg drum, 500 g, 250 mg, 100 ml, 2.5 l
        USD 1,200 per kg; 1.200,50 EUR; $45; 120 €; £ 1,050.00
        10 g 350 EUR, 50 g 1.400 EUR, 100 g 2.500 EUR, 1000 g 18.000 EUR
        100/250/500/1000 g
        100, 250, 500, 1000, 5000 units
        1000-2000 units
        200-1000 pcs, 100-1000 pieces
        50*100*200*400 mm
        1200 x 800 x 1000 mm
        +10 %, -5 %, 99.5 %
        99.5/98.0/97.5 %
        ISO 9001:2015, GMP, ISO 13485:2016, DIN EN 1040
        Lot 20241130, batch 0042, charge 7781
        Part No. 100-0250, model 472-0115, Art.-Nr. 100-0455
        Cat. No. 14-2233-01
        EAN 4006381333931
        ISBN 978-3-16-148410-0
        ISBN 9783161484100
        GTIN 04006381333931
        UPC 036000291452
        Barcode: 4006381333931
        Code-barres 4006381333931
        штрихкод 4006381333931
        条形码 6901234567892
        HS code 2933.39.90, HS 29333990
        UN 2811, UN 1845
        EC 203-125-4, EINECS 200-001-8
        PubChem CID 123456789, PMID 31234567
        doi 10.1016/j.forsciint.2019.110024
        posted 26.11.2026, valid 2026-12-31, 31/12/2026, 12-31-2026
        open 09:00-18:00, Mon-Fri 10:00 - 16:00
        2020-2025, 1999/2000
        C22H28N2O, C21H30N2O2 HCl, NaBH4, LiAlH4, H2SO4
        COc1ccccc1 CCc1ccccc1
        N-[1-(2-phenylethyl)piperidin-4-yl]-N-phenylpropanamide
        ethyl 3-(1,3-benzodioxol-5-yl)-2-methyl-oxirane-2-carboxylate
        benzo[a]pyrene, dibenz[a,h]anthracene, 1,4-dioxane
        pH 7.4, 25 °C, 1 atm, 0.9 % NaCl
        melting point 158-160 °C, boiling point is 230 °C
        Windows 11 key, iPhone 15 Pro 256 GB, Galaxy S24
        Bearing 6204 2RS, M8x40, DN50, AWG 12
        RTX 4090, i7-13700K, DDR5-6000, USB 3.2
        vitamin B12, omega 3, Q10, B1 B2 B3 B6 B9 B12
        A, B, C, D, E, F, G, H
        S/M/L/XL/XXL
        C,H,N,O,S,P,F analysis
        12 24 36 48 60 72 84 96
        1 2 3 4 5 6 pieces
        buy two get one free, one or two tablets
        Golf clubs, Hotel India tour, Tango shoes
        10 tablets 500mg, 30 caps, 60 Stück, 100 шт
        quality.in stock now
        best price.is it fresh
        Purity 99%.To order write us
        price @ 40 USD per gram
        10 g @ 40.50 EUR
        dispatch at once, quantum dot display
        look at the site, at this point in time
        Netto 1.000,00 / Brutto 1.190,00
        size 42, 43, 44, 45, 46
        5/10/25/50/100 g
        1:10 1:100 1:1000 dilution
        Type: crystalline powder
        Status: new
        Profile: research chemical
        Max. 5 g per day
        Text: fluffy white powder
        Teams of two, bands of gold, bale of cotton
        signal generator 10 MHz, line voltage 230 V, session ticket
        matrix effect, element analysis, wire 2.5 mm, threads M6
        Lark song book, wicker chair, paper plane toy
    ";
    let wrong: Vec<String> = changed(lines);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ordinary_words_of_many_languages_stay() {
    let lines = "
        3-MMC Kristalle, 25 Gramm, Versand aus Holland, Zahlung per Überweisung
        Reines Pulver 99 %, Preis auf Anfrage, Lieferung in zwei Tagen
        Verkäufer 100 % positiv, Größe 38, Zustand neu
        Ketamina en polvo, 10 gramos por 120 euros, envío discreto a toda España
        Precio de fábrica, pago contra reembolso, sin receta
        Palabras clave: cannabinoides sintéticos
        Mefedrona pura, entrega em todo o Brasil, pagamento por boleto
        Preço por grama 80 reais, desconto acima de 10 gramas
        Poudre de kétamine, 50 grammes, livraison sous 48 h, paiement à la livraison
        Prix de gros à partir de 100 g, qualité pharmaceutique
        facture au nom de la société, article neuf
        Polvere pura al 99 %, spedizione in 24 ore, il nostro servizio clienti
        il nostro ufficio spedizioni, prezzo di fabbrica
        Zuiver poeder, 25 gram, levering in heel Nederland
        Prijs per gram op aanvraag, betaling bij levering
        Czysty proszek 99 %, wysyłka w 24 godziny, cena za gram 40 zł
        Sprzedam mefedron, 10 gramów, odbiór osobisty
        Saf toz, 25 gram, kargo ücretsiz, fiyat 1.200 TL
        Kiralık daire Bağlar Mah. 3+1
        FATURALI, HAVALE İLE ÖDEME, FİYAT TEKLİFİ
        Мефедрон кристалл, 10 г, доставка по всей России, цена 2200 руб
        Порошок белый, чистота 99 %, минимальный заказ 5 г
        купить соль, магазин, отзывы, гарантия качества
        Пишите в телеграм, доставка быстрая, оплата наличными
        Телеграм канал, телеграм бот, отзывы в телеграме
        Порошок білий, чистота 99 %, доставка по всій Україні
        Тримати у сухому місці при температурі 25 °C
        ответ в тот же день, вопросы по номеру заказа
        高纯度粉末，99%，现货，25公斤起订，价格每公斤1200元
        异托尼秦 原料药 厂家直销 含量99% 包装25公斤/桶
        微信支付，支付宝付款，顺丰包邮
        微信 咨询客服，微信 下单优惠
        抖音同款 香水，小红书 推荐
        飞机 模型 1:72
        熔点 158℃，含量99.5%，批号20241130
        型号 472-0115，编号 100-0250
        純度99%以上、25gから、送料無料、価格は1,200円
        研究用試薬、在庫あり、即日発送
        순도 99%, 25g, 무료 배송, 가격 120,000원
        텔레비전 모니터 24인치
        텔레그램으로 문의 주세요
        مسحوق نقي 99٪، 25 جرام، توصيل سريع، السعر 1200 ريال
        متوفر بالجملة، الدفع عند الاستلام
        تعرض الحبوب عبر تيليجرام ويقبلون الدفع
        پودر خالص، ارسال به سراسر کشور، قیمت مناسب
        אבקה טהורה 99%, משלוח לכל הארץ, מחיר 1,200 שקל
        शुद्ध पाउडर 99%, 25 ग्राम, मुफ़्त डिलीवरी, कीमत 1200 रुपये
        टेलीग्राम पर संपर्क करें
        Bubuk murni 99%, 25 gram, kirim ke seluruh Indonesia, harga 1.200.000 rupiah
        khusus peneliti, stok terbatas, harga grosir
        Bột tinh khiết 99%, 25 gam, giao hàng toàn quốc, giá 1.200.000 đồng
        hàng có sẵn, giá sỉ, chất lượng cao
        Pulbere pură 99%, 25 g, livrare în toată țara, preț 1.200 lei
        stoc limitat, plata ramburs, calitate garantată
        Čistý prášek 99 %, 25 g, doručení po celé ČR, cena 1 200 Kč
        skladem, platba na dobírku, vysoká kvalita
        Tiszta por 99%, 25 g, szállítás egész Magyarországra
        Καθαρή σκόνη 99%, 25 γρ, αποστολή σε όλη την Ελλάδα
        ผงบริสุทธิ์ 99% 25 กรัม ส่งฟรี ราคา 1,200 บาท
        ยินดีต้อนรับ สินค้าพร้อมส่ง
        Bitcoin, Monero (XMR), USDT and escrow accepted
        Оплата: биткоин, монеро, эскроу
        接受比特币、门罗币、担保交易
        Se acepta bitcoin, monero y escrow
        Zahlung mit Bitcoin, Monero oder Treuhand
        Telegram only, WhatsApp for price lists
        Nur Telegram oder Threema, keine Anrufe
        solo telegram, no llamadas
        uniquement sur Telegram ou Signal
        apenas telegram, sem ligações
        tylko telegram, bez telefonów
        sadece telegram üzerinden
        hanya telegram, tanpa telepon
        chỉ qua telegram
        doar pe telegram
        pouze telegram
    ";
    let wrong: Vec<String> = changed(lines);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) fn changed(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| hidden(line) != *line).map(|line| format!("{line}\n  {}", hidden(line))).collect()
}
