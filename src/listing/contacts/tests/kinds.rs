//! Persons, places, numbers and spelled values in further forms of the eighteen languages, and what stays beside them.

use super::check;
use super::forms::check_forms;
use super::ordinary::changed;

#[test]
fn persons_who_receive_hold_or_are_asked_for() {
    check_forms(
        "
        send the cash to ⟦Orla Fennimore Quint⟧
        payee ⟦Orla Fennimore van den Quint⟧
        Kontoinhaberin ⟦Orla Fennimore⟧, Sparkasse
        conto intestata a ⟦Orla Fennimore⟧
        intestato a.n. ⟦Orla Fennimore⟧
        a.n. ⟦Orla Fennimore⟧
        rekening t.n.v. ⟦Orla Fennimore⟧
        получатель ⟦Орла Феннимор Квинт⟧
        отримувач ⟦Орла Феннимор⟧
        przelew na nazwisko ⟦Orla Fennimore⟧
        chủ TK ⟦Lương Bích Đào⟧
        खाता नाम ⟦ओरला फेनिमोर⟧, बैंक
        titular da conta ⟦Orla Fennimore⟧
        titular de la cuenta: ⟦orla fennimore⟧
        bénéficiaire ⟦Orla Fennimore⟧
        ⟦Orla Fennimore⟧ adına havale
        Kargo: ⟦Orla Fennimore⟧ adına, PTT şubesi ⟦4172⟧
        tiền mặt cho ⟦Bích Đào⟧
        प्राप्तकर्ता: ⟦ओरला फेनिमोर⟧, डाकघर ⟦4172⟧
        المستلم: ⟦أورلا فينيمور⟧، مكتب بريد ⟦4172⟧
        Kantor pos ⟦4172⟧ a.n. ⟦Orla Fennimore⟧
        bưu cục ⟦4172⟧, người nhận ⟦Bích Đào⟧
        hesap adına: ⟦Orla Fennimore⟧
        التحويل باسم ⟦أورلا فينيمور⟧، البنك
        majitel účtu ⟦Orla Fennimore⟧
        titularul contului ⟦Orla Fennimore⟧
        atas nama ⟦Orla Fennimore⟧
        收款人：⟦林芷若⟧
        cash to Mr ⟦Fennimore⟧
        питати ⟦Орлу Феннімор⟧
        întrebați de ⟦Orla Fennimore⟧
        pytać o ⟦Orlę Fennimore⟧
        到店找⟦林芷若⟧
        vraag naar ⟦Orla Fennimore⟧
        bel aan bij ⟦Fennimore⟧
        nach ⟦Orla Fennimore⟧ fragen
        Frag nach ⟦Orla Fennimore⟧
        preguntar por ⟦Orla Fennimore⟧
        demander ⟦Orla Fennimore⟧
        chiedere di ⟦Orla Fennimore⟧
        ptejte se na ⟦Orla Fennimore⟧
        tanya ⟦Orla Fennimore⟧
        hỏi chị ⟦Bích Đào⟧
        (Bay ⟦Fennimore Quint⟧)
        (Herr ⟦Fennimore⟧)
        (Pan ⟦Fennimore⟧)
        [Mr ⟦Fennimore⟧]
        (Sr. ⟦Fennimore⟧)
        (Pak ⟦Fennimore⟧)
        (г-н ⟦Феннимор⟧)
        (السيد ⟦فينيمور⟧)
        (श्री ⟦फेनिमोर⟧)
        Packstation ⟦417⟧, Postnummer ⟦90417263⟧, ⟦Orla Fennimore⟧
        Paczkomat ⟦QRS07K⟧, odbiorca ⟦Orla Fennimore⟧
        Нова пошта, відділення №⟦417⟧, отримувач ⟦Орла Феннімор⟧
        Відділення ⟦17⟧, ⟦Феннімор Орла⟧
        отделение № ⟦4172⟧, получатель ⟦Орла Феннимор⟧
        Zásilkovna ⟦Horní Lhotka⟧, ⟦Orla Fennimore⟧
        easybox ⟦Dealul Verde⟧, ⟦Orla Fennimore⟧
        ",
    );
}

#[test]
fn streets_that_go_on_and_coordinates() {
    check_forms(
        "
        ship to ⟦17 Larkmoor Road, Unit 9, Pellham AB0 0ZZ⟧
        ⟦Larkmoorstraat 440-bis, 0000 ZZ Pellham⟧
        ⟦Larkmoorstraße 44, 00000 Pellham⟧
        ⟦rue Larkmoor 44, 00000 Pellham⟧
        ⟦ul. Larkmoor 44/7, 00-000 Pellham⟧
        ⟦ул. Ларкмурская, д. 44, кв. 17⟧
        drop at ⟦00.417263, 17.904172⟧
        координаты ⟦55.417263 37.904172⟧
        ⟦55,417263; 37,904172⟧
        ⟦55.417263° N, 37.904172° E⟧
        ",
    );
}

#[test]
fn numbers_with_letters_for_digits_and_half_in_words() {
    check_forms(
        "
        call ⟦0900 OOO O44⟧
        ⟦O6 - oooo oo44⟧
        ⟦+44 7O0 OOO O44⟧
        восемь ⟦девятьсот 000 12 34⟧
        ⟦восемь девятьсот шестнадцать ноль ноль сорок четыре⟧
        ⟦seven double-oh nine hundred, one two six⟧
        ⟦nau shunya shunya chaar⟧ ⟦four four⟧
        ⟦nau shunya shunya chaar saat 44⟧
        ⟦zero nine 00 44 17 26⟧
        ⟦zéro neuf cent quatre deux sept⟧ 44
        ",
    );
}

#[test]
fn handles_spelled_with_examples_and_codes_of_messengers() {
    check_forms(
        "
        ⟦Z as in zebra, E as in echo, K as in kite, O as in oak⟧
        ⟦Z wie Zeppelin, E wie Emil, K wie Kaufmann⟧
        ⟦Z comme Zoé, E comme Emile, K comme Karl⟧
        ⟦Z de zorro, E de eco, K de kilo⟧
        ⟦Z jak Zenon, E jak Ewa, K jak Karol⟧
        ⟦ن مثل نورة، و مثل وردة، ب مثل باب⟧
        ⟦З как зебра, Е как ель, К как кот⟧
        telegram ⟦z e k _ o a k⟧
        telegram ⟦z-e-k-_-o-a-k⟧
        skype is live:⟦fenquint⟧
        mein live:⟦.cid.fen44quint⟧
        ⟦fen⟧ нижнее подчеркивание ⟦quint⟧ собака mail точка ru
        ⟦fen⟧ underscore ⟦quint⟧ at gmail dot com
        ⟦fen⟧ guion bajo ⟦quint⟧ arroba gmail punto com
        bbm pin ⟦2F0B7C4D⟧
        pin: ⟦2F0B7C4D⟧
        ⟦bc1qzek0/oakk7fen/quint44/xw0e7⟧
        ⟦Fe7nQu2/iNt44zE/k0oAk7f/En4qU1⟧
        base64 ⟦ZmVucXVpbnRAeC5l⟧
        rot13: ⟦srathvag@k.pbz⟧
        reversed: ⟦moc.x@tniuqnef⟧
        rückwärts: ⟦tniuqnef⟧
        наоборот: ⟦tniuqnef44⟧
        ",
    );
}

#[test]
fn the_word_before_a_link_of_it_stays() {
    check(&[
        ("Discord: fresh prices, discord.gg/fenquint", &["fenquint"], &["Discord:"]),
        ("Discord: server discord.gg/fenquint", &["fenquint"], &["Discord:"]),
        ("SimpleX: https://simplex.chat/contact#/fenquint", &["fenquint"], &["SimpleX:"]),
        ("Facebook facebook.com/fenquint", &["fenquint"], &["Facebook "]),
        ("Telegram t.me/fenquint", &["fenquint"], &["Telegram "]),
        ("Instagram: instagram.com/fenquint", &["fenquint"], &["Instagram:"]),
        ("Signal https://signal.me/fenquint", &["fenquint"], &["Signal "]),
        ("PayPal: paypal.me/fenquint", &["fenquint"], &["PayPal:"]),
        ("VK vk.com/fenquint", &["fenquint"], &["VK "]),
    ]);
}

#[test]
fn ordinary_text_that_resembles_contacts_stays() {
    let lines = "
        signal-to-noise ratio, line-up, session-based, wire-free
        batch 2026110401
        Charge 2026110401, Chargennummer 2026110401
        批号 2026110401
        批号：2026110401
        lot n° 2026110401
        lote 2026110401, lotto 2026110401, partij 2026110401, partia 2026110401
        партия 2026110401, партія 2026110401, серия 2026110401
        parti no 2026110401, šarže 2026110401, lotul 2026110401, số lô 2026110401
        batch number: 2026110401
        open 09.30-11.00
        call 9:00–17:30
        Mo-Fr 09.30-11.00, 14.00-17.30
        tel. 09:30 - 11:00
        Zelle B12
        telegram to słowo greckie
        the word telegram comes from Greek
        das Wort Telegram stammt aus dem Griechischen
        слово телеграм греческого происхождения
        la palabra telegram viene del griego
        telegram je slovo řecké
        le mot telegram vient du grec
        Farbe Kakao matt, Größe 38
        kakao barva, kakao rengi, kakao bubuk murni
        Kakao Pulver entölt, kakao w proszku, kakao holandské
        line voltage, signal strength, session ticket, wire 2.5 mm
        signal LM358, session expired, wire gauge, line length
        Signal stark, signal fort, señal, sygnał silny, signál silný, sinyal kuat
        BOE-A-2011-13719
        https://www.boe.es/buscar/act.php?id=BOE-A-2011-13719
        see https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:32004R0273
        www.gesetze-im-internet.de/btmg_1981/
        https://www.legifrance.gouv.fr/loda/id/JORFTEXT000000697931
        https://www.unodc.org/unodc/en/treaties/index.html
        https://www.incb.org and https://www.un.org/en/
        https://www.deadiversion.usdoj.gov/schedules/
        https://www.gov.uk/guidance/controlled-drugs
        http://www.planalto.gov.br/ccivil_03/lei11343.htm
        «telegram» is a word of Greek origin, telegram kelimesi Yunanca
        كلمة تلغرام يونانية
        शब्द टेलीग्राम ग्रीक है
        từ telegram có gốc Hy Lạp
        cuvântul telegram vine din greacă, kata telegram berasal dari Yunani
        het woord telegram komt uit het Grieks, la parola telegram deriva dal greco
        telegram é uma palavra grega
        “telegram”这个词来自希腊语
        слово «телеграм» грецьке
        часы работы 9:00–17:30, тел. 8:00-20:00
        बैच नंबर 2026110401, رقم التشغيلة 2026110401
        numéro de lot 2026110401, número de lote 2026110401, nomor batch 2026110401
        Farbe: Kakao; kakao-braun; Kakao, Zimt, Vanille
        herpes simplex treatment, herpes simplex cream
        briar root, briar pipe
        reversed phase column, base64 encoded
        refractive index 1.3456, 1.4567; Rf 0.1234 0.5678
        JWH018/AM2201/UR144/HU210/CP47497/XLR11
        отделение банка, Zásilkovna 79 Kč, live: concert
        5.12, 7.25, 0.125, 0.250
        two hundred fifty tablets, three hundred caps
        сто двадцать пять рублей
        ask for discount, cash to all countries
        Tanya jawab, tanya harga, कीमत पूछें और ऑर्डर करें, नकद भुगतान
        Herpes simplex Salbe, Häufige Fragen, Sorun yok
        Packstation 10 EUR, Paczkomat 24/7
    ";
    let wrong = changed(lines);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
