//! Each kind of mistake: a small edit of the good catalogue, and every finding it leads to.
//! After a deliberate change of messages, `UPDATE=1` prints the table's new right-hand sides.

use std::collections::BTreeSet;
use std::fs;

use yici_catalog::{Catalog, Code, LoadError, MAX_FILES};

use crate::support::{edited, good};

const C: &str = "catalogue.toml";
const D: &str = "demo.toml";

/// What is wrong; the file, what stands there and what instead; the findings.
type Mistake = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
    &'static [&'static str],
);

const MISTAKES: &[Mistake] = &[
    (
        "not TOML",
        &[(D, "kind = \"date\"\nres", "kind = date\nres")],
        &["demo.toml:61:8: syntax: string values must be quoted, expected literal string"],
    ),
    (
        "two syntax errors at once",
        &[
            (D, "kind = \"date\"\nres", "kind = date\nres"),
            (D, "min = 0", "min = "),
        ],
        &[
            "demo.toml:61:8: syntax: string values must be quoted, expected literal string",
            "demo.toml:102:7: syntax: string values must be quoted, expected literal string",
        ],
    ),
    (
        "free questions that are none, or named twice",
        &[(
            D,
            "summary =",
            "free_order = [\"place\", \"bron\", \"place\"]\nsummary =",
        )],
        &[
            "demo.toml:6:24: unknown-reference: there is no question `bron`",
            "demo.toml:6:32: duplicate-id: `place` is free already",
        ],
    ),
    (
        "unknown key",
        &[(D, "[guide]\n", "[guide]\ncolour = \"red\"\n")],
        &["demo.toml:10:1: unknown-key: `guide` has no key `colour`"],
    ),
    (
        "misspelled key",
        &[(D, "summary =", "sumary =")],
        &["demo.toml:6:1: unknown-key: the file has no key `sumary`"],
    ),
    (
        "misspelled optional key",
        &[(D, "yields =", "yeilds =")],
        &[
            "demo.toml:143:1: unknown-key: `item` has no key `yeilds`",
            "demo.toml:216:8: proof-incomplete: material `certificate-paper` is a proof (证明) and lacks a basis and who issues it",
        ],
    ),
    (
        "missing key",
        &[(D, "postcode = \"250000\"\n", "")],
        &["demo.toml:9:1: missing-key: `guide` lacks `postcode`"],
    ),
    (
        "missing key of a table in a list",
        &[(
            D,
            "kind = \"1\"\nstatutory_working_days = 5\nworking_days = 1\n",
            "statutory_working_days = 5\nworking_days = 1\n",
        )],
        &["demo.toml:137:1: missing-key: `item` lacks `kind`"],
    ),
    (
        "wrong type",
        &[(D, "courier = true", "courier = \"1\"")],
        &["demo.toml:36:11: wrong-type: `courier` must be true or false, not a string"],
    ),
    (
        "wrong type of a code",
        &[(D, "type = \"1\"\nform = \"3\"", "type = 1\nform = \"3\"")],
        &["demo.toml:199:8: wrong-type: `type` must be a string in quotes, not a whole number"],
    ),
    (
        "a table where a list belongs",
        &[(D, "[[join]]", "[join]")],
        &["demo.toml:192:1: wrong-type: `join` must be a list in [ ], not a table"],
    ),
    (
        "missing translation",
        &[(D, "{ zh = \"无\", en = \"None\" }", "{ zh = \"无\" }")],
        &["demo.toml:16:17: missing-translation: `preconditions` has no English text"],
    ),
    (
        "empty translation",
        &[(
            D,
            "{ zh = \"无\", en = \"None\" }",
            "{ zh = \" \", en = \"None\" }",
        )],
        &["demo.toml:16:24: missing-translation: `zh` of `preconditions` is empty"],
    ),
    (
        "empty list",
        &[(D, "audience = [\"1\"]", "audience = []")],
        &["demo.toml:11:12: bad-length: `audience` must have at least 1 entry"],
    ),
    (
        "empty string",
        &[(
            D,
            "code = \"11370100MB0000000X4370100001000\"",
            "code = \"\"",
        )],
        &["demo.toml:10:8: bad-length: `code` is empty"],
    ),
    (
        "empty keyword",
        &[(D, "\"上户口\"]", "\"\"]")],
        &["demo.toml:7:20: bad-length: a keyword is empty"],
    ),
    (
        "window without condition",
        &[(D, "when = { place = [\"abroad\"] }", "when = {}")],
        &["demo.toml:115:8: bad-length: window `abroad` would serve everybody: `when` is empty"],
    ),
    (
        "condition without option",
        &[(
            D,
            "when = { place = [\"abroad\"] }",
            "when = { place = [] }",
        )],
        &["demo.toml:115:18: bad-length: no option of `place` is named, so this never holds"],
    ),
    (
        "bad code value",
        &[(D, "channels = [\"1\", \"2\"]", "channels = [\"1\", \"7\"]")],
        &["demo.toml:30:18: bad-value: an entry of `channels` may not be \"7\""],
    ),
    (
        "bad format",
        &[(C, "format = 1", "format = 2")],
        &["catalogue.toml:1:10: bad-value: format 2 is not known; this program reads 1"],
    ),
    (
        "bad region code",
        &[(C, "\"370100\"", "\"3701\"")],
        &["catalogue.toml:4:15: bad-value: \"3701\" is no region code: GB/T 2260 has six digits"],
    ),
    (
        "bad number",
        &[(D, "working_days = 1\n", "working_days = -1\n")],
        &["demo.toml:147:16: bad-value: `working_days` must be a number from 0 to 4294967295"],
    ),
    (
        "bad age",
        &[(D, "until = \"P1Y\"", "until = \"1 year\"")],
        &["demo.toml:65:9: bad-value: an age must be written like \"P1Y\", \"P6M\" or \"P1Y6M\""],
    ),
    (
        "bad name",
        &[(D, "“一件事一次办”", "一件事")],
        &["demo.toml:4:15: bad-value: the Chinese name must end with “一件事一次办” (appendix A)"],
    ),
    (
        "bad postcode",
        &[(D, "\"250000\"", "\"25000\"")],
        &["demo.toml:25:12: bad-value: \"25000\" is no postcode: it has six digits"],
    ),
    (
        "bad web address",
        &[(D, "https://example.com/birth", "example.com")],
        &["demo.toml:22:14: bad-value: \"example.com\" is no web address"],
    ),
    (
        "bad telephone",
        &[(D, "\"12345\"", "\"call us\"")],
        &["demo.toml:29:40: bad-value: \"call us\" cannot be reached that way"],
    ),
    (
        "bad item code",
        &[(
            D,
            "code = \"11370100MB0000000X4370100001000\"",
            "code = \"a b\"",
        )],
        &["demo.toml:10:8: bad-value: \"a b\" is no code: letters and digits only (GB/T 39554.1)"],
    ),
    (
        "values on a resource that is no choice",
        &[(C, "kind = \"date\"", "kind = \"date\"\nvalues = [\"a\"]")],
        &[
            "catalogue.toml:37:10: bad-value: resource `register.birth` is no choice and may have no `values`",
        ],
    ),
    (
        "bad hours",
        &[(D, "\"09:00-12:00\"", "\"9-12\"")],
        &["demo.toml:26:38: bad-value: hours must be written like \"09:00-12:00\""],
    ),
    (
        "hours that end before they start",
        &[(D, "\"09:00-12:00\"", "\"12:00-09:00\"")],
        &["demo.toml:26:38: bad-value: hours must end after they start"],
    ),
    (
        "hours that overlap",
        &[(D, "\"13:00-17:00\"", "\"11:00-17:00\"")],
        &["demo.toml:26:53: bad-hours: 11:00-17:00 starts before 09:00-12:00 has ended"],
    ),
    (
        "a day with two rows of hours",
        &[(
            D,
            "hours = [",
            "hours = [{ days = \"fri\", open = [\"08:00-12:00\"] }, ",
        )],
        &["demo.toml:26:61: bad-hours: Friday already has its hours"],
    ),
    (
        "bad days",
        &[(D, "\"mon-fri\"", "\"weekdays\"")],
        &[
            "demo.toml:26:19: bad-value: days must be written like \"mon-fri\", \"sat\" or \"mon-wed,fri\"",
        ],
    ),
    (
        "bad id",
        &[(D, "id = \"id-card\"", "id = \"IdCard\"")],
        &["demo.toml:197:6: bad-id: `IdCard` cannot be an id"],
    ),
    (
        "bad matter id",
        &[(D, "id = \"demo\"", "id = \"other\"")],
        &["demo.toml:2:6: bad-id: the file of matter `other` must be named `other.toml`"],
    ),
    (
        "option that reads as unsure",
        &[
            (D, "id = \"abroad\"\ntext", "id = \"unsure\"\ntext"),
            (D, "place = [\"abroad\"]", "place = [\"unsure\"]"),
        ],
        &["demo.toml:54:6: bad-id: `unsure` cannot be an id"],
    ),
    (
        "duplicate question",
        &[(D, "id = \"bills\"\ntext", "id = \"married\"\ntext")],
        &[
            "demo.toml:98:6: duplicate-id: there is a question `married` already",
            "demo.toml:129:21: unknown-reference: there is no question `bills`",
            "demo.toml:186:32: unknown-reference: there is no question `bills`",
        ],
    ),
    (
        "duplicate option",
        &[(D, "id = \"home\"", "id = \"hospital\"")],
        &[
            "demo.toml:50:6: duplicate-id: question `place` has an option `hospital` already",
            "demo.toml:296:45: unknown-reference: question `place` has no option `home`",
        ],
    ),
    (
        "duplicate unit",
        &[(C, "id = \"police\"", "id = \"health\"")],
        &[
            "catalogue.toml:17:6: duplicate-id: there is a unit `health` already",
            "demo.toml:20:22: unknown-reference: there is no unit `police`",
            "demo.toml:152:8: unknown-reference: there is no unit `police`",
            "demo.toml:238:65: unknown-reference: there is no unit `police`",
        ],
    ),
    (
        "unknown stage",
        &[(D, "stage = \"birth\"", "stage = \"moon\"")],
        &["demo.toml:3:9: unknown-reference: there is no stage `moon`"],
    ),
    (
        "unknown unit",
        &[(D, "unit = \"police\"", "unit = \"moon\"")],
        &["demo.toml:152:8: unknown-reference: there is no unit `moon`"],
    ),
    (
        "unknown question",
        &[(
            D,
            "when = { place = [\"abroad\"] }",
            "when = { palace = [\"abroad\"] }",
        )],
        &["demo.toml:115:10: unknown-reference: there is no question `palace`"],
    ),
    (
        "unknown option",
        &[(
            D,
            "when = { place = [\"abroad\"] }",
            "when = { place = [\"abroad\", \"moon\"] }",
        )],
        &["demo.toml:115:29: unknown-reference: question `place` has no option `moon`"],
    ),
    (
        "unknown item",
        &[(D, "after = [\"registration\"]", "after = [\"moon\"]")],
        &["demo.toml:167:10: unknown-reference: there is no item `moon`"],
    ),
    (
        "unknown material",
        &[(D, "yields = [\"certificate-paper\"]", "yields = [\"moon\"]")],
        &[
            "demo.toml:143:11: unknown-reference: there is no material `moon`",
            "demo.toml:216:8: proof-incomplete: material `certificate-paper` is a proof (证明) and lacks a basis and who issues it",
        ],
    ),
    (
        "unknown resource",
        &[(D, "{ id = \"card.local\"", "{ id = \"card.moon\"")],
        &["demo.toml:74:19: unknown-reference: there is no resource `card.moon`"],
    ),
    (
        "unknown resource value",
        &[(
            D,
            "local = \"local\", elsewhere",
            "here = \"local\", elsewhere",
        )],
        &["demo.toml:74:45: unknown-reference: resource `card.local` has no value `here`"],
    ),
    (
        "unknown option to go on with",
        &[(D, "as = \"no\"", "as = \"maybe\"")],
        &["demo.toml:87:74: unknown-reference: there is no option `maybe`"],
    ),
    (
        "unknown split",
        &[(D, "split = [\"place\"]", "split = [\"place\", \"moon\"]")],
        &["demo.toml:135:19: unknown-reference: there is no question `moon`"],
    ),
    (
        "resource of another kind",
        &[(D, "{ id = \"register.birth\" }", "{ id = \"card.name\" }")],
        &["demo.toml:62:19: bad-value: resource `card.name` cannot answer question `born`"],
    ),
    (
        "prefill of another kind",
        &[(D, "prefill = \"card.name\"", "prefill = \"register.birth\"")],
        &[
            "demo.toml:267:11: bad-value: resource `register.birth` cannot fill field `applicant-name`: the kinds or values differ",
        ],
    ),
    (
        "missing sample",
        &[(
            D,
            "sample = \"samples/paper.svg\"",
            "sample = \"samples/none.svg\"",
        )],
        &[
            "demo.toml:144:73: bad-file: there is no file `samples/none.svg` in the catalogue's folder",
        ],
    ),
    (
        "sample that is no picture",
        &[(
            D,
            "blank_form = \"samples/paper.svg\"",
            "blank_form = \"demo.toml\"",
        )],
        &[
            "demo.toml:237:14: bad-file: `demo.toml` is neither SVG, PNG, JPEG nor PDF by its content",
        ],
    ),
    (
        "sample outside",
        &[(
            D,
            "blank_form = \"samples/paper.svg\"",
            "blank_form = \"../paper.svg\"",
        )],
        &["demo.toml:237:14: bad-file: `../paper.svg` is no path inside the catalogue's folder"],
    ),
    (
        "gap between bands",
        &[(D, "from = 1\n", "from = 3\n")],
        &["demo.toml:108:1: bad-bands: band `some` leaves a gap: nothing covers 1"],
    ),
    (
        "overlap of bands",
        &[(D, "until = 1\n", "until = 2\n")],
        &["demo.toml:108:1: bad-bands: band `some` overlaps the one before: both cover 1"],
    ),
    (
        "bands that end early",
        &[(D, "from = 1\n", "from = 1\nuntil = 20\n")],
        &["demo.toml:108:1: bad-bands: the bands must end at 21 (`max` is 20), and end at 20"],
    ),
    (
        "band of the wrong kind",
        &[(D, "from = 1\n", "from = \"P1Y\"\n")],
        &["demo.toml:108:1: bad-bands: band `some` must be given in numbers"],
    ),
    (
        "gap between ages",
        &[(D, "from = \"P1Y\"", "from = \"P13M\"")],
        &["demo.toml:66:1: bad-bands: band `older` must start where the one before ends: P1Y"],
    ),
    (
        "age band without start",
        &[(D, "from = \"P1Y\"\n", "")],
        &["demo.toml:66:1: bad-bands: band `older` must start where the one before ends: P1Y"],
    ),
    (
        "question that depends on a later one",
        &[(
            D,
            "text = { zh = \"户口在哪里？\", en = \"Where are you registered?\" }",
            "text = { zh = \"户口在哪里？\", en = \"Where are you registered?\" }\nwhen = { bills = [\"some\"] }",
        )],
        &[
            "demo.toml:73:10: later-question: the condition names `bills`, which is not asked before this question",
        ],
    ),
    (
        "choice without values",
        &[(C, "values = [\"local\", \"elsewhere\"]\n", "")],
        &[
            "catalogue.toml:27:1: incomplete: resource `card.local` is a choice and has no `values`",
            "demo.toml:74:45: unknown-reference: resource `card.local` has no value `local`",
            "demo.toml:74:62: unknown-reference: resource `card.local` has no value `elsewhere`",
        ],
    ),
    (
        "option without text",
        &[(D, "text = { zh = \"家里\", en = \"Home\" }\n", "")],
        &["demo.toml:49:1: incomplete: option `home` of a choice lacks `text`"],
    ),
    (
        "number without unit",
        &[(D, "unit = { zh = \"张\", en = \"invoices\" }\n", "")],
        &["demo.toml:100:8: incomplete: question `bills` asks for a number and lacks `unit`"],
    ),
    (
        "number's key on a choice",
        &[(
            D,
            "unsure = { help = { zh = \"看出生证明\", en = \"See the birth record\" } }",
            "max = 3",
        )],
        &["demo.toml:44:7: bad-value: question `place` asks for no number and may have no `max`"],
    ),
    (
        "government material without issuer",
        &[(D, "issuer = { zh = \"公安机关\", en = \"Police\" }\n", "")],
        &[
            "demo.toml:202:10: incomplete: material `id-card` is issued by government and lacks `issuer`",
        ],
    ),
    (
        "paper without copies",
        &[(
            D,
            "original = \"original\"\npaper_copies = 1\n",
            "original = \"original\"\n",
        )],
        &[
            "demo.toml:218:8: incomplete: material `certificate-paper` is accepted on paper and lacks `paper_copies`",
        ],
    ),
    (
        "paper in no copies",
        &[(
            D,
            "original = \"original\"\npaper_copies = 1\n",
            "original = \"original\"\npaper_copies = 0\n",
        )],
        &[
            "demo.toml:221:16: bad-value: material `certificate-paper` is collected on paper, so not in 0 copies",
        ],
    ),
    (
        "intermediary without names",
        &[(
            D,
            "intermediary = { required = false }",
            "intermediary = { required = true }",
        )],
        &[
            "demo.toml:31:16: incomplete: an intermediary is required: `statutory` must name the statutory ones",
        ],
    ),
    (
        "later material without its days",
        &[(
            D,
            "form = \"3\"\nnecessity = \"1\"",
            "form = \"3\"\nnecessity = \"3\"",
        )],
        &[
            "demo.toml:201:13: incomplete: material `id-card` may be handed in later and lacks `later`",
            "demo.toml:201:13: core-deferred: material `id-card` cannot wait: item `certificate` is done on the spot (即办件)",
        ],
    ),
    (
        "days of a material that is not later",
        &[(D, "necessity = \"3\"", "necessity = \"1\"")],
        &[
            "demo.toml:239:9: bad-value: material `marriage-certificate` has `later`, and its `necessity` is not 3 (容缺后补)",
        ],
    ),
    (
        "later material that is never asked for",
        &[(
            D,
            "later = {",
            "obtained = { resource_name = { zh = \"婚姻库\", en = \"Marriages\" }, because = { zh = \"已共享\", en = \"Shared\" } }\nlater = {",
        )],
        &[
            "demo.toml:240:9: bad-value: material `marriage-certificate` is never asked for (`obtained`), so not handed in `later`",
        ],
    ),
    (
        "later in too many days",
        &[(D, "{ working_days = 10", "{ working_days = 61")],
        &["demo.toml:239:26: bad-value: `working_days` must be a number from 1 to 60"],
    ),
    (
        "later in no days",
        &[(D, "{ working_days = 10", "{ working_days = 0")],
        &["demo.toml:239:26: bad-value: `working_days` must be a number from 1 to 60"],
    ),
    (
        "later without reason",
        &[(
            D,
            ", why = { zh = \"民政局可以先核对\", en = \"Civil affairs can confirm it first\" } }",
            " }",
        )],
        &["demo.toml:239:9: missing-key: `later` lacks `why`"],
    ),
    (
        "a matter that follows and is not there",
        &[(
            C,
            "[[applicant]]\nkind = \"person\"",
            "[[sequel]]\nid = \"demo\"\nmatters = [\"demo\", \"nowhere\"]\n\n[[applicant]]\nkind = \"person\"",
        )],
        &["catalogue.toml:42:20: unknown-reference: the catalogue has no matter `nowhere`"],
    ),
    (
        "a suggestion that is not there, and one to everybody",
        &[(
            C,
            "[[applicant]]\nkind = \"person\"",
            "[[suggestion]]\nid = \"nowhere\"\nfrom = \"P18Y\"\n\n[[suggestion]]\nid = \"demo\"\n\n[[applicant]]\nkind = \"person\"",
        )],
        &[
            "catalogue.toml:41:6: unknown-reference: the catalogue has no matter `nowhere`",
            "catalogue.toml:44:1: incomplete: it says neither an age nor an address, and would be told to everybody",
        ],
    ),
    (
        "no applicant",
        &[(D, "applicants = [\"person\", \"agent\"]", "applicants = []")],
        &["demo.toml:12:14: bad-length: `applicants` must have at least 1 entry"],
    ),
    (
        "no word on applicants",
        &[(D, "applicants = [\"person\", \"agent\"]\n", "")],
        &["demo.toml:9:1: missing-key: `guide` lacks `applicants`"],
    ),
    (
        "applicant that the catalogue lacks",
        &[(D, "\"person\", \"agent\"", "\"person\", \"officer\"")],
        &["demo.toml:12:25: unknown-reference: there is no applicant `officer`"],
    ),
    (
        "applicant that is none",
        &[(D, "\"person\", \"agent\"", "\"person\", \"friend\"")],
        &["demo.toml:12:25: bad-value: an entry of `applicants` may not be \"friend\""],
    ),
    (
        "applicant named twice",
        &[(D, "\"person\", \"agent\"", "\"person\", \"person\"")],
        &["demo.toml:12:25: duplicate-id: applicant `person` is named already"],
    ),
    (
        "applicant described twice",
        &[(C, "kind = \"agent\"", "kind = \"person\"")],
        &[
            "catalogue.toml:46:8: duplicate-id: there is an applicant `person` already",
            "demo.toml:12:25: unknown-reference: there is no applicant `agent`",
        ],
    ),
    (
        "applicant without name",
        &[(
            C,
            "name = { zh = \"受委托的代理人\", en = \"As an agent\" }\n",
            "",
        )],
        &["catalogue.toml:45:1: missing-key: `applicant` lacks `name`"],
    ),
    (
        "choice field without options",
        &[(D, "kind = \"text\"\ngroup", "kind = \"choice\"\ngroup")],
        &["demo.toml:283:8: incomplete: field `spouse-name` is a choice and has no `options`"],
    ),
    (
        "charged without standard or basis",
        &[(D, "charged = false", "charged = true")],
        &[
            "demo.toml:21:11: fee-incomplete: the matter is charged and lacks `fee_basis` (appendix A)",
            "demo.toml:21:11: fee-incomplete: the matter is charged and lacks `fee_standard` (appendix A)",
        ],
    ),
    (
        "standard and basis of a fee that is not charged",
        &[(
            D,
            "charged = false",
            "charged = false\nfee_standard = { zh = \"每件80元\", en = \"80 yuan\" }\nfee_basis = { zh = \"某文\", en = \"A notice\" }",
        )],
        &[
            "demo.toml:22:16: fee-incomplete: the matter has `fee_standard` and is not `charged`",
            "demo.toml:23:13: fee-incomplete: the matter has `fee_basis` and is not `charged`",
        ],
    ),
    (
        "required without reason",
        &[(
            D,
            "required_why = { zh = \"其他事项都要用\", en = \"All others need it\" }\n",
            "",
        )],
        &[
            "demo.toml:141:12: reason-missing: item `certificate` is required and does not say why (`required_why`)",
        ],
    ),
    (
        "in person without reason",
        &[(
            D,
            "in_person_why = { zh = \"核对本人\", en = \"To check the person\" }\n",
            "",
        )],
        &[
            "demo.toml:159:13: reason-missing: item `registration` needs the person and does not say why (`in_person_why`)",
        ],
    ),
    (
        "phrase missing",
        &[(
            D,
            "phrase = { zh = \"有发票\", en = \"with invoices\" }\n",
            "",
        )],
        &[
            "demo.toml:108:1: phrase-missing: option `some` needs a `phrase`: situation `local` is split by `bills`",
        ],
    ),
    (
        "same situation twice",
        &[(
            D,
            "id = \"elsewhere\"\ntext = { zh = \"孩子",
            "id = \"local\"\ntext = { zh = \"孩子",
        )],
        &["demo.toml:132:6: duplicate-id: there is a situation `local` already"],
    ),
    (
        "same expanded id",
        &[
            (D, "id = \"yes\"", "id = \"no-no\""),
            (D, "married = [\"yes\"]", "married = [\"no-no\"]"),
            (D, "married = [\"yes\"]", "married = [\"no-no\"]"),
            (D, "married = [\"yes\"]", "married = [\"no-no\"]"),
            (D, "id = \"none\"", "id = \"no-x\""),
            (D, "id = \"some\"", "id = \"x\""),
            (D, "bills = [\"some\"]", "bills = [\"x\"]"),
        ],
        &["demo.toml:129:9: same-situation: two situations would have the id `local.no-no-x`"],
    ),
    (
        "overlap of situations",
        &[(D, "when = { register = [\"elsewhere\"] }\nsplit", "split")],
        &[
            "demo.toml:131:1: overlap: situations `local` and `elsewhere` both apply when register = local (those whom windows serve apart)",
            "demo.toml:152:8: not-constant: the condition holds for a part of situation `elsewhere.hospital` only: `register` decides, and is open there",
            "demo.toml:165:8: not-constant: the condition holds for a part of situation `elsewhere.hospital` only: `register` decides, and is open there",
            "demo.toml:175:8: not-constant: the condition holds for a part of situation `elsewhere.hospital` only: `register` decides, and is open there",
            "demo.toml:185:8: not-constant: the condition holds for a part of situation `elsewhere.hospital` only: `register` decides, and is open there",
            "demo.toml:289:6: never-needed: field `home-birth` is needed in no situation",
            "demo.toml:295:8: not-constant: the condition holds for a part of situation `elsewhere.home` only: `register` decides, and is open there",
        ],
    ),
    (
        "gap between situations",
        &[(
            D,
            "when = { register = [\"elsewhere\"] }\nsplit",
            "when = { register = [\"elsewhere\"], place = [\"home\"] }\nsplit",
        )],
        &[
            "demo.toml:134:8: gap: there is no situation when place = hospital, register = elsewhere (those whom windows serve apart)",
        ],
    ),
    (
        "gap behind a conditional question",
        &[(
            D,
            "when = { register = [\"local\"] }\nsplit = [\"married\", ",
            "when = { register = [\"local\"], married = [\"yes\"] }\nsplit = [",
        )],
        &[
            "demo.toml:128:8: gap: there is no situation when register = local, married = no (those whom windows serve apart)",
        ],
    ),
    (
        "gap at a number",
        &[(
            D,
            "when = { register = [\"local\"] }\nsplit = [\"married\", \"bills\"]",
            "when = { register = [\"local\"], bills = [\"none\"] }\nsplit = [\"married\"]",
        )],
        &[
            "demo.toml:128:8: gap: there is no situation when register = local, bills = some (those whom windows serve apart)",
            "demo.toml:183:6: never-needed: item `refund` takes part in no situation",
        ],
    ),
    (
        "condition that contradicts itself",
        &[(
            D,
            "[[window]]\nid = \"older\"\nwhen = { born = [\"older\"] }",
            "[[window]]\nid = \"older\"\nwhen = { register = [\"elsewhere\"], married = [\"yes\"] }",
        )],
        &[
            "demo.toml:58:1: never-asked: question `born` is never asked: no situation or window that is left by then depends on it",
            "demo.toml:121:8: never-holds: window `older` can never be: its condition names answers that exclude each other",
        ],
    ),
    (
        "situation that windows serve",
        &[(
            D,
            "when = { register = [\"elsewhere\"] }\nsplit",
            "when = { register = [\"elsewhere\"], place = [\"abroad\"] }\nsplit",
        )],
        &[
            "demo.toml:134:8: gap: there is no situation when place = hospital, register = elsewhere (those whom windows serve apart)",
            "demo.toml:134:8: never-holds: situation `elsewhere` can never be: its answers exclude each other or windows serve them all",
            "demo.toml:290:6: never-needed: field `home-birth` is needed in no situation",
        ],
    ),
    (
        "situation without split that windows serve",
        &[(
            D,
            "[[situation]]\nid = \"elsewhere\"",
            "[[situation]]\nid = \"old\"\ntext = { zh = \"大了\", en = \"Older\" }\nwhen = { born = [\"older\"] }\n\n[[situation]]\nid = \"elsewhere\"",
        )],
        &[
            "demo.toml:134:8: never-holds: situation `old` can never be: its answers exclude each other or windows serve them all",
        ],
    ),
    (
        "item constant over no situation",
        &[(
            D,
            "when = { register = [\"local\"], bills = [\"some\"] }",
            "when = { place = [\"home\"] }",
        )],
        &[
            "demo.toml:97:1: changes-nothing: question `bills` changes nothing, whatever is answered",
            "demo.toml:126:6: same-situation: nothing tells situations `local.yes-none` and `local.yes-some` apart: items, materials and fields are the same",
            "demo.toml:186:8: not-constant: the condition holds for a part of situation `local.yes-none` only: `place` decides, and is open there",
        ],
    ),
    (
        "need not constant",
        &[(
            D,
            "when = { married = [\"yes\"] }\ncopies",
            "when = { place = [\"home\"] }\ncopies",
        )],
        &[
            "demo.toml:242:8: not-constant: the condition holds for a part of situation `local.yes-none` only: `place` decides, and is open there",
        ],
    ),
    (
        "cycle",
        &[(
            D,
            "working_days = 1\n",
            "working_days = 1\nafter = [\"insurance\"]\n",
        )],
        &[
            "demo.toml:155:10: cycle: items wait for each other: certificate → insurance → registration → certificate",
        ],
    ),
    (
        "promise shorter than the longest path",
        &[(D, "promised_working_days = 8", "promised_working_days = 7")],
        &[
            "demo.toml:33:25: promise-too-short: 7 working days are promised, and the longest path of situation `local.yes-some` takes 8",
        ],
    ),
    (
        "promise longer than the law",
        &[(
            D,
            "\nstatutory_working_days = 30",
            "\nstatutory_working_days = 7",
        )],
        &["demo.toml:33:25: promise-too-long: 8 working days are promised; the law allows 7"],
    ),
    (
        "item's promise longer than the law",
        &[(
            D,
            "statutory_working_days = 5",
            "statutory_working_days = 0",
        )],
        &[
            "demo.toml:147:16: promise-too-long: item `certificate` promises 1 working days; the law allows 0",
        ],
    ),
    (
        "unit not named",
        &[(
            D,
            "cooperating_units = [\"police\"]",
            "cooperating_units = [\"health\"]",
        )],
        &["demo.toml:152:8: unit-not-named: unit `police` is neither lead nor cooperating unit"],
    ),
    (
        "item in no situation",
        &[(
            D,
            "when = { register = [\"local\"], bills = [\"some\"] }",
            "when = { place = [\"abroad\"] }",
        )],
        &[
            "demo.toml:97:1: changes-nothing: question `bills` changes nothing, whatever is answered",
            "demo.toml:126:6: same-situation: nothing tells situations `local.yes-none` and `local.yes-some` apart: items, materials and fields are the same",
            "demo.toml:183:6: never-needed: item `refund` takes part in no situation",
        ],
    ),
    (
        "material never needed",
        &[(
            D,
            "item = \"certificate\"\nwhy = { zh = \"核对出生\"",
            "item = \"certificate\"\nwhen = { place = [\"abroad\"] }\nwhy = { zh = \"核对出生\"",
        )],
        &["demo.toml:251:6: never-needed: material `birth-record` is needed in no situation"],
    ),
    (
        "field never needed",
        &[(
            D,
            "group = { zh = \"孩子\", en = \"Child\" }\nitems = [\"certificate\"]",
            "group = { zh = \"孩子\", en = \"Child\" }",
        )],
        &["demo.toml:272:6: never-needed: field `birth-date` is needed in no situation"],
    ),
    (
        "need that does not wait",
        &[(
            D,
            "when = { register = [\"local\"], bills = [\"some\"] }\nafter = [\"certificate\"]",
            "when = { register = [\"local\"], bills = [\"some\"] }",
        )],
        &[
            "demo.toml:225:8: yield-order: `refund` needs `certificate-paper`, which `certificate` yields, and does not wait for it",
        ],
    ),
    (
        "resource that never answers",
        &[(
            D,
            ", options = { local = \"local\", elsewhere = \"elsewhere\" } }",
            " }",
        )],
        &[
            "demo.toml:74:12: incomplete: resource `card.local` never answers question `register`: `options` says for no value which option it is",
        ],
    ),
    (
        "resource without purpose",
        &[(
            C,
            "purpose = { zh = \"判断是否本市\", en = \"To see whether you live here\" }\n",
            "",
        )],
        &["catalogue.toml:27:1: missing-key: `resource` lacks `purpose`"],
    ),
    (
        "English text that is Chinese",
        &[(
            D,
            "{ zh = \"无\", en = \"None\" }",
            "{ zh = \"无\", en = \"无\" }",
        )],
        &["demo.toml:16:34: missing-translation: `en` of `preconditions` is not in English: 无"],
    ),
    (
        "word too long for a slip",
        &[(
            D,
            "en = \"Window A03, ground floor\"",
            "en = \"WindowA03onthegroundfloorofthehall\"",
        )],
        &[
            "demo.toml:23:33: too-wide: `en` of `place` has a word too long for a slip: WindowA03onthegroundfloorofthehall",
        ],
    ),
    (
        "address too long for a slip",
        &[(
            D,
            "{ kind = \"phone\", value = \"0531-0000 0001\"",
            "{ kind = \"email\", value = \"a.very.long.address.of.the.hall@example.com\"",
        )],
        &[
            "demo.toml:28:38: too-wide: `value` has a word too long for a slip: a.very.long.address.of.the.hall@example.com",
        ],
    ),
    (
        "question that is never asked",
        &[(
            D,
            "[[window]]\nid = \"abroad\"",
            "[[question]]\nid = \"more\"\ntext = { zh = \"还有吗？\", en = \"More?\" }\nkind = \"choice\"\n[[question.option]]\nid = \"yes\"\ntext = { zh = \"有\", en = \"Yes\" }\n[[question.option]]\nid = \"no\"\ntext = { zh = \"没有\", en = \"No\" }\n\n[[window]]\nid = \"abroad\"",
        )],
        &[
            "demo.toml:113:1: never-asked: question `more` is never asked: no situation or window that is left by then depends on it",
        ],
    ),
    (
        "question asked of those whom a window serves",
        &[(
            D,
            "when = { register = [\"local\"] }\nkind",
            "when = { place = [\"abroad\"] }\nkind",
        )],
        &[
            "demo.toml:82:1: never-asked: question `married` is never asked: no situation or window that is left by then depends on it",
            "demo.toml:230:6: never-needed: material `marriage-certificate` is needed in no situation",
            "demo.toml:281:6: never-needed: field `spouse-name` is needed in no situation",
        ],
    ),
    (
        "question that changes nothing",
        &[(
            D,
            "when = { register = [\"local\"], bills = [\"some\"] }",
            "when = { register = [\"local\"] }",
        )],
        &[
            "demo.toml:97:1: changes-nothing: question `bills` changes nothing, whatever is answered",
            "demo.toml:126:6: same-situation: nothing tells situations `local.yes-none` and `local.yes-some` apart: items, materials and fields are the same",
        ],
    ),
    (
        "option that changes nothing beside another",
        &[(
            D,
            "[[question.option]]\nid = \"no\"",
            "[[question.option]]\nid = \"widowed\"\ntext = { zh = \"丧偶\", en = \"Widowed\" }\nphrase = { zh = \"丧偶\", en = \"widowed\" }\n[[question.option]]\nid = \"no\"",
        )],
        &[
            "demo.toml:96:1: changes-nothing: option `no` of question `married` changes nothing beside `widowed`",
            "demo.toml:130:6: same-situation: nothing tells situations `local.widowed-none` and `local.no-none` apart: items, materials and fields are the same",
        ],
    ),
    (
        "option that is not the same as another",
        &[(
            D,
            "id = \"no\"\ntext",
            "id = \"no\"\nsame_as = \"yes\"\ntext",
        )],
        &["demo.toml:94:11: bad-value: option `no` is not the same as an earlier option `yes`"],
    ),
    (
        "situations that come to the same",
        &[(
            D,
            "when = { register = [\"elsewhere\"], place = [\"home\"] }",
            "when = { register = [\"elsewhere\"] }",
        )],
        &[
            "demo.toml:49:1: changes-nothing: option `home` of question `place` changes nothing beside `hospital`",
            "demo.toml:132:6: same-situation: nothing tells situations `elsewhere.hospital` and `elsewhere.home` apart: items, materials and fields are the same",
        ],
    ),
    (
        "situation that is not the same as another",
        &[(
            D,
            "split = [\"place\"]",
            "split = [\"place\"]\nsame_as = \"local\"",
        )],
        &[
            "demo.toml:136:11: bad-value: situation `elsewhere` does not come to the same as an earlier situation `local`",
        ],
    ),
    (
        "situations that read the same",
        &[(
            D,
            "phrase = { zh = \"父母未婚\", en = \"the parents are not married\" }",
            "phrase = { zh = \"父母已婚\", en = \"the parents are not married\" }",
        )],
        &[
            "demo.toml:127:8: same-situation: nothing tells situations `local.yes-none` and `local.no-none` apart: both read \"孩子在本市落户，父母已婚，没有发票\"",
        ],
    ),
    (
        "fields that read the same",
        &[(
            D,
            "label = { zh = \"配偶姓名\", en = \"Spouse's name\" }",
            "label = { zh = \"姓名\", en = \"Spouse's name\" }",
        )],
        &[
            "demo.toml:282:9: same-label: fields `applicant-name` and `spouse-name` have the same label: people cannot tell them apart",
        ],
    ),
    (
        "unit of a field that is no number",
        &[(
            D,
            "kind = \"text\"\ngroup = { zh = \"申请人\", en = \"Applicant\" }\n[[",
            "kind = \"text\"\nunit = { zh = \"元\", en = \"yuan\" }\ngroup = { zh = \"申请人\", en = \"Applicant\" }\n[[",
        )],
        &["demo.toml:284:8: bad-value: field `spouse-name` is no number and may have no `unit`"],
    ),
    (
        "item that law joins and that is alone in one situation",
        &[(
            D,
            "unit = \"health\"\nwhen = { register = [\"local\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
            "unit = \"health\"\nwhen = { register = [\"local\"], bills = [\"some\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
        )],
        &[
            "demo.toml:193:10: join-apart: law joins item `insurance` with others, and none of them takes part in situation `local.yes-none`",
        ],
    ),
    (
        "item that is never alone, and one that law does not join",
        &[(
            D,
            "[[join]]\n",
            "[[join]]\nalone = [\"insurance\", \"refund\"]\n",
        )],
        &[
            "demo.toml:193:10: never-needed: item `insurance` is never alone",
            "demo.toml:193:23: unknown-reference: there is no item `refund`",
        ],
    ),
    (
        "items that law joins and nothing brings together",
        &[
            (
                D,
                "items = [\"insurance\", \"payment\"]",
                "items = [\"insurance\", \"payment\", \"abroad\"]",
            ),
            (
                D,
                "[[join]]",
                "[[item]]\nid = \"abroad\"\nname = { zh = \"别的\", en = \"Other\" }\nunit = \"health\"\nwhen = { register = [\"elsewhere\"] }\nresult = { name = { zh = \"别的\", en = \"Other\" }, sample = \"samples/paper.svg\" }\nkind = \"1\"\nworking_days = 0\n\n[[join]]",
            ),
        ],
        &[
            "demo.toml:202:34: join-apart: law joins item `abroad` with others, and none of them takes part in situation `elsewhere.hospital`",
        ],
    ),
    (
        "proof without basis",
        &[(
            D,
            "name = { zh = \"居民身份证\", en = \"ID card\" }\ntype",
            "name = { zh = \"居民身份证明\", en = \"ID card\" }\ntype",
        )],
        &[
            "demo.toml:198:8: proof-incomplete: material `id-card` is a proof (证明) and lacks a basis",
        ],
    ),
    (
        "proof of another type without basis",
        &[(
            D,
            "name = { zh = \"居民身份证\", en = \"ID card\" }\ntype = \"1\"",
            "name = { zh = \"居民身份证明\", en = \"ID card\" }\ntype = \"3\"",
        )],
        &[
            "demo.toml:198:8: proof-incomplete: material `id-card` is a proof (证明) and lacks a basis",
        ],
    ),
    (
        "deferred core material",
        &[(D, "necessity = \"3\"", "core = true\nnecessity = \"3\"")],
        &[
            "demo.toml:235:13: core-deferred: material `marriage-certificate` is a core one (`core`): it cannot wait",
        ],
    ),
    (
        "deferred form",
        &[(
            D,
            "name = { zh = \"结婚证\", en = \"Marriage certificate\" }\ntype = \"1\"",
            "name = { zh = \"结婚证\", en = \"Marriage certificate\" }\ntype = \"2\"",
        )],
        &[
            "demo.toml:234:13: core-deferred: material `marriage-certificate` is an application or form: it cannot wait",
        ],
    ),
    (
        "deferred material of an item done on the spot",
        &[(D, "item = \"insurance\"\nwhen", "item = \"payment\"\nwhen")],
        &[
            "demo.toml:234:13: core-deferred: material `marriage-certificate` cannot wait: item `payment` is done on the spot (即办件)",
        ],
    ),
    (
        "copies of what is only shown",
        &[(
            D,
            "why = { zh = \"核对身份\", en = \"To check who you are\" }",
            "copies = 2\nwhy = { zh = \"核对身份\", en = \"To check who you are\" }",
        )],
        &[
            "demo.toml:208:10: insufficient: item `certificate` needs 2 copies of `id-card`, and nothing is collected on paper",
        ],
    ),
    (
        "no copy of what is collected",
        &[(D, "copies = 3", "copies = 0")],
        &[
            "demo.toml:243:10: insufficient: item `registration` needs no copy of `marriage-certificate`, which is collected on paper",
        ],
    ),
    (
        "several at once, in both files",
        &[
            (C, "\"370100\"", "\"x\""),
            (D, "[guide]\n", "[guide]\ncolour = \"red\"\n"),
            (D, "\"250000\"", "\"25000\""),
            (D, "unit = \"police\"", "unit = \"moon\""),
            (D, "{ zh = \"无\", en = \"None\" }", "{ zh = \"无\" }"),
        ],
        &[
            "catalogue.toml:4:15: bad-value: \"x\" is no region code: GB/T 2260 has six digits",
            "demo.toml:10:1: unknown-key: `guide` has no key `colour`",
            "demo.toml:17:17: missing-translation: `preconditions` has no English text",
            "demo.toml:26:12: bad-value: \"25000\" is no postcode: it has six digits",
            "demo.toml:153:8: unknown-reference: there is no unit `moon`",
        ],
    ),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    let update = std::env::var_os("UPDATE").is_some();
    for (name, edits, expected) in MISTAKES {
        let found = lines(edited(edits));
        if update {
            println!("{}", serde_json::json!([name, found]));
        } else {
            assert_eq!(found, *expected, "{name}");
        }
    }
}

#[test]
fn every_code_is_provoked() {
    let mut codes: BTreeSet<Code> = BTreeSet::new();
    for (_, edits, _) in MISTAKES {
        codes.extend(
            edited(edits)
                .err()
                .iter()
                .flat_map(|e| &e.findings)
                .map(|f| f.code),
        );
    }
    // The rest needs more than an edit: see the tests below.
    codes.extend([
        Code::Unreadable,
        Code::NoMatter,
        Code::TooManySituations,
        Code::NotProven,
        Code::FieldConflict,
    ]);
    let last = Code::Insufficient as usize;
    assert_eq!(codes.len(), last + 1, "{codes:?}");
}

#[test]
fn folders_and_files_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let found = lines(Catalog::load(&dir.path().join("none")));
    assert!(
        found[0].starts_with(".:1:1: unreadable: the catalogue's folder"),
        "{found:?}"
    );
    assert_eq!(
        lines(Catalog::load(dir.path())),
        [
            ".:1:1: no-matter: the catalogue has no matter",
            "catalogue.toml:1:1: unreadable: the catalogue's folder has no catalogue.toml"
        ]
    );
    fs::copy(good().join(C), dir.path().join(C)).unwrap();
    assert_eq!(
        lines(Catalog::load(dir.path())),
        [".:1:1: no-matter: the catalogue has no matter"]
    );
    fs::write(dir.path().join("big.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::write(dir.path().join("latin.toml"), b"# caf\xe9").unwrap();
    assert_eq!(
        lines(Catalog::load(dir.path())),
        [
            "big.toml:1:1: unreadable: `big.toml` cannot be read: it is bigger than 1048576 bytes",
            "latin.toml:1:1: unreadable: `latin.toml` cannot be read: it is not UTF-8 text",
        ]
    );
    // No line can be shown: the text must name the file all the same.
    let text = Catalog::load(dir.path())
        .unwrap_err()
        .render(yici_catalog::Lang::En);
    assert!(text.contains("`latin.toml` cannot be read"), "{text}");
    for n in 0..MAX_FILES {
        fs::write(dir.path().join(format!("m{n}.toml")), "").unwrap();
    }
    assert_eq!(
        lines(Catalog::load(dir.path())),
        [".:1:1: unreadable: the catalogue has more than 500 files"]
    );
}

#[test]
fn a_choice_that_changes_nothing_may_be_meant() {
    let with = |mark: &str| {
        lines(edited(&[
            (
                D,
                "[[question]]\nid = \"born\"",
                &format!(
                    "[[question.option]]\nid = \"at-sea\"\n{mark}text = {{ zh = \"海上\", en = \"At sea\" }}\nphrase = {{ zh = \"在海上出生\", en = \"born at sea\" }}\n\n[[question]]\nid = \"born\""
                ),
            ),
            (
                D,
                "place = [\"abroad\"]",
                "place = [\"abroad\", \"at-sea\"]",
            ),
        ]))
    };
    assert_eq!(
        with(""),
        [
            "demo.toml:58:1: changes-nothing: option `at-sea` of question `place` changes nothing beside `abroad`"
        ]
    );
    assert_eq!(with("same_as = \"abroad\"\n"), ["nothing was found"]);
}

/// One condition cannot say both of what comes to the same here.
#[test]
fn situations_that_come_to_the_same_may_be_meant() {
    let with = |mark: &str| {
        lines(edited(&[
            (
                D,
                "[[item]]\nid = \"certificate\"",
                &format!(
                    "[[situation]]\nid = \"home\"\n{mark}text = {{ zh = \"孩子在外地家里出生\", en = \"Born at home elsewhere\" }}\nwhen = {{ register = [\"elsewhere\"], place = [\"home\"] }}\n\n[[item]]\nid = \"certificate\""
                ),
            ),
            (
                D,
                "when = { register = [\"elsewhere\"] }\nsplit = [\"place\"]",
                "when = { register = [\"elsewhere\"], place = [\"hospital\"] }",
            ),
            (
                D,
                "[[field.need]]\nitem = \"certificate\"\nwhen = { register = [\"elsewhere\"], place = [\"home\"] }",
                "items = [\"certificate\"]",
            ),
        ]))
    };
    assert_eq!(
        with(""),
        [
            "demo.toml:137:6: same-situation: nothing tells situations `elsewhere` and `home` apart: items, materials and fields are the same"
        ]
    );
    assert_eq!(with("same_as = \"elsewhere\"\n"), ["nothing was found"]);
}

#[test]
fn who_may_be_alone_is_said() {
    let with = |mark: &str| {
        lines(edited(&[
            (
                D,
                "unit = \"health\"\nwhen = { register = [\"local\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
                "unit = \"health\"\nwhen = { register = [\"local\"], bills = [\"some\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
            ),
            (D, "[[join]]\n", &format!("[[join]]\n{mark}")),
        ]))
    };
    assert_eq!(with("").len(), 1);
    assert_eq!(with("alone = [\"insurance\"]\n"), ["nothing was found"]);
}

/// A folder with the good matter under several names, each with edits.
fn matters(texts: &[(&str, &[(&str, &str)])]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in [C, "samples/paper.svg"] {
        fs::copy(good().join(name), dir.path().join(name)).unwrap();
    }
    let demo = fs::read_to_string(good().join(D)).unwrap();
    for (id, edits) in texts {
        let mut text = demo.replace("id = \"demo\"", &format!("id = \"{id}\""));
        for (old, new) in *edits {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        fs::write(dir.path().join(format!("{id}.toml")), text).unwrap();
    }
    lines(Catalog::load(dir.path()))
}

#[test]
fn a_field_means_the_same_in_all_matters() {
    const TEXT: &str = "kind = \"text\"\ngroup = { zh = \"申请人\", en = \"Applicant\" }\n[[";
    macro_rules! field {
        ($($line:expr),*) => {
            concat!($($line, "\n",)* "group = { zh = \"申请人\", en = \"Applicant\" }\n[[")
        };
    }
    const MALE: &str = field!(
        "kind = \"choice\"",
        "options = [{ id = \"male\", text = { zh = \"男\", en = \"Male\" } }]"
    );
    const M: &str = field!(
        "kind = \"choice\"",
        "options = [{ id = \"m\", text = { zh = \"男\", en = \"Male\" } }]"
    );
    const MAN: &str = field!(
        "kind = \"choice\"",
        "options = [{ id = \"male\", text = { zh = \"男性\", en = \"Male\" } }]"
    );
    const YUAN: &str = field!("kind = \"number\"", "unit = { zh = \"元\", en = \"yuan\" }");
    const MYRIAD: &str = field!(
        "kind = \"number\"",
        "unit = { zh = \"万元\", en = \"10,000 yuan\" }"
    );
    const COUNT: &str = field!("kind = \"number\"");
    let two = |one, other| matters(&[("demo", &[(TEXT, one)]), ("second", &[(TEXT, other)])]);
    assert_eq!(two(MALE, MALE), ["nothing was found"]);
    assert_eq!(two(YUAN, YUAN), ["nothing was found"]);
    for (one, other, expected) in [
        (
            MALE,
            TEXT,
            "second.toml:283:8: field-conflict: field `spouse-name` is of another kind in matter `demo`",
        ),
        (
            MALE,
            M,
            "second.toml:284:19: field-conflict: \"男\" of field `spouse-name` is `m` here and `male` in matter `demo`",
        ),
        (
            MALE,
            MAN,
            "second.toml:284:19: field-conflict: `male` of field `spouse-name` is \"男性\" here and \"男\" in matter `demo`",
        ),
        (
            YUAN,
            MYRIAD,
            "second.toml:280:1: field-conflict: the unit of field `spouse-name` is 万元 here and 元 in matter `demo`",
        ),
        (
            YUAN,
            COUNT,
            "second.toml:280:1: field-conflict: the unit of field `spouse-name` is none here and 元 in matter `demo`",
        ),
    ] {
        assert_eq!(two(one, other), [expected]);
    }
    // Each is held against all, and told once.
    let three = matters(&[
        ("demo", &[(TEXT, MALE)]),
        (
            "second",
            &[(
                TEXT,
                field!(
                    "kind = \"choice\"",
                    "options = [{ id = \"female\", text = { zh = \"女\", en = \"Female\" } }]"
                ),
            )],
        ),
        (
            "third",
            &[(
                TEXT,
                field!(
                    "kind = \"choice\"",
                    "options = [{ id = \"f\", text = { zh = \"女\", en = \"Female\" } }]"
                ),
            )],
        ),
    ]);
    assert_eq!(
        three,
        [
            "third.toml:284:19: field-conflict: \"女\" of field `spouse-name` is `f` here and `female` in matter `second`"
        ]
    );
}

#[test]
fn a_label_means_the_same_in_all_matters() {
    let other = ("id = \"spouse-name\"", "id = \"partner-name\"");
    assert_eq!(
        matters(&[("demo", &[]), ("second", &[other]), ("third", &[other])]),
        [
            "second.toml:282:9: same-label: \"配偶姓名\" is field `partner-name` here and `spouse-name` in matter `demo`",
            "third.toml:282:9: same-label: \"配偶姓名\" is field `partner-name` here and `spouse-name` in matter `demo`",
        ]
    );
}

/// Appendix A: whatever is mandatory is missed when it is not there, in the guide and everywhere
/// else. What the loader calls mandatory comes from its schema, and the guide's elements are named
/// here, so that none becomes optional by mistake.
#[test]
fn every_mandatory_element_is_missed() {
    let demo: toml::Table = fs::read_to_string(good().join(D)).unwrap().parse().unwrap();
    let schema = yici_catalog::matter_schema();
    let mut places = Vec::new();
    mandatory(
        &toml::Value::Table(demo.clone()),
        schema,
        &mut Vec::new(),
        &mut places,
    );
    let guide: BTreeSet<&str> = places
        .iter()
        .filter_map(|path| match path.as_slice() {
            [Step::Key(guide), Step::Key(key)] if guide == "guide" => Some(key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        guide.into_iter().collect::<Vec<_>>(),
        [
            "acceptance",
            "address",
            "applicants",
            "appointment",
            "audience",
            "channels",
            "charged",
            "code",
            "code_system",
            "consult",
            "cooperating_units",
            "courier",
            "coverage",
            "flow_chart",
            "hours",
            "intermediary",
            "joint_ability",
            "lead_unit",
            "legal_basis",
            "material_form",
            "online_payment",
            "online_url",
            "place",
            "postcode",
            "preconditions",
            "promised_working_days",
            "statutory_working_days",
            "supervise",
            "visit_reason",
        ]
    );
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in [C, "samples/paper.svg"] {
        fs::copy(good().join(name), dir.path().join(name)).unwrap();
    }
    assert!(places.len() > 200, "{}", places.len());
    for path in places {
        let mut text = toml::Value::Table(demo.clone());
        let Some((Step::Key(last), to)) = path.split_last() else {
            unreachable!()
        };
        let place = to.iter().fold(&mut text, |value, step| match step {
            Step::Key(key) => &mut value[key.as_str()],
            Step::At(at) => &mut value[*at],
        });
        place.as_table_mut().unwrap().remove(last).unwrap();
        fs::write(dir.path().join(D), toml::to_string(&text).unwrap()).unwrap();
        let missed = |f: &yici_catalog::Finding| {
            f.code == Code::MissingKey && f.message.contains(&format!("lacks `{last}`"))
                || f.code == Code::MissingTranslation && (last == "zh" || last == "en")
        };
        let found = Catalog::load(dir.path()).unwrap_err().findings;
        assert!(found.iter().any(missed), "{path:?}: {found:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    At(usize),
}

/// The ways to all values in a file that the schema calls mandatory.
fn mandatory(
    value: &toml::Value,
    schema: &serde_json::Value,
    path: &mut Vec<Step>,
    places: &mut Vec<Vec<Step>>,
) {
    let root = yici_catalog::matter_schema();
    let schema = match schema["$ref"].as_str() {
        Some(name) => &root["$defs"][name.rsplit('/').next().unwrap()],
        None => schema,
    };
    if let Some(any) = schema["anyOf"].as_array() {
        return mandatory(value, &any[0], path, places);
    }
    if let Some(table) = value.as_table() {
        for key in schema["required"].as_array().into_iter().flatten() {
            let key = key.as_str().unwrap().to_owned();
            places.push([path.as_slice(), &[Step::Key(key)]].concat());
        }
        for (key, value) in table {
            path.push(Step::Key(key.clone()));
            mandatory(value, &schema["properties"][key], path, places);
            path.pop();
        }
    }
    for (at, value) in value.as_array().into_iter().flatten().enumerate() {
        path.push(Step::At(at));
        mandatory(value, &schema["items"], path, places);
        path.pop();
    }
}

#[test]
fn situations_are_bounded() {
    let mut questions = String::new();
    let mut split = Vec::new();
    for q in 0..8 {
        questions += &format!(
            "[[question]]\nid = \"q{q}\"\nkind = \"choice\"\ntext = {{ zh = \"问\", en = \"q\" }}\n"
        );
        for o in 0..4 {
            questions += &format!(
                "[[question.option]]\nid = \"o{o}\"\ntext = {{ zh = \"选\", en = \"o\" }}\nphrase = {{ zh = \"选\", en = \"o\" }}\n"
            );
        }
        split.push(format!("\"q{q}\""));
    }
    let questions = questions + "[[window]]\nid = \"abroad\"";
    let split = format!("split = [{}]", split.join(", "));
    let found = lines(edited(&[
        (D, "[[window]]\nid = \"abroad\"", &questions),
        (D, "split = [\"place\"]", &split),
    ]));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].ends_with("too-many-situations: the matter has more than 5000 situations when `elsewhere` is split"),
        "{found:?}"
    );
}

/// Whoever answers as the example meets the mistake; it is told in the language of the reader.
#[test]
fn what_only_answers_show_comes_with_an_example() {
    let joined = edited(&[(
        D,
        "unit = \"health\"\nwhen = { register = [\"local\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
        "unit = \"health\"\nwhen = { register = [\"local\"], bills = [\"some\"] }\nafter = [\"registration\"]\nresult = { name = { zh = \"缴费凭证\"",
    )]);
    let same = edited(&[(
        D,
        "when = { register = [\"elsewhere\"], place = [\"home\"] }",
        "when = { register = [\"elsewhere\"] }",
    )]);
    for (error, code) in [
        (joined.unwrap_err(), Code::JoinApart),
        (same.unwrap_err(), Code::SameSituation),
    ] {
        let finding = error.findings.iter().find(|f| f.code == code).unwrap();
        let text = &finding.witness.as_ref().unwrap().text;
        let (zh, en) = (
            format!("例如：{}", text.zh),
            format!("for example: {}", text.en),
        );
        let first = |words: &str| words.chars().take(20).collect::<String>();
        assert!(error.render(yici_catalog::Lang::Zh).contains(&first(&zh)));
        assert!(error.render(yici_catalog::Lang::En).contains(&first(&en)));
    }
}

#[test]
fn the_line_is_shown() {
    let error = edited(&[(D, "as = \"no\"", "as = \"maybe\"")]).unwrap_err();
    assert_eq!(error.to_string(), "the catalogue was refused: 1 finding");
    let text = error.render(yici_catalog::Lang::En);
    for part in [
        "unknown-reference",
        "demo.toml:",
        "as = \"maybe\"",
        "there is no option `maybe`",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let chinese = error.render(yici_catalog::Lang::Zh);
    let told = "提到的编号不存在（there is no option `maybe`）";
    assert!(chinese.contains(told), "{chinese}");
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["findings"][0]["code"], "unknown-reference");
    assert_eq!(json["findings"][0]["file"], "demo.toml");
    assert!(json["findings"][0]["line"].is_u64());
}

fn lines(loaded: Result<Catalog, LoadError>) -> Vec<String> {
    match loaded {
        Ok(_) => vec!["nothing was found".to_owned()],
        Err(e) => e.findings.iter().map(|f| f.line()).collect(),
    }
}
