#!/usr/bin/env python3
"""Black-box check of one promise of listingwatch: a researcher of the archive cannot read or find a
seller's contact, payment address, name or street, and can still read everything else.

    python3 benchmark/blind/contacts.py BINARY [--errors] [--rows FILE]

Each row of the set (2026-11-28-contacts.jsonl, beside this file, unless --rows names another) is
pushed as one listing of isotonitazene with the row's form in the middle of its text. The archive is
then asked as a researcher: list of hits, each hit where the API offers it, facets, series, every other
list of the API that the role may read, the pages and files of the console, datasets of the API where
offered, and the search for each secret; and `export` as CSV and JSON Lines and `search`, on the
hub's machine. A row fails

    when one of its secrets can be read in an answer, as written or with spaces and signs left out,
    when a search for one of its secrets finds it, or
    when a piece that must stay readable is missing from the text that the researcher sees.

A search that finds more than half of the archive tells nothing and is left out. A row that gave no hit
was not asked and is counted by itself. Handles, numbers and names are invented; listings name
substances only. Written from README.md and CONTRACT.md only.
"""
import argparse
import csv
import html
import html.parser
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request

BINARY = None
HERE = os.path.dirname(os.path.abspath(__file__))
SET = "2026-11-28-contacts.jsonl"
TITLE = "Isotonitazene powder 10 g"
PLATFORM = "shop"

# Sentences around the forms: openings and closings, whose numbers have no common divisor, so that no
# two rows of a language share both.
CARRIERS = {
    "en": ([
        "We have isotonitazene in stock as a pale powder and sell it by the packet.",
        "Buy isotonitazene here, fresh batch from our own warehouse, shipped worldwide.",
        "Isotonitazene for sale again after the summer break, ask for the price list.",
        "New on our page: isotonitazene, sold to anybody, small and large orders welcome.",
        "Our shop supplies isotonitazene to returning customers and to new ones alike.",
        "Looking for isotonitazene? Order it from us today at the best price."], [
        "Parcels leave every weekday in plain envelopes.",
        "Free sample with the first order, discreet packing guaranteed.",
        "Regular buyers get a discount on the third order.",
        "Delivery takes about one week, lost parcels are sent again.",
        "Stock is limited, so order soon."]),
    "zh": ([
        "现货供应 isotonitazene 粉末，质量稳定。",
        "本店长期出售 isotonitazene，价格优惠。",
        "新到一批 isotonitazene，欢迎下单购买。",
        "厂家直销 isotonitazene，全球发货。",
        "出售 isotonitazene，老客户有折扣。"], [
        "隐蔽包装，顺丰发货。",
        "首单免费送样。",
        "丢件包补发，请放心购买。",
        "库存不多，欲购从速。"]),
    "ru": ([
        "Продаём isotonitazene порошком, товар в наличии на складе.",
        "Свежая партия isotonitazene, купить можно уже сегодня.",
        "Изотонитазен (isotonitazene) оптом и в розницу, низкие цены.",
        "Предлагаем isotonitazene новым и постоянным покупателям.",
        "Снова в продаже isotonitazene, отправляем по всей стране."], [
        "Незаметная упаковка, отправка каждый день.",
        "Бесплатный образец к первому заказу.",
        "Постоянным клиентам скидка.",
        "Потерянную посылку вышлем ещё раз."]),
    "uk": ([
        "Продаємо isotonitazene у вигляді порошку, товар є на складі.",
        "Нова партія isotonitazene, замовляйте вже сьогодні.",
        "Пропонуємо isotonitazene оптом і вроздріб за добрими цінами.",
        "Знову у продажу isotonitazene для нових і давніх покупців.",
        "Купуйте isotonitazene у нас, відправляємо всюди."], [
        "Непомітне пакування, відправка щодня.",
        "Безкоштовний зразок до першого замовлення.",
        "Постійним покупцям знижка.",
        "Загублену посилку вишлемо вдруге."]),
    "es": ([
        "Vendemos isotonitazene en polvo, tenemos existencias en almacén.",
        "Lote nuevo de isotonitazene, compra hoy mismo al mejor precio.",
        "Ofrecemos isotonitazene al por mayor y al por menor.",
        "Otra vez a la venta isotonitazene para clientes nuevos y antiguos.",
        "Compre isotonitazene en nuestra tienda, enviamos a todo el mundo."], [
        "Embalaje discreto y envío diario.",
        "Muestra gratis con el primer pedido.",
        "Descuento para quien repite.",
        "Si el paquete se pierde, mandamos otro."]),
    "pt": ([
        "Vendemos isotonitazene em pó, com estoque no armazém.",
        "Lote novo de isotonitazene, compre hoje pelo melhor preço.",
        "Oferecemos isotonitazene no atacado e no varejo.",
        "De volta à venda, isotonitazene para clientes novos e antigos.",
        "Compre isotonitazene na nossa loja, enviamos para todo lugar."], [
        "Embalagem discreta e envio diário.",
        "Amostra grátis no primeiro pedido.",
        "Desconto para quem volta.",
        "Pacote perdido é enviado de novo."]),
    "fr": ([
        "Nous vendons de l'isotonitazene en poudre, disponible en stock.",
        "Nouveau lot d'isotonitazene, commandez aujourd'hui au meilleur prix.",
        "À vendre, isotonitazene en gros et au détail.",
        "De retour en vente, isotonitazene pour anciens et nouveaux clients.",
        "Achetez isotonitazene dans notre boutique, envoi partout."], [
        "Emballage discret et envoi quotidien.",
        "Échantillon gratuit avec la première commande.",
        "Remise pour les habitués.",
        "Un colis perdu est renvoyé."]),
    "de": ([
        "Wir verkaufen Isotonitazene als Pulver, sofort ab Lager.",
        "Neue Charge Isotonitazene eingetroffen, jetzt zum besten Preis bestellen.",
        "Isotonitazene zu verkaufen, kleine und große Mengen.",
        "Wieder im Angebot: Isotonitazene für neue und alte Kunden.",
        "Isotonitazene kaufen Sie bei uns, Versand überallhin."], [
        "Neutrale Verpackung, Versand an jedem Werktag.",
        "Gratisprobe bei der ersten Bestellung.",
        "Stammkunden bekommen Rabatt.",
        "Verlorene Päckchen schicken wir noch einmal."]),
    "nl": ([
        "Wij verkopen isotonitazene als poeder, direct uit voorraad.",
        "Nieuwe partij isotonitazene binnen, bestel vandaag voor de beste prijs.",
        "Te koop isotonitazene, kleine en grote hoeveelheden.",
        "Weer in de aanbieding: isotonitazene voor nieuwe en vaste klanten.",
        "Koop isotonitazene in onze winkel, wij verzenden overal heen."], [
        "Discrete verpakking, elke werkdag verzending.",
        "Gratis monster bij de eerste bestelling.",
        "Vaste klanten krijgen korting.",
        "Een verloren pakje sturen wij opnieuw."]),
    "pl": ([
        "Sprzedajemy isotonitazene w proszku, towar dostępny od ręki.",
        "Nowa partia isotonitazene, zamów dziś w najlepszej cenie.",
        "Na sprzedaż isotonitazene, małe i duże ilości.",
        "Znowu w ofercie isotonitazene dla nowych i stałych klientów.",
        "Kup isotonitazene w naszym sklepie, wysyłamy wszędzie."], [
        "Dyskretne opakowanie, wysyłka codziennie.",
        "Darmowa próbka do pierwszego zamówienia.",
        "Stali klienci mają rabat.",
        "Zgubioną paczkę wyślemy ponownie."]),
    "it": ([
        "Vendiamo isotonitazene in polvere, disponibile in magazzino.",
        "Nuovo lotto di isotonitazene, ordina oggi al miglior prezzo.",
        "In vendita isotonitazene, piccole e grandi quantità.",
        "Di nuovo in offerta isotonitazene per clienti vecchi e nuovi.",
        "Compra isotonitazene nel nostro negozio, spediamo ovunque."], [
        "Imballo discreto e spedizione ogni giorno.",
        "Campione gratuito con il primo ordine.",
        "Sconto per i clienti abituali.",
        "Il pacco smarrito viene rispedito."]),
    "tr": ([
        "Toz halinde isotonitazene satıyoruz, stokta hazır.",
        "Yeni parti isotonitazene geldi, bugün en iyi fiyata sipariş verin.",
        "Satılık isotonitazene, az ve çok miktarda.",
        "Yeni ve eski müşterilere isotonitazene yine satışta.",
        "Isotonitazene dükkânımızdan satın alın, her yere gönderiyoruz."], [
        "Gizli paketleme, her gün kargo.",
        "İlk siparişte ücretsiz numune.",
        "Düzenli alıcıya indirim var.",
        "Kaybolan paket yeniden yollanır."]),
    "ar": ([
        "نبيع isotonitazene على شكل مسحوق، متوفر في المخزن.",
        "دفعة جديدة من isotonitazene، اطلب اليوم بأفضل سعر.",
        "للبيع isotonitazene بكميات صغيرة وكبيرة.",
        "عاد إلى البيع isotonitazene للزبائن الجدد والقدامى.",
        "اشتر isotonitazene من متجرنا، الشحن إلى كل مكان."], [
        "تغليف سري وشحن كل يوم.",
        "عينة مجانية مع أول طلب.",
        "خصم للزبون الدائم.",
        "الطرد الضائع نرسله مرة أخرى."]),
    "hi": ([
        "हम isotonitazene पाउडर बेचते हैं, माल गोदाम में तैयार है।",
        "isotonitazene की नई खेप आई है, आज ही सबसे अच्छे दाम पर खरीदें।",
        "बिक्री के लिए isotonitazene, कम और ज़्यादा मात्रा में।",
        "नए और पुराने ग्राहकों के लिए isotonitazene फिर बिक रहा है।",
        "हमारी दुकान से isotonitazene खरीदें, हर जगह भेजते हैं।"], [
        "सादी पैकिंग, रोज़ डिलीवरी।",
        "पहले ऑर्डर पर मुफ़्त नमूना।",
        "पक्के ग्राहकों को छूट मिलती है।",
        "खोया पार्सल दोबारा भेजा जाता है।"]),
    "id": ([
        "Kami jual isotonitazene bubuk, barang siap di gudang.",
        "Stok baru isotonitazene, pesan hari ini dengan harga terbaik.",
        "Dijual isotonitazene, partai kecil dan besar.",
        "Tersedia lagi isotonitazene untuk pelanggan baru dan lama.",
        "Beli isotonitazene di toko kami, kirim ke mana saja."], [
        "Kemasan rahasia, kirim setiap hari.",
        "Sampel gratis untuk pesanan pertama.",
        "Pelanggan tetap dapat diskon.",
        "Paket hilang dikirim ulang."]),
    "vi": ([
        "Chúng tôi bán isotonitazene dạng bột, có sẵn trong kho.",
        "Lô isotonitazene mới về, đặt hàng hôm nay giá tốt nhất.",
        "Cần bán isotonitazene, số lượng ít và nhiều.",
        "Đã có lại isotonitazene cho khách mới và khách quen.",
        "Mua isotonitazene tại cửa hàng, giao đi khắp nơi."], [
        "Đóng gói kín đáo, gửi hàng mỗi ngày.",
        "Tặng mẫu miễn phí cho đơn đầu tiên.",
        "Khách quen được giảm giá.",
        "Thất lạc thì gửi lại."]),
    "ro": ([
        "Vindem isotonitazene pulbere, marfă disponibilă în depozit.",
        "Lot nou de isotonitazene, comandă azi la cel mai bun preț.",
        "De vânzare isotonitazene, cantități mici și mari.",
        "Din nou în ofertă isotonitazene pentru clienți noi și vechi.",
        "Cumpără isotonitazene din magazinul nostru, livrăm oriunde."], [
        "Ambalaj discret, expediere zilnică.",
        "Mostră gratuită la prima comandă.",
        "Reducere pentru clienții fideli.",
        "Coletul pierdut se trimite din nou."]),
    "cs": ([
        "Prodáváme isotonitazene v prášku, zboží je skladem.",
        "Nová šarže isotonitazene, objednejte dnes za nejlepší cenu.",
        "Na prodej isotonitazene, malá i velká množství.",
        "Opět v nabídce isotonitazene pro nové i stálé zákazníky.",
        "Kupte isotonitazene v našem obchodě, posíláme kamkoli."], [
        "Diskrétní balení, odesíláme denně.",
        "Vzorek zdarma k první objednávce.",
        "Stálí zákazníci mají slevu.",
        "Ztracený balík pošleme znovu."]),
}


class Broken(Exception):
    """The hub could not be set up or asked, so the set says nothing."""


# ---------------------------------------------------------------------------------------------- text

def normal(text):
    """What a reader sees: compatibility forms, no invisible signs, no case, single spaces."""
    text = unicodedata.normalize("NFKC", html.unescape(text))
    text = "".join(
        str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text
        if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text.casefold())).strip()


def squeezed(text):
    """Letters, digits and the sign of blotting only."""
    return "".join(c for c in normal(text) if c.isalnum() or unicodedata.category(c).startswith("M") or "\u2580" <= c <= "\u259f")


def readable(secret, text, whole_words=False):
    """Whether the text shows the secret, as written or without its spaces and signs."""
    plain, small = normal(secret), squeezed(secret)
    if whole_words:
        return re.search(r"(?<![a-z0-9])" + re.escape(plain) + r"(?![a-z0-9])", normal(text)) is not None
    return plain in normal(text) or (len(small) >= 6 and small in squeezed(text))


class Row:
    def __init__(self, data, opening, closing):
        self.id, self.lang, self.kind = data["id"], data["lang"], data["kind"]
        self.form, self.secret, self.keep = data["form"], data["secret"], data["keep"]
        self.opening, self.closing = opening, closing
        self.text = "%s %s %s" % (opening, self.form, closing)
        self.why, self.shown, self.hit, self.damaged = [], None, None, False

    def fail(self, why):
        if why not in self.why:
            self.why.append(why)


def read_rows(path):
    rows, counts = [], {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.strip():
                continue
            data = json.loads(line)
            openings, closings = CARRIERS[data["lang"]]
            n = counts[data["lang"]] = counts.get(data["lang"], -1) + 1
            if n >= len(openings) * len(closings):
                raise Broken("too many rows in " + data["lang"])
            row = Row(data, openings[n % len(openings)], closings[n % len(closings)])
            for secret in row.secret:
                if readable(secret, TITLE + " " + row.opening + " " + row.closing):
                    raise Broken("%s: the sentences around the form have `%s`" % (row.id, secret))
            rows.append(row)
    return rows


class Finder:
    """Says to which row a shown text belongs."""

    def __init__(self, rows):
        self.rows = {(normal(r.opening), normal(r.closing)): r for r in rows}
        self.openings = sorted({o for o, _ in self.rows}, key=len, reverse=True)
        self.closings = sorted({c for _, c in self.rows}, key=len, reverse=True)
        self.hits = {}

    def segments(self, text):
        """[(row, its part of the text)] and what is left of the text."""
        text, found, rest, at = normal(text), [], [], 0
        starts = sorted({(m.start(), o) for o in self.openings for m in re.finditer(re.escape(o), text)})
        for n, (start, opening) in enumerate(starts):
            if start < at:
                continue
            limit = starts[n + 1][0] if n + 1 < len(starts) else len(text)
            ends = [(e, c) for c in self.closings for e in [text.find(c, start + len(opening), limit)] if e >= 0 and (opening, c) in self.rows]
            if not ends:
                continue
            end, closing = min(ends)
            rest.append(text[at:start])
            at = end + len(closing)
            found.append((self.rows[opening, closing], text[start:at]))
        rest.append(text[at:])
        return found, "\n".join(rest)

    def row(self, record):
        """The row of a record of the archive, by its sentences or by the hit's identifier."""
        text = normal(str(record.get("text") or ""))
        for (opening, closing), row in self.rows.items():
            if opening in text and closing in text:
                return row
        return self.hits.get(record.get("id"))


# -------------------------------------------------------------------------------------------- console

class Document(html.parser.HTMLParser):
    """The text, links and forms of a page, and what its attributes say."""

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.words, self.links, self.forms, self.silent = [], [], [], 0
        self.feed(data.decode("utf-8", "replace"))

    def handle_starttag(self, tag, attributes):
        given = {k: v or "" for k, v in attributes}
        if tag in ("script", "style"):
            self.silent += 1
        for name in ("title", "alt", "aria-label", "content", "data-text"):
            if given.get(name):
                self.words.append(" \n " + given[name] + " \n ")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append({"action": given.get("action", ""), "fields": []})
        if tag == "input" and self.forms:
            self.forms[-1]["fields"].append((given.get("type", "text").lower(), given.get("name"), given.get("value", "")))

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        if tag in ("p", "li", "td", "th", "div", "h1", "h2", "h3", "dd", "dt", "article", "a"):
            self.words.append(" ")

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


class Browser:
    """A researcher with a browser that keeps cookies and runs no scripts."""

    def __init__(self, hub):
        self.hub, self.cookies, self.at = hub, {}, "/"

    def open(self, address, fields=None):
        """status, type, bytes; redirects within the hub are followed"""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        for _ in range(12):
            parts = urllib.parse.urlsplit(urllib.parse.urljoin(self.hub.url + self.at, address))
            path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
            head = {"Accept": "text/html,*/*;q=0.5", "Referer": self.hub.url + self.at}
            if self.cookies:
                head["Cookie"] = "; ".join("%s=%s" % c for c in self.cookies.items())
            if data is not None:
                head.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.hub.url, "Sec-Fetch-Site": "same-origin"})
            try:
                answer = urllib.request.build_opener(Stay).open(urllib.request.Request(self.hub.url + path, data=data, headers=head), timeout=60)
            except urllib.error.HTTPError as e:
                answer = e
            content, status = answer.read(), answer.code
            if status == 429:
                time.sleep(min(5, float(answer.headers.get("Retry-After") or 1)))
                continue
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = line.split(";")[0].partition("=")
                self.cookies[name.strip()] = value.strip()
            self.at = path
            if status in (301, 302, 303, 307, 308) and answer.headers.get("Location"):
                address = answer.headers["Location"]
                if status not in (307, 308):
                    data = None
                continue
            return status, answer.headers.get("Content-Type", ""), content
        return 0, "", b""

    def sign_in(self, token):
        for place in ("/", "/login", "/sign-in", "/signin", "/console"):
            _, _, content = self.open(place)
            for form in Document(content).forms:
                if any(kind == "password" for kind, _, _ in form["fields"]):
                    fields = [(name, token if kind == "password" else value) for kind, name, value in form["fields"] if name and kind in ("password", "hidden", "text")]
                    status, _, landed = self.open(form["action"] or self.at, fields)
                    if status == 200 and not any(k == "password" for f in Document(landed).forms for k, _, _ in f["fields"]):
                        return
        raise Broken("the console does not let a researcher in")


# ------------------------------------------------------------------------------------------------ hub

class Hub:
    """A folder with settings, one platform file and a data directory, and the program run in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="contacts-")
        self.process, self.url, self.tokens = None, None, {}
        os.mkdir(self.dir + "/seeds")
        with open(self.dir + "/listingwatch.toml", "w") as f:
            f.write('[sender]\nname = "Office for Control"\naddress = "1 Harbour Road"\ncontact = "desk@office.example.test"\n')
        with open("%s/seeds/%s.toml" % (self.dir, PLATFORM), "w") as f:
            f.write("\n".join([
                '[platform]', 'id = "%s"' % PLATFORM, 'name = "Shop"', 'kind = "b2b"', 'hosts = ["shop.example.test"]',
                'country = "NL"', 'languages = ["en"]',
                '[agreement]', 'basis = "memorandum"', 'uses = ["referral", "research"]', 'reference = "Agreement 7"',
                'authority = "Office for Control"', 'valid_from = 2024-01-01', 'valid_until = 2039-12-31',
                'contact = "safety@shop.example.test"',
                '[crawl]', 'start = ["https://shop.example.test/"]',
                '[referral]', 'channels = ["feed"]', 'jurisdictions = ["INT"]']) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *args):
        return subprocess.run([BINARY, *args], cwd=self.dir, capture_output=True, timeout=300)

    def text(self, *args):
        done = self.run(*args)
        if done.returncode != 0:
            raise Broken("`%s` ended with %d: %s" % (" ".join(args), done.returncode, done.stderr.decode("utf-8", "replace")[-300:]))
        return done.stdout.decode("utf-8", "replace")

    def token(self, role):
        if role not in self.tokens:
            args = ["token", "create", "--role", role, "--owner", "owner-of-" + role, "--json"]
            if role == "platform":
                args += ["--platform", PLATFORM]
            self.tokens[role] = json.loads(self.text(*args))["token"]
        return self.tokens[role]

    def serve(self):
        log = self.dir + "/serve.log"
        with open(log, "wb") as f:
            self.process = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0"], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        until, said = time.time() + 60, ""
        while time.time() < until:
            with open(log, "rb") as f:
                said = f.read().decode("utf-8", "replace")
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            if found:
                self.url = found.group(0)
                try:
                    urllib.request.urlopen(self.url + "/healthz", timeout=5).read()
                    return
                except urllib.error.HTTPError:
                    return
                except OSError:
                    pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise Broken("serve gave no address: " + said[-300:])

    def call(self, path, role, body=None):
        """status, headers, bytes"""
        head = {"Authorization": "Bearer " + self.token(role)}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        address = path if path.startswith(self.url) else self.url + path
        for _ in range(60):
            try:
                with urllib.request.urlopen(urllib.request.Request(address, data=data, headers=head), timeout=60) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as e:
                content = e.read()
                if e.code != 429:
                    return e.code, e.headers, content
                time.sleep(min(5, float(e.headers.get("Retry-After") or 1)))
        raise Broken("the hub answers 429 to everything")

    def hits(self, role, query=None, limit=200):
        """All hits that match; None when the query is refused."""
        out, cursor = [], None
        while True:
            ask = {"limit": str(limit)}
            if query is not None:
                ask["q"] = query
            if cursor:
                ask["cursor"] = cursor
            status, _, content = self.call("/api/v1/hits?" + urllib.parse.urlencode(ask), role)
            if status == 400 and query is not None:
                return None
            if status != 200:
                raise Broken("the list of hits answered %d: %s" % (status, content[:200].decode("utf-8", "replace")))
            page = json.loads(content)
            out += page["hits"]
            cursor = page.get("next")
            if not cursor or not page["hits"]:
                return out


# ---------------------------------------------------------------------------------------------- doors

UNREAD = {"id", "referral", "payload_digest", "digest", "watchlist", "score", "first_seen", "last_seen", "gone_at", "url", "cursor", "next", "retrieved", "seen"}


def words_of(value):
    """All strings of a record but identifiers, digests and times."""
    if isinstance(value, dict):
        return "\n".join(words_of(v) + "\n" + str(k) for k, v in value.items() if k not in UNREAD)
    if isinstance(value, (list, tuple)):
        return "\n".join(words_of(v) for v in value)
    return value if isinstance(value, str) else ""


class Check:
    def __init__(self, hub, rows):
        self.hub, self.rows, self.finder = hub, rows, Finder(rows)
        self.doors, self.notes = {}, []

    def look(self, row, text, door):
        for secret in row.secret:
            if readable(secret, text):
                row.fail("`%s` can be read in %s" % (secret, door))

    def everywhere(self, text, door):
        for row in self.rows:
            for secret in row.secret:
                if readable(secret, text, whole_words=True):
                    row.fail("`%s` can be read in %s" % (secret, door))

    def records(self, records, door):
        """Records of the archive; each is compared with its row, the rest with all."""
        for record in records:
            row = self.finder.row(record)
            if row:
                self.look(row, words_of(record), door)
                self.doors.setdefault(door, set()).add(row.id)
            else:
                self.everywhere(words_of(record), door)

    def document(self, text, door):
        found, rest = self.finder.segments(text)
        for row, part in found:
            self.look(row, part, door)
            self.doors.setdefault(door, set()).add(row.id)
        self.doors.setdefault(door, set())
        self.everywhere(rest, door)

    def content(self, content, kind, door):
        """A file or an answer, whatever its form."""
        text = content.decode("utf-8-sig", "replace")
        if "html" in kind:
            page = Document(content)
            self.document(page.text, door)
            return page
        if "csv" in kind:
            csv.field_size_limit(1 << 24)
            return self.records(list(csv.DictReader(io.StringIO(text))), door)
        try:
            data = json.loads(text)
        except ValueError:
            try:
                data = [json.loads(line) for line in text.splitlines() if line.strip()]
            except ValueError:
                return self.document(text, door)
        if isinstance(data, dict):
            lists = [v for v in data.values() if isinstance(v, list)]
            listed = next((v for v in lists if v and all(isinstance(r, dict) and "text" in r for r in v)), None)
            if listed is not None:
                self.records(listed, door)
                return self.everywhere(words_of({k: v for k, v in data.items() if v is not listed}), door)
            data = [data]
        self.doors.setdefault(door, set())
        if isinstance(data, list):
            self.records([r if isinstance(r, dict) else {"value": r} for r in data], door)

    # each door by itself

    def listing(self):
        for hit in self.hub.hits("authority"):
            name = str(hit.get("url") or "").rsplit("/", 1)[-1]
            for row in self.rows:
                if row.id == name:
                    self.finder.hits[hit["id"]] = row
        self.all = self.hub.hits("researcher")
        self.records(self.all, "the list of hits")
        for hit in self.all:
            row = self.finder.row(hit)
            if not row:
                continue
            row.shown, row.hit = str(hit.get("text") or ""), hit.get("id")
            shown = normal(str(hit.get("title") or "") + "\n" + row.shown)
            given = TITLE + "\n" + row.text
            for secret in sorted(row.secret, key=len, reverse=True):
                given = given.replace(secret, " ")
            given = normal(given)
            for piece in row.keep:
                if shown.count(normal(piece)) < given.count(normal(piece)):
                    row.fail("`%s` is missing from the text" % piece)
            row.damaged = normal(row.opening) not in shown or normal(row.closing) not in shown

    def routes(self):
        status, _, content = self.hub.call("/api/openapi.json", "researcher")
        paths = json.loads(content)["paths"] if status == 200 else {}
        for path, methods in sorted(paths.items()):
            if "get" not in methods or "stream" in path or "openapi" in path or path in ("/api/v1/hits", "/api/v1/watchlist", "/metrics"):
                continue
            if "{" not in path:
                status, head, content = self.hub.call(path, "researcher")
                if status == 200:
                    self.content(content, head.get("Content-Type", ""), "GET " + path)
            elif re.fullmatch(r".*/hits/\{[^}]*\}(/[a-z-]+)?", path):
                for row in self.rows:
                    if row.hit:
                        status, head, content = self.hub.call(re.sub(r"\{[^}]*\}", row.hit, path), "researcher")
                        if status == 200:
                            self.content(content, head.get("Content-Type", ""), "GET " + path)
        for path, methods in sorted(paths.items()):
            if path.endswith("/exports") and "post" in methods:
                for form in ("jsonl", "csv"):
                    self.dataset(path, methods["post"], form, paths)

    def dataset(self, path, described, form, paths):
        """A dataset by the API: asked for, waited for and fetched, in whatever way the hub describes."""
        text = json.dumps(described.get("requestBody", {}))
        body = {"format": form}
        if '"query"' in text:
            body["query"] = ""
        status, head, content = self.hub.call(path, "researcher", body)
        if status not in (200, 201, 202):
            self.notes.append("POST %s as %s answered %d to a researcher" % (path, form, status))
            return
        door = "POST %s as %s" % (path, form)
        kind = head.get("Content-Type", "")
        if "csv" in kind or "ndjson" in kind or "jsonl" in kind:
            self.content(content, kind, door)
            return
        try:
            answer = json.loads(content)
        except ValueError:
            self.content(content, kind, door)
            return
        places = [head.get("Location") or ""] + [v for v in answer.values() if isinstance(v, str)] if isinstance(answer, dict) else []
        names = [answer[k] for k in ("id", "export", "dataset") if isinstance(answer, dict) and isinstance(answer.get(k), str)]
        for described_path in paths:
            if "get" in paths[described_path] and re.search(r"/(exports|datasets)/\{[^}]*\}", described_path):
                places += [re.sub(r"\{[^}]*\}", urllib.parse.quote(n), described_path, count=1) for n in names]
        until, got = time.time() + 30, False
        while time.time() < until and not got:
            for place in places:
                if "{" in place or not (place.startswith("/") or place.startswith(self.hub.url)):
                    continue
                status, head, content = self.hub.call(place, "researcher")
                if status == 200 and TITLE.encode() in content:
                    self.content(content, head.get("Content-Type", "") if form == "jsonl" else "text/csv", door)
                    got = True
            time.sleep(0.5)
        if not got:
            self.notes.append("%s: no dataset was found at what it answered" % door)

    def console(self):
        browser = Browser(self.hub)
        browser.sign_in(self.hub.token("researcher"))
        start, seen, queue = browser.at, set(), [browser.at, "/console/archive"]
        hits = {r.hit for r in self.rows if r.hit}
        while queue and len(seen) < 600:
            path = queue.pop(0)
            if path in seen:
                continue
            seen.add(path)
            browser.at = start
            status, kind, content = browser.open(path)
            if status != 200:
                continue
            is_file = "html" not in kind
            page = self.content(content, kind, "the console's file" if is_file else "the console's pages")
            for href in page.links if page else ():
                place = urllib.parse.urljoin(self.hub.url + browser.at, href).split("#")[0]
                to = place[len(self.hub.url):]
                if not place.startswith(self.hub.url + "/") or re.search(r"log-?out|sign-?out|watchlist", to):
                    continue
                if re.search(r"format=|[?&](cursor|page|after|before)=|/(archive|hits|datasets|emerging)$", to) or any(h in to for h in hits):
                    queue.append(to)

    def machine(self):
        """The commands on the hub's machine, which have no contacts either."""
        self.content(self.hub.text("export", "--format", "csv").encode(), "text/csv", "export --format csv")
        self.content(self.hub.text("export", "--format", "jsonl").encode(), "application/x-ndjson", "export --format jsonl")
        self.content(self.hub.text("search", "isotonitazene", "--limit", "1000", "--json").encode(), "application/x-ndjson", "search --json")
        self.document(self.hub.text("search", "isotonitazene", "--limit", "1000"), "search")

    def searches(self):
        """Each secret as a query: whole as a phrase, and by itself when it is one word."""
        asked = useless = refused = 0
        for row in self.rows:
            if not row.hit:
                continue
            for secret in row.secret:
                plain = secret.replace('"', " ").replace("\\", " ")
                queries = ['"%s"' % plain] + ([plain] if plain.isalnum() else [])
                for query in queries:
                    found = self.hub.hits("researcher", query, limit=1000)
                    asked += 1
                    if found is None:
                        refused += 1
                        continue
                    if len(found) * 2 > max(len(self.all), 8):
                        useless += 1
                        continue
                    if any(self.finder.row(h) is row or h.get("id") == row.hit for h in found):
                        row.fail("a search for %s finds it" % query)
                    for path in ("/api/v1/hits/facets", "/api/v1/hits/series"):
                        status, _, content = self.hub.call(path + "?" + urllib.parse.urlencode({"q": query}), "researcher")
                        if status != 200:
                            continue
                        data = json.loads(content)
                        counted = data.get("counted", 0) if isinstance(data, dict) else sum(e.get("hits", 0) for e in data)
                        if counted > len(found):
                            row.fail("%s counts it for %s" % (path, query))
        self.notes.append("%d searches, of which %d were refused and %d found more than half" % (asked, refused, useless))


def main():
    global BINARY
    parser = argparse.ArgumentParser(description="Whether researchers of the archive can read or find contacts.")
    parser.add_argument("binary")
    parser.add_argument("--errors", action="store_true", help="print each row that failed, and why")
    parser.add_argument("--rows", default=os.path.join(HERE, SET), help="another set of rows")
    options = parser.parse_args()
    BINARY = os.path.abspath(options.binary)
    for name in [n for n in os.environ if n.startswith("LISTINGWATCH_")]:
        del os.environ[name]
    try:
        rows = read_rows(options.rows)
        with Hub() as hub:
            hub.token("researcher"), hub.token("platform"), hub.token("authority")
            hub.serve()
            listings = [{"id": r.id, "url": "https://shop.example.test/p/" + r.id, "title": TITLE, "text": r.text, "lang": r.lang} for r in rows]
            for n in range(0, len(listings), 100):
                part = listings[n:n + 100]
                status, _, content = hub.call("/api/v1/listings", "platform", part)
                if status not in (200, 201, 202) or json.loads(content).get("taken") != len(part):
                    raise Broken("the listings were not all taken: %d %s" % (status, content[:300].decode("utf-8", "replace")))
            before, until = -1, time.time() + 60
            while time.time() < until:
                now = len(hub.hits("researcher"))
                if now >= len(rows) or (now == before and time.time() > until - 45):
                    break
                before = now
                time.sleep(1)
            check = Check(hub, rows)
            check.listing()
            check.routes()
            check.console()
            check.machine()
            check.searches()
    except Broken as e:
        print("NOT TESTED: %s" % e)
        return 2

    asked = [r for r in rows if r.shown is not None]
    if options.errors:
        for row in rows:
            if row.shown is None:
                print("NO HIT %s %s %s: %s" % (row.id, row.lang, row.kind, row.form))
            elif row.why:
                print("MISS %s %s %s" % (row.id, row.lang, row.kind))
                print("    form:  %s" % row.form.replace("\n", " "))
                print("    shown: %s" % row.shown.replace("\n", " "))
                for why in row.why:
                    print("    %s" % why)
            elif row.damaged:
                print("NOTE %s %s %s: words around the form are gone: %s" % (row.id, row.lang, row.kind, row.shown.replace("\n", " ")))
        for door, seen in sorted(check.doors.items()):
            print("asked: %s (%d rows)" % (door, len(seen)))
        for note in check.notes:
            print("note: %s" % note)
    forms = [r for r in asked if r.secret]
    ordinary = [r for r in asked if not r.secret]
    leaked = [r for r in forms if any("missing" not in w for w in r.why)]
    print("forms: %d of %d kept from researchers with the rest readable (%d can be read or found, %d lost a word that must stay)" % (
        sum(not r.why for r in forms), len(forms), len(leaked), sum(any("missing" in w for w in r.why) for r in forms)))
    print("ordinary: %d of %d left whole" % (sum(not r.why for r in ordinary), len(ordinary)))
    print("no hit, not asked: %d; sentences around the form damaged: %d" % (len(rows) - len(asked), sum(r.damaged for r in asked)))
    return 0 if len(asked) == len(rows) and not any(r.why for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
