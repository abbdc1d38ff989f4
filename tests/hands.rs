//! Writing and signing by pointer input alone, on the real pages: what leaves the screen, and what
//! does not.

#![allow(clippy::unwrap_used)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use yici::headless::{self, Options};
use yici::screen::{Handle, Screen};
use yici::visit::page::*;
use yici::visit::touch::Touch;
use yici_catalog::{Lang, Text};
use yici_contract::case::MAX_SIGNATURE_BYTES;

const SCRIPT: &str = "\
type shifan
tap 示范
type shi1
tap 删除
tap 换成字母
tap a
sign
tap 签好了
wait 签好了
end
";

fn t(text: &str) -> Text {
    Text {
        zh: text.into(),
        en: text.into(),
    }
}

fn page(serial: u32, main: Main, content: Content) -> Page {
    Page {
        serial,
        frame: Frame {
            hall: t("大厅"),
            time: None,
            lang: Lang::Zh,
            large: false,
            step: None,
            back: true,
            leave: true,
            main: Some(main),
            main_enabled: true,
        },
        content,
        countdown: None,
    }
}

fn writing() -> Page {
    let field = Field {
        label: t("姓名"),
        topic: t("孩子"),
        optional: false,
        input: FieldInput::Text {
            typed: String::new(),
        },
        fault: None,
        source: None,
    };
    page(1, Main::Continue, Content::Field(Box::new(field)))
}

fn signing() -> Page {
    let sign = Sign {
        what: Signing::Application,
        words: vec![t("我看过申请表，里面写的都是真的。")],
        digest: "3f9a 02c7 b1de 88f4".into(),
    };
    page(2, Main::Signed, Content::Sign(Box::new(sign)))
}

#[test]
fn text_is_composed_and_a_signature_is_drawn_by_pointer_alone() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("hands.txt");
    std::fs::write(&script, SCRIPT).unwrap();
    let headless = headless::install(&Options {
        dir: Some(dir.path().join("pictures")),
        size: (1080, 1920),
        script: Some(script),
        screen: None,
    })
    .unwrap();

    let touches = Arc::new(Mutex::new(Vec::new()));
    let handle = Arc::new(Mutex::new(None::<Handle>));
    let screen = Screen::new({
        let (touches, handle) = (touches.clone(), handle.clone());
        move |serial, touch| {
            // As the visit would: after the writing comes the signing.
            if let Touch::Insert(text) = &touch
                && text.reveal() == "a"
                && let Some(handle) = *handle.lock().unwrap()
            {
                handle.show(signing()).unwrap();
            }
            touches.lock().unwrap().push((serial, touch));
        }
    })
    .unwrap();
    handle.lock().unwrap().replace(screen.handle());
    screen.show(&writing());
    assert_eq!(headless.run(&screen).unwrap(), ExitCode::SUCCESS);

    let touches = touches.lock().unwrap();
    let inserted: Vec<&str> = touches
        .iter()
        .filter_map(|(_, touch)| {
            if let Touch::Insert(text) = touch {
                Some(text.reveal())
            } else {
                None
            }
        })
        .collect();
    // Letters that are half composed become their likeliest reading when something else is typed.
    assert_eq!(inserted, ["示范", "是", "1", "a"]);
    assert!(touches.contains(&(1, Touch::Erase)));
    let (serial, picture) = touches
        .iter()
        .find_map(|(serial, touch)| {
            if let Touch::Signed(picture) = touch {
                Some((serial, picture.reveal()))
            } else {
                None
            }
        })
        .unwrap();
    assert_eq!(*serial, 2);
    assert!(picture.len() <= MAX_SIGNATURE_BYTES);
    let picture = image::load_from_memory(picture).unwrap().into_luma8();
    let inked = picture.pixels().filter(|pixel| pixel.0[0] < 128).count();
    assert_eq!(picture.width(), 600);
    assert!(inked > 500, "{inked} pixels of ink");

    // The next page keeps neither letters nor ink.
    screen.show(&writing());
    let window = slint::ComponentHandle::global::<yici_ui::SignAdapter<'_>>(screen.window());
    assert!(!window.get_drawn());
    assert_eq!(slint::Model::row_count(&window.get_ink()), 0);
}
