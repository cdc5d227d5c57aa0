/**
 * Generates the images in docs/pictures/: `deno task pictures`, as root, with
 * tmux. Each shows the command in a terminal, in a small test network.
 *
 * @module
 */

import { Shell } from "../../tests/docs/shell.ts";
import { terminalSvg } from "./terminal_svg.ts";
import { photographView } from "./view.ts";

/** A router, two hosts behind its bridge, a TUN device that is in use. */
const LAB = `
for name in left right; do ip netns add $name; done
ip -batch - <<'END'
link add br0 type bridge
link set br0 up alias spine
address add 192.0.2.1/24 dev br0
address add 2001:db8::1/64 dev br0 nodad
link add port1 type veth peer name eth0 netns left
link add port2 type veth peer name eth0 netns right
link set port1 master br0 up
link set port2 master br0 up
END
ip -n left -batch - <<'END'
link set eth0 up
address add 192.0.2.2/24 dev eth0
link add mv0 link eth0 type macvlan mode bridge
address add 192.0.2.20/24 dev mv0
link set mv0 up
END
ip -n right -batch - <<'END'
link set eth0 up mtu 1400
address add 192.0.2.3/24 dev eth0
END
ip netns exec left netplumb --quiet tun vpn0 --address 10.9.0.1/24 > /dev/null &
until ip -n left link show vpn0 up 2> /dev/null | grep -qE vpn0; do sleep 0.1; done
`;

/** An image of a terminal. */
interface Screen {
  readonly file: string;
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  /** The typed command, and the text that marks the end of its output. */
  readonly command: string;
  readonly until: string;
  /** Actions during the command. */
  readonly meanwhile?: string;
}

const SCREENS: readonly Screen[] = [{
  file: "topology.svg",
  title: "netplumb topology --all-netns on a terminal",
  columns: 92,
  rows: 16,
  command: "netplumb topology --all-netns",
  until: "right",
}, {
  file: "top.svg",
  title: "netplumb top on a terminal: a bar for each direction",
  columns: 104,
  rows: 16,
  command: "netplumb top",
  meanwhile: `ip -n right link set eth0 mtu 1500
ip netns exec left ping -q -i 0.002 -s 1200 -w 6 192.0.2.1 > /dev/null &
ip netns exec right ping -q -i 0.005 -s 300 -w 6 192.0.2.1 > /dev/null &
sleep 4`,
  until: "port2",
}, {
  file: "monitor.svg",
  title: "netplumb monitor on a terminal, while links and addresses change",
  columns: 116,
  rows: 18,
  command: "netplumb monitor link address port",
  meanwhile: `sleep 2
ip address add 198.51.100.1/24 dev br0
ip link set br0 mtu 1400
ip link add spare type veth peer name other
ip link set spare name uplink
ip link set uplink netns left
ip address delete 198.51.100.1/24 dev br0
ip link delete other`,
  until: "other was removed",
}];

const HERE = new URL("./", import.meta.url);
const socket = `netplumb-${Deno.pid}`;
const tmux = `tmux -L ${socket} -f /dev/null`;

async function ran(shell: Shell, command: string): Promise<string> {
  const { code, lines } = await shell.run(command);
  if (code !== 0) throw new Error(`${command}:\n${lines.join("\n")}`);
  return lines.join("\n");
}

async function photograph(shell: Shell, screen: Screen): Promise<string> {
  const { columns, rows, command, until, meanwhile } = screen;
  const start = `PS1="$ "; clear; ${command}`;
  await ran(
    shell,
    `env -u NO_COLOR TERM=xterm-256color LC_ALL=C.UTF-8 ${tmux} new-session -d ` +
      `-x ${columns} -y ${rows} "exec bash --norc"`,
  );
  try {
    await ran(shell, `${tmux} send-keys '${start}' Enter`);
    await ran(shell, meanwhile ?? ":");
    await ran(
      shell,
      `for i in $(seq 200); do ${tmux} capture-pane -p | grep -qE '${until}' && ` +
        `break; sleep 0.1; done; sleep 0.5; [ $i -lt 200 ]`,
    );
    return await ran(shell, `${tmux} capture-pane -e -p`);
  } finally {
    await shell.run(`${tmux} kill-server`);
  }
}

if (import.meta.main) {
  await photographView();
  await using shell = await Shell.open();
  await shell.run(LAB);
  for (const screen of SCREENS) {
    const { file, title, columns } = screen;
    const image = terminalSvg(
      `$ ${screen.command}\n${await photograph(shell, screen)}`.trimEnd()
        .replace(/\n\S*\$$/, ""),
      title,
      columns,
    );
    await Deno.writeTextFile(new URL(file, HERE), image);
  }
  await Deno.writeTextFile(
    new URL("lab.svg", HERE),
    await ran(shell, "netplumb topology --all-netns --format svg") + "\n",
  );
  await ran(shell, "netplumb ensure examples/leaf-spine.yaml --once");
  const names = "spine{1,2} leaf{1..4} host{1..6}";
  await Deno.writeTextFile(
    new URL("leaf-spine.svg", HERE),
    await ran(
      shell,
      `netplumb topology $(printf -- '--netns %s ' ${names}) --format svg`,
    ) + "\n",
  );
}
