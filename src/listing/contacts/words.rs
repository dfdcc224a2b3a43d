//! Words that a contact or payment value stands beside, and words that are never one. Each list is a text, its words
//! parted by commas.

/// Messengers whose name is no ordinary word: what follows is a handle unless it is in [`PLAIN`].
pub(super) const MESSENGERS: &str = "\
    telegram, telegramm, telegrem, telega, telg, whatsapp, whats app, what's app, whatsap, watsapp, wattsapp, \
    whatapp, wickr, wickr me, wickrme, threema, wechat, we chat, weixin, viber, kakaotalk, kakao talk, kakao, skype, \
    jabber, gadu-gadu, gadu gadu, dingtalk, 钉钉, ✈, xmpp, zangi, simplex, briar, keybase, snapchat, instagram, icq, \
    zalo, potato chat, телеграм, телеграмм, \
    телеграма, телеграме, телега, телеге, ватсап, вотсап, вацап, вайбер, скайп, вичат, 微信, 薇信, 威信, 維信, 加微, 飞机, 飛機, \
    电报, 電報, 蝙蝠, 企鹅, 扣扣, 텔레그램, 카카오톡, 카톡, 왓츠앱, 위챗, テレグラム, カカオ, تليجرام, تيليجرام, تلغرام, تلجرام, تلگرام, واتساب, \
    واتس اب, واتس, واتساپ, טלגרם, וואטסאפ, टेलीग्राम, व्हाट्सएप, เทเลแกรม, วอทส์แอพ, τηλεγραμ, whatsapp'tan, wasap, \
    tuta mail, proton mail, джаббер, джабер, трима, викр, дискорд, діскорд, сигнал мессенджер, \
    сигнал месенджер, 维信, 卫星号, 加卫星, 加v, 加薇, 加威, 加q, 加扣, 纸飞机, 土豆聊天, 企鹅号, q号, v号, 微号, תלגרם, تلكرام, وتساب, ثريما, \
    ويكر, فايبر, ديسكورد, سناب شات, व्हाट्सऐप, वाट्सएप, थ्रीमा, विकर, स्नैपचैट, डिस्कॉर्ड, ไอดีไลน์, सेशन आईडी, सिग्नल ऐप, ライン id, 라인 아이디";

/// Names that are ordinary words or too short, and words for an account: what follows must look like a value, or stand
/// behind a sign.
pub(super) const AMBIGUOUS: &str = "\
    wa, zap, ig, fb, facebook, messenger, line, signal, session, element, matrix, discord, imo, snap, twitter, tox, \
    bat, silent phone, wire, olvid, dust, сигнал, лс, シグナル, セッション, سيجنال, سيغنال, אינסטגרם, סיגנל, id, user, username, \
    user name, handle, nick, nickname, contact, contacts, contact us, kontakt, contacto, contato, contatto, \
    contactez, iletişim, связь, контакт, контакты, ник, 联系, 联系方式, 聯繫, 加我, 连络, 連絡, 連絡先, 문의, 연락, 연락처, تواصل, للتواصل, \
    संपर्क, ติดต่อ, email, e-mail, e mail, mail, correo, почта, мейл, 邮箱, 电邮, 電郵, メール, 이메일, الايميل, البريد, gmail, \
    protonmail, proton, tutanota, outlook, yahoo, hotmail, website, web site, site, shop, store, channel, канал, 频道, \
    group, bot, link, inbox, dm, pm, add, search, scan";

/// Short names of messengers that are no words of their own: a number, a value with a sign of one, or a name right behind them.
pub(super) const SHORT: &str = "\
    tg, tlgrm, wapp, wsp, insta, kik, vk, qq, vx, wx, v信, вк, тг, 라인, ライン, ไลน์";

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
    by, の, は, idは, 号, 號, 号码, 账号, 帐号, 為, 为, 是, 加, ist, unter, an, es, é, est, номер, ник, канал, адрес, мой, мне, по, 아이디, は, هو, \
    رقم, and, or, und, oder, y, o, et, ou, и, или, 和, 或, /, only, wallet, trc20, erc20, bep20, btc, hesabı, numarası, \
    联系, 联系方式, 咨询, 搜, 搜索, 添加, 请加, 我, 的, ไอดี, आईडी, معرف, حساب, يوزر, kullanıcı, adı, логин, юзер, юзернейм, аккаунт, \
    tên, 帳號, 帳号, ユーザー名, usuario, usuário, utilisateur, identifiant, pseudo, pseudonyme, benutzer, benutzername, \
    nutzer, nutzername, utente, gebruiker, gebruikersnaam, użytkownik, uživatel, utilizator, пользователь, \
    користувач, kullanici, pengguna, alias, apodo, 用户名, 用户, 昵称, 사용자, 유저, ユーザー, المستخدم, उपयोगकर्ता, ผู้ใช้";

/// Fillers behind which a value stands even where it looks like a word.
pub(super) const NAMING: &str = "\
    id, user, username, handle, nick, nickname, account, acc, channel, 号, 號, 账号, 帐号, ник, канал, 아이디, id号, معرف, \
    حساب, يوزر, आईडी, ไอดี, логин, юзер, юзернейм, аккаунт, 帳號, 帳号, usuario, usuário, utilisateur, identifiant, \
    pseudo, pseudonyme, benutzer, benutzername, nutzer, nutzername, utente, gebruiker, gebruikersnaam, użytkownik, \
    uživatel, utilizator, пользователь, користувач, kullanıcı, kullanici, pengguna, alias, apodo, 用户名, 用户, 昵称, 사용자, \
    유저, ユーザー, المستخدم, उपयोगकर्ता, ผู้ใช้";

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
    için, sadece, ile, sipariş, fiyat, uns, mir, mich, ihm, ihn, euch, nous, moi, nos, noi, mi, bana, bize, ons, mij, \
    mnie, nam, нам, мне, request, requests, demand, questions, question, asked, ohne, sin, sans, senza, zonder, bez, \
    без, rezept, liste, preisliste, freunde, friends, family, bar, bargeld, lastschrift, rechnung, kreditkarte, \
    vorkasse, nachnahme, amazon, paysafe, paysafecard, efectivo, tarjeta, espèces, contanti, contant, gotówka, nakit, \
    наличные, наличными";

/// Ordinary words behind a messenger's name that are values only where a sign announces them.
pub(super) const COMMON: &str = "\
    anytime, asap, directly, direct, privately, private, instantly, immediately, anonymous, secure, secured, safe, \
    safely, encrypted, verified, official, business, enquiry, enquiries, help, assistance, catalog, catalogue, first, \
    replies, response, responses, chatting, hours, hrs, day, days, week, weekly, night, updates, update, news, \
    subscribers, members, member, followers, deals, deal, sell, selling, sold, buyers, buyer, buying, serious, \
    quality, pure, real, legit, trusted, reliable, vendor, supplier, suppliers, manufacturer, factory, desktop, \
    version, sticker, stickers, bots, premium, too, instead, preferably, prefer, possible, works, working, exchange, \
    deposit, deposits, balance, pays, transfers, mini, program, moments, code, music, panel, gas, gruppe, kanal, \
    kontakt, grupo, grupa, groep, canal, privat, privado, privato, directo, immer, jederzeit, siempre, toujours, \
    sempre, altijd, zawsze, hemen, saja, chat aja, style, alike, starts, üzerinden, hattı, hatti, yazın, yazin, dan, \
    serta, karein, karo, pe, par, se";

/// Han words of payment and trade that stand where a name may: none is one.
pub(super) const TRADE_HAN: &str = "\
    汇款, 匯款, 付款, 支付, 转账, 轉賬, 收款, 比特币, 比特幣, 西联, 西聯, 速汇, 速匯, 现金, 現金, 银行, 銀行, 微信, 支付宝, 支付寶, 接受, 支持, 可以, \
    可用, 均可, 货币, 貨幣, 加密, 泰达币, 以太坊, 信用卡, 订单, 訂單, 发货, 發貨, 包邮, 价格, 價格, 安全, 快递, 快遞, 方式, 电汇, 電匯, 美元, 人民币, 交易, \
    送金, 支払, 入金, 対応";

/// The words of a list.
pub(super) fn each(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').map(str::trim)
}
