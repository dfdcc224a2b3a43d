//! Words that a contact or payment value stands beside, and words that are never one. Each list is a text, its words
//! parted by commas.

/// Messengers whose name is no ordinary word: what follows is a handle unless it is in [`PLAIN`].
pub(super) const MESSENGERS: &str = "\
    telegram, telegramm, telegrem, telega, telg, whatsapp, whats app, what's app, whatsap, watsapp, wattsapp, \
    whatapp, wickr, wickr me, wickrme, threema, wechat, we chat, weixin, viber, kakaotalk, kakao talk, kakao, skype, \
    jabber, xmpp, zangi, simplex, briar, keybase, snapchat, instagram, icq, zalo, potato chat, телеграм, телеграмм, \
    телеграма, телеграме, телега, телеге, ватсап, вотсап, вацап, вайбер, скайп, вичат, 微信, 薇信, 威信, 維信, 加微, 飞机, 飛機, \
    电报, 電報, 蝙蝠, 企鹅, 扣扣, 텔레그램, 카카오톡, 카톡, 왓츠앱, 위챗, テレグラム, カカオ, تليجرام, تيليجرام, تلغرام, تلجرام, تلگرام, واتساب, واتس \
    اب, واتس, واتساپ, טלגרם, וואטסאפ, टेलीग्राम, व्हाट्सएप, เทเลแกรม, วอทส์แอพ, τηλεγραμ, whatsapp'tan";

/// Names that are ordinary words or too short, and words for an account: what follows must look like a value, or stand
/// behind a sign.
pub(super) const AMBIGUOUS: &str = "\
    tg, tlgrm, wa, wapp, wsp, zap, ig, insta, fb, facebook, messenger, line, signal, session, element, matrix, \
    discord, kik, imo, vk, qq, vx, wx, v信, snap, twitter, tox, bat, silent phone, olvid, dust, сигнал, вк, тг, лс, \
    라인, ライン, シグナル, セッション, ไลน์, سيجنال, سيغنال, אינסטגרם, סיגנל, id, user, username, user name, handle, nick, \
    nickname, contact, contacts, contact us, kontakt, contacto, contato, contatto, contactez, iletişim, связь, \
    контакт, контакты, ник, 联系, 联系方式, 聯繫, 加我, 连络, 連絡, 連絡先, 문의, 연락, 연락처, تواصل, للتواصل, संपर्क, ติดต่อ, email, \
    e-mail, e mail, mail, correo, почта, мейл, 邮箱, 电邮, 電郵, メール, 이메일, الايميل, البريد, gmail, protonmail, proton, \
    tutanota, outlook, yahoo, hotmail, website, web site, site, shop, store, channel, канал, 频道, group, bot, link, \
    inbox, dm, pm, add, search, scan";

/// Words before a telephone number.
pub(super) const PHONES: &str = "\
    phone, telephone, tel, mobile, mob, cell, cellphone, call, call me, text, sms, fax, hotline, ring, handy, ruf, \
    anruf, anrufen, telefon, rufnummer, tél, téléphone, portable, teléfono, telefono, móvil, celular, llamar, llame, \
    telefone, ligue, cellulare, chiamare, telefoon, bel, mobiel, komórka, zadzwoń, телефон, тел, звоните, звонить, \
    моб, номер, telefonu, ara, 电话, 电话号码, 手机, 手机号, 电話, 電話, 携帯, 전화, 전화번호, 휴대폰, هاتف, جوال, موبايل, اتصل, رقم, תלפון, \
    טלפון, फोन, मोबाइल, โทร, số điện thoại, sđt, whatsapp number, number, nummer, numero, número, numéro";

/// Payment means that are paid to a number, name or address.
pub(super) const PAYMENTS: &str = "\
    iban, swift, bic, account, account number, acct, a/c, bank account, bank, konto, kontonummer, cuenta, compte, \
    conta, rekening, rachunek, hesap, счет, счёт, карта, карту, карты, card, sberbank, сбербанк, тинькофф, 银行卡, 卡号, \
    账号, 帐号, 账户, 支付宝, alipay, paypal, zelle, venmo, cashapp, cash app, revolut, wise, skrill, payeer, webmoney, qiwi, \
    киви, perfect money, binance, binance id, pay id, payid, pix, upi, bizum, swish, blik, paytm, gcash, mpesa, \
    m-pesa, btc, bitcoin, xmr, monero, ltc, litecoin, eth, ethereum, usdt, usdc, trc20, erc20, trx, tron, doge, \
    dogecoin, dash, zec, zcash, bch, sol, solana, ton, wallet, кошелек, кошелёк, биткоин, биткойн, монеро, 钱包, 錢包, \
    比特币, 比特幣, 泰达币, 비트코인, 지갑, ビットコイン, محفظة, بيتكوين";

/// Words that stand between such a word and its value.
pub(super) const FILLERS: &str = "\
    id, me, no, nr, num, number, nummer, numero, número, user, username, name, handle, nick, nickname, contact, \
    account, acc, channel, chat, group, at, is, are, to, on, us, our, my, here, under, via, add, address, app, id号, \
    号, 號, 号码, 账号, 帐号, 為, 为, 是, 加, ist, unter, an, es, é, est, номер, ник, канал, адрес, мой, мне, по, 아이디, は, هو, \
    رقم, and, or, und, oder, y, o, et, ou, и, или, 和, 或, /, only, wallet, trc20, erc20, bep20, btc, hesabı, numarası";

/// Fillers behind which a value stands even where it looks like a word.
pub(super) const NAMING: &str = "\
    id, user, username, handle, nick, nickname, account, acc, channel, 号, 號, 账号, 帐号, ник, канал, 아이디, id号";

/// Verbs before a value that stands before its messenger: `add … on telegram`.
pub(super) const VERBS: &str = "\
    add, find, text, message, msg, ping, hmu, user, username, handle, nick, nickname, id, am, i'm, im, write, join, \
    search, contact, reach, follow, hit, schreib, schreibe, such, suche, agrega, añade, busca, escribe, ajoute, \
    ajoutez, écris, cherche, adiciona, procure, chame, aggiungi, cerca, scrivi, zoek, voeg, пиши, пишите, добавь, \
    ищи, найди, ник, dodaj, napisz, szukaj, ekle, yaz";

/// Ordinary words that follow such words and are no value.
pub(super) const PLAIN: &str = "\
    a, about, accept, accepted, accepts, after, all, also, always, am, an, and, any, app, are, as, ask, at, \
    available, be, before, below, bot, bulk, but, button, buy, by, call, can, cash, channel, chat, chats, contact, \
    crypto, customer, customers, daily, delivery, details, discreet, discount, each, email, escrow, every, fast, \
    feel, for, free, friendly, from, get, gift, group, have, here, how, i, if, in, info, inquiries, inquiry, is, it, \
    link, list, mail, me, menu, message, messages, money, more, my, no, not, now, of, offer, offers, on, once, \
    online, only, open, or, order, ordering, orders, our, over, pay, payment, payments, phone, photos, pictures, \
    please, preferred, price, prices, pricing, purity, quick, quote, quotes, ready, reply, required, sale, sales, \
    sample, samples, seller, send, service, ship, shipping, ships, shop, stealth, stock, store, support, team, text, \
    than, that, the, then, this, through, to, today, transfer, union, us, video, videos, wanted, we, welcome, \
    wholesale, with, within, worldwide, write, you, your, number, user, username, strength, processing, booster, \
    integrity, transduction, pathway, peptide, receptor, analysis, ratio, generator, cable, detection, bitcoin, btc, \
    xmr, monero, eth, ethereum, usdt, ltc, litecoin, western, moneygram, paypal, zelle, venmo, cashapp, bank, card, \
    wire, coin, coins, cryptocurrency, dogecoin, revolut, wise, skrill, sepa, und, oder, nur, für, mit, auf, bei, \
    bitte, bestellung, bestellen, bestellungen, schreiben, anfragen, anfrage, melden, preis, preise, versand, \
    bezahlung, zahlung, verfügbar, ist, der, die, das, per, gerne, para, por, solo, con, y, o, pedidos, pedido, \
    favor, precio, precios, envío, envios, pago, información, disponible, escríbeme, de, el, la, los, más, pour, \
    avec, et, ou, seulement, uniquement, commande, commandes, prix, livraison, paiement, le, les, sur, au, du, svp, \
    com, e, somente, apenas, preço, preços, pagamento, pedir, encomendas, mais, ordini, prezzi, spedizione, en, \
    alleen, voor, met, bestelling, prijs, prijzen, betaling, lub, tylko, dla, z, zamówienia, cena, ceny, ve, veya, \
    için, sadece, ile, sipariş, fiyat";

/// The words of a list.
pub(super) fn each(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').map(str::trim)
}
