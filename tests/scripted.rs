//! The scripted citizen against the real window: reads, touches, pages down, and fails as told.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use std::cell::RefCell;
use std::rc::Rc;

use yici::headless::{self, Options};
use yici::screen::Screen;
use yici::visit::touch::Touch;
use yici_catalog::Lang;

const SCRIPT: &str = "\
wait 点一下屏幕开始
tap 点一下屏幕开始
tap 新生儿出生
# Far below, and only there.
tap 打印这份告知单
tap English
tap Start
tap 1
type 23
do test -d /
shot typed
absent no such words
end
";

#[test]
fn a_citizen_walks_through() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = dir.path().join("citizen.txt");
    std::fs::write(&script, SCRIPT).expect("a script");
    let options = Options { dir: dir.path().join("out"), size: (1080, 1920), script: Some(script) };
    let headless = headless::install(&options).expect("no display is needed");

    // A visit that only leads from page to page.
    let touches: Rc<RefCell<Vec<Touch>>> = Rc::default();
    let screen: Rc<RefCell<Option<Screen>>> = Rc::default();
    let opened = Screen::new({
        let (touches, screen) = (touches.clone(), screen.clone());
        move |serial, touch| {
            touches.borrow_mut().push(touch.clone());
            let (next, lang) = match touch {
                Touch::Wake => ("home", Lang::Zh),
                Touch::Matter(_) => ("notice", Lang::Zh),
                Touch::Language(lang) => ("notice", lang),
                Touch::Main => ("number-empty", Lang::En),
                _ => return,
            };
            let mut page = gallery::page_named(next).expect("it is in the gallery");
            page.serial = serial + 1;
            page.frame.lang = lang;
            if let Some(screen) = screen.borrow().as_ref() {
                screen.show(&page);
            }
        }
    })
    .expect("a window");
    opened.show(&gallery::page_named("idle").expect("it is in the gallery"));
    screen.replace(Some(opened.clone()));

    let code = headless.run(&opened).expect("it runs");
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    assert_eq!(
        touches.take(),
        [
            Touch::Wake,
            Touch::Matter("birth".into()),
            Touch::Print,
            Touch::Language(Lang::En),
            Touch::Main,
            Touch::Key('1'),
            Touch::Key('2'),
            Touch::Key('3'),
        ]
    );
    let pictures: Vec<_> = ["001-idle", "002-home", "003-notice", "004-notice", "005-number", "typed"]
        .iter()
        .filter(|name| !dir.path().join(format!("out/{name}.png")).exists())
        .collect();
    assert!(pictures.is_empty(), "missing: {pictures:?}");
}
