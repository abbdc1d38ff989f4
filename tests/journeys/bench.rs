//! The workbench in a real browser: a whole visit by mouse, from the idle page to the sheet torn off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::apply::{small_catalogue, small_hall};
use crate::hall::{Hall, PATIENCE, Running, ready, sim_program};
use crate::upstream::Upstream;

#[test]
fn a_whole_visit_by_mouse() {
    let hall = Hall::open();
    let _terminal = hall.start_for_viewers();
    let bench = Bench::start(&hall);
    let browser = Browser::open(&bench.address);
    for label in [
        "点一下屏幕开始",
        "企业和个体户",
        "开办餐饮店",
        "开始",
        "同意，读卡",
    ] {
        browser.tap(label);
    }
    browser.until("放在读卡区");
    browser.click("button.card[data-who=citizen]");
    browser.until("读好了");
    assert_eq!(hall.ctl("state")["reader"]["card"]["name"], "李小满");
    // The card that lies on the reader is lifted by the same click.
    browser.click("button.card[data-who=citizen]");
    browser.wait(
        "the card is lifted",
        "return !document.querySelector('.place .card')",
    );
    assert_eq!(hall.ctl("state")["reader"]["card"], Value::Null);
    for label in [
        "继续",
        "有固定店面的餐馆",
        "办好了",
        "商铺、商场",
        "不卖，都是热的",
        "1",
        "2",
        "0",
    ] {
        browser.tap(label);
    }
    browser.until("120");
    for label in ["继续", "挂普通门头招牌", "不卖", "是，我自己办"] {
        browser.tap(label);
    }
    browser.until("您属于");
    browser.tap("继续");
    browser.tap("打印单子");
    browser.until("已打印，请拿好单子");
    browser.wait(
        "the slip hangs out of the printer, whole",
        "const paper = document.querySelector('#paper').getBoundingClientRect();
         const picture = document.querySelector('#sheet img');
         return picture && picture.naturalHeight > 600 && paper.height > 200
             && document.querySelector('#paper').getAttribute('aria-label').includes('hangs out')",
    );
    assert_eq!(hall.slips(".png").len(), 1);
    browser.click("#tear");
    browser.wait(
        "the slip lies in the tray, and none hangs out",
        "return document.querySelectorAll('#tray button[data-slip]').length === 1
             && document.querySelector('#tear').disabled",
    );
    browser.tap("好了，离开");
    browser.until("请拿好您的身份证");
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

/// What can be touched is there for keyboards and screen readers as well, by its name.
#[test]
fn the_screen_is_reached_without_a_pointer() {
    let hall = Hall::open();
    let _terminal = hall.start_for_viewers();
    let bench = Bench::start(&hall);
    let browser = Browser::open(&bench.address);
    browser.until("点一下屏幕开始");
    browser.wait(
        "the focus",
        "const button = document.querySelector('#overlay button[aria-label=English]');
         button?.focus();
         return document.activeElement === button",
    );
    browser.press_enter();
    browser.until("A+ Larger");
}

#[test]
fn switches_say_what_the_devices_say() {
    let hall = Hall::open();
    let _terminal = hall.start_for_viewers();
    let bench = Bench::start(&hall);
    let browser = Browser::open(&bench.address);
    browser.until("点一下屏幕开始");
    let printer = |key: &str| hall.ctl("state")["printer"][key].clone();
    let switch = |group: &str, choice: &str| browser.switch(group, choice);
    switch("纸", "没纸");
    assert_eq!(printer("paper"), "out");
    switch("纸", "快完了");
    assert_eq!(printer("paper"), "low");
    switch("上盖", "打开");
    assert_eq!(printer("cover"), "open");
    switch("回话", "不答");
    assert_eq!(printer("silent"), true);
    switch("回话", "都答");
    assert_eq!(printer("silent"), false);
    // What is done elsewhere shows here as well.
    hall.ctl("head hot");
    browser.wait(
        "the hot head shows",
        "return document.querySelector('#lamp').textContent.includes('cover open')
             && [...document.querySelectorAll('.setting [aria-pressed=true]')].some(button => button.textContent.startsWith('过热'))",
    );
    // Every order is there, without anybody having put it on the page.
    browser.wait(
        "all orders",
        "return [...document.querySelectorAll('#all code')].some(code => code.textContent === 'card truncate')",
    );
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

/// What goes wrong on the bench goes wrong on the screen beside it: a jam takes paper off the offer, and a
/// code of something else is no receipt.
#[test]
fn a_jam_and_a_code_show_on_the_screen() {
    let hall = small_hall();
    let _upstream = Upstream::for_hall(&hall, &small_catalogue());
    let _terminal = hall.start_for_viewers();
    let bench = Bench::start(&hall);
    let browser = Browser::open(&bench.address);
    browser.tap("点一下屏幕开始");
    browser.until("查办理进度");
    browser.switch("纸路", "卡纸");
    assert_eq!(hall.ctl("state")["printer"]["jam"], true);
    browser.until("打不了单子，可以用手机带走");
    browser.switch("纸路", "通畅");
    // The page moves when this goes.
    browser.until_gone("打不了单子");
    browser.tap("查办理进度");
    browser.until("对准扫码窗口");
    browser.run("document.querySelector('#scan input').value = '6901234567892'");
    browser.click("#scan .typed button");
    browser.until("这不是收件凭证上的码");
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

/// Another site in the same browser may neither look nor do anything, whatever name it has.
#[test]
fn strangers_are_refused() {
    let hall = Hall::open();
    let bench = Bench::start(&hall);
    let host = bench.host();
    let order = r#"{"words":["paper","out"]}"#;
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        request(host, method, path, headers, body).0
    };
    let own = format!("http://{host}");
    assert_eq!(ask("GET", "/state", &[("Host", "evil.example")], ""), 403);
    let evil = [("Host", host), ("Origin", "http://evil.example")];
    assert_eq!(ask("POST", "/order", &evil, order), 403);
    assert_eq!(ask("POST", "/order", &[("Host", host)], order), 403);
    assert_eq!(hall.ctl("state")["printer"]["paper"], "full");
    let same = [("Host", host), ("Origin", own.as_str())];
    assert_eq!(ask("POST", "/order", &same, order), 200);
    assert_eq!(hall.ctl("state")["printer"]["paper"], "out");
    assert_eq!(ask("POST", "/order", &same, &"x".repeat(1 << 20)), 413);
    assert_eq!(ask("GET", "/slips/..%2F..%2Fkiosk.toml", &same, ""), 404);
    assert_eq!(ask("GET", "/screen/1", &same, ""), 502, "no terminal runs");
    assert_eq!(ask("POST", "/touch/1", &same, "dxxyy"), 410);
}

#[test]
fn only_this_machine_is_served() {
    let ended = Command::new(sim_program())
        .args(["bench", "--listen", "0.0.0.0:0", "--socket", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("loopback"));
}

/// The workbench of a hall's devices.
struct Bench {
    address: String,
    _process: Running,
}

impl Bench {
    fn start(hall: &Hall) -> Bench {
        let mut process = Command::new(sim_program())
            .args(["bench", "--listen", "127.0.0.1:0", "--socket"])
            .arg(hall.path("sim.sock"))
            .arg("--screen")
            .arg(hall.screen())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = ready(&mut process);
        Bench {
            address: said["bench"].as_str().unwrap().to_owned(),
            _process: Running(process),
        }
    }

    fn host(&self) -> &str {
        self.address
            .trim_start_matches("http://")
            .trim_end_matches('/')
    }
}

/// Chromium, driven over WebDriver by mouse.
struct Browser {
    driver: Child,
    host: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    fn open(address: &str) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver comes with Debian's chromium-driver: make packages");
        let port = BufReader::new(driver.stdout.as_mut().unwrap())
            .lines()
            .map(Result::unwrap)
            .find_map(|line| {
                let port = line.split("successfully on port ").nth(1)?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .unwrap();
        let mut browser = Browser {
            driver,
            host: format!("127.0.0.1:{port}"),
            session: String::new(),
            _profile: profile,
        };
        let data = browser._profile.path().display();
        let options = json!({
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--window-size=1440,1043", format!("--user-data-dir={data}"),
            ],
        });
        let opened = browser.ask(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }}}),
        );
        browser.session = format!("/session/{}", opened["sessionId"].as_str().unwrap());
        browser.tell("/url", &json!({"url": address}));
        browser
    }

    /// Clicks what the terminal shows under this label, once.
    fn tap(&self, label: &str) {
        let find = format!(
            "return [...document.querySelectorAll('#overlay button')]
                 .find(button => button.getAttribute('aria-label').startsWith('{label}'))"
        );
        self.wait(label, &find);
        // A page is read before it is touched; quicker is half of a double tap.
        std::thread::sleep(Duration::from_millis(400));
        self.click_on(&find);
    }

    /// Waits until the terminal says something no longer.
    fn until_gone(&self, text: &str) {
        self.wait(
            text,
            &format!("return !document.querySelector('#said').textContent.includes('{text}')"),
        );
    }

    /// Waits until the terminal says something.
    fn until(&self, text: &str) {
        self.wait(
            text,
            &format!("return document.querySelector('#said').textContent.includes('{text}') || [...document.querySelectorAll('#overlay button')].some(button => button.getAttribute('aria-label').includes('{text}'))"),
        );
    }

    /// Waits until a script returns something that is true.
    #[track_caller]
    fn wait(&self, what: &str, script: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            if !matches!(self.run(script), Value::Null | Value::Bool(false)) {
                return;
            }
            if Instant::now() > end {
                let seen = self.run("return document.querySelector('#said').textContent");
                panic!("not within {PATIENCE:?}: {what}; the terminal shows {seen}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Clicks an element of the workbench.
    fn click(&self, selector: &str) {
        let find = format!("return document.querySelector('{selector}:enabled')");
        self.wait(selector, &find);
        self.click_on(&find);
    }

    /// Moves the mouse to the middle of what a script returns, and clicks there.
    fn click_on(&self, find: &str) {
        let element = self.run(find);
        self.tell(
            "/actions",
            &json!({"actions": [{
                "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                "actions": [
                    {"type": "pointerMove", "duration": 60, "origin": element, "x": 0, "y": 0},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pause", "duration": 80},
                    {"type": "pointerUp", "button": 0},
                ],
            }]}),
        );
    }

    /// Turns one of the workbench's switches.
    fn switch(&self, group: &str, choice: &str) {
        self.click_on(&format!(
            "return [...document.querySelectorAll('.setting')]
                 .find(group => group.textContent.startsWith('{group}'))
                 .querySelectorAll('button').values()
                 .find(button => button.textContent.startsWith('{choice}'))"
        ));
        self.wait(
            &format!("{group}: {choice}"),
            &format!(
                "return [...document.querySelectorAll('.setting [aria-pressed=true]')]
                     .some(button => button.textContent.startsWith('{choice}'))"
            ),
        );
    }

    fn press_enter(&self) {
        const ENTER: &str = "\u{E007}";
        self.tell(
            "/actions",
            &json!({"actions": [{
                "type": "key", "id": "keys",
                "actions": [
                    {"type": "keyDown", "value": ENTER},
                    {"type": "keyUp", "value": ENTER},
                ],
            }]}),
        );
    }

    /// What the browser itself complains of: scripts that fail, things that are not there.
    fn complaints(&self) -> Vec<String> {
        self.tell("/se/log", &json!({"type": "browser"}))
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(ToString::to_string)
            .collect()
    }

    fn run(&self, script: &str) -> Value {
        self.tell("/execute/sync", &json!({"script": script, "args": []}))
    }

    fn tell(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if *body == Value::Null {
            String::new()
        } else {
            body.to_string()
        };
        let (status, answer) = request(&self.host, method, path, &[("Host", &self.host)], &body);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            status, 200,
            "{method} {path}: {}",
            answer["value"]["message"]
        );
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.ask("DELETE", &self.session, &Value::Null);
        }
        // A driver that is asked to end ends its browser; one that is killed does not.
        let _ = Command::new("kill")
            .arg(self.driver.id().to_string())
            .status();
        let _ = self.driver.wait();
    }
}

/// One request over HTTP; status and body of its answer.
fn request(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = None;
    while line != "\r\n" {
        line.clear();
        answer.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = Some(value.trim().parse().unwrap());
        }
    }
    let mut text = vec![0; length.unwrap_or(0)];
    answer.read_exact(&mut text).unwrap();
    (status, String::from_utf8(text).unwrap())
}
