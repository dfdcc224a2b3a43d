//! Names of messengers and networks, as sellers write them. Each list is a text, its words parted by commas.
//!
//! The Latin names are those the services publish of themselves (their sites, the app stores); the others are the
//! transcriptions of their localised pages and store entries, and the short and cant forms of open classifieds.

/// Messengers whose name is no ordinary word: what follows is a handle unless it is an ordinary word.
pub(super) const MESSENGERS: &[&str] = &[
    // Latin names and their usual misspellings.
    "telegram, telegramm, telegrem, telega, telg, tele gram, whatsapp, whats app, what's app, whatsap, watsapp, \
     wattsapp, whatapp, what sapp, wickr, wickr me, wickrme, wikr, threema, wechat, we chat, weixin, viber, kakaotalk, \
     kakao talk, kakao id, kakaoid, skype, jabber, gadu-gadu, gadu gadu, dingtalk, ✈, 👻, xmpp, zangi, simplex, simplex chat, briar, \
     keybase, snapchat, instagram, icq, zalo, potato chat, wasap, whatsapp'tan, tuta mail, proton mail, odnoklassniki, \
     vkontakte, tamtam, qtox, utox, pidgin, conversations im, session messenger, signal app, signal messenger, \
     element io, riot im, botim, imo messenger, hangouts, google chat, rocket chat, rocketchat, rocket.chat, mattermost, \
     dread forum, ms teams, microsoft teams, \
     status im, max messenger, rubika, eitaa, soroush, zoom chat, groupme, wire app, wire handle, nandbox, \
     safeum, bbm, blackberry messenger, tango app, zello, jami, cwtch, berty, teleguard, \
     letstalk, let's talk app, biubiu, hike messenger, sharechat, jiochat, feishu, momo app, paltalk",
    // Chinese.
    "钉钉, 微信, 薇信, 威信, 維信, 维信, 徽信, 薇芯, v芯, 加微, 加薇, 加威, 加v, 加q, 加扣, 飞机, 飛機, 纸飞机, 紙飛機, 电报, 電報, 蝙蝠, 企鹅, 扣扣, 卫星号, \
     加卫星, 土豆聊天, 企鹅号, q号, v号, 微号, 飞书, 领英, 瓦次普, 瓦茨普",
    // Russian and Ukrainian.
    "телеграм, телеграмм, телеграма, телеграме, телега, телеге, телегу, телегe, телегa, телегой, ватсап, ватсапп, вотсап, вацап, вацапп, \
     вайбер, скайп, вичат, джаббер, джабер, викр, дискорд, діскорд, сигнал мессенджер, сигнал месенджер, \
     инстаграм, інстаграм, фейсбук, одноклассники, однокласники, вконтакте, снапчат, тамтам, элемент мессенджер, \
     токс айди, кейбейз, сешен, бриар, симплекс чат, аська, мессенджер макс",
    // Korean and Japanese.
    "텔레그램, 카카오톡, 카톡, 오픈채팅, 오픈카톡, 왓츠앱, 위챗, 디스코드, 밴드 아이디, 시그널 앱, 위커, 라인 아이디, 인스타그램, 페이스북, 스카이프, \
     テレグラム, テレグラ, カカオ, ワッツアップ, ウィーチャット, ディスコード, インスタグラム, スカイプ, ライン id",
    // Arabic, Persian, Urdu, Hebrew.
    "تليجرام, تيليجرام, تلغرام, تلجرام, تلگرام, تلكرام, تيليغرام, تليغرام, واتساب, واتس اب, واتس, واتساپ, وتساب, واتس آب, ثريما, ديسكورد, \
     سناب شات, سناب, انستقرام, إنستغرام, انستا, سكايب, وي تشات, فيسبوك, ایتا, روبیکا, سروش پلاس, اینستاگرام, ٹیلیگرام, ٹیلی گرام, واٹس ایپ, واٹس اپ, \
     טלגרם, תלגרם, טלגראם, וואטסאפ, ווטסאפ, ווצאפ, וייבר, דיסקורד",
    // Languages of India and its neighbours.
    "टेलीग्राम, टेलिग्राम, व्हाट्सएप, व्हाट्सऐप, वाट्सएप, व्हाट्सअप, थ्रीमा, विकर, स्नैपचैट, डिस्कॉर्ड, इंस्टाग्राम, वाइबर, सेशन आईडी, सिग्नल ऐप, টেলিগ্রাম, হোয়াটসঅ্যাপ, \
     হোয়াটসঅ্যাপ, டெலிகிராம், வாட்ஸ்அப், టెలిగ్రామ్, వాట్సాప్, ടെലിഗ്രാം, ਟੈਲੀਗ੍ਰਾਮ, ટેલિગ્રામ",
    // Greek, Georgian, Armenian, Amharic, Thai, Burmese, Khmer, Lao.
    "τηλεγραμ, βάιμπερ, ტელეგრამი, ტელეგრამ, ვოთსაპი, Տելեգրամ, տելեգրամ, վայբեր, ቴሌግራም, เทเลแกรม, วอทส์แอพ, ไอดีไลน์, เซสชันไอดี, เซสชั่นไอดี, เซสชันid, \
     เซสชั่นid, ซิกแนล, สไกป์, วีแชท, ดิสคอร์ด, တယ်လီဂရမ်, ဗိုင်ဘာ, តេឡេក្រាម, ເທເລແກຣມ",
];

/// Names that are ordinary words or too short, and words for an account: what follows must look like a value, or stand
/// behind a sign. An attribute of this name holds a contact.
pub(super) const AMBIGUOUS: &[&str] = &[
    "wa, zap, kakao, ig, fb, facebook, messenger, discord, imo, twitter, tox, \
     silent phone, olvid, nostr, reddit, tumblr, mastodon, bluesky, tiktok, linkedin, username, user name, nickname, contacts, \
     contact us, email, e-mail, e mail, mail, mailbox, gmail, protonmail, proton, tutanota, outlook, yahoo, hotmail, \
     website, web site, dm, pm",
    // Further languages.
    "contacto, contato, contatto, contactez, iletişim, correo, kontaktní, kontakty, liên hệ, hubungi, kontak, contactați",
    "сигнал, лс, связь, контакт, контакты, ник, почта, мейл, канал, зв'язок, пошта, нік",
    "联系, 联系方式, 聯繫, 加我, 连络, 連絡, 連絡先, 邮箱, 电邮, 電郵, 频道, シグナル, セッション, メール, 문의, 연락, 연락처, 이메일",
    "ويكر, فايبر, سيجنال, سيغنال, تواصل, للتواصل, الايميل, البريد, אינסטגרם, סיגנל, संपर्क, ติดต่อ",
];

/// The same that are words of goods as well: what is plainly one of those is no value behind them.
pub(super) const NOUNS: &[&str] = &[
    "line, signal, session, element, matrix, snap, bat, wire, dust, id, user, handle, nick, contact, site, shop, store, channel, group, bot, link, inbox, \
     add, search, scan, kontakt",
];

/// Ordinary words that name a messenger, or where to look for somebody, only when something like a handle follows. An
/// attribute of this name may hold anything.
pub(super) const ORDINARY: &[&str] = &[
    "teams, band, bale, status, max, riot, threads, yandex, blue plane app, blue plane, paper plane, paper-plane, plane app, \
     blue app, green app, the blue app, the green app, purple app, wh@ts, whats, w@ app, w@app, usual messenger, screen name, screenname, \
     profile, ping, look for, type, at-sign, at sign, write, text, message, msg, write to, hit up, \
     wechat pay id, reddit user, forum user, mailbox is, our desk, jid, mxid, tox id, toxid, session id, \
     simplex link, invite, invitation, promo account, telegram search",
    "lark id, pseudo, apodo, alias, perfil, profil, profilo, schreib, schreib an, escribe a, escreva para, écrire à, \
     écris à, scrivi a, schrijf naar, napisz do, pisz do, yazın, tulis ke, nhắn tin, viết cho, scrie la, scrieți la, napište, pište",
    "v:, v+, +v, макс, 抖音, 快手, 小红书, 闲鱼, 探探, 陌陌, 微博, 脸书, 臉書, 推特, 阿里旺旺, пиши, пишите, пишіть, написать, найди, ищи, профиль, 밴드, 薇, 威, 同号, 搜索号, 账号, 帐号, 搜, 私信, بله, ایمیل, راسلنا, اكتب",
];

/// Short names of messengers that are no words of their own: a number, a value with a sign of one, or a name right behind them.
pub(super) const SHORT: &[&str] = &[
    "tg, t.g, t.g., account there is, name there is, tlgrm, tlg, tgram, wapp, wsp, wpp, insta, kik, vk, qq, vx, wx, v信, kkt, ws app, skp",
    "вк, тг, т.г, т.г., тгк, инста, инсте, инсту, трима, 라인, ライン, ไลน์, 텔레",
];

/// A handle stands before these.
pub(super) const NAMED_BEHIND: &[&str] = &[
    "is our name, is our handle, is our nick, is our id, is our user, is our username, is our account, is our channel, \
     is my name, is my handle, is my nick, is my id, is my user, is my username, is my account, is the handle, \
     is the name, is the id, is the username, is the account, on your usual messenger, on the blue app, on the green app, on the paper plane, on cash tag, \
     on cashtag, ist unser name, ist unser nick, ist mein name, ist mein nick, ist unser konto, es nuestro usuario, \
     es mi usuario, es nuestro nombre, é nosso usuário, é o nosso usuário, est notre pseudo, est notre nom, \
     è il nostro nome, è il nostro nick, is onze naam, is mijn naam, to nasz nick, to nasz login, bizim adımız",
    "наш ник, мой ник, наш логин, наш аккаунт, 是我的号, 是我们的号, 是我的微信, 是我的账号",
];
