use super::*;

#[test]
fn the_builtin_list_is_whole() {
    let list = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(list.substances.len() > 1500 && list.equipment.len() >= 20 && list.classes.len() > 15);
    assert!(list.version().starts_with("2026.11.0+sha256:"));
    assert_eq!(list.lookup("Isotonitazene")[0].id, "isotonitazene");
    assert_eq!(list.lookup("14188-81-9")[0].id, "isotonitazene");
}

#[test]
fn what_the_build_wrote_is_what_the_files_say() {
    let read = Watchlist::read(&builtin::files()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let built = Watchlist::parse(&builtin::files()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(built.version(), read.version());
    assert_eq!(format!("{built:?}"), format!("{read:?}"));
}

#[test]
fn mistakes_have_a_place() {
    let text =
        "[[substance]]\nid = \"abc\"\nname = \"Abc\"\nclass = \"nps\"\nuse = \"none-known\"\ncas = [\"14188-81-8\"]\n";
    let problems = Watchlist::parse(&[("substances/x.toml".into(), text.into())]).unwrap_err();
    let wrong = problems.iter().find(|p| p.message.contains("check digit")).unwrap();
    assert_eq!((wrong.line, wrong.column), (6, 9));
    let problems = Watchlist::parse(&[("substances/x.toml".into(), "[[substance]]\nidd = 1\n".into())]).unwrap_err();
    assert!(problems.iter().any(|p| p.message.contains("unknown field") && p.line == 2), "{problems:?}");
}
