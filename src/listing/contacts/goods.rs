//! Words of goods that stand where a contact may: what a name is of, what a thing is made of, how it is.
//!
//! The words are those of the fields and titles of shops in twelve languages; names of people and accounts are none of them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::contacts::tokens::lowered;
use crate::listing::contacts::words::{WordSet, ends_with_one, set};

/// Words before `name` that say that it is one of a thing.
const NAMED: &[&str] = &[
    "product, brand, trade, generic, chemical, common, model, item, iupac, inn, systematic, scientific, botanical, latin, file, domain, host, \
     display, strain, plant, drug, medicine, substance, compound, commercial, shipping, series, colour, color, game, book, song, movie",
];

/// Labels that name a thing or a person.
const BARE: &[&str] = &["name, nombre, nom, nome, nume, nama, имя, ім'я, jméno"];

/// What stands behind the name of a substance.
const DETAILS: [&str; 22] = [
    "cas:",
    "cas no",
    "cas-n",
    "cas n",
    "cas ",
    "formula",
    "formel",
    "fórmula",
    "formule",
    "wzór",
    "формула",
    "formül",
    "molecular",
    "molar",
    "assay",
    "purity",
    "reinheit",
    "pureza",
    "pureté",
    "чистота",
    "einecs",
    "iupac",
];

/// Characters behind a name among which they are looked for.
const BEHIND: usize = 80;

/// Materials, colours, states and other words of goods that follow a word like `handle`, `element` or `store`.
const THINGS: &[&str] = &[
    "gold, golden, silver, copper, brass, bronze, steel, stainless, iron, aluminium, aluminum, titanium, zinc, tin, nickel, chrome, chromium, platinum, lead, \
     wood, wooden, walnut, oak, beech, maple, pine, bamboo, birch, plastic, plastics, rubber, silicone, leather, cotton, wool, linen, nylon, polyester, glass, ceramic, \
     paper, cardboard, concrete, stone, marble, carbon, black, white, red, green, blue, yellow, grey, gray, brown, beige, pink, orange, purple, transparent, clear, \
     dry, cool, cold, dark, warm, wet, closed, inside, outside, indoor, outdoor, warehouse, upright, sealed, manual, automatic, included, none, yes, both, single, double, \
     human, plasma, serum, urine, blood, soil, water, air, food, sand, building, machine, vacuum, chain, cable, lens, spray, cleaner, tools, tool, parts, \
     sterile, powder, liquid, solid, solution, crystal, crystals, tablet, tablets, capsule, capsules",
    "edelstahl, stahl, kupfer, messing, holz, kunststoff, gummi, leder, baumwolle, glas, keramik, schwarz, weiß, rot, grün, blau, silber, trocken, kühl, pulver, \
     oro, plata, cobre, acero, madera, plástico, cuero, algodón, vidrio, negro, blanco, rojo, verde, azul, infantil, seco, polvo, \
     or, argent, cuivre, laiton, acier, bois, plastique, cuir, coton, verre, noir, blanc, rouge, vert, bleu, sec, poudre, \
     ouro, prata, cobre, aço, madeira, couro, algodão, vidro, preto, branco, vermelho, pérola, pó, oro, argento, rame, acciaio, legno, plastica, pelle, cotone, vetro, nero, bianco, rosso, \
     goud, zilver, koper, staal, hout, kunststof, leer, katoen, glas, zwart, wit, rood, groen, blauw, droog, poeder",
    "złoto, srebro, miedź, stal, drewno, plastik, skóra, bawełna, szkło, czarny, biały, czerwony, proszek, золото, серебро, медь, сталь, дерево, пластик, кожа, хлопок, стекло, \
     черный, чёрный, белый, красный, синий, зеленый, порошок, сухой, altın, gümüş, bakır, çelik, ahşap, plastik, deri, pamuk, cam, siyah, beyaz, kırmızı, mavi, yeşil, toz",
];

static IS_NAMED: WordSet = LazyLock::new(|| set(NAMED));
static IS_BARE: WordSet = LazyLock::new(|| set(BARE));
static IS_THING: WordSet = LazyLock::new(|| set(THINGS));
static OF_DETAILS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(DETAILS).expect("a few dozen words make an automaton"));

/// Whether a word in lower case is one of goods that follows an ordinary word for a messenger or an account.
pub(super) fn is_thing(low: &str) -> bool {
    IS_THING.contains(low)
}

/// Whether a name that `label` announces is one of a thing: `Product name: …`, or the first of a substance's particulars.
/// `head` is what stands before the label, `tail` what stands behind the name.
pub(super) fn is_name_of_goods(head: &str, label: &str, tail: &str) -> bool {
    let label = lowered(label);
    let label = label.trim_matches(|c: char| !c.is_alphabetic());
    if !IS_BARE.contains(label) {
        return false;
    }
    let before: String = head.chars().rev().take(BEHIND).take_while(|c| !matches!(c, '\n' | '.' | ';' | ',')).collect();
    let before = lowered(&before.chars().rev().collect::<String>());
    let behind = lowered(&tail.chars().take(BEHIND).collect::<String>());
    ends_with_one(before.trim_end(), &IS_NAMED) || OF_DETAILS.is_match(&behind)
}

/// The family names of some nine in ten people in China, Taiwan and Hong Kong (census of 2020 and the `Hundred Family
/// Surnames`), of both ways of writing, and those of Korea and Japan that begin alike.
const SURNAMES: &str = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹曾彭萧蕭肖蔡潘田董袁于余叶葉蒋蔣杜苏蘇\
    魏程吕呂丁沈任姚卢盧傅钟鐘鍾姜崔谭譚廖范範汪陆陸金石戴贾賈韦韋夏邱方侯邹鄒熊孟秦白江阎閻薛尹段雷黎史龙龍陶贺賀顾顧毛郝龚龔邵万萬钱錢严嚴\
    覃武戚莫孔向汤湯温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢\
    单單季裴霍涂塗成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽时時穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇\
    戚岑景党黨宫宮费費卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺官封谈談\
    佐鈴木高田渡伊山中小加藤松井斎清森橋村石前岡長近坂遠青西福三太原菅上野大久";

/// Whether a name in Han script begins with the family name of somebody.
pub(super) fn begins_with_surname(name: &str) -> bool {
    name.chars().next().is_some_and(|first| SURNAMES.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_things_are_told_from_names_of_people() {
        for (head, label, tail, is) in [
            ("Product ", "name: ", "", true),
            ("Brand ", "Name: ", ". Material: alloy", true),
            ("", "Name: ", ", CAS: 1314-13-2", true),
            ("", "Nombre: ", "; Fórmula: C6H8O7", true),
            ("Contact ", "name: ", "", false),
            ("", "Name: ", ", Telegram below", false),
            ("", "Recipient: ", ", CAS: 1314-13-2", false),
        ] {
            assert_eq!(is_name_of_goods(head, label, tail), is, "{head}{label}…{tail}");
        }
    }
}
