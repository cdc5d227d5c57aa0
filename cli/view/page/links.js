// The table of links: sorted, filtered, and with rows only for what is visible.

import { attribute, html, stateClass, stateShape, svg, text } from "./dom.js";
import { amount, bitRate, count } from "./format.js";
import { compare } from "./state.js";
import { kindText } from "./topology.js";

/** The height of a row in pixels, as in style.css. */
const ROW = 30;
/** Rows that are drawn beyond the visible ones. */
const BEYOND = 6;

const STATES = ["up", "no carrier", "down"];

/** Columns: title, class, how to sort, and the text of a cell. */
const COLUMNS = [
  {
    key: "state",
    title: "State",
    order: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
    cell: ({ state }) => state,
  },
  {
    key: "name",
    title: "Name",
    order: (a, b) => compare(a.name, b.name),
    cell: ({ name }) => name,
  },
  {
    key: "namespace",
    title: "Namespace",
    order: (a, b) => compare(a.where, b.where),
    cell: ({ where }) => where,
  },
  {
    key: "kind",
    title: "Kind",
    order: (a, b) => compare(kindText(a), kindText(b)),
    cell: kindText,
  },
  {
    key: "addresses",
    title: "Addresses",
    order: (a, b) => compare(a.addresses[0] ?? "~", b.addresses[0] ?? "~"),
    cell: ({ addresses }) => addresses.join(" "),
  },
  {
    key: "mtu",
    title: "MTU",
    isNumber: true,
    order: (a, b) => a.mtu - b.mtu,
    cell: ({ mtu }) => String(mtu),
  },
  rate("rx", "Receive", 0),
  rate("tx", "Transmit", 1),
  counter("errors", "Errors", 4),
  counter("drops", "Drops", 5),
];

function rate(key, title, at) {
  return numbers(key, title, at, bitRate);
}

function counter(key, title, at) {
  return {
    ...numbers(key, title, at, amount),
    isBad: (link, state) => state.isGrowing(link, at),
  };
}

function numbers(key, title, at, format) {
  return {
    key,
    title,
    isNumber: true,
    order: (a, b, state) => state.ratesOf(b)[at] - state.ratesOf(a)[at],
    cell: (link, state) => {
      const number = state.ratesOf(link)[at];
      return number === 0 ? "" : format(number);
    },
  };
}

export class LinkTable {
  #state;
  #ui;
  #scroll;
  #body = html("tbody");
  #before = html(
    "tr",
    { "aria-hidden": "true", class: "space" },
    html("td", {
      colspan: COLUMNS.length,
    }),
  );
  #after = this.#before.cloneNode(true);
  #rows = [];
  #heads = new Map();
  #count = html("p", { class: "count", role: "status" });
  #table;
  #links = [];
  #sort = { key: "namespace", isReverse: false };
  /** The row in the tab order, by the id of its link. */
  #focused;

  constructor(root, state, ui) {
    this.#state = state;
    this.#ui = ui;
    const heads = COLUMNS.map((column) => {
      const head = html(
        "th",
        { scope: "col", class: `column-${column.key}` },
        html(
          "button",
          { type: "button", click: () => this.#sortBy(column.key) },
          column.title,
        ),
      );
      this.#heads.set(column.key, head);
      return head;
    });
    this.#table = html(
      "table",
      { "aria-label": "Links" },
      html("thead", {}, html("tr", { "aria-rowindex": 1 }, heads)),
      this.#body,
    );
    this.#body.append(this.#before, this.#after);
    this.#scroll = html("div", {
      class: "scroll",
      scroll: () => this.#draw(),
      keydown: (event) => this.#key(event),
      click: (event) => this.#click(event),
    }, this.#table);
    root.append(this.#count, this.#scroll);
    new ResizeObserver(() => this.#draw()).observe(this.#scroll);
  }

  /** Filters and sorts again. */
  update() {
    const { key, isReverse } = this.#sort;
    const { order } = COLUMNS.find((column) => column.key === key);
    const { words } = this.#ui;
    this.#links = [...this.#state.links.values()]
      .filter((link) => this.#state.matches(link, words))
      .sort((a, b) =>
        (isReverse ? -1 : 1) * order(a, b, this.#state) ||
        compare(a.where, b.where) || a.ifindex - b.ifindex
      );
    const { size } = this.#state.links;
    text(
      this.#count,
      words.length > 0
        ? `${this.#links.length} of ${count(size, "link")}`
        : count(size, "link"),
    );
    for (const [column, head] of this.#heads) {
      const direction = isReverse ? "descending" : "ascending";
      attribute(head, "aria-sort", column === key ? direction : undefined);
    }
    attribute(this.#table, "aria-rowcount", this.#links.length + 1);
    if (!this.#links.some(({ id }) => id === this.#focused)) {
      this.#focused = this.#links[0]?.id;
    }
    this.#draw();
  }

  /** Shows current rates. */
  rates() {
    if (/^(rx|tx|errors|drops)$/.test(this.#sort.key)) this.update();
    else this.#draw();
  }

  /** Marks the selected link. */
  mark() {
    this.#draw();
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#scroll;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - BEYOND);
    const last = Math.min(
      this.#links.length,
      Math.ceil((scrollTop + clientHeight) / ROW) + BEYOND,
    );
    while (this.#rows.length < last - first) {
      const row = newRow();
      this.#rows.push(row);
      this.#after.before(row.element);
    }
    while (this.#rows.length > Math.max(0, last - first)) {
      this.#rows.pop().element.remove();
    }
    this.#before.style.height = `${first * ROW}px`;
    this.#after.style.height = `${(this.#links.length - last) * ROW}px`;
    this.#rows.forEach((row, at) => this.#fill(row, first + at));
  }

  #fill({ element, cells, shape }, index) {
    const link = this.#links[index];
    const isSelected = link.id === this.#ui.selected;
    attribute(element, "data-link", link.id);
    attribute(element, "aria-rowindex", index + 2);
    attribute(element, "tabindex", link.id === this.#focused ? 0 : -1);
    attribute(element, "aria-selected", isSelected ? "true" : undefined);
    attribute(
      element,
      "class",
      `${stateClass(link.state)} ${isSelected ? "is-selected" : ""}`,
    );
    COLUMNS.forEach(({ cell, isBad }, at) => {
      text(cells[at], cell(link, this.#state));
      if (isBad) cells[at].classList.toggle("is-bad", isBad(link, this.#state));
    });
    if (shape.dataset.state !== link.state) {
      shape.dataset.state = link.state;
      shape.replaceChildren(stateShape(link.state));
    }
    attribute(cells[4].parentElement, "title", link.addresses.join("\n"));
  }

  #sortBy(key) {
    const isReverse = this.#sort.key === key && !this.#sort.isReverse;
    this.#sort = { key, isReverse };
    this.update();
  }

  #click(event) {
    const id = event.target.closest("[data-link]")?.dataset.link;
    const link = this.#state.links.get(id);
    if (link === undefined) return;
    this.#focused = id;
    this.#ui.select(link);
  }

  #key(event) {
    const id = event.target.closest?.("[data-link]")?.dataset.link;
    if (id === undefined) return;
    const index = this.#links.findIndex((link) => link.id === id);
    const page = Math.max(1, Math.floor(this.#scroll.clientHeight / ROW) - 2);
    const to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: this.#links.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#focus(Math.max(0, Math.min(this.#links.length - 1, to)));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#ui.select(this.#links[index]);
    }
  }

  #focus(index) {
    this.#focused = this.#links[index].id;
    const { scrollTop, clientHeight } = this.#scroll;
    const top = index * ROW;
    // The heading covers a row.
    if (top < scrollTop) this.#scroll.scrollTop = top;
    else if (top + 2 * ROW > scrollTop + clientHeight) {
      this.#scroll.scrollTop = top + 2 * ROW - clientHeight;
    }
    this.#draw();
    this.#rows.find(({ element }) => element.dataset.link === this.#focused)
      ?.element.focus({ preventScroll: true });
  }
}

function newRow() {
  const shape = svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
  const cells = COLUMNS.map(() => html("span"));
  const element = html(
    "tr",
    {},
    COLUMNS.map(({ key, isNumber }, at) =>
      html(
        "td",
        { class: `column-${key}${isNumber ? " is-number" : ""}` },
        at === 0 ? shape : undefined,
        cells[at],
      )
    ),
  );
  return { element, cells, shape };
}
