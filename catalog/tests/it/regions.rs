//! Regional overlays: who goes over whom, what may change, and where a mistake is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;
use yici_catalog::{Answer, Answers, Catalog, LoadError, Matter, Situation, State};

use crate::support::{TODAY, answers, damaged, good};

/// The good catalogue with overlays: path under `regions/`, and text.
struct Overlaid {
    dir: tempfile::TempDir,
}

impl Overlaid {
    fn new(overlays: &[(&str, &str)]) -> Overlaid {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("samples")).unwrap();
        for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
            fs::copy(good().join(name), dir.path().join(name)).unwrap();
        }
        for (path, text) in overlays {
            let path = dir.path().join("regions").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Overlaid { dir }
    }

    fn load(&self, region: &str) -> Result<Catalog, LoadError> {
        Catalog::load_region(self.dir.path(), Some(region))
    }

    fn demo(&self, region: &str) -> Matter {
        match self.load(region) {
            Ok(catalog) => catalog.matters[0].clone(),
            Err(e) => panic!("{}", e.render(yici_catalog::Lang::En)),
        }
    }

    fn findings(&self, region: &str) -> Vec<String> {
        match self.load(region) {
            Ok(_) => Vec::new(),
            Err(e) => e.findings.iter().map(|f| f.line()).collect(),
        }
    }
}

const NAMED: &str = "format = 1\nregion = { zh = \"某省\", en = \"A province\" }\n";

#[test]
fn the_nearer_goes_over_the_farther() {
    let guide =
        |days: u32| format!("format = 1\nid = \"demo\"\n[guide]\npromised_working_days = {days}\n");
    let (province, city) = (guide(10), guide(12));
    let all = Overlaid::new(&[
        ("440000/catalogue.toml", NAMED),
        (
            "440000/demo.toml",
            &(province.clone() + "postcode = \"510000\"\n"),
        ),
        ("440300/demo.toml", &city),
        ("370000/demo.toml", &guide(14)),
    ]);
    let told = |region: &str| {
        let guide = all.demo(region).guide;
        (guide.promised_working_days, guide.postcode)
    };
    assert_eq!(told("440000"), (10, "510000".to_owned()));
    assert_eq!(told("440300"), (12, "510000".to_owned()));
    // A county without overlays has its city's, a city its province's.
    assert_eq!(told("440305"), (12, "510000".to_owned()));
    assert_eq!(told("440100"), (10, "510000".to_owned()));
    let catalog = all.load("440305").unwrap();
    assert_eq!(catalog.region_code, "440305");
    assert_eq!(catalog.region.zh, "某省");
    // The catalogue's own region lies in 37.
    let own = Catalog::load(all.dir.path()).unwrap();
    assert_eq!(own.matters[0].guide.promised_working_days, 14);
    assert_eq!(own.region_code, "370100");
}

/// Changes, additions and removals that all hold.
const OVERLAY: &str = r#"
format = 1
id = "demo"
add = ["question:place/option:ship", "window:ship", "field:nickname"]
remove = ["material:birth-record", "material:marriage-certificate/blank_form", "field:spouse-name", "item:registration/in_person", "item:registration/in_person_why"]
keywords = ["添丁"]
[[question]]
id = "place"
text = { zh = "在哪儿生的？", en = "Born where?" }
[[question.option]]
id = "home"
text = { zh = "家中", en = "At home" }
[[question.option]]
id = "ship"
text = { zh = "船上", en = "On a ship" }
phrase = { zh = "在船上出生", en = "born on a ship" }
[[window]]
id = "ship"
when = { place = ["ship"] }
reason = { zh = "船上", en = "Ship" }
where = { zh = "码头", en = "Harbour" }
[[item]]
id = "registration"
working_days = 2
[[field]]
id = "nickname"
label = { zh = "小名", en = "Nickname" }
kind = "text"
group = { zh = "孩子", en = "Child" }
items = ["certificate"]
"#;

#[test]
fn entries_change_come_and_go_by_their_ids() {
    let all = Overlaid::new(&[
        ("440000/catalogue.toml", NAMED),
        ("440000/demo.toml", OVERLAY),
    ]);
    let demo = all.demo("440000");
    let place = demo.question("place").unwrap();
    assert_eq!(place.text.zh, "在哪儿生的？");
    assert!(place.unsure.is_some(), "what is not said stays");
    let options: Vec<(&str, &str)> = place
        .options
        .iter()
        .map(|o| (o.id.as_str(), o.text.as_ref().unwrap().en.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            ("hospital", "Hospital"),
            ("home", "At home"),
            ("abroad", "Abroad"),
            ("ship", "On a ship")
        ]
    );
    assert!(place.option("home").unwrap().phrase.is_some());
    assert!(demo.material("birth-record").is_none());
    let marriage = demo.material("marriage-certificate").unwrap();
    assert!(marriage.blank_form.is_none() && marriage.later.is_some());
    assert!(demo.field("spouse-name").is_none());
    assert!(demo.field("nickname").is_some());
    let registration = demo.item("registration").unwrap();
    assert_eq!(registration.working_days, 2);
    assert!(!registration.in_person);
    assert_eq!(registration.name.en, "Household registration");
    assert_eq!(demo.keywords, ["添丁"]);
    let state = demo
        .interview(&answers(json!({"place": "ship"})), TODAY)
        .state;
    assert!(matches!(state, State::Window { id: Some(id), .. } if id == "ship"));
    // The catalogue as it is knows nothing of it.
    let own = Catalog::load(all.dir.path()).unwrap();
    assert!(own.matters[0].field("nickname").is_none());
    assert_eq!(own.search("添丁").len(), 0);
    assert_eq!(all.load("440000").unwrap().search("添丁").len(), 1);
}

/// What is wrong with an overlay of `demo.toml`: its lines after the head, and the findings.
const MISTAKES: &[(&str, &[&str])] = &[
    (
        "[[item]]\nid = \"registraton\"\nworking_days = 2",
        &["4:6: unknown-reference: there is no item `registraton` to change"],
    ),
    (
        "add = [\"item:payment\"]\n[[item]]\nid = \"payment\"\nworking_days = 2",
        &["5:6: duplicate-id: `item:payment` is there already: it cannot be added"],
    ),
    (
        "add = [\"item:nothing\"]",
        &["3:8: unknown-reference: `add` names `item:nothing`, which this file does not have"],
    ),
    (
        "remove = [\"material:nothing\"]",
        &["3:11: unknown-reference: there is no `material:nothing` to take away"],
    ),
    (
        "remove = [\"material\", \"guide/code/x\", \"\"]",
        &[
            "3:23: unknown-reference: there is no `guide/code/x` to take away",
            "3:39: bad-length: an entry of `remove` is empty",
            "3:39: unknown-reference: there is no `` to take away",
        ],
    ),
    (
        "colour = \"red\"",
        &["3:1: unknown-key: the file has no key `colour`"],
    ),
    (
        "[[item]]\nworking_days = 2",
        &["3:1: missing-key: `item` lacks `id`"],
    ),
    // Found in what was merged, told where it comes from.
    (
        "[guide]\npromised_working_days = 1",
        &[
            "4:25: promise-too-short: 1 working days are promised, and the longest path of situation `local.yes-none` takes 6",
        ],
    ),
    (
        "[[item]]\nid = \"refund\"\nunit = \"moon\"",
        &["5:8: unknown-reference: there is no unit `moon`"],
    ),
    (
        "add = [\"item:more\"]\n[[item]]\nid = \"more\"\nname = { zh = \"更多\", en = \"More\" }",
        &[
            "4:1: missing-key: `item` lacks `kind`",
            "4:1: missing-key: `item` lacks `result`",
            "4:1: missing-key: `item` lacks `unit`",
            "4:1: missing-key: `item` lacks `working_days`",
        ],
    ),
];

#[test]
fn mistakes_are_told_where_they_stand() {
    for (lines, expected) in MISTAKES {
        let text = format!("format = 1\nid = \"demo\"\n{lines}\n");
        let all = Overlaid::new(&[
            ("440000/catalogue.toml", NAMED),
            ("440000/demo.toml", &text),
        ]);
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("regions/440000/demo.toml:{line}"))
            .collect();
        assert_eq!(all.findings("440000"), expected, "{lines}");
        // Whoever checks the whole catalogue is told, too.
        let every = Catalog::load_every_region(all.dir.path()).unwrap_err();
        let every: Vec<String> = every.findings.iter().map(|f| f.line()).collect();
        assert_eq!(every, expected, "{lines}");
        assert!(Catalog::load(all.dir.path()).is_ok());
    }
}

#[test]
fn a_mistake_of_the_base_is_told_in_the_base_and_once() {
    let all = Overlaid::new(&[
        ("440000/catalogue.toml", NAMED),
        (
            "440000/demo.toml",
            "format = 1\nid = \"demo\"\nremove = [\"item:refund\"]\n",
        ),
    ]);
    let path = all.dir.path().join("demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("unit = \"police\"", "unit = \"moon\"")).unwrap();
    let every = Catalog::load_every_region(all.dir.path()).unwrap_err();
    let mut every: Vec<String> = every.findings.iter().map(|f| f.line()).collect();
    every.retain(|line| line.contains("unknown-reference"));
    // The removed item leaves a need without its item: that stands in the base, too.
    let expected = [
        "demo.toml:152:8: unknown-reference: there is no unit `moon`",
        "demo.toml:226:8: unknown-reference: there is no item `refund`",
    ];
    assert_eq!(every, expected);
}

#[test]
fn folders_and_regions_are_strict() {
    let all = Overlaid::new(&[
        ("440000/demo.toml", "format = 1\nid = \"demo\"\n"),
        ("440000/moon.toml", "format = 1\nid = \"moon\"\n"),
        ("44/demo.toml", "format = 1\nid = \"demo\"\n"),
    ]);
    assert_eq!(
        all.findings("440000"),
        [
            "regions:1:1: incomplete: region 440000 has no name: no overlay says `region`",
            "regions/44:1:1: bad-value: `44` is no folder named by a region code of six digits",
            "regions/440000/moon.toml:1:1: unknown-reference: the catalogue has no `moon.toml` that this could change",
        ]
    );
    let fine = Overlaid::new(&[("440000/catalogue.toml", NAMED)]);
    assert_eq!(
        fine.findings("110000"),
        ["regions:1:1: unknown-reference: no overlay is for region 110000"]
    );
    for odd in ["", "4", "４４００００", "44000000"] {
        assert_eq!(fine.findings(odd).len(), 1, "{odd}");
    }
    assert_eq!(
        Catalog::load_every_region(fine.dir.path()).unwrap().len(),
        2
    );
    assert_eq!(Catalog::load_every_region(&good()).unwrap().len(), 1);
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("matters")
}

#[test]
fn hangzhou_really_differs() {
    let every = Catalog::load_every_region(&shipped());
    let every = every.unwrap_or_else(|e| panic!("{}", e.render(yici_catalog::Lang::En)));
    let hangzhou = every.iter().find(|c| c.region_code == "330100").unwrap();
    assert_eq!(hangzhou.region.zh, "杭州市");
    assert_eq!(hangzhou.unit("health").name.zh, "杭州市卫生健康委员会");
    assert_eq!(hangzhou.unit("health").short.zh, "卫健委");
    let given = |child: Option<&str>| {
        let mut given = json!({
            "birthplace": "local-hospital", "certificate": "not-yet", "age": "under-one",
            "household": "family", "register": "both", "married": "yes", "notice": "done",
            "expense": "nothing",
        });
        if let Some(child) = child {
            given["child"] = json!(child);
        }
        answers(given)
    };
    let settled = |catalog: &Catalog, child: Option<&str>| -> (Situation, Vec<String>) {
        let matter = catalog.matter("newborn").unwrap();
        let given = given(child);
        let State::Settled { situation } = matter.interview(&given, TODAY).state else {
            panic!("not settled in {}", catalog.region_code);
        };
        let situation = &matter.situations[situation];
        let outcome = matter.outcome(situation, &given, &matter.all_items(situation));
        let materials = outcome.materials.into_iter().map(|m| m.material);
        (situation.clone(), materials.collect())
    };
    let (nation, nation_materials) = settled(&every[0], None);
    let (first, first_materials) = settled(hangzhou, Some("first"));
    let (second, second_materials) = settled(hangzhou, Some("later"));
    assert_eq!(first.items, nation.items);
    assert_eq!(first_materials, nation_materials);
    let more = [&nation.items[..], &["city-allowance".to_owned()]].concat();
    assert_eq!(second.items, more);
    let more = [&nation_materials[..], &["elder-children".to_owned()]].concat();
    assert_eq!(second_materials, more);
}
/// What the checker cannot see: no answers are left without an end, no situations are the same.
#[test]
fn merged_situations_are_whole_and_differ() {
    let hangzhou = Catalog::load_region(&shipped(), Some("330100")).unwrap();
    let matter = hangzhou.matter("newborn").unwrap();
    let mut seen = BTreeMap::new();
    for situation in &matter.situations {
        let outcome = matter.outcome(situation, &Answers::new(), &matter.all_items(situation));
        let materials: Vec<_> = outcome.materials.iter().map(|m| &m.material).collect();
        let form: Vec<_> = outcome.form.iter().map(|f| &f.field).collect();
        let what = format!("{:?} {materials:?} {form:?}", situation.items);
        let other = seen.insert(what, &situation.id);
        assert_eq!(other, None, "is as {}", situation.id);
    }
    let mut seed = 3usize;
    for _ in 0..2000 {
        let mut answers = Answers::new();
        for question in &matter.questions {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let option = &question.options[(seed >> 33) % question.options.len()];
            answers.insert(&question.id, Answer::Option(option.id.clone()));
        }
        match matter.interview(&answers, TODAY).state {
            State::Settled { .. } | State::Window { id: Some(_), .. } => {}
            other @ (State::Window { id: None, .. }
            | State::Question { .. }
            | State::Error { .. }) => panic!("{other:?} for {answers:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever lines of an overlay are lost, doubled, cut or exchanged, the loader answers and
    /// points into one of the files.
    #[test]
    fn damaged_overlays_are_told(
        edits in prop::collection::vec((0usize..100, 0usize..4, 0usize..100), 1..5),
    ) {
        let lines = damaged(OVERLAY, edits);
        let all = Overlaid::new(&[
            ("440000/catalogue.toml", NAMED),
            ("440000/demo.toml", &lines.join("\n")),
        ]);
        if let Err(e) = all.load("440000") {
            prop_assert!(!e.findings.is_empty());
            let base = fs::read_to_string(good().join("demo.toml")).unwrap();
            for finding in &e.findings {
                let length = match finding.file.as_str() {
                    "demo.toml" => base.lines().count(),
                    "regions/440000/demo.toml" => lines.len(),
                    other => return Err(TestCaseError::fail(other.to_owned())),
                };
                prop_assert!((1..=length + 1).contains(&finding.line), "{}", finding.line());
                for serde in ["missing field", "unknown field", "invalid type"] {
                    prop_assert!(!finding.message.contains(serde), "{}", finding.line());
                }
            }
            prop_assert!(!e.render(yici_catalog::Lang::En).is_empty());
        }
    }
}

#[test]
fn a_regions_own_catalogue_says_the_same_and_can_be_certified() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    let there = Catalog::load_region(&shipped, Some("330100")).unwrap();
    let own = tempfile::tempdir().unwrap();
    for (name, text) in Catalog::merged_files(&shipped, "330100").unwrap() {
        fs::write(own.path().join(name), text).unwrap();
    }
    let samples = own.path().join("samples");
    fs::create_dir(&samples).unwrap();
    for sample in fs::read_dir(shipped.join("samples")).unwrap() {
        let sample = sample.unwrap();
        fs::copy(sample.path(), samples.join(sample.file_name())).unwrap();
    }
    let (alone, certificate) = Catalog::certify(own.path()).unwrap();
    assert_eq!(alone.region_code, "330100");
    assert_eq!(alone.region, there.region);
    let differing = yici_catalog::diff(&there, &alone, TODAY);
    assert!(!differing.changed, "{differing:?}");
    let certificate = serde_json::to_string(&certificate).unwrap();
    yici_catalog_verify::verify(own.path(), &certificate).unwrap();
    // As the nation has it, a case differs.
    let nation = Catalog::load(&shipped).unwrap();
    assert!(yici_catalog::diff(&nation, &alone, TODAY).changed);
}
