// The topology: namespaces as boxes, links as cards, many similar links as tiles.

import { attribute, html, stateClass, stateShape, svg, text } from "./dom.js";
import { bitRate, count, shortened } from "./format.js";
import { Layout, nodeSize, SIZE, tileColumns } from "./layout.js";
import { compare } from "./state.js";

/** Similar links up to which each has a card. */
const CARDS = 8;
/** Cards and tiles above which namespaces are folded at first. */
const UNFOLDED = 80;
/** Links to as many namespaces make a namespace a hub, which is not folded. */
const HUB = 8;
/** Edges above which they are drawn pale. */
const MANY_EDGES = 60;
const ZOOM = { least: 0.08, most: 2.5, step: 1.25 };
/** Scale below which cards show names only. */
const FAR = 0.62;
/** The margin around the topology when it fits the pane, in pixels. */
const MARGIN = 24;
/** The height of the toolbar at the bottom of the pane. */
const TOOLBAR = 28;

const KINDS =
  /^(device|loopback|veth|bridge|bond|vrf|tun|wireguard|vlan|vxlan|dummy)$/;

/** The graph that is drawn. */
function graphOf(state, folded) {
  const boxes = [];
  /** The node of each link: a key, or undefined in a folded box. */
  const places = new Map();
  const bySpace = Map.groupBy(state.links.values(), ({ space }) => space);
  const spaces = [...state.spaces.values()].sort((a, b) =>
    (a.name !== null) - (b.name !== null) || compare(a.label, b.label)
  );
  for (const space of spaces) {
    const links = (bySpace.get(space.id) ?? []).filter(isDrawn)
      .sort((a, b) => a.ifindex - b.ifindex);
    const isFolded = folded.has(space.key);
    const nodes = isFolded ? [] : nodesOf(links);
    for (const node of nodes) {
      for (const link of node.links) {
        places.set(link.id, { box: space.key, node: node.key });
      }
    }
    if (isFolded) {
      for (const { id } of links) {
        places.set(id, { box: space.key, node: undefined });
      }
    }
    boxes.push({ key: space.key, space, links, nodes, folded: isFolded });
  }
  const edges = new Map();
  const connect = (upper, lower, kind) => {
    const [from, to] = [places.get(upper?.id), places.get(lower?.id)];
    if (from === undefined || to === undefined) return;
    if (from.box === to.box && from.node === to.node) return;
    const key = `${kind} ${end(from)} ${end(to)}`;
    const edge = edges.get(key);
    if (edge !== undefined) return edge.pairs.push([upper, lower]);
    edges.set(key, {
      key,
      kind,
      from: from.node,
      to: to.node,
      fromBox: from.box,
      toBox: to.box,
      pairs: [[upper, lower]],
    });
  };
  for (const { links } of boxes) {
    for (const link of links) {
      connect(state.links.get(link.master), link, "port");
      connect(state.end(link.lower), link, "upper");
      const peer = state.end(link.peer);
      if (peer !== undefined && isUpper(link, peer)) {
        connect(link, peer, "pair");
      }
    }
  }
  return { boxes, edges: [...edges.values()] };
}

const end = ({ box, node }) => node ?? `box ${box}`;

/** A loopback link with the usual addresses is not drawn. */
function isDrawn({ kind, addresses }) {
  return kind !== "loopback" ||
    addresses.some((address) => !/^(127\.|::1\/)/.test(address));
}

/** Whether a link is drawn above its peer: a port is. */
function isUpper(link, peer) {
  if (!link.master !== !peer.master) return link.master !== undefined;
  return link.space === peer.space
    ? link.ifindex < peer.ifindex
    : compare(link.where, peer.where) < 0;
}

/** The cards and tiles of a namespace. */
function nodesOf(links) {
  const used = new Set(
    links.flatMap(({ master, lower }) => [master, lower?.id]),
  );
  const similar = Map.groupBy(
    links,
    ({ id, key, kind, master, lower }) =>
      used.has(id) ? key : `${kind} of ${master ?? lower?.id ?? ""}`,
  );
  return [...similar.values()].flatMap((group) =>
    group.length > CARDS
      ? [{
        key: `${group[0].key.split("/")[0]}/${group[0].kind} of ${
          group[0].master ?? group[0].lower?.id ?? ""
        }`,
        links: group,
      }]
      : group.map((link) => ({ key: link.key, links: [link] }))
  );
}

export class Topology {
  #state;
  #ui;
  #root;
  #svg = svg("svg", {
    role: "group",
    "aria-label": "Topology. Arrow keys move between links.",
  });
  #view = svg("g");
  #boxLayer = svg("g");
  #edgeLayer = svg("g", { class: "edges" });
  #nodeLayer = svg("g");
  #layout = new Layout();
  #graph = { boxes: [], edges: [] };
  #boxes = new Map();
  #edges = new Map();
  /** Elements of cards and tiles by the id of their link. */
  #items = new Map();
  #nodes = new Map();
  #folded = new Set();
  #isFolding = true;
  #transform = { x: 0, y: 0, scale: 1 };
  /** Whether the user has moved or zoomed the view. */
  #isMoved = false;
  #updating;
  #again = { isNeeded: false, isFresh: false };
  #focused;

  /**
   * @param {HTMLElement} root
   * @param state The state of the page.
   * @param ui `select(link)`, `selected`, `words` of the search.
   */
  constructor(root, state, ui) {
    this.#root = root;
    this.#state = state;
    this.#ui = ui;
    this.#view.append(this.#boxLayer, this.#edgeLayer, this.#nodeLayer);
    this.#svg.append(this.#view);
    root.append(this.#svg, this.#toolbar());
    this.#listen();
  }

  /** Draws what has changed; resolves when it is drawn. */
  async update(isFresh = false) {
    if (this.#updating !== undefined) {
      this.#again.isNeeded = true;
      this.#again.isFresh ||= isFresh;
      return this.#updating;
    }
    this.#updating = this.#update(isFresh);
    await this.#updating;
    this.#updating = undefined;
    const { isNeeded, isFresh: again } = this.#again;
    this.#again = { isNeeded: false, isFresh: false };
    if (isNeeded) await this.update(again);
  }

  async #update(isFresh) {
    this.#graph = graphOf(this.#state, this.#folded);
    if (this.#isFolding && this.#state.links.size > 0) {
      // Once: later the user decides.
      this.#isFolding = false;
      this.#foldMany();
    }
    const wasEmpty = this.#layout.boxes.size === 0;
    await this.#layout.update(this.#graph, this.#aspect(), isFresh);
    this.#draw();
    if (isFresh || wasEmpty || !this.#isMoved) this.fit(wasEmpty || isFresh);
  }

  /** Shows the whole topology. */
  fit(isForced = true) {
    const { width, height } = this.#svg.getBoundingClientRect();
    const bounds = boundsOf(this.#layout.boxes.values());
    if (width === 0 || bounds === undefined) return;
    const scale = clamp(Math.min(
      (width - 2 * MARGIN) / bounds.w,
      (height - 2 * MARGIN - TOOLBAR) / bounds.h,
      1.25,
    ));
    const { x, y, scale: old } = this.#transform;
    // A view that shows everything well enough stays.
    const isVisible = old <= scale * 1.001 && old > scale * 0.75 &&
      x + bounds.x * old >= 0 && y + bounds.y * old >= 0 &&
      x + (bounds.x + bounds.w) * old <= width &&
      y + (bounds.y + bounds.h) * old <= height;
    if (!isForced && isVisible) return;
    this.#isMoved = false;
    this.#move({
      scale,
      x: (width - bounds.w * scale) / 2 - bounds.x * scale,
      y: (height - TOOLBAR - bounds.h * scale) / 2 - bounds.y * scale,
    });
  }

  /** Shows links, unfolding their namespaces if they are few. */
  async show(links) {
    const spaces = new Set(
      links.map(({ space }) => this.#state.spaces.get(space)?.key),
    );
    if (spaces.size <= 8) {
      for (const key of spaces) this.#folded.delete(key);
      await this.update();
    }
    const rects = links.map(({ id }) => this.#rectOf(id)).filter(Boolean);
    const bounds = boundsOf(rects);
    if (bounds === undefined) return;
    const { width, height } = this.#svg.getBoundingClientRect();
    const scale = clamp(Math.min(
      width / (bounds.w + 160),
      height / (bounds.h + 160),
      1,
    ));
    this.#isMoved = true;
    this.#move({
      scale,
      x: width / 2 - (bounds.x + bounds.w / 2) * scale,
      y: height / 2 - (bounds.y + bounds.h / 2) * scale,
    });
  }

  /** Marks the selected link and the results of the search. */
  mark() {
    const { selected, words } = this.#ui;
    const isSearch = words.length > 0;
    for (const [id, { element }] of this.#items) {
      const link = this.#state.links.get(id);
      element.classList.toggle("is-selected", id === selected);
      element.classList.toggle(
        "is-dim",
        isSearch && !(link && this.#state.matches(link, words)),
      );
    }
    for (const { element, box } of this.#boxes.values()) {
      const isMatch = box.links.some((link) =>
        this.#state.matches(link, words)
      ) || isSearch && words.every((word) =>
            box.space.label.toLowerCase().includes(word)
          );
      element.classList.toggle("is-dim", isSearch && !isMatch);
    }
    for (const { element, edge } of this.#edges.values()) {
      element.classList.toggle(
        "is-hot",
        edge.pairs.some((pair) => pair.some(({ id }) => id === selected)),
      );
    }
  }

  /** Shows current rates. */
  rates() {
    for (const [id, item] of this.#items) {
      const link = this.#state.links.get(id);
      if (item.rates === undefined || link === undefined) continue;
      const [rx, tx] = this.#state.ratesOf(link);
      text(
        item.rates,
        rx === 0 && tx === 0 ? item.note : `↓ ${bitRate(rx)}  ↑ ${bitRate(tx)}`,
      );
      item.rates.classList.toggle("is-busy", rx > 0 || tx > 0);
    }
    for (const { element, edge } of this.#edges.values()) {
      let [up, down] = [0, 0];
      for (const [upper, lower] of edge.pairs) {
        // A pair: what the upper end transmits, the lower end receives.
        const [rx, tx] = this.#state.ratesOf(
          edge.kind === "pair" ? upper : lower,
        );
        up += rx;
        down += tx;
      }
      const rate = up + down;
      const level = rate < 125 ? 0 : rate < 125e3 ? 1 : rate < 12.5e6 ? 2 : 3;
      attribute(element, "data-level", level || undefined);
      attribute(element, "data-flow", level && (up > down ? "up" : "down"));
    }
  }

  #aspect() {
    const { width, height } = this.#svg.getBoundingClientRect();
    return width > 0 && height > 0 ? width / height : 1.6;
  }

  #draw() {
    const keep = new Set();
    for (const box of this.#graph.boxes) {
      keep.add(box.key);
      this.#drawBox(box);
    }
    dropOthers(this.#boxes, keep);
    keep.clear();
    const items = new Set();
    for (const box of this.#graph.boxes) {
      for (const node of box.nodes) {
        keep.add(node.key);
        this.#drawNode(box, node, items);
      }
    }
    dropOthers(this.#nodes, keep);
    for (const id of this.#items.keys()) {
      if (!items.has(id)) this.#items.delete(id);
    }
    keep.clear();
    const { edges } = this.#graph;
    this.#edgeLayer.classList.toggle("is-many", edges.length > MANY_EDGES);
    for (const edge of edges) {
      keep.add(edge.key);
      this.#drawEdge(edge);
    }
    dropOthers(this.#edges, keep);
    if (!this.#items.has(this.#focused)) this.#setFocus(undefined);
    this.rates();
    this.mark();
  }

  #drawBox(box) {
    const { key, space, links, folded } = box;
    let drawn = this.#boxes.get(key);
    if (drawn === undefined) {
      const title = svg("text", { class: "box-title", x: 34, y: 22 });
      const info = svg("text", { class: "box-info", x: 34, y: 37 });
      const sign = svg("path", { class: "fold-sign", d: "M0 0" });
      const tip = svg("title");
      const fold = svg(
        "g",
        {
          class: "fold",
          role: "button",
          tabindex: 0,
          click: () => this.#fold(key),
          keydown: (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            event.stopPropagation();
            this.#fold(key);
          },
        },
        svg("rect", { class: "fold-area", height: SIZE.title }),
        sign,
        tip,
        svg("g", { "aria-hidden": "true" }, title, info),
      );
      const rect = svg("rect", { class: "box", rx: 12 });
      const element = svg("g", { class: "namespace" }, rect, fold);
      drawn = { element, rect, fold, title, info, sign, tip };
      this.#boxes.set(key, drawn);
    }
    drawn.box = box;
    const { element, rect, fold, title, info, sign, tip } = drawn;
    const { x, y, w, h } = this.#layout.boxes.get(key);
    const up = links.filter(({ isUp }) => isUp).length;
    const summary = up === links.length
      ? count(links.length, "link")
      : `${count(links.length, "link")}, ${links.length - up} not up`;
    element.style.transform = `translate(${x}px,${y}px)`;
    attribute(rect, "width", w);
    attribute(rect, "height", h);
    attribute(fold.firstChild, "width", w);
    attribute(fold.firstChild, "height", folded ? h : SIZE.title);
    attribute(fold, "aria-expanded", !folded ? "true" : "false");
    text(tip, `namespace ${space.label}, ${summary}`);
    attribute(sign, "d", folded ? "M17 17l6 5l-6 5z" : "M15 14.5h10l-5 6z");
    element.classList.toggle("is-folded", folded);
    // Edges end at a folded namespace, and pass behind it.
    const layer = folded ? this.#nodeLayer : this.#boxLayer;
    if (element.parentNode !== layer) layer.append(element);
    element.classList.toggle("has-down", up < links.length);
    const letters = Math.floor((w - 48) / 8.2);
    text(title, shortened(space.label, Math.max(8, letters)));
    attribute(title, "y", folded ? 19 : 22);
    text(info, folded ? summary : "");
  }

  #drawNode(box, node, items) {
    const isCard = node.links.length === 1 && node.key === node.links[0].key;
    let drawn = this.#nodes.get(node.key);
    if (drawn === undefined) {
      drawn = isCard ? this.#newCard(node) : this.#newTiles();
      this.#nodes.set(node.key, drawn);
      this.#nodeLayer.append(drawn.element);
    }
    const origin = this.#layout.boxes.get(box.key);
    const at = this.#layout.nodes.get(node.key);
    drawn.rect = {
      x: origin.x + at.x,
      y: origin.y + at.y,
      ...nodeSize(node),
    };
    drawn.element.style.transform =
      `translate(${drawn.rect.x}px,${drawn.rect.y}px)`;
    for (const { id } of node.links) items.add(id);
    if (isCard) this.#fillCard(drawn, node.links[0]);
    else this.#fillTiles(drawn, node.links);
  }

  #newItem(link, ...children) {
    const element = svg("g", {
      role: "button",
      tabindex: -1,
      "data-link": link.id,
    }, children);
    return element;
  }

  #newCard({ links: [link] }) {
    const { w, h } = SIZE.card;
    const shape = svg("g", { class: "state" });
    const name = svg("text", { class: "name", x: 30, y: 22 });
    const kind = svg("text", { class: "kind", x: w - 10, y: 22 });
    const address = svg("text", { class: "address sub", x: 14, y: 39 });
    const rates = svg("text", { class: "rates sub", x: 14, y: 55 });
    const bar = svg("path", {
      d: `M6 0a6 6 0 0 0 -6 6v${h - 12}a6 6 0 0 0 6 6z`,
    });
    const tip = svg("title");
    const element = this.#newItem(
      link,
      tip,
      svg("rect", { class: "card", width: w, height: h, rx: 6 }),
      bar,
      shape,
      // The title, which is the accessible name, has it in words.
      svg("g", { "aria-hidden": "true" }, name, kind, address, rates),
    );
    return { element, shape, name, kind, address, rates, bar, tip };
  }

  #fillCard(drawn, link) {
    const { element, shape, name, kind, address, rates, bar, tip } = drawn;
    const { addresses } = link;
    const problem = this.#state.problem(link);
    drawn.note = problem ??
      (link.alias ? `“${shortened(link.alias, 24)}”` : unusualMtu(link));
    attribute(element, "class", `link ${stateClass(link.state)}`);
    attribute(element, "data-link", link.id);
    attribute(bar, "class", kindClass(link));
    if (drawn.state !== link.state) {
      drawn.state = link.state;
      shape.replaceChildren(stateShape(link.state));
      shape.style.transform = "translate(13px,12px)";
    }
    const right = link.isUp ? kindText(link) : link.state;
    const state = shortened(right, 14);
    text(kind, state);
    kind.classList.toggle("is-state", !link.isUp);
    // Widths of a letter of both fonts.
    const letters = (SIZE.card.w - 48 - state.length * 6.3) / 7.9;
    text(name, shortened(link.name, Math.floor(letters)));
    const shown = addresses.filter((address) => !/^fe80:/i.test(address));
    const [first] = shown;
    const more = shown.length - 1;
    text(
      address,
      first === undefined
        ? ""
        : shortened(first, more > 0 ? 22 : 26) + (more > 0 ? ` +${more}` : ""),
    );
    rates.classList.toggle("is-problem", problem !== undefined);
    text(tip, labelOf(link, problem));
    this.#items.set(link.id, drawn);
  }

  #newTiles() {
    const frame = svg("rect", { class: "card", rx: 6 });
    const title = svg("text", { class: "tiles-title", x: 14, y: 18 });
    const element = svg("g", { class: "tiles" }, frame, title);
    return { element, frame, title, tiles: new Map() };
  }

  #fillTiles(drawn, links) {
    const { element, frame, title, tiles } = drawn;
    const { w, h } = drawn.rect;
    attribute(frame, "width", w);
    attribute(frame, "height", h);
    const down = links.filter(({ isUp }) => !isUp).length;
    text(
      title,
      `${links.length} ${links[0].kind}` + (down > 0 ? `, ${down} not up` : ""),
    );
    const columns = tileColumns(links.length);
    const keep = new Set();
    links.forEach((link, index) => {
      keep.add(link.id);
      let tile = tiles.get(link.id);
      if (tile === undefined) {
        const tip = svg("title");
        const shape = svg("g");
        tile = {
          element: this.#newItem(
            link,
            tip,
            svg("rect", { class: "tile-area", width: 16, height: 16 }),
            shape,
          ),
          tip,
          shape,
        };
        tiles.set(link.id, tile);
        element.append(tile.element);
      }
      const x = SIZE.padding + (index % columns) * SIZE.tile;
      const y = SIZE.tilesHead + Math.floor(index / columns) * SIZE.tile;
      tile.rect = {
        x: drawn.rect.x + x,
        y: drawn.rect.y + y,
        w: SIZE.tile,
        h: SIZE.tile,
      };
      attribute(tile.element, "transform", `translate(${x},${y})`);
      attribute(tile.element, "class", `link tile ${stateClass(link.state)}`);
      text(tile.tip, labelOf(link, this.#state.problem(link)));
      if (tile.state !== link.state) {
        tile.state = link.state;
        tile.shape.replaceChildren(stateShape(link.state));
        attribute(tile.shape, "transform", "translate(2,2)");
      }
      this.#items.set(link.id, tile);
    });
    dropOthers(tiles, keep);
  }

  #drawEdge(edge) {
    let drawn = this.#edges.get(edge.key);
    if (drawn === undefined) {
      const line = svg("path", { class: "line" });
      const flow = svg("path", { class: "flow" });
      const element = svg("g", {}, line, flow);
      this.#edgeLayer.append(element);
      drawn = { element, line, flow };
      this.#edges.set(edge.key, drawn);
    }
    drawn.edge = edge;
    const [[upper, lower]] = edge.pairs;
    const isOne = edge.pairs.length === 1;
    const from = isOne ? this.#rectOf(upper.id) : this.#endRect(edge, "from");
    const to = isOne ? this.#rectOf(lower.id) : this.#endRect(edge, "to");
    const d = curve(from, to);
    attribute(drawn.line, "d", d);
    attribute(drawn.flow, "d", d);
    const isUp = edge.pairs.some(([a, b]) => a.isUp && b.isUp);
    attribute(
      drawn.element,
      "class",
      `edge ${edge.kind} ${isUp ? "" : "is-off"}`,
    );
  }

  #endRect(edge, side) {
    const node = this.#nodes.get(edge[side]);
    return node?.rect ?? this.#layout.boxes.get(edge[`${side}Box`]);
  }

  /** Where a link is drawn: its card, its tile or its folded namespace. */
  #rectOf(id) {
    const item = this.#items.get(id);
    if (item !== undefined) return item.rect;
    const link = this.#state.links.get(id);
    const space = link && this.#state.spaces.get(link.space);
    return space && this.#layout.boxes.get(space.key);
  }

  /** Folds what would be too much to read. */
  #foldMany() {
    const { boxes, edges } = this.#graph;
    const nodes = boxes.reduce((sum, { nodes }) => sum + nodes.length, 0);
    if (nodes <= UNFOLDED) return;
    const peers = Map.groupBy(
      edges.flatMap(({ fromBox, toBox }) =>
        fromBox === toBox ? [] : [[fromBox, toBox], [toBox, fromBox]]
      ),
      ([key]) => key,
    );
    for (const { key, nodes } of boxes) {
      const isHub = peers.get(key)?.length >= HUB && nodes.length <= HUB;
      if (!isHub) this.#folded.add(key);
    }
    this.#graph = graphOf(this.#state, this.#folded);
  }

  #fold(key) {
    if (!this.#folded.delete(key)) this.#folded.add(key);
    void this.update();
  }

  /** Folds or unfolds all namespaces. */
  foldAll(isFolded) {
    this.#folded.clear();
    if (isFolded) {
      for (const { key } of this.#state.spaces.values()) this.#folded.add(key);
    }
    this.#isFolding = false;
    return this.update(true);
  }

  zoom(factor, at) {
    const { width, height } = this.#svg.getBoundingClientRect();
    const { x, y, scale: old } = this.#transform;
    const point = at ?? { x: width / 2, y: height / 2 };
    const scale = clamp(old * factor);
    this.#isMoved = true;
    this.#move({
      scale,
      x: point.x - (point.x - x) * scale / old,
      y: point.y - (point.y - y) * scale / old,
    });
  }

  #move(transform) {
    this.#transform = transform;
    const { x, y, scale } = transform;
    attribute(this.#view, "transform", `translate(${x},${y}) scale(${scale})`);
    this.#svg.classList.toggle("is-far", scale < FAR);
    this.#svg.style.setProperty("--scale", scale);
  }

  #toolbar() {
    const button = (label, sign, click) =>
      html("button", {
        type: "button",
        title: label,
        "aria-label": label,
        click,
      }, sign);
    return html(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Topology view" },
      button("Zoom in (+)", "+", () => this.zoom(ZOOM.step)),
      button("Zoom out (-)", "−", () => this.zoom(1 / ZOOM.step)),
      button("Show all (0)", "⤢", () => this.fit()),
      button("Arrange anew (a)", "⟲", () => this.update(true)),
      button("Fold all namespaces (f)", "⊟", () => this.foldAll(true)),
      button("Unfold all namespaces (u)", "⊞", () => this.foldAll(false)),
    );
  }

  #listen() {
    const { classList } = this.#svg;
    let drag;
    this.#svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      drag = { x: event.clientX, y: event.clientY, from: this.#transform };
    });
    this.#svg.addEventListener("pointermove", (event) => {
      if (drag === undefined) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.isMoving && Math.hypot(dx, dy) < 4) return;
      if (!drag.isMoving) this.#svg.setPointerCapture(event.pointerId);
      drag.isMoving = true;
      this.#isMoved = true;
      classList.add("is-moving");
      this.#move({ ...drag.from, x: drag.from.x + dx, y: drag.from.y + dy });
    });
    const drop = () => {
      classList.remove("is-moving");
      // After the click that ends the movement.
      setTimeout(() => drag = undefined);
    };
    this.#svg.addEventListener("pointerup", drop);
    this.#svg.addEventListener("pointercancel", drop);
    this.#svg.addEventListener("click", (event) => {
      if (drag?.isMoving) return event.stopPropagation();
      const id = event.target.closest("[data-link]")?.dataset.link;
      if (id === undefined) return;
      this.#setFocus(id);
      this.#ui.select(this.#state.links.get(id));
    }, true);
    this.#svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { left, top } = this.#svg.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      this.zoom(Math.exp(-event.deltaY / 500), at);
    }, { passive: false });
    this.#svg.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => {
      if (!this.#isMoved) this.fit(false);
    }).observe(this.#svg);
  }

  #key(event) {
    const id = event.target.closest?.("[data-link]")?.dataset.link;
    const direction = DIRECTIONS[event.key];
    if (direction !== undefined) {
      event.preventDefault();
      const next = this.#nearest(id, direction);
      if (next !== undefined) {
        this.#setFocus(next);
        this.#items.get(next).element.focus();
        this.#reveal(next);
      }
    } else if (
      id !== undefined && (event.key === "Enter" || event.key === " ")
    ) {
      event.preventDefault();
      this.#ui.select(this.#state.links.get(id));
    }
  }

  /** The nearest link in a direction. */
  #nearest(id, [dx, dy]) {
    const from = id === undefined ? undefined : centre(this.#rectOf(id));
    let [nearest, least] = [undefined, Infinity];
    for (const [other, { rect }] of this.#items) {
      if (other === id) continue;
      const to = centre(rect);
      const [x, y] = from ? [to.x - from.x, to.y - from.y] : [to.x, to.y];
      const ahead = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (from && ahead < 4) continue;
      const distance = from ? ahead + 2.5 * aside : Math.hypot(x, y);
      if (distance < least) [nearest, least] = [other, distance];
    }
    return nearest;
  }

  /** One link at a time is in the tab order. */
  #setFocus(id) {
    const old = this.#items.get(this.#focused);
    if (old !== undefined) attribute(old.element, "tabindex", -1);
    const next = id ?? this.#items.keys().next().value;
    this.#focused = next;
    const item = this.#items.get(next);
    if (item !== undefined) attribute(item.element, "tabindex", 0);
  }

  /** Moves the view so that a link is visible. */
  #reveal(id) {
    const { x, y, w, h } = this.#items.get(id).rect;
    const { width, height } = this.#svg.getBoundingClientRect();
    const { x: left, y: top, scale } = this.#transform;
    const shift = (start, size, room) =>
      start < MARGIN
        ? MARGIN - start
        : start + size > room - MARGIN
        ? room - MARGIN - start - size
        : 0;
    const dx = shift(left + x * scale, w * scale, width);
    const dy = shift(top + y * scale, h * scale, height);
    if (dx === 0 && dy === 0) return;
    this.#isMoved = true;
    this.#move({ scale, x: left + dx, y: top + dy });
  }
}

const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const centre = ({ x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 });
const clamp = (scale) => Math.min(ZOOM.most, Math.max(ZOOM.least, scale));

function boundsOf(rects) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, w, h } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + w);
    bottom = Math.max(bottom, y + h);
  }
  return left === Infinity
    ? undefined
    : { x: left, y: top, w: right - left, h: bottom - top };
}

/** A line from one rectangle to another. */
function curve(a, b) {
  const [ca, cb] = [centre(a), centre(b)];
  const n = (value) => Math.round(value * 10) / 10;
  const isBelow = b.y >= a.y + a.h - 2;
  const isAbove = a.y >= b.y + b.h - 2;
  if (isBelow || isAbove) {
    const [ay, by] = isBelow ? [a.y + a.h, b.y] : [a.y, b.y + b.h];
    const bend = Math.max(16, Math.abs(by - ay) / 2) * (isBelow ? 1 : -1);
    return `M${n(ca.x)} ${n(ay)}C${n(ca.x)} ${n(ay + bend)} ${n(cb.x)} ${
      n(by - bend)
    } ${n(cb.x)} ${n(by)}`;
  }
  const isRight = cb.x >= ca.x;
  const [ax, bx] = isRight ? [a.x + a.w, b.x] : [a.x, b.x + b.w];
  const bend = Math.max(16, Math.abs(bx - ax) / 2) * (isRight ? 1 : -1);
  return `M${n(ax)} ${n(ca.y)}C${n(ax + bend)} ${n(ca.y)} ${n(bx - bend)} ${
    n(cb.y)
  } ${n(bx)} ${n(cb.y)}`;
}

function dropOthers(drawn, keep) {
  for (const [key, { element }] of drawn) {
    if (keep.has(key)) continue;
    element.remove();
    drawn.delete(key);
  }
}

/** The class of a kind, which gives its colour. */
export function kindClass({ kind }) {
  return `kind-bar kind-${KINDS.test(kind) ? kind : "other"}`;
}

/** The kind with its detail. */
export function kindText({ kind, detail }) {
  if (detail === undefined) return kind;
  return kind === "tun" ? detail : `${kind} ${detail}`;
}

const DEFAULT_MTU = { loopback: 65536, vxlan: 1450, wireguard: 1420 };

function unusualMtu({ kind, mtu }) {
  return mtu === (DEFAULT_MTU[kind] ?? 1500) ? "" : `MTU ${mtu}`;
}

function labelOf(link, problem) {
  const { name, state, where, addresses } = link;
  return [name, kindText(link), state, `namespace ${where}`]
    .concat(addresses, problem ?? []).join(", ");
}
