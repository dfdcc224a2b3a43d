//! Forms of contacts in the languages of listings. `⟦…⟧` holds what must be unreadable, in whole and in each of its parts.

use super::*;

/// Whether every value of a text with its marks is hidden, to its last part of two characters.
fn leaks(marked: &str) -> Vec<String> {
    let text = marked.replace(['⟦', '⟧'], "");
    let shown = hidden(&text).to_lowercase();
    let values = marked.split('⟦').skip(1).filter_map(|rest| rest.split('⟧').next());
    let readable = values.flat_map(|value| {
        let parts = pieces(value);
        let readable: Vec<&str> = parts.into_iter().filter(|part| shown.contains(&part.to_lowercase())).collect();
        readable
    });
    readable.map(|part| format!("`{part}` in `{shown}` of `{text}`")).collect()
}

#[track_caller]
pub(super) fn check_forms(forms: &str) {
    let forms: Vec<&str> = forms.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let wrong: Vec<String> = forms.iter().flat_map(|form| leaks(form)).collect();
    assert!(forms.iter().all(|form| form.contains('⟦')), "every form has a value");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), forms.len(), wrong.join("\n"));
}

#[test]
fn mail_and_sites_whatever_their_signs() {
    check_forms(
        "
        write to ⟦oakreef52⟧ [ät] ⟦posteo⟧.de
        ⟦oakreef52⟧ /at/ proton /dot/ me
        ⟦oakreef52⟧ -at- tutanota -dot- com
        ⟦oakreef52⟧+at+gmail+dot+com
        ⟦oakreef52⟧ \"at\" proton \"dot\" me
        ⟦oakreef52⟧ (ат) mailbox (дот) org
        ⟦oakreef52⟧ собака yandex точка ru
        ⟦oakreef52⟧ 艾特 qq 点 com
        ⟦oakreef52⟧ アットマーク yahoo ドット jp
        ⟦oakreef52⟧ 골뱅이 naver 점 com
        ⟦oakreef52⟧ آت gmail دوت com
        ⟦oakreef52⟧ एट gmail डॉट com
        ⟦oakreef52⟧ a còng gmail chấm com
        ⟦oakreef52⟧ kukac freemail pont hu
        ⟦oakreef52⟧ małpa wp kropka pl
        ⟦oakreef52⟧ zavináč seznam tečka cz
        ⟦oakreef52⟧ arroba uol ponto com
        ⟦oakreef52⟧ arobase laposte point net
        ⟦oakreef52⟧ chiocciola libero punto it
        ⟦oakreef52⟧ apenstaartje ziggo punt nl
        ⟦oakreef52⟧ et gmail nokta com
        ⟦oakreef52⟧&#64;mail&period;org
        mail ⟦oakreef52⟧ @ proton . me
        our mailbox: ⟦oakreef52⟧
        Seite: ⟦oakreef⟧.de
        see ⟦oakreef⟧.me for prices
        ⟦oakreef⟧.to
        ⟦oakreef⟧.bz and ⟦oakreef⟧.gg
        visit ⟦oakreef⟧ dot su
        ⟦oakreef⟧[.]top
        ⟦oakreef⟧ (dot) ru
        ⟦oakreef⟧ . su
        ⟦oakreefabcdefghij⟧.onion
        on tor: ⟦oakreefabcdefghij⟧ dot onion
        сайт ⟦oakreef⟧ точка ru
        网站 ⟦oakreef⟧ 点 cn
        t[.]me[/]⟦oakreef⟧
        t dot me slash ⟦oakreef⟧
        t.me/+⟦Ab1Cd2Ef3Gh4⟧
        tg://resolve?domain=⟦oakreef⟧
        wa.me/⟦4915112345678⟧
        bit.ly/⟦3xOakReef⟧
        linktr.ee/⟦oakreef⟧
        paypal.me/⟦oakreef⟧
        chat.whatsapp.com/⟦Kq12Wert34Zuio56⟧
        vk.com/⟦oakreef⟧
        signal.me/#p/⟦+4915112345678⟧
        ",
    );
}

#[test]
fn messengers_of_many_names() {
    check_forms(
        "
        T.G ⟦oakreef52⟧
        t e l e g r a m ⟦oakreef52⟧
        Tele gram ⟦oakreef⟧
        Теlegram ⟦oakreef⟧
        ᴛᴇʟᴇɢʀᴀᴍ ⟦oakreef⟧
        tel€gram ⟦oakreef⟧
        paper plane: ⟦oakreef52⟧
        find us on the blue app: ⟦oakreef52⟧
        Element: ⟦@oakreef:matrix⟧.org
        matrix ⟦@oakreef:home⟧.example.org
        XMPP ⟦oakreef@jabber⟧.example
        Jabber: ⟦oakreef⟧ at xmpp dot jp
        Threema ⟦OAKR33F2⟧
        Viber ⟦oakreef52⟧
        KakaoTalk ID: ⟦oakreef⟧
        imo ⟦oakreef52⟧
        Snapchat ⟦oakreef⟧
        Snap: ⟦oakreef⟧
        Session ID ⟦05aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff22aa33bb44cc55dd66⟧
        SimpleX https://simplex.chat/contact#/?v=2&smp=⟦Zm9vYmFyMTIz⟧
        Briar: briar://⟦aaq2kzl7xrbfz4jcvbnmsdf5hjklqwert8yuiop⟧
        Tox ⟦7A1B2C3D4E5F60718293A4B5C6D7E8F9⟧
        Wire: ⟦@oakreef⟧
        Keybase ⟦oakreef⟧
        VK: ⟦oakreef⟧
        ICQ ⟦600123456⟧
        MS Teams ⟦oakreef52⟧
        Teams ⟦oakreef52⟧
        Zangi ⟦1234567890⟧
        Facebook: ⟦oak.reef.52⟧
        TikTok ⟦oakreef52⟧
        Mastodon ⟦@oakreef@social⟧.example.org
        Reddit u/⟦oakreef52⟧
        DM ⟦oakreef52⟧
        @ ⟦oakreef52⟧
        (at)⟦oakreef52⟧
        handle = ⟦oak⟧ + ⟦reef⟧ + ⟦52⟧
        handle: ⟦oak⟧(underscore)⟦reef⟧
        telegram: ⟦oak⟧ underscore ⟦reef⟧
        ⟦oakreef52⟧ is our handle
        ⟦oakreef52⟧ on wickr
        message ⟦oakreef⟧ on whatsapp
        ⟦November Oscar Romeo Tango⟧ on wickr
        telegram <b>⟦oak</b>reef⟧
        <a href=\"https://t.me/⟦oakreef⟧\">here</a>
        Telegram<b> ⟦oakreef⟧</b>
        wickr: **⟦oakreef⟧**
        👻 ⟦oakreef⟧
        v:⟦oakreef52⟧
        +V ⟦oakreef52⟧
        в инсте ⟦oakreef⟧
        微信 ⟦橡树礁石⟧
        微信号⟦橡树礁石⟧
        微信同号 ⟦oakreef52⟧
        加薇 ⟦oakreef⟧
        徽信：⟦oakreef⟧
        纸飞机 ⟦oakreef⟧
        电报号 ⟦oakreef⟧
        QQ：⟦987650123⟧
        抖音 ⟦oakreef52⟧
        小红书号：⟦oakreef52⟧
        联系方式：VX ⟦oakreef52⟧
        在телеграм ⟦oakreef⟧
        Телеграм ⟦дубовыйриф⟧
        пиши в телегу ⟦oakreef⟧
        ищи ⟦oakreef52⟧ в телеге
        тг ⟦oakreef⟧
        т.г. ⟦oakreef⟧
        вайбер: ⟦дубриф⟧
        Пишіть у телеграм ⟦oakreef⟧
        вотсап ⟦+380501234567⟧
        Макс: ⟦oakreef_52⟧
        Escríbeme por telegram: ⟦oakreef⟧
        usuario de wickr ⟦oakreef⟧
        chame no zap ⟦11 98765-4321⟧
        telegram do vendedor: ⟦oakreef⟧
        mon pseudo telegram est ⟦oakreef⟧
        identifiant Threema : ⟦ABCD99EF⟧
        Telegram-Name: ⟦oakreef⟧
        Benutzername auf Wickr: ⟦oakreef⟧
        voeg ⟦oakreef⟧ toe op telegram
        telegram gebruiker ⟦oakreef⟧
        napisz do ⟦oakreef⟧ na telegramie
        użytkownik wickr ⟦oakreef⟧
        scrivi a ⟦oakreef⟧ su telegram
        utente telegram ⟦oakreef⟧
        Telegram kullanıcı adı ⟦oakreef⟧
        yaz ⟦oakreef_52⟧ telegramda
        تليجرام ⟦مرجان⟧
        يوزر تليجرام: ⟦oakreef⟧
        سناب ⟦oakreef52⟧
        टेलीग्राम ⟦oakreef⟧
        टेलीग्राम आईडी: ⟦मूंगाचट्टान⟧
        व्हाट्सएप ⟦९८७६५४३२१०⟧
        টেলিগ্রাম ⟦oakreef⟧
        டெலிகிராம் ⟦oakreef⟧
        akun telegram ⟦oakreef⟧
        hubungi ⟦oakreef52⟧ di telegram
        Zalo: ⟦oakreef⟧
        tài khoản telegram ⟦oakreef⟧
        contul de telegram ⟦oakreef⟧
        utilizator wickr: ⟦oakreef⟧
        přidej ⟦oakreef⟧ na telegram
        telegram účet ⟦oakreef⟧
        텔레그램 ⟦oakreef⟧
        텔레 아이디 ⟦참나무초⟧
        디스코드 ⟦oakreef52⟧
        テレグラムID：⟦oakreef⟧
        ライン ⟦oakreef⟧
        ไลน์ ⟦oakreef⟧
        ไอดีไลน์: ⟦oakreef52⟧
        טלגרם ⟦oakreef⟧
        ტელეგრამი ⟦oakreef⟧
        Տելեգրամ ⟦oakreef⟧
        ቴሌግራም ⟦oakreef⟧
        ",
    );
}

#[test]
fn numbers_whatever_parts_them() {
    check_forms(
        "
        ⟦49*1511*2345*678⟧
        ⟦49~1511~2345~678⟧
        ⟦49|1511|2345|678⟧
        ⟦49_1511_2345_678⟧
        ⟦49:1511:2345:678⟧
        ⟦49/1511/2345/678⟧
        ⟦49,1511,2345,678⟧
        ⟦491511 2345678⟧
        ⟦1511234 5678⟧
        call ⟦49–1511–2345–678⟧
        +⟦49·1511·2345·678⟧
        +⟦49 (1511) [234] 5678⟧
        + ⟦8 6 1 3 9 1 2 3 4 5 6 7 8⟧
        +49 ⟦15l1 2345 O78⟧
        ➍➒①⑤①①②③④⑤⑥⑦⑧ ⟦491511234567⟧
        4️⃣9️⃣1️⃣5️⃣1️⃣1️⃣2️⃣3️⃣4️⃣5️⃣ or ⟦+491511234567⟧
        ⟦４９１５１１２３４５６⟧
        ⟦٤٩١٥١١٢٣٤٥٦⟧
        ⟦४९१५११२३४५६⟧
        ⟦四九一五一一二三四五⟧
        ⟦肆玖壹伍壹壹贰叁肆⟧
        ⟦사구일오일일이삼사⟧
        ⟦four nine one five one one two three⟧
        five five five ⟦0199⟧
        ⟦vier neun eins fünf eins eins zwei⟧
        ⟦cuatro nueve uno cinco uno uno dos⟧
        ⟦quatre neuf un cinq un un deux⟧
        ⟦quatro nove um cinco um um dois⟧
        ⟦quattro nove uno cinque uno uno due⟧
        ⟦vier negen een vijf een een twee⟧
        ⟦cztery dziewięć jeden pięć jeden jeden dwa⟧
        ⟦čtyři devět jedna pět šest sedm osm⟧ ⟦dva⟧
        ⟦patru nouă unu cinci⟧ ⟦trei doi unu patru șase șapte⟧
        ⟦четыре девять один пять один один два⟧
        ⟦чотири девять один п'ять один один два⟧
        ⟦dört dokuz bir beş bir bir iki⟧
        ⟦empat sembilan satu lima satu satu dua⟧
        ⟦bốn chín một năm một một hai⟧
        ⟦أربعة تسعة واحد خمسة واحد واحد اثنين⟧
        ⟦चार नौ एक पांच एक एक दो⟧
        ⟦สี่เก้าหนึ่งห้าหนึ่งหนึ่งสอง⟧
        dial ⟦555-0199⟧
        ☎ ⟦55 01 99⟧
        Tel. ⟦0 30 / 90 18 20⟧
        telefonní číslo ⟦777 123 456⟧
        sună la ⟦0722 123 456⟧
        gọi ⟦0912.345.678⟧
        hubungi hp ⟦0812-3456-7890⟧
        звоните ⟦8-912-345-67-89⟧
        телефонуйте ⟦050 123 45 67⟧
        电话咨询 ⟦139 1234 5678⟧
        ",
    );
}

#[test]
fn accounts_of_money_and_keys() {
    check_forms(
        "
        TRX ⟦TJRabPrwbZy45sbavfcjinPJC18kjpRTv8⟧
        SOL ⟦7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV2⟧
        TON ⟦EQD2NmD_lH5f5u1Kj3KfGyTvhZSX0Eg6qp2a5IQUKXxOG3so⟧
        DOGE ⟦D7Y55r6Yoc1G8EECxkQ6SuSjTgGJJ7M6yD⟧
        XRP ⟦rN7n7otQDd6FczFgLdSqtcsAUxDkw6fzRH⟧ destination tag ⟦104455⟧
        BCH ⟦bitcoincash:qpm2qsznhks23z7629mms6s5cwef74vcwvy22gdx6a⟧
        ZEC ⟦t1VpYecBW4UudbGcy4ufh61eWxQCoFaUrPs⟧
        DASH ⟦XpESxaUmonkq8RaLLp46Brx2K39ggQe226⟧
        ltc1 wallet ⟦ltc1qg42tkwuuxefutzxezdkdel39gfstuap288mfea⟧
        address ⟦1BvBMSEY stWetqTF n5Au4m4G Fg7xJaNV N2⟧
        ⟦1BvBMSEY-stWetqTF-n5Au4m4G-Fg7xJaNV-N2⟧
        ⟦0xdead beef 1234 5678 9abc def0 1234 5678⟧
        PGP fingerprint ⟦1A2B 3C4D 5E6F 7081⟧
        ⟦DE89-3704-0044-0532-0130-00⟧
        ⟦DE 89 37 04 00 44 05 32 01 30 00⟧
        card ⟦5555 5555 5555 4444⟧
        номер карты ⟦2200 1234 5678 9012⟧
        银行卡号 ⟦6222 0212 3456 7890⟧
        Cash App ⟦$oakreef⟧
        ⟦oakreef⟧ is our name
        Wise tag ⟦oakreef52⟧
        Interac to ⟦oakreef⟧
        Zelle ⟦oakreef@mail⟧.org
        Venmo ⟦@oakreef⟧
        UPI ⟦oakreef@okaxis⟧
        chave pix ⟦123.456.789-09⟧
        支付宝 ⟦oakreef52⟧
        CLABE ⟦032180000118359719⟧
        sort code ⟦12-34-56⟧ account ⟦12345678⟧
        IFSC ⟦HDFC0001234⟧ account ⟦50100123456789⟧
        số tài khoản ⟦0123456789012⟧
        nomor rekening ⟦1234567890⟧
        konto ⟦12 3456 7890 1234⟧
        ",
    );
}

#[test]
fn people_and_places() {
    check_forms(
        "
        ask ⟦Karel Dvorak⟧
        talk with ⟦Karel Dvorak⟧ from our team
        Best regards ⟦Karel Dvorak⟧
        signed, ⟦Karel Dvorak⟧
        I am ⟦Karel Dvorak⟧.
        this is ⟦Karel Dvorak⟧ speaking
        money goes to ⟦karel dvorak⟧
        联系人 ⟦李美华⟧
        找⟦李美华⟧
        开户名：⟦李美华⟧
        Mit freundlichen Grüßen ⟦Karel Dvorak⟧
        Saludos, ⟦Karel Dvorak⟧
        Cordialement, ⟦Karel Dvorak⟧
        Pozdrawiam ⟦Karel Dvorak⟧
        С уважением, ⟦Карел Дворжак⟧
        мене звати ⟦Карел Дворжак⟧
        jmenuji se ⟦Karel Dvorak⟧
        mă numesc ⟦Karel Dvorak⟧
        nama saya ⟦Karel Dvorak⟧
        atas nama ⟦Karel Dvorak⟧
        chủ tài khoản ⟦Karel Dvorak⟧
        Contactpersoon: ⟦karel dvorak⟧
        persona di contatto ⟦Karel Dvorak⟧
        pickup: ⟦Mill Road 12⟧
        Abholung ⟦Hafendamm 19⟧
        ⟦Unit 5 Mill Estate⟧
        P.O. Box ⟦55102⟧
        Postfach ⟦55102⟧
        а/я ⟦55102⟧
        武汉市⟦橡树路12号⟧三楼
        ⟦橡树路12号⟧
        12 ⟦rue de la Paix⟧
        ul. ⟦Długa 12⟧
        ул. ⟦Дубовая, д. 12⟧
        Jl. ⟦Melati No. 12⟧
        Strada ⟦Lungă 12⟧
        ⟦Gül Sokak No: 12⟧
        ",
    );
}
