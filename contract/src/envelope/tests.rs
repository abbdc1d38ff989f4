use data_encoding::HEXLOWER_PERMISSIVE;
use proptest::prelude::*;

use super::*;
use crate::case::*;
use crate::{Digest, Private, PrivateBytes, SlipSecret};

const NAME: &str = "王小明";
const ID: &str = "11010519491231002X";

struct Parties {
    device: SecretKey,
    upstream: Keyring,
}

impl Parties {
    fn new() -> Parties {
        Parties {
            device: SecretKey::random().unwrap(),
            upstream: Keyring::new(SecretKey::random().unwrap(), Vec::new()),
        }
    }

    fn seal(&self, case: &Case, attachments: &[Attachment]) -> SealedCase {
        seal(
            case,
            attachments,
            &self.device,
            self.upstream.current().public(),
        )
        .unwrap()
    }

    fn open(&self, sealed: &SealedCase, number: &CaseNumber) -> Result<Opened, OpenError> {
        open(sealed, number, &self.upstream, self.device.public())
    }
}

fn attachment(name: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        name: name.try_into().unwrap(),
        bytes: Zeroizing::new(bytes.to_vec()),
    }
}

fn document(of: &Attachment) -> Document {
    Document {
        part: of.name.clone(),
        media: Media::Text,
        sha256: Digest::of(&of.bytes),
    }
}

fn signed(of: &Attachment) -> Signed {
    Signed {
        shown: document(of),
        signature: PrivateBytes::new(b"a picture".to_vec()),
        at: "2026-01-31T08:30:00Z".parse().unwrap(),
    }
}

fn party(name: &str, code: Option<&str>) -> Party {
    Party {
        name: Private::new(name),
        code: code.map(Private::new),
    }
}

/// A case that has one of everything.
fn example() -> (Case, Vec<Attachment>) {
    let number = CaseNumber::random().unwrap();
    let parts = vec![
        attachment("application", format!("申请表 {NAME} {ID}").as_bytes()),
        attachment("promise-1", "承诺".as_bytes()),
        attachment("page-1", &[7; 5000]),
        attachment("page-2", &[]),
    ];
    let handed_in = |material: &str, how| HandedIn {
        material: material.into(),
        how,
    };
    let case = Case {
        version: VERSION,
        number,
        secret: SlipSecret::random().unwrap().hash(&number),
        terminal: "hall-1.terminal-3".into(),
        lang: Lang::Zh,
        matter: "newborn".into(),
        catalogue: "2026.1".into(),
        situation: "local.yes-family".into(),
        items: vec!["birth-certificate".into(), "household".into()],
        answers: vec![CaseAnswer {
            question: "where".into(),
            answer: Private::new("local"),
            source: Source::Resource("card.address".into()),
        }],
        form: vec![
            FilledField {
                field: "name".into(),
                value: Private::new(NAME),
                source: Source::Corrected("card.name".into()),
            },
            FilledField {
                field: "mobile".into(),
                value: Private::new("13800000000"),
                source: Source::Citizen,
            },
        ],
        applicant: Applicant::Guardian {
            person: party(NAME, Some(ID)),
            ward: party("王朵", None),
        },
        materials: vec![
            handed_in("birth-notice", How::Paper),
            handed_in(
                "marriage",
                How::Later {
                    promise: signed(&parts[1]),
                },
            ),
            handed_in(
                "household-page",
                How::Captured {
                    pages: vec![document(&parts[2]), document(&parts[3])],
                },
            ),
        ],
        declaration: signed(&parts[0]),
        times: Times {
            begun: "2026-01-31T08:20:00Z".parse().unwrap(),
            submitted: "2026-01-31T08:31:00Z".parse().unwrap(),
            clock_trusted: true,
        },
    };
    (case, parts)
}

/// A sealed case's bytes, cut so that parts can be moved.
struct Pieces {
    head: Vec<u8>,
    parts: Vec<Vec<u8>>,
}

impl Pieces {
    fn of(sealed: &SealedCase) -> Pieces {
        let parts = sealed.parts().map(|(name, bytes)| {
            let mut part = vec![name.len() as u8];
            part.extend_from_slice(name.as_bytes());
            part.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            part.extend_from_slice(bytes);
            part
        });
        Pieces {
            head: sealed.as_bytes()[..85].to_vec(),
            parts: parts.collect(),
        }
    }

    fn join(&self) -> Result<SealedCase, WireError> {
        let mut bytes = self.head.clone();
        bytes.extend_from_slice(&(self.parts.len() as u16).to_be_bytes());
        bytes.extend(self.parts.iter().flatten());
        SealedCase::parse(bytes)
    }
}

/// The vector of RFC 9180, A.2.3 (mode Auth, this suite): opened with the keys as this crate reads
/// them, and the sequence of parts.
#[test]
fn the_suite_is_that_of_rfc_9180() {
    let hex = |text: &str| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap();
    let upstream =
        SecretKey::parse("3ca22a6d1cda1bb9480949ec5329d3bf0b080ca4c45879c95eddb55c70b80b82")
            .unwrap();
    let device =
        SecretKey::parse("2def0cb58ffcf83d1062dd085c8aceca7f4c0c3fd05912d847b61f3e54121f05")
            .unwrap();
    assert_eq!(
        upstream.public().to_string(),
        "1a478716d63cb2e16786ee93004486dc151e988b34b475043d3e0175bdb01c44"
    );
    assert_eq!(
        device.public().to_string(),
        "f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b"
    );
    let encapped = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&hex(
        "f7674cc8cd7baa5872d1f33dbaffe3314239f6197ddf5ded1746760bfc847e0e",
    ))
    .unwrap();
    let mode = OpModeR::Auth(device.public().hpke().clone());
    let info = hex("4f6465206f6e2061204772656369616e2055726e");
    let mut context: Opener =
        hpke::setup_receiver(&mode, upstream.hpke(), &encapped, &info).unwrap();
    for (at, sealed) in [
        "ab1a13c9d4f01a87ec3440dbd756e2677bd2ecf9df0ce7ed73869b98e00c09be111cb9fdf077347aeb88e61bdf",
        "3265c7807ffff7fdace21659a2c6ccffee52a26d270c76468ed74202a65478bfaedfff9c2b7634e24f10b71016",
        "3aadee86ad2a05081ea860033a9d09dbccb4acac2ded0891da40f51d4df19925f7a767b076a5cbc9355c8fd35e",
    ]
    .iter()
    .enumerate()
    {
        let opened = context.open(&hex(sealed), format!("Count-{at}").as_bytes());
        assert_eq!(
            opened.unwrap(),
            b"Beauty is truth, truth beauty",
            "sequence number {at}"
        );
    }
}

#[test]
fn what_is_sealed_is_opened() {
    let parties = Parties::new();
    let (case, parts) = example();
    let sealed = parties.seal(&case, &parts);
    let again = SealedCase::parse(sealed.as_bytes().to_vec()).unwrap();
    assert_eq!(again, sealed);
    assert_eq!(again.head().number, case.number);
    assert_eq!(again.head().key, parties.upstream.current().public().id());
    assert_eq!(again.head().device, parties.device.public().id());
    let opened = parties.open(&again, &case.number).unwrap();
    assert_eq!(opened.attachments, parts);
    assert!(opened.case == case);
}

#[test]
fn nothing_personal_is_in_clear_or_in_debug() {
    let parties = Parties::new();
    let (case, parts) = example();
    let json = case.to_json().unwrap();
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let sealed = parties.seal(&case, &parts);
    for canary in [NAME, ID, "13800000000"] {
        assert!(has(&json, canary), "{canary} must be in the plaintext");
        assert!(!has(sealed.as_bytes(), canary), "{canary}");
        let shown = format!(
            "{case:?} {:?} {:?} {parts:?} {sealed:?}",
            case.form, case.applicant
        );
        assert!(!shown.contains(canary), "{shown}");
    }
}

#[test]
fn errors_say_nothing_personal() {
    let (case, _) = example();
    let json = String::from_utf8(case.to_json().unwrap().to_vec()).unwrap();
    // A name where a number must stand: the JSON library would quote it.
    let wrong = json.replace("\"version\":1", &format!("\"version\":\"{NAME}\""));
    let error = Case::from_json(wrong.as_bytes()).unwrap_err();
    assert!(!error.to_string().contains(NAME), "{error}");
    assert!(matches!(error, CaseError::Json("data", 1, _)));
    let wrong = json.replace("\"form\":", &format!("\"{NAME}\":1,\"form\":"));
    let error = Case::from_json(wrong.as_bytes()).unwrap_err();
    assert!(!error.to_string().contains(NAME), "{error}");
}

#[test]
fn another_number_is_refused() {
    let parties = Parties::new();
    let (case, parts) = example();
    let sealed = parties.seal(&case, &parts);
    let other = CaseNumber::random().unwrap();
    assert_eq!(
        parties.open(&sealed, &other).unwrap_err(),
        OpenError::OtherNumber
    );
    // The head rewritten to the other number as well: a replay under another number.
    let mut pieces = Pieces::of(&sealed);
    pieces.head[21..37].copy_from_slice(other.compact().as_bytes());
    assert_eq!(pieces.join().unwrap_err(), WireError::Number);
    pieces.head[37..53].copy_from_slice(other.case_id().as_bytes());
    let replayed = pieces.join().unwrap();
    assert_eq!(
        parties.open(&replayed, &other).unwrap_err(),
        OpenError::Forged(0)
    );
}

#[test]
fn another_device_is_refused() {
    let (parties, other) = (Parties::new(), SecretKey::random().unwrap());
    let (case, parts) = example();
    let upstream = parties.upstream.current().public();
    let sealed = seal(&case, &parts, &other, upstream).unwrap();
    assert_eq!(
        parties.open(&sealed, &case.number).unwrap_err(),
        OpenError::OtherDevice
    );
    // A forger who knows both public keys, and writes the device's id into the head.
    let mut pieces = Pieces::of(&sealed);
    pieces.head[13..21].copy_from_slice(parties.device.public().id().as_bytes());
    let forged = pieces.join().unwrap();
    assert_eq!(
        parties.open(&forged, &case.number).unwrap_err(),
        OpenError::Forged(0)
    );
}

#[test]
fn the_device_cannot_open_what_it_sealed() {
    let parties = Parties::new();
    let (case, parts) = example();
    let mut pieces = Pieces::of(&parties.seal(&case, &parts));
    let own = Keyring::new(parties.device.clone(), Vec::new());
    pieces.head[5..13].copy_from_slice(own.current().public().id().as_bytes());
    assert_eq!(
        open(
            &pieces.join().unwrap(),
            &case.number,
            &own,
            parties.device.public()
        )
        .unwrap_err(),
        OpenError::Forged(0)
    );
}

#[test]
fn earlier_keys_open_until_they_are_taken_off_the_ring() {
    let parties = Parties::new();
    let (case, parts) = example();
    let sealed = parties.seal(&case, &parts);
    let current = SecretKey::random().unwrap();
    let earlier = parties.upstream.current().clone();
    let device = parties.device.public();
    let rotated = Keyring::new(current.clone(), vec![earlier]);
    assert!(open(&sealed, &case.number, &rotated, device).is_ok());
    let later = Keyring::new(current, Vec::new());
    assert_eq!(
        open(&sealed, &case.number, &later, device).unwrap_err(),
        OpenError::UnknownKey
    );
}

#[test]
fn moved_parts_are_refused() {
    let parties = Parties::new();
    let (case, parts) = example();
    let sealed = parties.seal(&case, &parts);
    let refused = |pieces: &Pieces| {
        let sealed = pieces.join().unwrap();
        parties.open(&sealed, &case.number).unwrap_err()
    };
    // Swapped, left out (also at the end), doubled, renamed.
    let mut pieces = Pieces::of(&sealed);
    pieces.parts.swap(1, 2);
    assert_eq!(refused(&pieces), OpenError::Forged(1));
    for at in 0..pieces.parts.len() {
        let mut pieces = Pieces::of(&sealed);
        pieces.parts.remove(at);
        assert_eq!(refused(&pieces), OpenError::Forged(0), "without {at}");
    }
    let mut pieces = Pieces::of(&sealed);
    pieces.parts.push(pieces.parts[1].clone());
    assert_eq!(refused(&pieces), OpenError::Forged(0));
    let mut pieces = Pieces::of(&sealed);
    pieces.parts[3][1..7].copy_from_slice(b"page-9");
    assert_eq!(refused(&pieces), OpenError::Forged(3));
    // The same part of another case of the same device.
    let (other, other_parts) = example();
    let mut pieces = Pieces::of(&sealed);
    pieces.parts[3] = Pieces::of(&parties.seal(&other, &other_parts)).parts[3].clone();
    assert_eq!(refused(&pieces), OpenError::Forged(3));
    // The same part of the same case, sealed a second time.
    let mut pieces = Pieces::of(&sealed);
    pieces.parts[3] = Pieces::of(&parties.seal(&case, &parts)).parts[3].clone();
    assert_eq!(refused(&pieces), OpenError::Forged(3));
}

#[test]
fn every_cut_is_refused() {
    let parties = Parties::new();
    let (case, parts) = example();
    let bytes = parties.seal(&case, &parts).as_bytes().to_vec();
    for length in 0..bytes.len() {
        assert!(
            SealedCase::parse(bytes[..length].to_vec()).is_err(),
            "{length}"
        );
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(SealedCase::parse(longer), Err(WireError::Trailing));
}

/// A device that seals what it must not: the manifest is checked by itself.
#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let parties = Parties::new();
    let (case, attachments) = example();
    let json = case.to_json().unwrap();
    let right: Vec<(&str, &[u8])> = std::iter::once((CASE_PART, json.as_slice()))
        .chain(
            attachments
                .iter()
                .map(|a| (a.name.as_str(), a.bytes.as_slice())),
        )
        .collect();
    let opened = |parts: &[(&str, &[u8])], manifest: &[u8]| {
        let head = Head {
            version: VERSION,
            key: parties.upstream.current().public().id(),
            device: parties.device.public().id(),
            number: case.number,
        };
        let mode = OpModeS::Auth((
            parties.device.hpke().clone(),
            parties.device.public().hpke().clone(),
        ));
        let upstream = parties.upstream.current().public().hpke();
        let (encapped, mut context): (_, Sealer) =
            hpke::setup_sender(&mode, upstream, INFO).unwrap();
        let mut parts = parts.to_vec();
        parts.push((MANIFEST_PART, manifest));
        let mut wire = wire::Writer::new(&head, &encapped.to_bytes(), parts.len());
        for (at, (name, bytes)) in parts.iter().enumerate() {
            let bound = associated_data(&head, at, parts.len(), name);
            wire.part(name, &context.seal(bytes, &bound).unwrap());
        }
        let sealed = SealedCase::parse(wire.finish()).unwrap();
        parties.open(&sealed, &case.number).map(|_| ())
    };
    let manifest = Manifest::of(&right).to_json().unwrap();
    assert_eq!(opened(&right, &manifest), Ok(()));
    let short = Manifest::of(&right[..4]).to_json().unwrap();
    assert_eq!(opened(&right, &short), Err(OpenError::Manifest));
    assert_eq!(opened(&right, b"{}"), Err(OpenError::Manifest));
    let mut changed = right.clone();
    changed[2].1 = b"another promise";
    assert_eq!(opened(&changed, &manifest), Err(OpenError::Manifest));
    // A fit manifest over parts that are not those of the case.
    let honest = Manifest::of(&changed).to_json().unwrap();
    assert_eq!(
        opened(&changed, &honest),
        Err(CaseError::Document("promise-1".try_into().unwrap()).into())
    );
    let twice = [right[0], right[1], right[1]];
    let honest = Manifest::of(&twice).to_json().unwrap();
    assert_eq!(opened(&twice, &honest), Err(OpenError::Manifest));
    // Another case inside than the envelope says.
    let (other, _) = example();
    let inside = other.to_json().unwrap();
    let mut changed = right.clone();
    changed[0].1 = &inside;
    let honest = Manifest::of(&changed).to_json().unwrap();
    assert_eq!(opened(&changed, &honest), Err(OpenError::OtherNumber));
}

#[test]
fn only_fit_cases_are_sealed() {
    let parties = Parties::new();
    let upstream = parties.upstream.current().public();
    let (case, parts) = example();
    let refused = |change: &dyn Fn(&mut Case, &mut Vec<Attachment>)| {
        let (mut case, mut parts) = (case.clone(), parts.clone());
        change(&mut case, &mut parts);
        seal(&case, &parts, &parties.device, upstream).unwrap_err()
    };
    let case_error = SealError::Case;
    assert_eq!(
        refused(&|c, _| c.version = 2),
        case_error(CaseError::Version(2))
    );
    assert_eq!(
        refused(&|c, _| c.matter = "新生儿".into()),
        case_error(CaseError::Id("matter"))
    );
    assert_eq!(
        refused(&|c, _| c.items.clear()),
        case_error(CaseError::Entries("items"))
    );
    assert_eq!(
        refused(&|c, _| c.items.push(c.items[0].clone())),
        case_error(CaseError::Twice("items"))
    );
    assert_eq!(
        refused(&|c, _| c.items = (0..513).map(|n| n.to_string()).collect()),
        case_error(CaseError::Entries("items"))
    );
    assert_eq!(
        refused(&|c, _| c.form[0].value = Private::new("x".repeat(MAX_TEXT_BYTES + 1))),
        case_error(CaseError::Text("form"))
    );
    assert_eq!(
        refused(&|c, _| c.applicant = Applicant::Person {
            person: party(" ", None)
        }),
        case_error(CaseError::Text("applicant"))
    );
    assert_eq!(
        refused(&|c, _| c.declaration.signature = PrivateBytes::default()),
        case_error(CaseError::Text("declaration"))
    );
    assert_eq!(
        refused(&|c, _| c.declaration.shown.sha256 = Digest::of(b"something else")),
        case_error(CaseError::Document("application".try_into().unwrap()))
    );
    assert_eq!(
        refused(&|_, p| drop(p.pop())),
        case_error(CaseError::Document("page-2".try_into().unwrap()))
    );
    assert_eq!(
        refused(&|_, p| p.push(attachment("extra", b"x"))),
        case_error(CaseError::Unmentioned("extra".try_into().unwrap()))
    );
    assert_eq!(
        refused(&|c, p| {
            p[2].bytes = Zeroizing::new(vec![0; MAX_PART_BYTES + 1]);
            let How::Captured { pages } = &mut c.materials[2].how else {
                return;
            };
            pages[0] = document(&p[2]);
        }),
        SealError::TooBig
    );
}

#[test]
fn names_of_parts_are_bounded() {
    for bad in ["", "case", "manifest", "Page", "页", "a/b", &"a".repeat(41)] {
        assert_eq!(PartName::try_from(bad), Err(NameError), "{bad}");
    }
    assert!(PartName::try_from("a".repeat(40)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_attachments_travel(contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 0..8)) {
        let parties = Parties::new();
        let (mut case, mut parts) = example();
        parts.truncate(2);
        case.materials.truncate(2);
        let pages: Vec<_> = contents.iter().enumerate()
            .map(|(at, bytes)| attachment(&format!("page-{at}"), bytes)).collect();
        if !pages.is_empty() {
            let documents = pages.iter().map(document).collect();
            case.materials.push(HandedIn { material: "m".into(), how: How::Captured { pages: documents } });
        }
        parts.extend(pages);
        let sealed = parties.seal(&case, &parts);
        let opened = parties.open(&sealed, &case.number).unwrap();
        prop_assert_eq!(opened.attachments, parts);
        prop_assert!(opened.case == case);
    }

    #[test]
    fn any_changed_byte_is_refused(at in any::<proptest::sample::Index>(), by in 1..=255u8) {
        let parties = Parties::new();
        let (case, parts) = example();
        let mut bytes = parties.seal(&case, &parts).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        if let Ok(sealed) = SealedCase::parse(bytes) {
            prop_assert!(parties.open(&sealed, &case.number).is_err());
        }
    }

    #[test]
    fn garbage_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), real in any::<bool>()) {
        if real {
            let (case, parts) = example();
            let sealed = Parties::new().seal(&case, &parts);
            bytes.splice(0..0, sealed.as_bytes()[..87].iter().copied());
        }
        let _ = SealedCase::parse(bytes);
    }
}
