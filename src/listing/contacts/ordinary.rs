//! Ordinary words that stand beside the name of a messenger and are no value. Each list is a text, its words parted by
//! commas; they are the words of the notices and listings of `benchmark/` and of open classifieds, counted by hand.

/// Ordinary words that follow such words and are no value.
pub(super) const PLAIN: &[&str] = &["\
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
    наличные, наличными"];

/// Ordinary words behind a messenger's name that are values only where a sign announces them.
pub(super) const COMMON: &[&str] = &["\
    anytime, asap, directly, direct, privately, private, instantly, immediately, anonymous, secure, secured, safe, \
    safely, encrypted, verified, official, business, enquiry, enquiries, help, assistance, catalog, catalogue, first, \
    replies, response, responses, chatting, hours, hrs, day, days, week, weekly, night, updates, update, news, \
    subscribers, members, member, followers, deals, deal, sell, selling, sold, buyers, buyer, buying, serious, \
    quality, pure, real, legit, trusted, reliable, vendor, supplier, suppliers, manufacturer, factory, desktop, \
    version, sticker, stickers, bots, premium, too, instead, preferably, prefer, possible, works, working, exchange, \
    deposit, deposits, balance, pays, transfers, mini, program, moments, code, music, panel, gas, gruppe, kanal, \
    kontakt, grupo, grupa, groep, canal, privat, privado, privato, directo, immer, jederzeit, siempre, toujours, \
    sempre, altijd, zawsze, hemen, saja, chat aja, style, alike, starts, üzerinden, hattı, hatti, yazın, yazin, dan, \
    certified, key, keys, tube, tubes, motor, motors, antique, sticker pack, serta, karein, karo, pe, par, se"];

/// Han words of payment and trade that stand where a name may: none is one.
pub(super) const TRADE_HAN: &[&str] = &["\
    汇款, 匯款, 付款, 支付, 转账, 轉賬, 收款, 比特币, 比特幣, 西联, 西聯, 速汇, 速匯, 现金, 現金, 银行, 銀行, 微信, 支付宝, 支付寶, 接受, 支持, 可以, \
    可用, 均可, 货币, 貨幣, 加密, 泰达币, 以太坊, 信用卡, 订单, 訂單, 发货, 發貨, 包邮, 价格, 價格, 安全, 快递, 快遞, 方式, 电汇, 電匯, 美元, 人民币, 交易, \
    送金, 支払, 入金, 対応"];

/// Beginnings of ordinary words of scripts with letters other than Latin ones that follow a messenger's name: a word of
/// these languages takes many endings.
pub(super) const STEMS: &[&str] = &[
    // Russian, Ukrainian, Bulgarian.
    "пиш, напис, звон, связ, зв'яз, обращ, зверт, достав, отправ, надсил, заказ, замовл, оформ, оплат, плат, цен, ціна, ціни, прайс, налич, наявн, \
     качеств, якіс, гарант, кругл, цілод, вопрос, питан, канал, груп, чат, бот, менедж, оператор, инф, інф, подроб, детал, номер, и, или, \
     або, та, только, тільки, лично, особ, для, по, в, на, с, з, к, до, от, від, за, без, не, нет, да, есть, можно, мож, быстр, швидк, опт, розниц, \
     скид, знижк, акци, товар, магаз, продаж, продам, продаё, купи, куп, цени, все, всі, весь, мы, ми, вы, ви, наш, ваш, мой, моя, мое, круг, \
     ответ, відпов, работ, прац, время, час, день, дни, конт, сообщ, повідом, веб, приложен, месс, вайбер, ватсап, вотсап, сигнал, почт, \
     телефон, юзер, ник, логин, аккаунт, акк, польз, отзыв, відгук, фото, видео, відео, биткоин, криптов, крипт, карт, перевод, переказ, \
     сбер, киви, курьер, клад, закладк, мини, сегодня, сьогодні, прямо, сразу, одраз, через, тоже, также, так, подпис, новост, новин, \
     ссылк, посилан, код, скан, предпочт, желат, удобн, аноним, безопас, порош, таблет, хими, реактив, сырь, склад, росси, україн, \
     города, город, стран, ждем, ждём, жду, добав, ищи, найд, кто, что, как, где, или, если, при, после, доступ, анон, премиум, стикер, плюс",
    // Arabic, Persian, Urdu.
    "و, أو, او, فقط, على, عبر, من, في, الى, إلى, لل, ال, للطلب, للتواصل, تواصل, متاح, متوفر, اتصل, راسل, ارسل, أرسل, رسائل, جميع, خاص, عام, \
     قناة, مجموعة, بوت, رقم, هاتف, سعر, اسعار, أسعار, توصيل, شحن, دفع, طلب, معنا, لنا, لدينا, مباشر, الآن, الان, سريع, آمن, سری, قیمت, ارسال, \
     سفارش, برای, با, یا, پیام, تماس, کانال, گروه, پرداخت, فروش, خرید, پر, پہ, کریں, رابطہ, نمبر, قیمتیں, میں, کے, کی, سے, یہ, حساب, معرف, يوزر, هنا, ایدی, آیدی, \
     بيتكوين, كاش, ويسترن, تحويل, واتس, سيجنال, سناب, فايبر, نحن, كل, بدون, بعد, قبل, اذا, إذا, نرد, الرد, جاهز, عندنا, موجود, سعودي, خليج",
    // Hebrew.
    "ו, או, רק, ב, ל, מ, ה, ש, כ, של, את, עם, בלבד, הזמנ, הזמי, מחיר, משלוח, תשלום, מזומן, קבוצ, ערוץ, הודע, שלח, דבר, צור, קשר, פרט, זמין, עכשיו, מיידי, מהיר, דיסקרט, איכות, ביטקוין, סיגנל",
    // Hindi and other languages of India.
    "पर, पे, में, से, ग्राहक, खरीद, बेच, सामान, लोग, और, या, के, का, की, को, करें, कर, केवल, सिर्फ, ही, भी, नंबर, संपर्क, मैसेज, संदेश, ऑर्डर, कीमत, दाम, भुगतान, डिलीवरी, डिलिवरी, समूह, ग्रुप, चैनल, \
     चैट, आईडी, हमें, हम, आप, लिखें, उपलब्ध, तुरंत, अभी, लिंक, बॉट, खाता, यूज़र, यूजर, कॉल, फोटो, वीडियो, व्हाट्स, टेली, बिटकॉइन, नकद, द्वारा, जल्दी, है, हैं, এ, এবং, বা, করুন, யில், இல், లో",
    // Greek, Georgian, Armenian, Thai is written without spaces and counted with Han.
    "και, ή, για, με, στο, μόνο, εδώ, παραγγ, τιμ, αποστολ, πληρωμ, επικοιν, μήνυμα, ομάδα, κανάλι, და, ან, მხოლოდ, ფას, և, կամ, միայն",
];

/// Pieces of words in scripts without spaces that follow a messenger's name: what has one in it is no account.
pub(super) const UNSPACED: &[&str] = &["\
    支付, 联系, 聯繫, 聯絡, 读书, 会员, 年卡, 红包, 表情, 客服, 咨询, 諮詢, 公众号, 公眾, 小程序, 小店, 朋友圈, 视频, 群, 扫码, 掃碼, 扫, 二维码, 付款, 转账, 转帐, 下单, 订购, 购买, 销售, 供应, 出售, 现货, 批发, 零售, 代发, \
    优惠, 同款, 同步, 登录, 登陆, 关注, 添加, 请, 可, 或, 和, 及, 与, 在线, 在, 的, 是, 有, 不, 都, 等, 加, 详, 了解, 私聊, 私信, 报价, 询价, 样品, 号码, 电话, 手机, 邮箱, 网, 店, 厂, 公司, 厂家, 直销, 质量, 保证, 纯度, \
    发送, 快速, 免费, 服务, 售后, 平台, 软件, 版, 端, 号, 號, 账, 帐, 消息, 交流, 沟通, 联络, 国内, 国外, 全国, 出口, 仅, 只, 均, 也, 我, 你, 您, 他, 粉, 剂, 酸, 胺, 酮, 醇, 酯, 啶, 嗪, 唑, 苯, 盐, 钠, 原料, 药, 片, 克, 公斤, 元, 折, \
    문의, 연락, 상담, 주문, 구매, 가능, 판매, 가격, 배송, 으로, 에서, 채널, 그룹, 채팅, 링크, 아이디, 추가, 주세요, 환영, 입니다, 이나, 또는, 및, 만, 로, 의, 를, 을, 은, 는, 이, 가, 에, 비전, \
    連絡, 注文, お問い, 問い合わせ, 対応, 価格, 発送, ください, のみ, から, まで, です, ます, グループ, チャンネル, メッセージ, ステッカー, の, で, に, は, を, が, と, も, \
    สั่ง, ราคา, ส่ง, จ่าย, ติดต่อ, สอบถาม, กลุ่ม, ช่อง, ข้อความ, ได้, เท่านั้น, หรือ, และ, ที่, ของ, ขาย, ซื้อ, พร้อม, ทาง, แอด, ทัก, โทร, ครับ, ค่ะ, สินค้า, ด่วน, ฟรี"];

/// Names in Han script that are a messenger's and nothing else: an account in Han may follow with no sign.
pub(super) const SURE_HAN: &[&str] = &[
    "微信, 維信, 维信, 薇信, 徽信, 纸飞机, 紙飛機, 电报, 電報, 微信号, 텔레그램, 카카오톡, 카톡, テレグラム, เทเลแกรม, ไลน์",
];
