// The box office: what is chosen and what it costs at once, the seats as they change, and keys for the map.
// Without it the page works too: the total is shown once a button was pressed.

const form = document.getElementById("box-office");
const state = JSON.parse(document.getElementById("box-office-state").textContent);
const map = document.getElementById("seat-map");
const [chosen, taken, total] = ["chosen", "taken", "total"].map((id) => document.getElementById(id));
const boxes = [...map.querySelectorAll("input")];
const cells = new Map(boxes.map((box) => [box.value, box.parentElement]));
const rows = [...map.querySelectorAll("[role=row]")].map((row) => [...row.querySelectorAll("input")]);
const SECONDS_BETWEEN_POLLS = 5;
const TYPING_ENDS = 1500; // milliseconds

const cellOf = (box) => box.parentElement;
const labelOf = (box) => cellOf(box).parentElement.firstChild.textContent + cellOf(box).textContent;
const kindOf = (box) => /kind-(\w+)/.exec(cellOf(box).className)[1];
const isFree = (box) => !(box.value in state.taken);
const element = (name, text, properties = {}) =>
  Object.assign(document.createElement(name), { textContent: text, ...properties });

// --- What is chosen ---------------------------------------------------------------------------------------

/** Sums in hundredths: prices are decimals. */
const cents = (price) => Math.round(Number(price) * 100);

function showChosen() {
  const free = boxes.filter((box) => box.checked && isFree(box));
  const sum = free.reduce((all, box) => all + cents(state.prices[kindOf(box)]), 0);
  const money = `${(sum / 100).toFixed(2)} ${state.currency}`;
  chosen.replaceChildren(
    free.length ? element("ul", "", { className: "bill" }) : element("p", "No free seat is chosen.", { className: "help" }),
  );
  for (const box of free) {
    const line = element("li", "");
    const remove = element("button", "×", { type: "button", className: "remove" });
    remove.setAttribute("aria-label", `Leave out ${labelOf(box)}`);
    remove.addEventListener("click", () => {
      choose([box], false);
      stopAt(box, true);
    });
    line.append(
      element("b", labelOf(box)),
      element("span", kindOf(box)),
      element("span", state.prices[kindOf(box)], { className: "price" }),
      remove,
    );
    chosen.firstChild.append(line);
  }
  const picked = boxes.filter((box) => box.checked && !isFree(box));
  showTaken(picked);
  if (!total) return;
  total.replaceChildren();
  if (free.length) total.append(`${free.length} seat${free.length > 1 ? "s" : ""} `, element("b", money));
  else if (picked.length === 1) total.append(inWords(picked[0]).join(" "));
  else total.append(picked.length ? `${picked.length} seats that are taken` : "No seat chosen");
}

/** Which seat, and what became of it. */
function inWords(box) {
  const [status, note] = state.taken[box.value];
  return [labelOf(box), note ? `${status}: ${note}` : status];
}

function showTaken(picked) {
  const list = element("ul", "");
  for (const box of picked) {
    const [label, words] = inWords(box);
    const line = element("li", "");
    line.append(element("b", label), ` ${words} `);
    const order = state.taken[box.value][3];
    if (order) line.append(element("a", "Order", { href: order }));
    list.append(line);
  }
  taken.replaceChildren(...(picked.length ? [list] : []));
}

/** Choose seats or let go of them, and of a sofa both halves: it is sold whole. */
function choose(some, checked) {
  for (const box of some) {
    box.checked = checked;
    const half = cellOf(box).classList.contains("sofa-left") ? "nextElementSibling" : "previousElementSibling";
    if (/sofa-/.test(cellOf(box).className)) cellOf(box)[half].querySelector("input").checked = checked;
  }
  showChosen();
}

map.addEventListener("change", ({ target }) => {
  isLossNews = false;
  choose([target], target.checked);
});

function say(place, text) {
  const at = form.querySelector(`[data-place=${place}]`) ?? form.querySelector("[data-place=sale]");
  const problem = element("p", text, { className: "problem", tabIndex: -1 });
  problem.setAttribute("role", "alert");
  at.replaceChildren(...(text ? [problem] : []));
}

// --- Keys: the map is one stop of the Tab key ---------------------------------------------------------------

const placeOf = (box) => cellOf(box).offsetLeft;
const nearest = (row, x) =>
  row.reduce((best, box) => (Math.abs(placeOf(box) - x) < Math.abs(placeOf(best) - x) ? box : best));

map.style.setProperty("--columns", map.dataset.columns);
map.style.setProperty("--lines", map.querySelectorAll(".row, .walkway").length);
map.scrollLeft = (map.scrollWidth - map.clientWidth) / 2;

// Where most guests would like to sit, unless there is a choice already.
let here = boxes.find((box) => box.checked) ?? nearest(rows[Math.floor(rows.length * 0.6)], map.scrollWidth / 2);
let column; // where the arrows up and down came from
let typed = "";
let typing;
boxes.forEach((box) => (box.tabIndex = box === here ? 0 : -1));

function stopAt(box, focus) {
  here.tabIndex = -1;
  here = box;
  here.tabIndex = 0;
  if (focus) here.focus();
}

function target({ key, ctrlKey }) {
  const y = rows.findIndex((row) => row.includes(here));
  const x = rows[y].indexOf(here);
  switch (key) {
    case "ArrowLeft":
      return rows[y][x - 1] ?? here;
    case "ArrowRight":
      return rows[y][x + 1] ?? here;
    case "ArrowUp":
    case "ArrowDown": {
      // As in a text: a short row on the way does not make one forget where one came from.
      column ??= placeOf(here);
      const row = rows[y + (key === "ArrowUp" ? -1 : 1)];
      return row ? nearest(row, column) : here;
    }
    case "Home":
      return ctrlKey ? boxes[0] : rows[y][0];
    case "End":
      return ctrlKey ? boxes.at(-1) : rows[y].at(-1);
  }
}

/** Go to the seat, or to the first of the row, whose name is being typed. */
function goTo(character) {
  clearTimeout(typing);
  typing = setTimeout(() => (typed = ""), TYPING_ENDS);
  typed = `${/\d$/.test(typed) && /\D/.test(character) ? "" : typed}${character.toUpperCase()}`;
  const found = boxes.find((box) => labelOf(box) === typed) ?? boxes.find((box) => labelOf(box) === `${typed}1`);
  if (found) stopAt(found, true);
}

map.addEventListener("keydown", (event) => {
  if (event.target.name !== "seat" || event.altKey || event.metaKey) return;
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") column = undefined;
  const to = target(event);
  if (to) {
    event.preventDefault();
    const checked = here.checked || !event.shiftKey;
    if (event.shiftKey && event.key.startsWith("Arrow")) choose(checked ? [to] : [here, to], true);
    stopAt(to, true);
  } else if (event.key === "Enter" && !event.ctrlKey) {
    event.preventDefault(); // it would press the first button of the form
    choose([here], !here.checked);
  } else if (/^[a-z0-9]$/i.test(event.key) && !event.ctrlKey) {
    goTo(event.key);
  }
});
map.addEventListener("focusin", ({ target: box }) => box.name === "seat" && box !== here && stopAt(box));

/** What Enter means in a field: the button that is next to it. */
const ENTER = { party: "[name=_find][value='']", hold_until: "[name=_hold][value='']", reason: "[name=_block]" };
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  const sell = form.querySelector("[name=_sell]");
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    sell?.click();
  } else if (event.target.matches("input:not([type=checkbox])")) {
    event.preventDefault();
    (form.querySelector(ENTER[event.target.name]) ?? sell)?.click();
  }
});

// --- The seats as they change -------------------------------------------------------------------------------

/** Whether a chosen seat was lost since: who presses "Sell" at that moment means all of them. */
let isLossNews = false;

function draw(fresh) {
  const lost = boxes.filter((box) => box.checked && isFree(box) && box.value in fresh.taken);
  state.taken = fresh.taken;
  for (const [number, cell] of cells) {
    const [status, note] = fresh.taken[number] ?? ["", ""];
    if ((/status-(\w+)/.exec(cell.className)?.[1] ?? "") === status && cell.title.endsWith(note)) continue;
    cell.className = cell.className.replace(/ status-\w+/, "") + (status && ` status-${status}`);
    const box = cell.firstChild;
    const words = [labelOf(box), kindOf(box), state.words[kindOf(box)], status || "free", note];
    box.setAttribute("aria-label", words.filter(Boolean).join(", "));
    cell.title = note ? `${labelOf(box)} · ${status} · ${note}` : "";
  }
  form.elements.shown.value = JSON.stringify(
    Object.fromEntries(Object.entries(fresh.taken).map(([number, [, , booking]]) => [number, booking])),
  );
  document.getElementById("free-seats").textContent = fresh.free;
  if (lost.length) {
    lost.forEach((box) => (box.checked = false));
    lost.forEach((box) => cellOf(box).classList.add("refused"));
    const left = boxes.some((box) => box.checked && isFree(box));
    const what = left ? " Choose another seat, or press again for the others." : " Choose another seat.";
    say("sale", `Taken by somebody else just now: ${lost.map(labelOf).join(", ")}.${what}`);
    isLossNews = left;
  }
  showChosen();
}

let asking;
async function refresh(query = "") {
  const response = await fetch(`${state.now}${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok || !response.headers.get("Content-Type").startsWith("application/json")) return undefined;
  const fresh = await response.json();
  draw(fresh);
  return fresh;
}

/** One question at a time, and one more if there was news meanwhile. */
function ask() {
  asking = (asking ?? Promise.resolve()).then(() => refresh().catch(() => {}));
  return asking;
}

let stream;
let poll;
function listen() {
  stream?.close();
  clearInterval(poll);
  poll = undefined;
  if (document.hidden) return; // a browser keeps few connections to a site
  stream = new EventSource(state.stream);
  stream.addEventListener("seats", ({ lastEventId }) => {
    if (Number(lastEventId) !== state.version) ask();
    state.version = Number(lastEventId);
  });
  stream.addEventListener("error", () => {
    // Closed for good: nobody may watch a draft, or too many do.
    if (stream.readyState === EventSource.CLOSED) poll ??= setInterval(ask, SECONDS_BETWEEN_POLLS * 1000);
  });
}
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => stream?.close());

// --- Buttons ------------------------------------------------------------------------------------------------

async function find(party) {
  const kind = form.elements.kind?.value ?? "";
  say("find", "");
  const fresh = await refresh(`?${new URLSearchParams({ party, kind })}`);
  if (!fresh || fresh.problem) {
    say("find", fresh?.problem ?? "The best seats could not be asked for. Choose them on the picture.");
    return;
  }
  boxes.forEach((box) => (box.checked = false));
  choose(fresh.best.map((number) => cells.get(String(number)).firstChild), true);
  const first = cells.get(String(fresh.best[0])).firstChild;
  stopAt(first);
  first.scrollIntoView({ block: "nearest", inline: "center" });
  form.querySelector("[name=_sell]").focus({ preventScroll: true });
}

form.addEventListener("submit", (event) => {
  const { submitter } = event;
  if (submitter?.name === "_find") {
    event.preventDefault();
    find(submitter.value || form.elements.party.value);
  } else if (isLossNews && ["_sell", "_hold"].includes(submitter?.name)) {
    event.preventDefault();
    isLossNews = false;
    form.querySelector("[data-place=sale] .problem").focus();
  } else if (form.classList.contains("sent")) {
    event.preventDefault(); // pressed twice
  } else {
    form.classList.add("sent");
  }
});
addEventListener("pageshow", ({ persisted }) => {
  form.classList.remove("sent");
  if (persisted) listen(); // the browser has brought the page back
});

showChosen();
listen();
// To the reason after a refusal; after a sale back to the map, for the next guest.
const problem = form.querySelector(".problem");
if (problem) problem.focus();
else if (form.querySelector(".receipt")) here.focus({ preventScroll: true });
