'use strict';
// The workbench. Everything it does is an order of `kiosk-sim ctl`, or a touch on the terminal's screen.

// ---- What can be set, where it is seen, and the orders that lead there. New orders go here to be
// ---- shown as switches; without that they are in "all orders" by themselves.
const SETTINGS = [
  { zh: '纸', en: 'Paper', of: 'printer', choices: [
    { zh: '有纸', en: 'full', is: s => s.paper === 'full', orders: ['paper load'] },
    { zh: '快完了', en: 'low', is: s => s.paper === 'low', orders: ['paper load', 'paper low on'] },
    { zh: '没纸', en: 'out', is: s => s.paper === 'out', orders: ['paper out'], fault: true },
  ] },
  { zh: '上盖', en: 'Cover', of: 'printer', choices: [
    { zh: '合上', en: 'closed', is: s => s.cover === 'closed', orders: ['cover close'] },
    { zh: '打开', en: 'open', is: s => s.cover === 'open', orders: ['cover open'], fault: true },
  ] },
  { zh: '切刀', en: 'Cutter', of: 'printer', choices: [
    { zh: '好的', en: 'good', is: s => s.cutter === 'good', orders: ['cutter clear'] },
    { zh: '卡住', en: 'jams', is: s => s.cutter !== 'good', orders: ['cutter jam'], fault: true },
  ] },
  { zh: '纸路', en: 'Way', of: 'printer', choices: [
    { zh: '通畅', en: 'free', is: s => !s.jam, orders: ['paper clear-jam'] },
    { zh: '卡纸', en: 'jammed', is: s => s.jam, orders: ['paper jam'], fault: true },
  ] },
  { zh: '打印头', en: 'Head', of: 'printer', choices: [
    { zh: '不热', en: 'cool', is: s => s.head === 'cool', orders: ['head cool'] },
    { zh: '过热', en: 'hot', is: s => s.head === 'hot', orders: ['head hot'], fault: true },
  ] },
  { zh: '回话', en: 'Answers', of: 'printer', choices: [
    { zh: '都答', en: 'all', is: s => !s.silent && !s.no_completion, orders: ['printer silent off', 'printer no-completion off'] },
    { zh: '不报完成', en: 'no proof', is: s => !s.silent && s.no_completion, orders: ['printer silent off', 'printer no-completion on'], fault: true },
    { zh: '不答', en: 'none', is: s => s.silent, orders: ['printer silent on'], fault: true },
  ] },
];

const FAULTS = [
  { zh: '下一次有杂音', en: 'Noise next', of: 'reader', orders: ['card noise 64'] },
  { zh: '下一次校验错', en: 'Wrong checksum next', of: 'reader', orders: ['card corrupt'] },
  { zh: '下一次断在半路', en: 'Break off next', of: 'reader', orders: ['card truncate'] },
  { zh: '下一次迟到 3 秒', en: '3 s late next', of: 'reader', orders: ['card late 3000'] },
  { zh: '读到一半拿走卡', en: 'Lift while reading', of: 'reader', orders: ['card lift --while-reading'] },
  { zh: '拔掉读卡器', en: 'Unplug reader', of: 'reader', orders: ['plug card-reader off'] },
  { zh: '插回读卡器', en: 'Plug it in', of: 'reader', orders: ['plug card-reader on'] },
  { zh: '拔掉打印机', en: 'Unplug printer', of: 'printer', orders: ['plug printer off'] },
  { zh: '插回打印机', en: 'Plug it in', of: 'printer', orders: ['plug printer on'] },
  { zh: '读卡器不应答', en: 'Reader silent', of: 'reader', is: s => s.silent, orders: ['card silent on'], back: ['card silent off'] },
];

// Where cards are laid: those that the running devices have are shown.
const PADS = [
  { of: 'reader', zh: '身份证读卡器', en: 'ID card reader', lay: 'card lay', lift: 'card lift' },
  { of: 'social_card', zh: '社保卡读卡器', en: 'Social card reader', lay: 'social lay', lift: 'social lift' },
  { of: 'pcsc_card', zh: '身份证读卡器 PC/SC', en: 'ID card reader, PC/SC', lay: 'pcsc-card lay', lift: 'pcsc-card lift' },
];

const KINDS = { j: '港澳台', y: '永居', i: '永居（旧版）' };

// ---- Small helpers.
const $ = id => document.getElementById(id);
const wait = ms => new Promise(done => setTimeout(done, ms));
function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    // Written in markup it would need leave to be there.
    if (name === 'style') element.style.cssText = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}
const both = (zh, en) => [zh + ' ', make('span', { lang: 'en' }, en)];
async function ask(path, given) {
  const response = await fetch(path, given);
  return response.json();
}

let silence;
function say(words) {
  $('word').textContent = words;
  $('word').hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { $('word').hidden = true; }, 5000);
}

// ---- Orders.
async function order(words) {
  const answer = await ask('/order', { method: 'POST', body: JSON.stringify({ words }) })
    .catch(error => ({ ok: false, error: String(error) }));
  look();
  return answer;
}
async function give(orders) {
  for (const words of orders) {
    const answer = await order(typeof words === 'string' ? words.split(' ') : words);
    if (!answer.ok) { say(answer.error); return false; }
  }
  return true;
}

// ---- The devices, seen a few times a second.
let state = null;
let busy = false;
async function look() {
  const seen = await ask('/state').catch(() => null);
  state = seen && seen.ok ? seen : null;
  busy = Boolean(state?.printer && (state.printer.busy || state.printer.hanging_mm > 0));
  show();
}
function show() {
  for (const update of updates) update();
  lights();
  paper();
}
const updates = [];

function lights() {
  const words = [
    ['终端', 'Terminal', watching ? 'on' : ''],
    ['打印机', 'Printer', state?.printer ? (printerFault(state.printer) ? 'bad' : 'on') : ''],
    ['读卡器', 'Card reader', state?.reader ? (state.reader.silent ? 'bad' : 'on') : ''],
  ];
  const list = $('lights');
  const key = JSON.stringify(words);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...words.map(([zh, en, how]) =>
    make('li', { class: how, title: how === 'on' ? '好的 good' : how === 'bad' ? '有毛病 fault' : '没有 not there' }, ...both(zh, en))));
}

function settings() {
  for (const setting of SETTINGS) {
    const buttons = setting.choices.map(choice => make('button', {
      type: 'button', class: choice.fault && 'fault', onclick: () => give(choice.orders),
    }, ...both(choice.zh, choice.en)));
    const field = make('fieldset', { class: 'setting' },
      make('legend', {}, ...both(setting.zh, setting.en)), make('div', { class: 'choices' }, ...buttons));
    $('settings').append(field);
    updates.push(() => {
      const of = state?.[setting.of];
      buttons.forEach((button, at) => {
        button.disabled = !of;
        button.setAttribute('aria-pressed', Boolean(of && setting.choices[at].is(of)));
      });
    });
  }
  for (const fault of FAULTS) {
    const on = () => Boolean(fault.is && state?.[fault.of] && fault.is(state[fault.of]));
    const button = make('button', {
      type: 'button', 'aria-pressed': fault.is ? 'false' : null,
      onclick: async () => {
        if (await give(on() ? fault.back : fault.orders) && !fault.is) say(`${fault.zh} · ${fault.en}`);
      },
    }, ...both(fault.zh, fault.en));
    $('faults').append(button);
    updates.push(() => {
      button.disabled = !state?.[fault.of];
      if (fault.is) button.setAttribute('aria-pressed', on());
    });
  }
}

// ---- Cards.
const FACE = '<svg viewBox="0 0 34 42" aria-hidden="true"><circle cx="17" cy="16" r="7.5" fill="currentColor"/><path d="M3 42c0-9 6-14 14-14s14 5 14 14z" fill="currentColor"/></svg>';
const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
let people = [];
let chosen = null;
const laid = new Map();

function face(person, tag, given) {
  const card = person.card;
  const kind = card.kind || 'citizen';
  const over = /^\d{8}$/.test(card.valid_to || '') && card.valid_to < today;
  const minor = card.birth && Number(today) - Number(card.birth) < 180000;
  const told = over ? '已过期 expired' : [card.sex === '1' ? '男' : '女', minor ? '未成年 minor' : KINDS[kind] || (card.birth || '').slice(0, 4)].join(' · ');
  const element = make(tag, { class: `card ${kind}`, ...given }, make('b', {}, card.name || card.english_name || person.who), make('i', { class: over && 'late' }, told));
  element.insertAdjacentHTML('afterbegin', FACE);
  return element;
}
// The card that lies on a pad: devices tell its name.
const lying = pad => {
  const card = state?.[pad.of]?.card;
  if (!card) return null;
  const name = typeof card === 'string' ? card : card.name;
  const own = laid.get(pad.of);
  return own && own.card.name === name ? own : people.find(person => person.card.name === name) || { who: name, card: { name } };
};

async function cards() {
  people = (await ask('/people')).people || [];
  for (const person of people) {
    const button = face(person, 'button', {
      type: 'button', 'aria-pressed': 'false', title: person.card.english_name || person.card.address || person.who, 'data-who': person.who,
      onclick: async () => {
        const pad = PADS.find(pad => lying(pad)?.who === person.who);
        if (pad) { await give([pad.lift]); return; }
        const onto = chosen || PADS.find(pad => state?.[pad.of]);
        if (!onto) { say('没有读卡器 · no card reader runs'); return; }
        laid.set(onto.of, person);
        await give([[...onto.lay.split(' '), person.who]]);
      },
    });
    $('people').append(make('li', {}, button));
    updates.push(() => button.setAttribute('aria-pressed', PADS.some(pad => lying(pad)?.who === person.who)));
  }
}
function pads() {
  for (const pad of PADS) {
    const place = make('span', { class: 'place' });
    const button = make('button', {
      type: 'button', class: 'pad',
      onclick: () => { if (lying(pad)) give([pad.lift]); else { chosen = pad; show(); } },
    }, make('span', {}, pad.zh, make('span', { lang: 'en' }, pad.en)), place, make('span', { class: 'light' }));
    let before = null;
    let polled = 0;
    let asked = 0;
    updates.push(() => {
      const of = state?.[pad.of];
      button.hidden = !of && !(pad.of === 'reader');
      if (!button.isConnected && !button.hidden) $('pads').append(button);
      if (of && of.polled !== polled) { polled = of.polled; asked = Date.now(); }
      const person = lying(pad);
      const several = PADS.filter(pad => state?.[pad.of]).length > 1;
      button.classList.toggle('chosen', several && (chosen || PADS[0]) === pad);
      button.classList.toggle('asking', Boolean(of) && Date.now() - asked < 1500);
      button.classList.toggle('read', Boolean(of?.card?.read));
      button.classList.toggle('dead', Boolean(of?.silent));
      if (before === (person?.who ?? '')) return;
      before = person?.who ?? '';
      place.classList.toggle('full', Boolean(person));
      place.replaceChildren(person ? face(person, 'span', {}) : make('span', {}, '把卡放这里', make('span', { lang: 'en' }, 'Lay a card')));
      button.setAttribute('aria-label', person ? `拿走 ${person.card.name} Lift the card` : `${pad.zh} ${pad.en}`);
    });
  }
}

// ---- Paper. Rows of dots are drawn as they come out; once cut off, the slip is its picture.
let known = null;
let retracted = null;
let fetching = false;
let roll = null;
let out = null;
let target = 0;
let grown = 0;
let newest = null;

function printerFault(printer) {
  if (printer.cover === 'open') return ['上盖开着', 'cover open'];
  if (printer.paper === 'out') return ['没纸了', 'out of paper'];
  if (printer.jam) return ['卡纸了', 'paper jam'];
  if (printer.cutter === 'jammed') return ['切刀卡住了', 'cutter jammed'];
  if (printer.head === 'hot') return ['打印头过热', 'head too hot'];
  return null;
}

function lamp() {
  const printer = state?.printer;
  const fault = printer && printerFault(printer);
  const [zh, en] = !printer ? ['没有打印机', 'no printer runs'] : fault || (printer.busy ? ['正在打印', 'printing'] : printer.paper === 'low' ? ['纸快完了', 'paper low'] : ['就绪', 'ready']);
  const key = zh;
  if ($('lamp').dataset.key !== key) { $('lamp').dataset.key = key; $('lamp').replaceChildren(make('span', {}, ...both(zh, en))); }
  $('lamp').className = fault || !printer ? 'bad' : printer.busy ? 'busy' : '';
  $('machine').classList.toggle('open', printer?.cover === 'open');
  $('tear').disabled = !(out || (roll && roll.rows > 0));
  $('scan-last').disabled = !(out || newest) || !state;
}

async function paper() {
  lamp();
  if (!state?.printer || fetching) return;
  fetching = true;
  try {
    const made = state.printer.slips + state.printer.partial;
    const back = state.printer.retracted || 0;
    if (out && retracted !== null && back > retracted) {
      say('单子没人拿，打印机收回去了 · nobody took the slip: it was retracted');
      tear(false);
    }
    retracted = back;
    if (known === null) {
      const names = (await ask('/slips')).slips || [];
      known = { names: new Set(names), made };
      names.forEach(store);
    } else if (made !== known.made) {
      const names = (await ask('/slips')).slips || [];
      const fresh = names.filter(name => !known.names.has(name));
      known = { names: new Set(names), made };
      for (const name of fresh) await cut(name);
    }
    if (state.printer.hanging_mm > 0 || roll) await hang();
  } catch (error) {
    console.warn(error);
  } finally {
    fetching = false;
    lamp();
  }
}

async function hang() {
  for (;;) {
    const from = roll ? roll.rows : 0;
    const seen = await ask(`/paper/${from}`);
    if (!seen.ok) return;
    if (roll && (seen.piece !== roll.piece || seen.rows < roll.rows)) { drop(); if (seen.rows > 0) continue; return; }
    if (!seen.rows) return;
    if (!roll) begin(seen);
    const data = atob(seen.data);
    const stride = seen.dots / 8;
    const rows = Math.floor(data.length / stride);
    if (rows) draw(data, stride, rows);
    if (roll.rows >= seen.rows || !rows) return;
  }
}
function begin(seen) {
  if (out) tear(false);
  roll = { piece: seen.piece, rows: 0, width: Math.round(seen.dots * 640 / 576) };
  $('sheet').replaceChildren();
  grown = 0;
}
function draw(data, stride, rows) {
  const canvas = make('canvas');
  canvas.width = roll.width;
  canvas.height = rows;
  const image = new ImageData(stride * 8, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < rows * stride; at++) {
    const byte = data.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) pixels[at * 8 + bit] = byte & (0x80 >> bit) ? 0xff2c2626 : 0xfff7fbfc;
  }
  canvas.getContext('2d').putImageData(image, (roll.width - stride * 8) / 2, 0);
  $('sheet').append(canvas);
  roll.rows += rows;
  grow(roll.rows * 300 / roll.width);
}
function drop() { roll = null; if (!out) { $('sheet').replaceChildren(); target = grown = 0; height(); } }

// A slip has come off.
async function cut(name) {
  const image = make('img', { src: `/slips/${name}`, alt: '' });
  await image.decode().catch(() => {});
  const torn = name.includes('partial');
  if (out) tear(false);
  roll = null;
  if (torn) { $('sheet').replaceChildren(); target = grown = 0; height(); store(name); return; }
  // The picture has the table around the paper: 28 dots on each side.
  const scale = 300 / (image.naturalWidth - 56);
  image.style.cssText = `width:${image.naturalWidth * scale}px;margin:${-28 * scale}px 0 0 ${-28 * scale}px`;
  const tall = (image.naturalHeight - 56) * scale;
  $('sheet').replaceChildren(make('div', { class: 'crop', style: `height:${tall}px` }, image));
  out = { name };
  grow(tall);
}
function grow(to) {
  target = to;
  if (grown < target) requestAnimationFrame(step);
}
let last = 0;
function step(now) {
  const passed = Math.min(50, now - (last || now));
  last = now;
  // A little faster than the printer feeds, so that what is seen keeps up with it.
  grown = Math.min(target, grown + passed * 0.8);
  height();
  if (grown < target) requestAnimationFrame(step); else last = 0;
}
function height() {
  $('paper').style.height = `${grown}px`;
  const hanging = Boolean(out || roll);
  $('paper').setAttribute('aria-label', out ? '单子打好了 A slip hangs out' : hanging ? '纸正在出来 Paper is coming out' : '没有单子 No paper hanging out');
}
function tear(shown = true) {
  if (!out) return;
  const name = out.name;
  out = null;
  store(name);
  if (!shown) { $('sheet').replaceChildren(); grown = target = 0; height(); return; }
  grown = target;
  height();
  $('paper').classList.add('torn');
  setTimeout(() => {
    if (!out && !roll) { $('sheet').replaceChildren(); grown = target = 0; }
    $('paper').classList.remove('torn');
    height();
  }, 450);
}
$('tear').addEventListener('click', async () => {
  if (!out) { await give(['paper tear']); return; }
  // A printer that presents its slips sees that this one is taken.
  if (state?.printer?.outlet === 'present') await give(['paper take']);
  tear();
  lamp();
});

// Slips that lie in the tray.
function store(name) {
  newest = name;
  $('tray').prepend(make('li', {}, make('button', {
    type: 'button', 'data-slip': name, 'aria-label': `单子 Slip ${name.replace(/\D/g, '')}`, onclick: () => open(name),
  }, make('img', { src: `/slips/${name}`, alt: '' }))));
}
let opened = null;
function open(name) {
  opened = name;
  $('slip-picture').src = `/slips/${name}`;
  $('slip').showModal();
}
async function scan(name) {
  const seen = await ask(`/slips/${name}/codes`);
  const code = seen.codes?.[0];
  if (!code) { say('这张单子上没有码 · no code on this slip'); return; }
  $('code').value = code;
  if (await give([['scan', '--', code]])) say('扫了 · scanned');
}
$('slip-scan').addEventListener('click', () => { $('slip').close(); scan(opened); });
$('scan-last').addEventListener('click', () => scan(out?.name || newest));
$('scan').addEventListener('submit', async event => {
  event.preventDefault();
  const text = $('code').value;
  if (text && await give([['scan', '--', text]])) say('扫了 · scanned');
});
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
}

// ---- All orders, as the devices' own command line has them.
async function orders() {
  const all = (await ask('/orders')).orders || [];
  for (const one of all.filter(one => one.words[0] !== 'wait')) {
    const given = one.arguments.map(argument => {
      if (!argument.takes) return [argument, make('input', { type: 'checkbox' })];
      if (argument.values.length) return [argument, make('select', {}, ...argument.values.map(value => make('option', {}, value)))];
      return [argument, make('input', { required: argument.required, autocomplete: 'off' })];
    });
    const form = make('form', { class: 'order', onsubmit: async event => {
      event.preventDefault();
      const flags = given.filter(([argument]) => argument.flag).flatMap(([argument, input]) =>
        argument.takes ? (input.value ? [argument.flag, input.value] : []) : input.checked ? [argument.flag] : []);
      const values = given.filter(([argument]) => !argument.flag).map(([, input]) => input.value).filter(Boolean);
      $('answer').textContent = JSON.stringify(await order([...one.words, ...flags, ...(values.length ? ['--', ...values] : [])]), null, 1);
    } },
    make('code', {}, one.words.join(' ')),
    make('div', {}, make('div', { class: 'about' }, one.about || ''),
      make('div', { class: 'given' }, ...given.map(([argument, input]) => make('label', { title: argument.help }, argument.flag || argument.name, input)))),
    make('button', {}, ...both('执行', 'Do')));
    $('all').append(form);
  }
}
$('open-orders').addEventListener('click', () => $('orders').showModal());

// ---- The terminal's screen.
const canvas = $('screen');
const whole = document.createElement('canvas');
let watching = false;
let viewer = null;
let stale = false;

async function watch() {
  for (;;) {
    viewer = Math.floor(Math.random() * 2 ** 50);
    try {
      const response = await fetch(`/screen/${viewer}`);
      if (response.ok) await read(response.body.getReader());
    } catch (error) {
      console.warn(error);
    }
    watching = false;
    $('off').hidden = false;
    $('overlay').replaceChildren();
    $('said').replaceChildren();
    lights();
    await wait(1000);
  }
}
async function read(reader) {
  let bytes = new Uint8Array(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const more = new Uint8Array(bytes.length + value.length);
    more.set(bytes);
    more.set(value, bytes.length);
    bytes = more;
    while (bytes.length >= 5) {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
      if (bytes.length < 5 + length) break;
      const payload = bytes.slice(5, 5 + length);
      if (bytes[0] === 0x50) await picture(payload);
      else labels(JSON.parse(new TextDecoder().decode(payload)));
      bytes = bytes.slice(5 + length);
    }
  }
}
async function picture(payload) {
  const view = new DataView(payload.buffer);
  const [left, top, width, height] = [0, 2, 4, 6].map(at => view.getUint16(at));
  const part = await createImageBitmap(new Blob([payload.subarray(8)], { type: 'image/png' }));
  if (whole.width !== width || whole.height !== height) {
    whole.width = width;
    whole.height = height;
    $('terminal').style.setProperty('--ratio', width / height);
    document.querySelector('main').classList.toggle('wide', width > height);
    fit();
  }
  whole.getContext('2d').drawImage(part, left, top);
  part.close();
  if (!watching) { watching = true; $('off').hidden = true; lights(); }
  repaint();
}
function repaint() {
  if (stale) return;
  stale = true;
  requestAnimationFrame(() => {
    stale = false;
    if (!whole.width) return;
    const to = canvas.getContext('2d');
    to.imageSmoothingQuality = 'high';
    to.drawImage(whole, 0, 0, canvas.width, canvas.height);
  });
}
// As many pixels as the display has for it: the picture is made smaller once, and well.
function fit() {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (width && (canvas.width !== width || canvas.height !== height)) { canvas.width = width; canvas.height = height; }
  repaint();
}
new ResizeObserver(fit).observe(canvas);

// What can be read and touched, for screen readers and keyboards.
function labels(seen) {
  const held = document.activeElement?.closest?.('#overlay button')?.getAttribute('aria-label');
  const buttons = seen.filter(one => one.button).map(one => {
    const [left, top, right, bottom] = one.area;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const percent = (part, of) => `${100 * part / of}%`;
    const button = make('button', {
      type: 'button', 'aria-label': one.label.replaceAll('\n', ' '), 'aria-disabled': one.enabled ? null : 'true',
      style: `left:${percent(left, whole.width)};top:${percent(top, whole.height)};width:${percent(right - left, whole.width)};height:${percent(bottom - top, whole.height)}`,
      onclick: async () => { touch('d', x, y); await wait(80); touch('u', x, y); },
    });
    return button;
  });
  $('overlay').replaceChildren(...buttons);
  buttons.find(button => button.getAttribute('aria-label') === held)?.focus();
  $('said').replaceChildren(...seen.filter(one => !one.button).map(one => make('p', {}, one.label)));
}

// Touches leave one after the other, several at once when they come faster than they can leave.
const touches = [];
let sending = false;
const MOST = 400;
async function touch(kind, x, y) {
  const on = (at, length) => Math.max(0, Math.min(length - 1, Math.round(at)));
  if (touches.length >= MOST && kind === 'm') return;
  touches.push([kind.charCodeAt(0), on(x, whole.width), on(y, whole.height)]);
  if (sending) return;
  sending = true;
  while (touches.length) {
    const bytes = new Uint8Array(touches.splice(0).flatMap(([kind, x, y]) => [kind, x >> 8, x & 255, y >> 8, y & 255]));
    await fetch(`/touch/${viewer}`, { method: 'POST', body: bytes }).catch(() => {});
  }
  sending = false;
}
let finger = null;
const place = event => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * whole.width, (event.clientY - box.top) / box.height * whole.height];
};
canvas.addEventListener('pointerdown', event => {
  if (finger !== null || event.button !== 0 || !watching) return;
  finger = event.pointerId;
  canvas.setPointerCapture(finger);
  touch('d', ...place(event));
});
canvas.addEventListener('pointermove', event => {
  if (event.pointerId !== finger) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const one of all.length ? all : [event]) touch('m', ...place(one));
});
canvas.addEventListener('pointerup', event => {
  if (event.pointerId !== finger) return;
  finger = null;
  touch('u', ...place(event));
});
canvas.addEventListener('pointercancel', event => {
  if (event.pointerId !== finger) return;
  finger = null;
  touch('c', 0, 0);
});
canvas.addEventListener('contextmenu', event => event.preventDefault());

// ---- Begin.
settings();
pads();
cards().catch(error => say(String(error)));
orders().catch(error => console.warn(error));
watch();
(async () => {
  for (;;) {
    if (!document.hidden) await look();
    await wait(busy ? 90 : 300);
  }
})();
