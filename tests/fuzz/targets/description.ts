// Files of `netplumb ensure`: for any content, the result is what it
// describes or a list of what is wrong with it, each thing with its place.

import { FileError, parseFile, problemText } from "../../../cli/ensure/file.ts";
import { style } from "../../../cli/output/style.ts";
import type { Target } from "../target.ts";

const decoder = new TextDecoder();
const plain = style(false);

const SEEDS = [
  `links:
- {name: br0, kind: bridge, up: on, options: {stp_state: 1}}
- name: v0
  kind: veth
  mtu: 0x578
  master: br0
  addresses: [192.0.2.1/24, {address: "2001:db8::1/64", nodad: true}]
  options: {peer: {name: v1, netns: blue}}
namespaces: {blue: {exclusive: [links]}}
`,
  `x-up: &up {up: true}
links: [{<<: *up, name: lo}]
routes:
- to: default
  nexthops: [{via: 192.0.2.2, weight: 2}, {dev: br0}]
- {to: 10.0.0.0/8, type: blackhole, table: main}
`,
  `{"rules": [{"from": "192.0.2.0/24", "table": 100, "fwmark": "1/3"}],
"neighbours": [{"to": "192.0.2.1", "dev": "lo", "lladdr": "2:0:0:0:0:1"}],
"nexthops": [{"id": 1, "group": [{"id": 2}]}]}`,
];

export const description: Target = {
  name: "description",
  cost: 20,
  seeds: () => SEEDS.map((text) => new TextEncoder().encode(text)),
  read(arena, start, length) {
    const text = decoder.decode(new Uint8Array(arena, start, length));
    try {
      const { namespaces } = parseFile("file", text);
      return JSON.stringify(namespaces.map(({ links }) => links.length));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return error.problems.map((one) => problemText(one, plain)).join("\n");
    }
  },
};
