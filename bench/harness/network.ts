// Equal networks of a given size in two formats: a file for `netplumb ensure`,
// and input for `ip -batch`.

/** Entries of a configuration, with the keys of a namespace. */
type Entries = Readonly<Record<string, readonly object[]>>;

/** A network in both formats. */
export interface Network {
  /** The configuration of each namespace, by name. */
  readonly namespaces: Readonly<Record<string, Entries>>;
  /**
   * The same as `ip` commands, in order, with their namespace; undefined is
   * that of this process.
   */
  readonly batches:
    readonly (readonly [string | undefined, readonly string[]])[];
}

/** The namespaces of a network, by name. */
export interface Places {
  readonly near: string;
  readonly far: string;
}

/** Objects of which one can be deleted and added again. */
export interface Restorable {
  /** For `ip OBJECT delete` and `ip monitor OBJECT`. */
  readonly object: "address" | "neigh" | "nexthop" | "route" | "rule";
  /** The selector of one, by its number. */
  words(item: number): string;
  /** The output of `ip monitor` about it. */
  shown(item: number): string;
}

/** A network that grows in one dimension. */
export interface Kind {
  make(size: number, places: Places): Network;
  /**
   * The growing objects, if one of them can be deleted: in the namespace
   * `near`.
   */
  readonly restorable?: Restorable;
}

const PAIRS = 100;

function numbers<Item>(count: number, item: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

/** An address in a network of 2^24, by number. */
function host(first: number, index: number): string {
  return [first, index >> 16, index >> 8 & 255, index & 255].join(".");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function mac(index: number): string {
  return `02:00:00:${hex(index >> 16)}:${hex(index >> 8 & 255)}:${
    hex(index & 255)
  }`;
}

function near(index: number): string {
  return host(10, index << 8 | 1);
}

function far(index: number): string {
  return host(10, index << 8 | 2);
}

/** Veth pairs between two namespaces, with addresses at both ends. */
function pairs(count: number, places: Places): Network {
  return {
    namespaces: {
      [places.near]: {
        links: numbers(count, (index) => ({
          name: `a${index}`,
          kind: "veth",
          up: true,
          addresses: [`${near(index)}/24`],
          options: { peer: { name: `b${index}`, netns: places.far } },
        })),
      },
      [places.far]: {
        links: numbers(count, (index) => ({
          name: `b${index}`,
          up: true,
          addresses: [`${far(index)}/24`],
        })),
      },
    },
    batches: [
      [
        places.near,
        numbers(count, (index) => [
          `link add a${index} type veth peer name b${index} netns ${places.far}`,
          `address add ${near(index)}/24 dev a${index}`,
          `link set a${index} up`,
        ]).flat(),
      ],
      [
        places.far,
        numbers(count, (index) => [
          `address add ${far(index)}/24 dev b${index}`,
          `link set b${index} up`,
        ]).flat(),
      ],
    ],
  };
}

/** Objects that grow in addition to veth pairs, in the namespace `near`. */
function beside(
  count: number,
  places: Places,
  entries: Entries,
  commands: readonly string[],
): Network {
  const { namespaces, batches } = pairs(count, places);
  const all = { ...namespaces[places.near], ...entries };
  return {
    namespaces: { ...namespaces, [places.near]: all },
    batches: [...batches, [places.near, commands]],
  };
}

/** A prefix for each number, outside of the networks of links. */
function prefix(index: number): string {
  return `${host(100, index << 4)}/28`;
}

const routes: Kind = {
  make: (size, places) =>
    beside(
      PAIRS,
      places,
      {
        routes: numbers(size, (index) => ({
          to: prefix(index),
          via: far(index % PAIRS),
        })),
      },
      numbers(
        size,
        (index) => `route add ${prefix(index)} via ${far(index % PAIRS)}`,
      ),
    ),
  restorable: { object: "route", words: prefix, shown: prefix },
};

const rules: Kind = {
  make: (size, places) =>
    beside(
      1,
      places,
      {
        rules: numbers(size, (index) => ({
          priority: 1_000 + index,
          from: prefix(index),
          table: 100,
        })),
      },
      numbers(
        size,
        (index) =>
          `rule add priority ${1_000 + index} from ${prefix(index)} table 100`,
      ),
    ),
  restorable: {
    object: "rule",
    words: (index) => `priority ${1_000 + index}`,
    shown: prefix,
  },
};

/** An address for each number, outside of the networks of links. */
function single(index: number): string {
  return host(11, index);
}

const addresses: Kind = {
  make: (size, places) =>
    beside(1, places, {
      links: [{
        name: "a0",
        kind: "veth",
        up: true,
        addresses: [
          `${near(0)}/24`,
          ...numbers(size, (index) => `${single(index)}/32`),
        ],
        options: { peer: { name: "b0", netns: places.far } },
      }],
    }, numbers(size, (index) => `address add ${single(index)}/32 dev a0`)),
  restorable: {
    object: "address",
    words: (index) => `${single(index)}/32 dev a0`,
    shown: (index) => `${single(index)}/32`,
  },
};

/** Addresses of one link in `addressesOfLinks`. */
const ADDRESSES_PER_LINK = 250;

/**
 * The kernel compares a new address with each one of the link, so that adding
 * many to one link takes it quadratic time.
 */
const addressesOfLinks: Kind = {
  make(size, places) {
    const links = Math.ceil(size / ADDRESSES_PER_LINK);
    const { namespaces, batches } = pairs(links, places);
    const ofLink = numbers(links, (): string[] => []);
    const commands = numbers(size, (index) => {
      const address = `${single(index)}/32`;
      ofLink[index % links].push(address);
      return `address add ${address} dev a${index % links}`;
    });
    const near = namespaces[places.near].links as readonly {
      readonly addresses: readonly string[];
    }[];
    return {
      namespaces: {
        ...namespaces,
        [places.near]: {
          links: near.map((link, index) => ({
            ...link,
            addresses: [...link.addresses, ...ofLink[index]],
          })),
        },
      },
      batches: [...batches, [places.near, commands]],
    };
  },
};

const neighbours: Kind = {
  make: (size, places) =>
    beside(
      1,
      places,
      {
        neighbours: numbers(size, (index) => ({
          to: single(index),
          dev: "a0",
          lladdr: mac(index),
          nud: "permanent",
        })),
      },
      numbers(
        size,
        (index) =>
          `neighbour add ${single(index)} lladdr ${
            mac(index)
          } dev a0 nud permanent`,
      ),
    ),
  restorable: {
    object: "neigh",
    words: (index) => `${single(index)} dev a0`,
    shown: (index) => `${single(index)} dev a0 `,
  },
};

const nexthops: Kind = {
  make: (size, places) =>
    beside(
      1,
      places,
      {
        nexthops: numbers(size, (index) => ({
          id: 1 + index,
          via: far(0),
          dev: "a0",
        })),
      },
      numbers(
        size,
        (index) => `nexthop add id ${1 + index} via ${far(0)} dev a0`,
      ),
    ),
  restorable: {
    object: "nexthop",
    words: (index) => `id ${1 + index}`,
    shown: (index) => `id ${1 + index} `,
  },
};

const veth: Kind = {
  make: pairs,
  restorable: {
    object: "address",
    words: (index) => `${near(index)}/24 dev a${index}`,
    shown: (index) => `${near(index)}/24`,
  },
};

/** Namespaces with their loopback up. */
const namespaces: Kind = {
  make(size, places) {
    const names = numbers(size, (index) => `${places.near}-${index}`);
    return {
      namespaces: Object.fromEntries(
        names.map((name) => [name, { links: [{ name: "lo", up: true }] }]),
      ),
      batches: [
        [undefined, names.map((name) => `netns add ${name}`)],
        ...names.map((name) => [name, ["link set lo up"]] as const),
      ],
    };
  },
};

/** Networks that grow in one dimension, by dimension. */
export const KINDS = {
  "routes by gateway": routes,
  rules,
  "veth pairs": veth,
  addresses,
  "addresses of links": addressesOfLinks,
  neighbours,
  nexthops,
  namespaces,
} as const satisfies Record<string, Kind>;

/** The configuration for `netplumb ensure`. */
export function ensureFile({ namespaces }: Network): string {
  const lines = ["namespaces:"];
  for (const [name, entries] of Object.entries(namespaces)) {
    lines.push(`  ${name}:`);
    for (const [key, list] of Object.entries(entries)) {
      lines.push(`    ${key}:`);
      for (const entry of list) lines.push(`      - ${JSON.stringify(entry)}`);
    }
  }
  return lines.join("\n") + "\n";
}
