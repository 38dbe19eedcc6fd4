// Draws the status live. Without it the page is a snapshot that is loaded again every ten seconds.

const SILENT_MS = 10000;
const [parts, liveness, moment, pause] = ["status", "liveness", "moment", "pause"].map((id) => document.getElementById(id));
const policy = window.trustedTypes?.createPolicy("newsdex", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
let source, heard = Date.now();

// What the pointer or the focus is in stays as it is: nothing moves under the hand.
function show(html) {
  const fresh = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  for (const part of [...fresh.body.children]) {
    const old = document.getElementById(part.id);
    if (old.isEqualNode(part)) continue;
    if (part.id === "verdict") old.firstElementChild.textContent = part.textContent;
    else if (!old.matches(":focus-within") && !(old.matches(":hover") && old.querySelector("form"))) old.replaceWith(part);
  }
  document.title = `${document.querySelector("#verdict h1").textContent} – newsdex status`;
}

function tell(text, stale) {
  if (liveness.textContent !== text) liveness.textContent = text;
  parts.classList.toggle("stale", stale);
}

function start() {
  heard = Date.now();
  source = new EventSource(parts.dataset.live);
  source.addEventListener("message", (event) => {
    heard = Date.now();
    show(event.data);
    moment.textContent = `${new Date(heard).toISOString().slice(11, 19)} UTC`;
    tell("Live,", false);
  });
}

pause.addEventListener("click", () => {
  if (source) {
    source.close();
    source = undefined;
    tell("Paused at", true);
  } else start();
  pause.textContent = source ? "Pause" : "Go on";
});
setInterval(() => { if (source && Date.now() - heard > SILENT_MS) tell("Not live since", true); }, 1000);
pause.hidden = false;
start();
