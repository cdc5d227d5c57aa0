// The page: connects the state with the panes.

import { Details } from "./details.js";
import { text } from "./dom.js";
import { showEnsure } from "./ensure.js";
import { Timeline } from "./events.js";
import { count } from "./format.js";
import { LinkTable } from "./links.js";
import { follow, State } from "./state.js";
import { Topology } from "./topology.js";

const byId = (id) => document.getElementById(id);

const state = new State();

/** What the user selected and searches. */
const ui = {
  selected: undefined,
  words: [],
  select(link) {
    const isSame = link === undefined || ui.selected === link.id;
    ui.selected = isSame ? undefined : link.id;
    const opener = document.activeElement;
    mark();
    if (ui.selected !== undefined) {
      ui.opener = opener;
      details.focus();
    } else ui.opener?.focus?.();
  },
};

const topology = new Topology(byId("topology"), state, ui);
const table = new LinkTable(byId("links"), state, ui);
const timeline = new Timeline(byId("events"), state, ui);
const details = new Details(byId("details"), state, ui);

function mark() {
  topology.mark();
  table.mark();
  details.update();
  document.body.classList.toggle("has-details", ui.selected !== undefined);
}

/** What has changed since the last drawing. */
let changes = fresh();
let isScheduled = false;

function fresh() {
  return {
    isAll: false,
    isTopology: false,
    isRates: false,
    isEnsure: false,
    skipped: 0,
  };
}

/** How long the last drawing took, in milliseconds. */
let took = 0;

/** Draws with the next frame; after a long drawing, the user comes first. */
function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() =>
    requestAnimationFrame(() => {
      isScheduled = false;
      const started = performance.now();
      draw();
      took = performance.now() - started;
    }), took > 16 ? 2 * took : 0);
}

function draw() {
  const { isAll, isTopology, isRates, isEnsure, skipped } = changes;
  changes = fresh();
  if (ui.selected !== undefined && !state.links.has(ui.selected)) {
    ui.selected = undefined;
    document.body.classList.remove("has-details");
  }
  if (isAll || isTopology) {
    void topology.update();
    table.update();
    details.update();
    summarise();
  } else if (isRates) {
    topology.rates();
    table.rates();
    details.rates();
  }
  if (isAll || isEnsure) showEnsure(byId("ensure"), state.ensure);
  if (isAll) timeline.reset();
  else timeline.add(skipped);
}

function summarise() {
  let up = 0;
  for (const { isUp } of state.links.values()) if (isUp) up++;
  const { size } = state.links;
  text(
    byId("summary"),
    `${count(state.spaces.size, "namespace")} · ${count(size, "link")} · ` +
      `${up} up · ${size - up} not up`,
  );
}

follow(state, (isSnapshot, update) => {
  changes.isAll ||= isSnapshot;
  changes.isTopology ||= isSnapshot || [
    update.spaces,
    update.goneSpaces,
    update.links,
    update.goneLinks,
  ].some((part) => part !== undefined);
  changes.isRates ||= update.rates !== undefined;
  changes.isEnsure ||= update.ensure !== undefined;
  changes.skipped += update.skipped ?? 0;
  schedule();
}, (isLive) => {
  document.body.classList.toggle("is-live", isLive);
  document.body.classList.toggle("is-lost", !isLive);
  text(
    byId("connection"),
    isLive ? "Live" : "No connection to the server. Reconnecting…",
  );
});

setInterval(() => {
  state.sample();
  details.rates();
}, 1000);

const search = byId("search");
search.addEventListener("input", () => {
  ui.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  table.update();
  timeline.update();
  topology.mark();
});
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || ui.words.length === 0) return;
  const found = [...state.links.values()]
    .filter((link) => state.matches(link, ui.words));
  void topology.show(found);
});

for (const button of document.querySelectorAll("[data-pane]")) {
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    byId(button.dataset.pane).hidden = !isShown;
    document.body.classList.toggle(`no-${button.dataset.pane}`, !isShown);
  });
}

const keys = byId("keys");
byId("help").addEventListener("click", () => keys.showModal());
keys.addEventListener("click", () => keys.close());

const SHORTCUTS = {
  "/": () => search.focus(),
  "?": () => keys.showModal(),
  "+": () => topology.zoom(1.25),
  "-": () => topology.zoom(0.8),
  "0": () => topology.fit(),
  a: () => topology.update(true),
  f: () => topology.foldAll(true),
  u: () => topology.foldAll(false),
  t: () => byId("topology").querySelector("[tabindex='0']")?.focus(),
  l: () => byId("links").querySelector("tr[tabindex='0']")?.focus(),
  e: () => byId("events").querySelector("ol").focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (event.target === search && search.value !== "") {
      search.value = "";
      search.dispatchEvent(new Event("input"));
    } else if (!keys.open && ui.selected !== undefined) ui.select(undefined);
    return;
  }
  if (event.target.closest?.("input")) return;
  const act = SHORTCUTS[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});
