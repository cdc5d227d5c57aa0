// Details of the selected link: `show --details` of it, and its rates.

import { attribute, html, replace, stateShape, svg, text } from "./dom.js";
import { bitRate } from "./format.js";
import { kindText } from "./topology.js";

/** Milliseconds between two reads while the link changes. */
const PAUSE = 1000;
const CHART = { w: 320, h: 72, samples: 120 };

export class Details {
  #root;
  #state;
  #ui;
  #title = html("h2", { tabindex: -1 });
  #facts = html("dl");
  #chart;
  #more = html("div", { class: "more" });
  #shown;
  #version;
  #reading;
  #again = false;

  constructor(root, state, ui) {
    this.#root = root;
    this.#state = state;
    this.#ui = ui;
    const line = (name) => svg("path", { class: `chart-${name}` });
    const scale = html("span", { class: "scale" });
    const legend = html("p", { class: "legend" });
    this.#chart = { rx: line("rx"), tx: line("tx"), scale, legend };
    const { w, h } = CHART;
    root.append(
      html(
        "header",
        {},
        this.#title,
        html("button", {
          type: "button",
          class: "close",
          "aria-label": "Close details (Escape)",
          title: "Close (Escape)",
          click: () => this.#ui.select(undefined),
        }, "×"),
      ),
      html(
        "div",
        {
          class: "scroll",
          tabindex: 0,
          role: "group",
          "aria-label": "Details",
        },
        this.#facts,
        html(
          "figure",
          { class: "chart" },
          scale,
          svg(
            "svg",
            {
              viewBox: `0 0 ${w} ${h}`,
              preserveAspectRatio: "none",
              role: "img",
              "aria-label": "Rates of the last two minutes",
            },
            this.#chart.rx,
            this.#chart.tx,
          ),
          legend,
        ),
        this.#more,
      ),
    );
  }

  /** Shows the selected link. */
  update() {
    const link = this.#state.links.get(this.#ui.selected);
    this.#root.hidden = link === undefined;
    if (link === undefined) {
      this.#shown = undefined;
      return;
    }
    if (this.#shown !== link.id) {
      this.#shown = link.id;
      this.#more.replaceChildren();
    }
    const shape = svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
    shape.append(stateShape(link.state));
    this.#title.replaceChildren(shape, link.name);
    const end = (end) => {
      if (end === undefined) return undefined;
      const other = this.#state.end(end);
      if (other === undefined) return `link ${end.ifindex}, not monitored`;
      return html(
        "button",
        {
          type: "button",
          class: "to",
          click: () => this.#ui.select(other),
        },
        other.space === link.space
          ? other.name
          : `${other.name} in ${other.where}`,
      );
    };
    const problem = this.#state.problem(link);
    const facts = {
      State: link.state,
      Namespace: link.where,
      Kind: kindText(link),
      MTU: String(link.mtu),
      Problem: problem,
      Alias: link.alias,
      "Link-layer address": link.address,
      Master: end(link.master && { id: link.master }),
      Peer: end(link.peer),
      "Lower link": end(link.lower),
    };
    replace(
      this.#facts,
      Object.entries(facts)
        .filter(([, value]) => value !== undefined && value !== "")
        .flatMap(([key, value]) => [
          html("dt", {}, key),
          html("dd", key === "Problem" ? { class: "is-bad" } : {}, value),
        ]),
      link.addresses.length > 0
        ? [
          html("dt", {}, "Addresses"),
          html("dd", { class: "mono" }, link.addresses.join("\n")),
        ]
        : [],
    );
    this.rates();
    if (this.#version !== link) {
      this.#version = link;
      void this.#read();
    }
  }

  /** Draws the chart of the rates. */
  rates() {
    const link = this.#state.links.get(this.#shown);
    if (link === undefined) return;
    const past = this.#state.history.get(link.key) ?? [];
    const most = past.reduce((most, [rx, tx]) => Math.max(most, rx, tx), 0);
    const { w, h, samples } = CHART;
    const path = (at) =>
      past.map((rates, index) => {
        const x = w - (past.length - 1 - index) * w / (samples - 1);
        const y = h - 2 - (h - 6) * rates[at] / (most || 1);
        return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
      }).join("");
    attribute(this.#chart.rx, "d", path(0));
    attribute(this.#chart.tx, "d", path(1));
    text(this.#chart.scale, most > 0 ? bitRate(most) : "");
    const [rx, tx, rxPackets, txPackets] = this.#state.ratesOf(link);
    this.#chart.legend.replaceChildren(
      html(
        "span",
        { class: "key-rx" },
        `↓ ${bitRate(rx)}, ${rxPackets} packets/s`,
      ),
      html(
        "span",
        { class: "key-tx" },
        `↑ ${bitRate(tx)}, ${txPackets} packets/s`,
      ),
    );
  }

  /** Moves the focus to the title. */
  focus() {
    this.#title.focus();
  }

  async #read() {
    if (this.#reading !== undefined) {
      this.#again = true;
      return;
    }
    const link = this.#state.links.get(this.#shown);
    if (link === undefined) return;
    this.#reading = link.id;
    const query = new URLSearchParams({
      namespace: this.#state.spaces.get(link.space)?.name ?? "",
      dev: link.name,
      details: "",
      statistics: "",
    });
    for (const object of ["link", "route", "neighbour"]) {
      query.append("object", object);
    }
    try {
      const response = await fetch(`/state?${query}`);
      if (!response.ok) throw new Error(await response.text());
      const { namespaces: [state] } = await response.json();
      if (this.#shown === link.id && state !== undefined) this.#fill(state);
    } catch {
      // The link or the server is gone, which the page shows.
    }
    setTimeout(() => {
      this.#reading = undefined;
      const isOther = this.#shown !== link.id;
      if (this.#again || isOther) {
        this.#again = false;
        void this.#read();
      }
    }, this.#shown === link.id ? PAUSE : 0);
  }

  #fill({ link: [link], route, neighbour }) {
    const section = (title, content) =>
      content.length === 0
        ? []
        : [html("h3", {}, title), content.map((one) => tree(one))];
    replace(
      this.#more,
      section("Routes", route),
      section("Neighbours", neighbour),
      section("All attributes", link === undefined ? [] : [link]),
    );
  }
}

/** A JSON object as a list. */
function tree(object) {
  return html(
    "dl",
    { class: "tree" },
    Object.entries(object).flatMap(([key, value]) => [
      html("dt", {}, key),
      html("dd", {}, isNested(value) ? nested(value) : plain(value)),
    ]),
  );
}

const isNested = (value) =>
  typeof value === "object" && value !== null &&
  (!Array.isArray(value) || value.some((one) => typeof one === "object"));

function nested(value) {
  if (!Array.isArray(value)) return tree(value);
  return html(
    "div",
    {},
    value.map((one) => isNested(one) ? tree(one) : plain(one)),
  );
}

function plain(value) {
  return Array.isArray(value)
    ? value.join(" ")
    : value === null
    ? "yes"
    : String(value);
}
