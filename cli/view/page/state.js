// The state of the page: what the server sent, and the connection to it.

/** Samples of rates that are kept for a link: two minutes. */
const HISTORY = 120;
/** Events of the timeline that are kept. */
const EVENTS = 1000;
/** Milliseconds until a page that is hidden disconnects. */
const HIDDEN = 10_000;
/** Milliseconds until a refused connection is tried again. */
const RETRY = 2000;

/** Milliseconds for which a counter that has grown is marked. */
const RECENT = 5000;

const IDLE = [0, 0, 0, 0, 0, 0];

const collator = new Intl.Collator(undefined, { numeric: true });

/** Compares texts so that eth2 comes before eth10. */
export const compare = (a, b) => collator.compare(a, b);

export class State {
  /** Namespaces by their number. */
  spaces = new Map();
  /** Links by their id. */
  links = new Map();
  /** Rates by the id of a link. */
  rates = new Map();
  /** Past rates of links with traffic. */
  history = new Map();
  events = [];
  /** When counters of errors and drops last grew. */
  #growing = new Map();
  /** What `ensure` does; undefined if it does not run here. */
  ensure = undefined;

  /** Takes a snapshot or an update. */
  apply(update, isSnapshot) {
    if (isSnapshot) {
      this.spaces.clear();
      this.links.clear();
      this.rates.clear();
      this.#growing.clear();
      this.events = [];
      this.ensure = undefined;
    }
    for (const id of update.goneSpaces ?? []) {
      this.spaces.delete(id);
      for (const link of [...this.links.values()]) {
        if (link.space === id) this.#remove(link.id);
      }
    }
    for (const space of update.spaces ?? []) {
      this.spaces.set(space.id, {
        ...space,
        key: space.name ?? "",
        label: space.name ?? "this namespace",
      });
    }
    for (const id of update.goneLinks ?? []) this.#remove(id);
    for (const link of update.links ?? []) {
      link.space = Number(link.id.split("/")[0]);
      const space = this.spaces.get(link.space);
      // Ids differ after a restart of the server; names do not.
      link.key = `${space.key}/${link.ifindex}`;
      link.where = space.label;
      link.isUp = link.state === "up";
      this.links.set(link.id, link);
    }
    for (const [id, rates] of Object.entries(update.rates ?? {})) {
      const old = this.rates.get(id);
      [4, 5].forEach((at) => {
        if (old === undefined || rates[at] <= old[at]) return;
        this.#growing.set(`${id} ${at}`, performance.now());
      });
      this.rates.set(id, rates);
    }
    for (const event of update.events ?? []) this.events.push(event);
    if (this.events.length > EVENTS) this.events = this.events.slice(-EVENTS);
    if (update.ensure !== undefined) this.ensure = update.ensure;
  }

  /** The rates of a link. */
  ratesOf({ id }) {
    return this.rates.get(id) ?? IDLE;
  }

  /** Whether a counter, by its index in the rates, has grown recently. */
  isGrowing({ id }, at) {
    return performance.now() - this.#growing.get(`${id} ${at}`) < RECENT;
  }

  /** Adds the current rates to the past ones. */
  sample() {
    for (const { id, key } of this.links.values()) {
      const [rx, tx] = this.rates.get(id) ?? IDLE;
      let past = this.history.get(key);
      if (past === undefined) {
        if (rx === 0 && tx === 0) continue;
        this.history.set(key, past = []);
      }
      past.push([rx, tx]);
      if (past.length > HISTORY) past.shift();
      if (past.every(([rx, tx]) => rx === 0 && tx === 0)) {
        this.history.delete(key);
      }
    }
  }

  /** A link that another one refers to; undefined if it is not shown. */
  end(end) {
    return end === undefined ? undefined : this.links.get(end.id);
  }

  /** What is wrong with the MTU of a link, compared with its neighbours. */
  problem(link) {
    const { mtu } = link;
    const peer = this.end(link.peer);
    if (peer !== undefined && peer.mtu !== mtu) {
      return `MTU ${mtu}, but ${peer.mtu} at its peer`;
    }
    const master = this.links.get(link.master);
    if (master?.kind === "bridge" && master.mtu !== mtu) {
      return `MTU ${mtu}, but ${master.mtu} on its bridge`;
    }
    const lower = this.end(link.lower);
    if (lower !== undefined && mtu > lower.mtu) {
      return `MTU ${mtu}, but ${lower.mtu} on ${lower.name}`;
    }
  }

  /** Whether a link matches the words of a search. */
  matches(link, words) {
    if (words.length === 0) return true;
    const { name, where, kind, detail, state, address, alias, addresses } =
      link;
    const all = [name, where, kind, detail, state, address, alias, ...addresses]
      .join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  }

  #remove(id) {
    this.links.delete(id);
    this.rates.delete(id);
  }
}

/**
 * Keeps a state equal to the server's.
 *
 * @param {State} state
 * @param {(isSnapshot: boolean, update: object) => void} onChange
 * @param {(isLive: boolean) => void} onConnection
 */
export function follow(state, onChange, onConnection) {
  let source;
  let timer;
  const open = () => {
    clearTimeout(timer);
    source = new EventSource("/updates");
    source.addEventListener("open", () => onConnection(true));
    source.addEventListener("snapshot", ({ data }) => take(data, true));
    source.addEventListener("message", ({ data }) => take(data, false));
    source.addEventListener("error", () => {
      onConnection(false);
      // A response with an error ends an EventSource for good.
      if (source.readyState === EventSource.CLOSED) {
        timer = setTimeout(open, RETRY);
      }
    });
  };
  const take = (data, isSnapshot) => {
    const update = JSON.parse(data);
    state.apply(update, isSnapshot);
    onChange(isSnapshot, update);
  };
  // Browsers open six connections to a server, for all pages together.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => source.close(), HIDDEN);
    else if (source.readyState === EventSource.CLOSED) open();
  });
  open();
}
