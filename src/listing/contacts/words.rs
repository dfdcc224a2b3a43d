//! Words that a contact or payment value stands beside. Each list is a text, its words parted by commas.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Words before a telephone number.
pub(super) const PHONES: &[&str] = &[
    "\
    phone, telephone, tel, mobile, mob, cell, cellphone, call, call me, text, sms, fax, hotline, ring, handy, ruf, \
    anruf, anrufen, telefon, rufnummer, tél, téléphone, portable, teléfono, telefono, móvil, celular, llamar, llame, \
    telefone, ligue, cellulare, chiamare, telefoon, bel, mobiel, komórka, zadzwoń, телефон, тел, звоните, звонить, \
    моб, номер, telefonu, ara, 电话, 电话号码, 手机, 手机号, 电話, 電話, 携帯, 전화, 전화번호, 휴대폰, هاتف, جوال, موبايل, اتصل, رقم, תלפון, \
    טלפון, फोन, मोबाइल, โทร, số điện thoại, sđt, whatsapp number, number, nummer, numero, número, numéro",
    "📞, ☎, 📱, 📲, ✆, dial, reach us on, voice, landline, gsm, mobil, telefonnummer, festnetz, rappelez, appelez, appeler, numéro de téléphone, teléfono móvil, fijo, \
     telemóvel, fone, chiamami, chiama, recapito, bellen, nummer is, numer, zavolejte, číslo, tel. č, sună, sunați, mobil nr, ponsel, hp, nomor, telpon, \
     gọi, điện thoại, di động, hotline zalo, cep, gsm no, numara",
    "дзвоніть, телефонуйте, зателефонуйте, моб., тел., сот, набери, звони, 致电, 拨打, 来电, 咨询电话, 热线, 座机, 联系电话, 電話番号, 연락전화, 폰, للاتصال, جوالي, تلفون, تماس, شماره, موبائل, कॉल करें, मोबाइल नंबर, เบอร์, เบอร์โทร, โทรศัพท์",
];

/// Payment means that are paid to a number, name or address.
pub(super) const PAYMENTS: &[&str] = &[
    "\
    iban, account, account number, acct, a/c, bank account, konto, kontonummer, \
    rekening, rachunek, hesap, счет, счёт, sberbank, сбербанк, тинькофф, 银行卡, 卡号, \
    账号, 帐号, 账户, 支付宝, alipay, paypal, zelle, venmo, cashapp, cash app, revolut, skrill, payeer, webmoney, qiwi, \
    киви, perfect money, binance, binance id, pay id, payid, pix, upi, bizum, swish, paytm, gcash, mpesa, \
    m-pesa, btc, bitcoin, xmr, monero, ltc, litecoin, eth, ethereum, usdt, usdc, trc20, erc20, trx, tron, doge, \
    dogecoin, zec, zcash, bch, solana, wallet, кошелек, кошелёк, биткоин, биткойн, монеро, 钱包, 錢包, \
    比特币, 比特幣, 泰达币, 비트코인, 지갑, ビットコイン, محفظة, بيتكوين",
    "cash tag, cashtag, wise tag, revtag, rev tag, interac, e-transfer, etransfer, yoomoney, yandex money, gpay, google pay, phonepe, bhim, bkash, nagad, \
     easypaisa, jazzcash, gopay, zalopay, mercado pago, mercadopago, nequi, daviplata, clabe, cbu, cvu, chave pix, mbway, mb way, satispay, postepay, \
     payconiq, tikkie, twint, mobilepay, vipps, bancontact, okx, bybit, kucoin, huobi, htx, binance pay, trust wallet, bep20, bnb, xrp, \
     cardano, avax, polygon, bitcoin cash, destination tag, dest tag, payment id, sort code, routing number, aba, ifsc, bsb, account no, \
     číslo účtu, účet, cont bancar, nr konta, numer konta, numéro de compte, número de cuenta, número da conta, rekeningnummer, nomor rekening, rekening bank, \
     số tài khoản, stk, hesap no, hesap numarası",
    "юмани, яндекс деньги, сбп, каспи, монобанк, приватбанк, рахунок, номер карты, номер карти, реквизиты, реквізити, кошельок, гаманець, 微信收款, 收款账号, 银行账号, 账户号, 波场, 以太坊地址, 钱包地址, \
     地址trc20, 口座, 口座番号, 계좌, 계좌번호, 은행, حساب بنكي, رقم الحساب, شماره کارت, شماره حساب, खाता संख्या, खाता नंबर, यूपीआई, पेटीएम, พร้อมเพย์, บัญชี, เลขบัญชี",
];

/// Such means whose names are words of goods as well: a number follows them, or a code behind a sign.
pub(super) const PAYMENT_NOUNS: &[&str] = &["\
    swift, bic, bank, conta, compte, cuenta, conto, карта, карту, карты, card, dash, sol, ton, wise, memo, routing, chime, dana, ovo, ada, ripple, blik, картка, картку, 卡"];

/// Words that stand between such a word and its value.
pub(super) const FILLERS: &[&str] = &[
    "\
    id, me, no, nr, num, number, nummer, numero, número, user, username, name, handle, nick, nickname, contact, \
    account, acc, channel, chat, group, at, is, are, to, on, us, our, my, here, under, via, add, address, app, id号, \
    by, の, は, idは, 号, 號, 号码, 账号, 帐号, 為, 为, 是, 加, ist, unter, an, es, é, est, номер, ник, канал, адрес, мой, мне, по, 아이디, は, هو, \
    رقم, and, or, und, oder, y, o, et, ou, и, или, 和, 或, /, only, wallet, trc20, erc20, bep20, btc, hesabı, numarası, \
    联系, 联系方式, 咨询, 搜, 搜索, 添加, 请加, 我, 的, ไอดี, आईडी, معرف, حساب, يوزر, kullanıcı, adı, логин, юзер, юзернейм, аккаунт, \
    tên, 帳號, 帳号, ユーザー名, usuario, usuário, utilisateur, identifiant, pseudo, pseudonyme, benutzer, benutzername, \
    nutzer, nutzername, utente, gebruiker, gebruikersnaam, użytkownik, uživatel, utilizator, пользователь, \
    користувач, kullanici, pengguna, alias, apodo, 用户名, 用户, 昵称, 사용자, 유저, ユーザー, المستخدم, उपयोगकर्ता, ผู้ใช้",
    "u, tag, pin, pin code, acct, cont, contul, účet, jméno, numele, nume, utilizatorul, tài khoản, akun, nama, cashtag, contact us, profile, profil, do, da, del, du, vom, van, vendedor, vendeur, venditore, verkäufer, seller, sprzedawcy, \
     पर, पे, で, では, 에서, 으로, 로, perfil, our account, handle is, called, named, search",
    "айди, айді, нік, акк, 同号, 同號, id是, 账户, 扫, 找, 请搜, الحساب, المعرف, آیدی, ایدی, खाता, यूज़र, यूजर, हमारा, हमारी, บัญชี, ชื่อผู้ใช้, 계정, アカウント, 저희, לי, שלנו, הוא, שם משתמש",
];

/// Fillers behind which a value stands even where it looks like a word.
pub(super) const NAMING: &[&str] = &[
    "\
    id, user, username, handle, nick, nickname, account, acc, channel, 号, 號, 账号, 帐号, ник, канал, 아이디, id号, معرف, \
    حساب, يوزر, आईडी, ไอดี, логин, юзер, юзернейм, аккаунт, 帳號, 帳号, usuario, usuário, utilisateur, identifiant, \
    pseudo, pseudonyme, benutzer, benutzername, nutzer, nutzername, utente, gebruiker, gebruikersnaam, użytkownik, \
    uživatel, utilizator, пользователь, користувач, kullanıcı, kullanici, pengguna, alias, apodo, 用户名, 用户, 昵称, 사용자, \
    유저, ユーザー, المستخدم, उपयोगकर्ता, ผู้ใช้",
    "tag, pin, cashtag, screen name, contul, účet, jméno, numele, utilizatorul, tài khoản, akun, called, named",
    "айди, айді, нік, акк, 同号, 同號, id是, 账户, الحساب, المعرف, آیدی, ایدی, खाता, यूज़र, यूजर, บัญชี, ชื่อผู้ใช้, 계정, アカウント, שם משתמש",
];

/// Verbs before a value that stands before its messenger: `add … on telegram`.
pub(super) const VERBS: &[&str] = &[
    "\
    add, find, text, message, msg, ping, hmu, user, username, handle, nick, nickname, id, am, i'm, im, write, join, \
    search, contact, reach, follow, hit, schreib, schreibe, such, suche, agrega, añade, busca, escribe, ajoute, \
    ajoutez, écris, cherche, adiciona, procure, chame, aggiungi, cerca, scrivi, zoek, voeg, пиши, пишите, добавь, \
    ищи, найди, ник, dodaj, napisz, szukaj, ekle, yaz",
    "look for, contactez, contacter, contactați, scrie, scrieți, caută, napiš, napište, hledej, přidej, hubungi, cari, tambahkan, \
     nhắn, tìm, thêm, liên hệ, buscar, buscad, procurem, ricerca, vind, znajdź",
    "шукай, шукайте, пишіть, додай, найдите, ищите, 搜, 加, 找, ابحث, أضف, راسل, खोजें, जोड़ें",
];

/// Words between a value and its messenger: `… on telegram`.
pub(super) const JOINS: &[&str] = &[
    "on, via, in, at, toe, by, auf, über, bei, en, por, sur, no, op, na, w, su, ile, v, pe, di, trên, through, no meu, od, from",
    "в, на, через, по, у, で, の, على, عبر, पर, में, ใน, ב",
];

/// Words between a verb and whom it names: `write to …`.
pub(super) const TO: &[&str] = &["to, an, a, à, do, naar, către, ke, para, con, mit, к, на, до"];

/// Words that join the pieces of a value.
pub(super) const SPLICES: &[&str] = &[
    "underscore, under score, space, dash, minus, hyphen, unterstrich, bindestrich, guion bajo, guión bajo, tiret bas, tiret du bas, sublinhado, trattino basso, \
     underline, podkreślnik, podtržítko, alt çizgi, garis bawah, gạch dưới",
    "нижнее подчеркивание, подчеркивание, підкреслення, 下划线, アンダーバー, アンダースコア, 언더바",
];

/// The words of a list.
pub(super) fn each(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').map(str::trim)
}

/// The words of several lists.
pub(super) fn all(lists: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    lists.iter().copied().flat_map(each)
}

/// Words that are looked up, each time in as many steps however many there are.
pub(super) type Words<T> = HashSet<T, BuildHasherDefault<Fnv>>;

/// The same as they stand in their list.
pub(super) type WordSet = LazyLock<Words<&'static str>>;

/// The words of several lists, to be looked up.
pub(super) fn set(lists: &'static [&'static str]) -> Words<&'static str> {
    all(lists).collect()
}

/// The hash FNV-1a. The words of a list are known beforehand, so that no text that is looked up can make them collide, and
/// short words are hashed in a fifth of the time that the hash of the standard library takes.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

/// Whether a text ends with one of the words and that word is no end of a longer one; words of scripts without spaces may be.
/// Of the text, which is short, each end is looked up.
pub(super) fn ends_with_one(text: &str, words: &Words<&'static str>) -> bool {
    let mut before: Option<char> = None;
    text.char_indices().any(|(at, first)| {
        let is_parted = u32::from(first) >= 0x3000 || before.is_none_or(|before| !before.is_alphanumeric());
        before = Some(first);
        is_parted && text.get(at..).is_some_and(|end| words.contains(end))
    })
}
