// Positions of the topology. ELK arranges everything once; later changes are
// placed into free space, so that what did not change stays where it is.

/** Sizes in pixels. */
export const SIZE = {
  card: { w: 196, h: 64 },
  folded: { w: 168, h: 44 },
  title: 34,
  padding: 14,
  tile: 16,
  tilesHead: 26,
};
const GAP = { node: 22, layer: 40, box: 30 };
/** The least distance of boxes; ELK leaves more. */
const LEAST = 16;

/** Nodes up to which ELK arranges the links of all namespaces together. */
const TOGETHER = 150;
/** Width by height of the widest arrangement that is kept. */
const WIDEST = 3;

const ALGORITHMS = ["layered", "rectpacking"];

const LAYERED = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "POLYLINE",
  "elk.spacing.nodeNode": GAP.node,
  "elk.spacing.componentComponent": GAP.box,
  "elk.layered.spacing.nodeNodeBetweenLayers": GAP.layer,
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
};
const BOX = {
  "elk.padding":
    `[top=${SIZE.title},left=${SIZE.padding},bottom=${SIZE.padding},right=${SIZE.padding}]`,
};

/** The layout engine, in a worker. */
class Elk {
  #calls = new Map();
  #number = 0;
  #worker = new Worker(script("/elk-worker.js"));

  constructor() {
    this.#worker.addEventListener("message", ({ data }) => {
      const call = this.#calls.get(data.id);
      this.#calls.delete(data.id);
      if (data.error) call?.reject(new Error(data.error.message));
      else call?.resolve(data.data);
    });
    this.#call({ cmd: "register", algorithms: ALGORITHMS });
  }

  layout(graph) {
    return this.#call({ cmd: "layout", graph, layoutOptions: {}, options: {} });
  }

  #call(message) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const id = this.#number++;
    this.#calls.set(id, { resolve, reject });
    this.#worker.postMessage({ id, ...message });
    return promise;
  }
}

/** The URL of a script, as Trusted Types require it. */
function script(url) {
  return globalThis.trustedTypes === undefined
    ? url
    : trustedTypes.createPolicy("netplumb", { createScriptURL: () => url })
      .createScriptURL("");
}

/** The size of a node: a card, or tiles for many links. */
export function nodeSize({ links }) {
  if (links.length === 1) return SIZE.card;
  const columns = tileColumns(links.length);
  const rows = Math.ceil(links.length / columns);
  return {
    w: Math.max(SIZE.card.w, columns * SIZE.tile + 2 * SIZE.padding),
    h: SIZE.tilesHead + rows * SIZE.tile + 8,
  };
}

/** Columns of tiles: wider than high. */
export function tileColumns(count) {
  return Math.max(10, Math.ceil(Math.sqrt(count * 2.4)));
}

export class Layout {
  /** Boxes of namespaces by their key: position and size. */
  boxes = new Map();
  /** Positions of nodes by their key, within their box. */
  nodes = new Map();
  #elk = new Elk();
  #folded = new Map();

  /**
   * Brings the positions up to date.
   *
   * @param graph Boxes with nodes, and edges between them.
   * @param {number} aspect Width by height of the page.
   * @param {boolean} isFresh Whether to arrange everything.
   */
  async update(graph, aspect, isFresh) {
    const added = graph.boxes.filter(({ key }) => !this.boxes.has(key)).length;
    const kept = graph.boxes.length - added;
    if (isFresh || added > kept) {
      await this.#arrange(graph, aspect);
    }
    this.#place(graph, aspect);
  }

  async #arrange(graph, aspect) {
    this.boxes.clear();
    this.nodes.clear();
    const nodes = graph.boxes.reduce(
      (sum, { nodes }) => sum + nodes.length + 1,
      0,
    );
    if (nodes <= TOGETHER) {
      const placed = await this.#elk.layout({
        id: "page",
        layoutOptions: LAYERED,
        children: graph.boxes.map(elkBox),
        edges: graph.edges.map(elkEdge),
      });
      if (placed.width <= Math.max(aspect, WIDEST) * placed.height) {
        placed.children.forEach((box) => this.#take(box));
        return this.#remember(graph);
      }
    }
    // The largest first: the others fill the rows beside it.
    const boxes = graph.boxes.toSorted((a, b) =>
      b.nodes.length - a.nodes.length || b.links.length - a.links.length
    );
    const inner = await Promise.all(boxes.map(async (box) => {
      if (box.folded || box.nodes.length === 0) return elkBox(box);
      const own = new Set(box.nodes.map(({ key }) => `node ${key}`));
      return (await this.#elk.layout({
        id: "page",
        layoutOptions: LAYERED,
        children: [elkBox(box)],
        edges: graph.edges.map(elkEdge).filter(({ sources, targets }) =>
          own.has(sources[0]) && own.has(targets[0])
        ),
      })).children[0];
    }));
    const packed = await this.#elk.layout({
      id: "page",
      layoutOptions: {
        "elk.algorithm": "rectpacking",
        "elk.aspectRatio": String(aspect),
        "elk.spacing.nodeNode": String(GAP.box),
        "elk.rectpacking.packing.compaction.rowHeightReevaluation": "true",
        "elk.padding": "[top=0,left=0,bottom=0,right=0]",
      },
      children: inner.map(({ id, width, height }) => ({ id, width, height })),
    });
    packed.children.forEach(({ x, y }, index) =>
      this.#take({ ...inner[index], x, y })
    );
    this.#remember(graph);
  }

  #take({ id, x, y, width, height, children = [] }) {
    this.boxes.set(id.slice("box ".length), { x, y, w: width, h: height });
    for (const { id, x, y } of children) {
      this.nodes.set(id.slice("node ".length), { x, y });
    }
  }

  #remember({ boxes }) {
    this.#folded.clear();
    for (const { key, folded } of boxes) this.#folded.set(key, folded);
  }

  /** Places what is new, and makes space for what has grown. */
  #place({ boxes, edges }, aspect) {
    const present = new Set(boxes.map(({ key }) => key));
    for (const key of this.boxes.keys()) {
      if (!present.has(key)) this.boxes.delete(key);
    }
    const above = new Map(edges.map(({ from, to }) => [to, from]));
    for (const box of boxes) {
      const size = this.#fill(box, above);
      const old = this.boxes.get(box.key);
      if (old === undefined) {
        const place = this.#freePlace(size, aspect);
        this.boxes.set(box.key, { ...place, ...size });
        this.#folded.set(box.key, box.folded);
        continue;
      }
      // A box that loses a link keeps its size.
      const isSame = this.#folded.get(box.key) === box.folded;
      const w = isSame ? Math.max(size.w, old.w) : size.w;
      const h = isSame ? Math.max(size.h, old.h) : size.h;
      this.#folded.set(box.key, box.folded);
      if (w === old.w && h === old.h) continue;
      this.boxes.set(box.key, { ...old, w, h });
      if (w > old.w || h > old.h) this.#push(box.key);
    }
  }

  /** Places the new nodes of a box; returns the size of the box. */
  #fill(box, above) {
    if (box.folded || box.nodes.length === 0) return SIZE.folded;
    const placed = [];
    const missing = [];
    for (const node of box.nodes) {
      const at = this.nodes.get(node.key);
      const rect = at && { ...at, ...nodeSize(node) };
      // A node that has grown, or that comes back, may need another place.
      if (rect === undefined || placed.some((one) => overlaps(one, rect, 4))) {
        missing.push(node);
      } else placed.push(rect);
    }
    for (const node of missing) {
      const parent = this.nodes.get(above.get(node.key));
      const rect = this.#freeNode(box, node, parent, placed);
      this.nodes.set(node.key, { x: rect.x, y: rect.y });
      placed.push(rect);
    }
    return sizeOf(placed);
  }

  /**
   * The free place for a node: below its parent, in the next row that can be
   * extended without moving another box.
   */
  #freeNode(box, node, parent, placed) {
    const size = nodeSize(node);
    const row = SIZE.card.h + GAP.layer;
    const { h } = sizeOf(placed);
    let first;
    for (
      let y = parent === undefined ? SIZE.title : parent.y + row;
      y < h + 2 * row;
      y += row
    ) {
      const rect = { x: parent?.x ?? SIZE.padding, y, ...size };
      for (;;) {
        const other = placed.find((one) => overlaps(one, rect, GAP.node - 1));
        if (other === undefined) break;
        rect.x = other.x + other.w + GAP.node;
      }
      first ??= rect;
      const { x = 0, y: top = 0 } = this.boxes.get(box.key) ?? {};
      const grown = { x, y: top, ...sizeOf([...placed, rect]) };
      const isFree = [...this.boxes].every(([key, other]) =>
        key === box.key || !overlaps(other, grown, LEAST)
      );
      if (isFree) return rect;
    }
    return first;
  }

  /** The free place for a box that keeps the page compact. */
  #freePlace(size, aspect) {
    const boxes = [...this.boxes.values()];
    const xs = new Set([0]);
    const ys = new Set([0]);
    let [right, bottom] = [0, 0];
    for (const { x, y, w, h } of boxes) {
      xs.add(x).add(x + w + GAP.box);
      ys.add(y).add(y + h + GAP.box);
      right = Math.max(right, x + w);
      bottom = Math.max(bottom, y + h);
    }
    let best = { x: 0, y: bottom === 0 ? 0 : bottom + GAP.box };
    let least = Infinity;
    for (const x of xs) {
      for (const y of ys) {
        const cost = Math.max(
          Math.max(right, x + size.w) / aspect,
          Math.max(bottom, y + size.h),
        ) + (x / aspect + y) / 1000;
        if (cost >= least) continue;
        const rect = { x, y, ...size };
        if (boxes.some((one) => overlaps(one, rect, LEAST))) continue;
        least = cost;
        best = { x, y };
      }
    }
    return best;
  }

  /** Moves boxes that overlap a box which has grown, as little as possible. */
  #push(key) {
    const queue = [key];
    for (
      let left = 10 * this.boxes.size;
      queue.length > 0 && left > 0;
      left--
    ) {
      const pushing = queue.shift();
      const box = this.boxes.get(pushing);
      for (const [key, other] of this.boxes) {
        if (key === pushing || !overlaps(box, other, LEAST)) continue;
        const right = box.x + box.w + GAP.box - other.x;
        const down = box.y + box.h + GAP.box - other.y;
        this.boxes.set(
          key,
          right < down
            ? { ...other, x: other.x + right }
            : { ...other, y: other.y + down },
        );
        queue.push(key);
      }
    }
  }
}

/** The size of a box with nodes. */
function sizeOf(nodes) {
  let { w, h } = SIZE.folded;
  for (const rect of nodes) {
    w = Math.max(w, rect.x + rect.w + SIZE.padding);
    h = Math.max(h, rect.y + rect.h + SIZE.padding);
  }
  return { w, h };
}

function overlaps(a, b, gap) {
  return a.x < b.x + b.w + gap && b.x < a.x + a.w + gap &&
    a.y < b.y + b.h + gap && b.y < a.y + a.h + gap;
}

function elkBox({ key, folded, nodes }) {
  const isLeaf = folded || nodes.length === 0;
  return {
    id: `box ${key}`,
    layoutOptions: BOX,
    ...isLeaf ? { width: SIZE.folded.w, height: SIZE.folded.h } : {
      children: nodes.map((node) => {
        const { w, h } = nodeSize(node);
        return { id: `node ${node.key}`, width: w, height: h };
      }),
    },
  };
}

function elkEdge({ from, to, fromBox, toBox }, index) {
  return {
    id: `edge ${index}`,
    sources: [from === undefined ? `box ${fromBox}` : `node ${from}`],
    targets: [to === undefined ? `box ${toBox}` : `node ${to}`],
  };
}
