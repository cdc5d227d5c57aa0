// The timeline of events, newest first.

import { html, text } from "./dom.js";
import { timeOfDay } from "./format.js";

const SIGNS = {
  new: "+",
  change: "~",
  delete: "−",
  added: "+",
  removed: "−",
  corrected: "✓",
};
const TITLES = {
  link: "Links",
  address: "Addresses",
  route: "Routes",
  "local route": "Local routes",
  neighbour: "Neighbours",
  port: "Ports",
  rule: "Rules",
  nexthop: "Nexthops",
  ensure: "Ensure",
  monitor: "Monitor",
};
/** Object types that are hidden at first: they change often. */
const HIDDEN = new Set(["neighbour", "local route"]);
/** Rows that are drawn. */
const ROWS = 300;

export class Timeline {
  #state;
  #ui;
  #list = html("ol", { "aria-label": "Events, newest first", tabindex: 0 });
  #empty = html("p", { class: "empty" }, "Changes appear here.");
  #skipped = html("p", { class: "skipped", hidden: true });
  #hidden = new Set(HIDDEN);
  #missed = 0;
  #newest = -1;

  constructor(root, state, ui) {
    this.#state = state;
    this.#ui = ui;
    const filters = Object.entries(TITLES).map(([object, title]) =>
      html(
        "label",
        { class: "filter" },
        html("input", {
          type: "checkbox",
          ...HIDDEN.has(object) ? {} : { checked: true },
          change: ({ target }) => {
            if (target.checked) this.#hidden.delete(object);
            else this.#hidden.add(object);
            this.update();
          },
        }),
        title,
      )
    );
    root.append(
      html(
        "details",
        { class: "filters" },
        html("summary", {}, "Filter"),
        html("fieldset", {}, html("legend", {}, "Object types"), filters),
      ),
      this.#skipped,
      this.#empty,
      this.#list,
    );
  }

  /** Draws all events again. */
  update() {
    this.#list.replaceChildren();
    this.#newest = -1;
    this.add();
  }

  /** Draws the events that are new. */
  add(skipped = 0) {
    this.#missed += skipped;
    this.#skipped.hidden = this.#missed === 0;
    text(
      this.#skipped,
      `${this.#missed} more events came too fast to be listed; /events has all.`,
    );
    const events = this.#state.events.filter((event) => this.#isShown(event));
    const fresh = events.filter(({ number }) => number > this.#newest)
      .slice(-ROWS);
    if (fresh.length > 0) {
      this.#newest = fresh.at(-1).number;
      // A reader who has scrolled down stays where it is.
      const { scrollTop, scrollHeight } = this.#list;
      for (const event of fresh) this.#list.prepend(this.#row(event));
      while (this.#list.children.length > ROWS) this.#list.lastChild.remove();
      if (scrollTop > 0) {
        this.#list.scrollTop = scrollTop + this.#list.scrollHeight -
          scrollHeight;
      }
    }
    this.#empty.hidden = this.#list.children.length > 0;
  }

  /** After a snapshot numbers start again. */
  reset() {
    this.#missed = 0;
    this.update();
  }

  #isShown({ object, text, space }) {
    if (this.#hidden.has(object)) return false;
    const where = this.#state.spaces.get(space)?.label ?? "";
    const all = `${text} ${object} ${where}`.toLowerCase();
    return this.#ui.words.every((word) => all.includes(word));
  }

  #row({ time, event, text, space, link }) {
    const where = this.#state.spaces.get(space);
    const select = () => {
      const found = this.#state.links.get(link);
      if (found !== undefined) this.#ui.select(found);
    };
    const body = [
      html("time", { datetime: new Date(time).toISOString() }, timeOfDay(time)),
      html(
        "span",
        { class: "sign", "aria-hidden": "true" },
        SIGNS[event] ?? "!",
      ),
      html(
        "span",
        { class: "what" },
        where?.name != null ? [html("b", {}, where.label), " "] : [],
        text,
      ),
    ];
    return html(
      "li",
      { class: `event-${event}` },
      link === undefined
        ? body
        : [html("button", { type: "button", click: select }, body)],
    );
  }
}
