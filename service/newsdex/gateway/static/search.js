// Makes the search page quicker. Without it everything works too: each state is an address that the server renders.

const KEY_PAUSE_MS = 150, COMPOSING_PAUSE_MS = 600, TYPED_TIMEOUT_MS = 300, HANDLE_PAUSE_MS = 400, DATE_PAUSE_MS = 600;
const SLOW_MS = 400, VERY_SLOW_MS = 2000, SAY_MS = 1400, PAGES_KEPT = 20, SUGGEST_FROM_CHARS = 2;

const root = document.documentElement;
const [q, form, main, list, said, failed] = ["q", "search", "main", "suggestions", "said", "failed"].map((id) => document.getElementById(id));
const policy = window.trustedTypes?.createPolicy("newsdex", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const isSearch = () => main.querySelector("#count") !== null;

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// One request of a kind in flight: an older one is aborted, and what it still brings is not used.
function latest() {
  let number = 0, controller;
  return {
    begin() {
      controller?.abort();
      controller = new AbortController();
      const own = ++number;
      return { signal: controller.signal, isLatest: () => own === number };
    },
    cancel() {
      controller?.abort();
      number++;
    },
  };
}

/* What is said to those who listen: once things rest, and only what is new. */
let sayTimer;
function say(text) {
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => {
    if (!list.hidden) say(text);
    else if (said.textContent !== text) said.textContent = text;
  }, SAY_MS);
}

/* Pages */
const searches = latest();
const kept = new Map(); // entry of the history → what was shown
let at = history.state?.at ?? crypto.randomUUID();
let typed = false; // whether the entry came by typing, which the next key replaces

function formAddress() {
  const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
  return `/?${new URLSearchParams(pairs)}`;
}

function keep() {
  kept.delete(at);
  kept.set(at, { nodes: [...main.childNodes], title: document.title, y: scrollY, typed });
  if (kept.size > PAGES_KEPT) kept.delete(kept.keys().next().value);
}

async function load(address, { typing = false, how = "push", toTop = false } = {}) {
  const { signal, isLatest } = searches.begin();
  const url = new URL(address, location.href);
  if (typing) url.searchParams.set("timeout_ms", TYPED_TIMEOUT_MS);
  const slow = setTimeout(() => isLatest() && root.classList.add("slow"), SLOW_MS);
  const verySlow = setTimeout(() => isLatest() && say("Still searching…"), VERY_SLOW_MS);
  try {
    const response = await fetch(url, { signal, headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
    if (!isLatest()) return;
    if (!page.querySelector("#count")) throw new Error(page.querySelector("h1")?.textContent ?? "");
    enter(page, typing, how);
    show(page, toTop);
    failed.hidden = true;
  } catch (error) {
    if (!isLatest()) return;
    const what = error instanceof TypeError ? "" : error.message; // what a page says that is none of a search
    failed.firstElementChild.textContent = what || "The search did not answer";
    failed.hidden = false;
    failed.querySelector("a").href = address;
  } finally {
    clearTimeout(slow);
    clearTimeout(verySlow);
    if (isLatest()) root.classList.remove("slow");
  }
}

// Typing makes one entry in the history however many keys it takes, and so does what finds the same again.
function enter(page, typing, how) {
  const address = new URL(page.querySelector("link[rel=canonical]")?.getAttribute("href") ?? location.href, location.href);
  const same = address.href === location.href.replace(location.hash, "");
  if (how === "push" && !same && !(typing && typed)) {
    keep();
    at = crypto.randomUUID();
    history.pushState({ at }, "", address);
  } else if (how === "push") {
    history.replaceState({ at }, "", address);
  }
  typed = typing && !same || (typing && typed);
}

function show(page, toTop) {
  const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...main.querySelectorAll("details[open][id]")].map((one) => one.id);
  document.title = page.title;
  for (const rel of ["canonical", "alternate"]) {
    document.head.querySelector(`link[rel=${rel}]`)?.remove();
    const link = page.head.querySelector(`link[rel=${rel}]`);
    if (link) document.head.append(link);
  }
  main.replaceChildren(...page.getElementById("main").childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  prepare();
  if (toTop) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  } else if (focused) {
    (document.getElementById(focused) ?? main).focus({ preventScroll: true });
  }
  say(main.querySelector("h1").textContent);
}

// What the server cannot give: the chart's handles, and filters that are open beside the hits in older browsers.
function prepare() {
  const range = main.querySelector(".rng");
  if (range) addHandles(range);
  const filters = document.getElementById("filters");
  if (filters && !CSS.supports("selector(::details-content)") && matchMedia("(min-width: 48rem)").matches) filters.open = true;
}

addEventListener("popstate", (event) => {
  if (!isSearch()) return;
  if (!event.state?.at) history.replaceState({ at }, ""); // a link within the page
  if (!event.state?.at || event.state.at === at) return;
  searches.cancel();
  stopTyping();
  keep();
  at = event.state.at;
  const page = kept.get(at);
  if (page) {
    main.replaceChildren(...page.nodes);
    document.title = page.title;
    typed = page.typed;
  } else {
    load(location.href, { how: "none" });
  }
  form.reset();
  q.value = new URLSearchParams(location.search).get("q") ?? "";
  scrollTo(0, page?.y ?? 0);
  say(main.querySelector("h1").textContent);
});
if (isSearch()) {
  history.replaceState({ at }, "");
  addEventListener("load", () => setTimeout(() => { history.scrollRestoration = "manual"; }));
  addEventListener("pagehide", () => { history.scrollRestoration = "auto"; });
}

main.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!isSearch() || !link || !plain || link.origin !== location.origin || link.pathname !== "/") return;
  event.preventDefault();
  const meant = new URL(link.href).searchParams.get("q") ?? "";
  if (meant !== new URLSearchParams(location.search).get("q")) q.value = meant; // a spelling that was chosen
  load(link.href, { toTop: Boolean(link.closest(".pages")) });
});

let changeTimer;
main.addEventListener("change", (event) => {
  if (!isSearch() || event.target.form !== form) return;
  clearTimeout(changeTimer);
  const { type, value } = event.target;
  if (type === "date" && value && value < "1000") return; // a year that is half typed
  changeTimer = setTimeout(() => load(formAddress()), type === "date" ? DATE_PAUSE_MS : 0);
});

form.addEventListener("submit", (event) => {
  stopTyping();
  if (!isSearch()) return;
  event.preventDefault();
  load(formAddress()).then(() => { typed = false; });
});

/* Typing */
const suggests = latest();
let typeTimer, chosen = -1;
for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions" })) q.setAttribute(key, value);

function close() {
  list.hidden = true;
  list.replaceChildren();
  chosen = -1;
  q.setAttribute("aria-expanded", "false");
  q.removeAttribute("aria-activedescendant");
}

function stopTyping() {
  clearTimeout(typeTimer);
  suggests.cancel();
  close();
}

q.addEventListener("input", (event) => {
  clearTimeout(typeTimer);
  choose(-1);
  typeTimer = setTimeout(() => {
    const text = q.value.trim();
    suggest(text);
    if (text && isSearch()) load(formAddress(), { typing: true });
  }, event.isComposing ? COMPOSING_PAUSE_MS : KEY_PAUSE_MS);
});
q.addEventListener("blur", () => {
  suggests.cancel();
  close();
});

async function suggest(text) {
  const { signal, isLatest } = suggests.begin();
  if (text.length < SUGGEST_FROM_CHARS || text.length > 200) return close();
  try {
    const parameters = new URLSearchParams({ q: text, size: 3, timeout_ms: TYPED_TIMEOUT_MS });
    const response = await fetch(`/api/suggest?${parameters}`, { signal });
    if (!response.ok) throw new Error(response.status);
    const reply = await response.json();
    if (isLatest() && document.activeElement === q) offer(reply);
  } catch {
    if (isLatest()) close();
  }
}

function offer(reply) {
  const number = new Intl.NumberFormat("en");
  const articles = (total) => `${number.format(total)} ${total === 1 ? "article" : "articles"}`;
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const search = (text) => () => { q.value = text; form.requestSubmit(); };
  const by = (author) => () => {
    q.value = "";
    const url = new URL(isSearch() ? formAddress() : "/", location.href);
    url.searchParams.append("authors", author);
    isSearch() ? load(url) : location.assign(url);
  };
  const open = (id) => () => location.assign(`/articles/${encodeURIComponent(id)}`);
  const options = [
    ...reply.terms.map((one) => [one, articles(one.total), search(one.text)]),
    ...reply.authors.slice(0, 2).map((one) => [one, `author, ${number.format(one.total)}`, by(one.text)]),
    ...reply.tags.slice(0, 2).map((one) => [one, `tag, ${number.format(one.total)}`, search(one.text)]),
    ...reply.titles.map((one) => [one, one.published_at ? `article, ${day.format(new Date(one.published_at))}` : "article", open(one.id)]),
  ];
  close();
  if (!options.length) return;
  list.append(...options.map(([one, kind, act], place) => {
    const option = make("div", { role: "option", id: `suggestion-${place}`, "aria-selected": "false" },
      make("span", { dir: "auto" }, ...parts(one.marked)), make("span", { class: "kind" }, kind));
    option.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    option.addEventListener("click", () => { stopTyping(); act(); });
    return option;
  }));
  list.hidden = false;
  q.setAttribute("aria-expanded", "true");
}

// What was typed is light, the rest bold; the reply's HTML is read as text, and never becomes part of the page.
function parts(marked) {
  const signs = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'", "#34": '"' };
  return marked.split(/<\/?mark>/).map((text, place) => {
    const plain = text.replace(/&(amp|lt|gt|quot|#x27|#39|#34);/g, (_, name) => signs[name]);
    return place % 2 ? make("span", { class: "typed" }, plain) : plain;
  });
}

function choose(place) {
  list.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = place;
  const option = list.children[place];
  option?.setAttribute("aria-selected", "true");
  if (option) q.setAttribute("aria-activedescendant", option.id);
  else q.removeAttribute("aria-activedescendant");
}

q.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const many = list.children.length;
  if (["ArrowDown", "ArrowUp"].includes(event.key) && many) {
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose((chosen + 1 + step + many + 1) % (many + 1) - 1); // past the last, the field itself
  } else if (event.key === "Enter" && chosen >= 0) {
    list.children[chosen].click();
  } else if (event.key === "Escape" && (q.value || !list.hidden)) {
    if (list.hidden) q.value = "";
    searches.cancel();
    stopTyping();
  } else return;
  event.preventDefault();
});

addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input:not([type=checkbox], [type=range]), select, textarea, [contenteditable]");
  if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  q.focus();
  q.select();
});

/* The chart's handles: two sliders at the edges of bars, and dragging over the bars. A bar counts whole. */
let handleTimer;
function addHandles(range) {
  const rows = [...main.querySelectorAll("#as-table tbody tr")];
  if (rows.length < 2 || range.firstChild) return;
  const label = (row) => row.querySelector("a").textContent;
  const { first, last } = range.dataset;
  const slider = (id, name, value) => make("input", { type: "range", id, min: 0, max: rows.length, value, "aria-label": name });
  const [from, to] = [slider("first-handle", "Begin", first), slider("last-handle", "End", Number(last) + 1)];
  const chosenRows = () => [rows[from.value], rows[to.value - 1]];

  function follow() {
    const [start, end] = chosenRows();
    from.setAttribute("aria-valuetext", `from ${label(start)}`);
    to.setAttribute("aria-valuetext", `to ${label(end)}`);
    return [start, end];
  }
  function moved(handle) {
    if (handle === from) from.value = Math.min(from.value, to.value - 1);
    else to.value = Math.max(to.value, Number(from.value) + 1);
    const [start, end] = follow();
    document.getElementById("from").value = start.dataset.first;
    document.getElementById("until").value = end.dataset.last;
  }
  function apply(pause) {
    clearTimeout(handleTimer);
    handleTimer = setTimeout(() => {
      const [start, end] = chosenRows();
      const url = new URL(formAddress(), location.href);
      url.searchParams.delete("published_until");
      url.searchParams.delete("published_from");
      if (start !== rows[0] || end !== rows.at(-1)) {
        url.searchParams.set("published_from", start.dataset.start);
        url.searchParams.set("published_to", end.dataset.end);
      }
      load(url);
    }, pause);
  }
  let keyed = false;
  for (const handle of [from, to]) {
    handle.addEventListener("keydown", () => { keyed = true; });
    handle.addEventListener("pointerdown", () => { keyed = false; });
    handle.addEventListener("input", () => moved(handle));
    handle.addEventListener("change", () => apply(keyed ? HANDLE_PAUSE_MS : 0));
  }
  const bars = range.parentElement.querySelector(".bars");
  const barAt = (event) => {
    const { left, width } = bars.getBoundingClientRect();
    return Math.min(rows.length - 1, Math.max(0, Math.floor((event.clientX - left) / width * rows.length)));
  };
  bars.addEventListener("pointerdown", (down) => {
    const start = barAt(down);
    const drag = (event) => {
      const end = barAt(event);
      to.value = Math.max(start, end) + 1;
      from.value = Math.min(start, end);
      moved(from);
    };
    drag(down);
    bars.setPointerCapture(down.pointerId);
    bars.addEventListener("pointermove", drag);
    for (const over of ["pointerup", "pointercancel"]) {
      bars.addEventListener(over, () => { bars.removeEventListener("pointermove", drag); apply(0); }, { once: true });
    }
  });
  follow();
  range.append(from, to);
  range.hidden = false;
}

prepare();
