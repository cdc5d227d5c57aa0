// Completion candidates of the command and of real shells on a terminal.

import type { Command } from "@cliffy/command";
import { assert, assertEquals } from "@std/assert";
import { candidates } from "../../cli/completion/candidates.ts";
import { SHELLS } from "../../cli/completion/scripts.ts";
import { unquote } from "../../cli/completion/unquote.ts";
import { netplumb } from "../../cli/main.ts";
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { netplumb as runNetplumb } from "../support/command.ts";
import { installed } from "../support/installed.ts";
import { Lab } from "../support/netns.ts";
import { Terminal } from "../support/terminal.ts";

// deno-lint-ignore no-explicit-any -- the tree has every shape
const tree: Command<any> = await netplumb();

async function offered(...words: string[]): Promise<string[]> {
  const found = await candidates(tree, words);
  return typeof found === "string" ? [found] : found.map(({ value }) => value);
}

Deno.test("completion: subcommands, with their summaries", async () => {
  assertEquals(await offered(""), SUBCOMMANDS.map(({ name }) => name));
  assertEquals(await offered("--json", "ec"), ["echo"]);
  assertEquals(await offered("--log-level", "debug", "ec"), ["echo"]);
  assertEquals(await candidates(tree, ["sen"]), [
    { value: "send", description: SUBCOMMANDS[1].summary },
  ]);
  assertEquals(await offered("nothing-like-it", ""), []);
});

Deno.test("completion: options not used yet, the global ones too", async () => {
  assertEquals(await offered("send", "--co"), ["--connect", "--count"]);
  assertEquals(await offered("send", "--connect", "--co"), ["--count"]);
  assertEquals(await offered("send", "--count=3", "--co"), ["--connect"]);
  assertEquals(await offered("send", "--js"), ["--json"]);
  assert((await offered("echo", "")).includes("--port"));
  assertEquals(await offered("send", "::1", "7", "x", "--", "--co"), []);
});

Deno.test("completion: values of options and arguments", async () => {
  assertEquals(await offered("echo", "--family", "d"), ["dual"]);
  assertEquals(await offered("echo", "--family=d"), ["--family=dual"]);
  assertEquals(await offered("echo", "--port", ""), []);
  assertEquals(await offered("show", "route", "--table", "ma"), ["main"]);
  assertEquals(await offered("route", "add", "::/0", "--table", "ma"), [
    "main",
  ]);
  assertEquals(await offered("rule", "delete", "--table", "loc"), ["local"]);
  assertEquals(await offered("address", "add", "--scope", "li"), ["link"]);
  assertEquals(await offered("show", "neighbour", "--state", "st"), ["stale"]);
  assertEquals(await offered("monitor", "link", "ne"), [
    "neighbour",
    "nexthop",
    "netns",
  ]);
  assertEquals(await offered("tun", "--write", ""), ["files"]);
  assertEquals(await offered("link", "add", "x", "--type", "vxl"), ["vxlan"]);
  assertEquals(
    await offered("link", "add", "x", "--type=vlan", "id", "5", "loose"),
    ["loose_binding"],
  );
  assertEquals(await offered("link", "add", "x", "--arp", ""), ["on", "off"]);
  assertEquals(await offered("completions", ""), ["bash", "zsh", "fish"]);
  assertEquals(await offered("echo", "--log-level", "w"), ["warn"]);
});

Deno.test("completion: interfaces and addresses of this machine", async () => {
  assert((await offered("send", "--interface", "")).includes("lo"));
  assertEquals(await offered("send", "--interface=l"), ["--interface=lo"]);
  assert((await offered("send", "127")).includes("127.0.0.1"));
  assert((await offered("echo", "--bind", "")).includes("127.0.0.1"));
});

Deno.test("completion: a word is unquoted as the shell would", () => {
  for (
    const [typed, meant] of [
      ["eth0", "eth0"],
      ["\\$\\(id\\)", "$(id)"],
      ["'$(id)'", "$(id)"],
      ["'$(i", "$(i"],
      ['"a\\"b\\c', 'a"b\\c'],
      ["--x='a b'\\ c", "--x=a b c"],
      ["\\", "\\"],
    ]
  ) assertEquals(unquote(typed), meant);
});

/** How each shell starts bare, and prints its line on Ctrl-O, in < >. */
const START: Record<typeof SHELLS[number], [command: string, setup: string]> = {
  bash: [
    "bash --norc --noprofile -i",
    `PS1='ready$ '; bind 'set bell-style none'; ` +
    `bind -x '"\\C-o": printf "<%s>" "$READLINE_LINE"'; ` +
    `source <(netplumb completions bash)`,
  ],
  zsh: [
    "zsh -f -i",
    `PROMPT='ready$ '; autoload -U compinit; compinit -u -D; ` +
    `show() { print -rn -- "<$BUFFER>" }; zle -N show; bindkey '^O' show; ` +
    `source <(netplumb completions zsh)`,
  ],
  fish: [
    "fish --no-config --interactive",
    `function fish_prompt; printf 'ready$ '; end; ` +
    `bind \\co 'printf "<%s>" (commandline)'; ` +
    `netplumb completions fish | source`,
  ],
};

for (const shell of SHELLS) {
  Deno.test(`completion in a real ${shell}`, async () => {
    await using lab = await Lab.open("here");
    await lab.here.ip("link add wonderful0 type veth peer name w1");
    // What a hostile peer of a container could call its interface.
    await lab.here.ip("link add $(echo${IFS}x) type veth peer name w2");
    await lab.here.ip("address add fd00:db8::77/64 dev wonderful0");
    await using bin = await installed();
    const [command, setup] = START[shell];
    await using terminal = new Terminal(lab.here, command, {
      PATH: `${bin.path}:${Deno.env.get("PATH")}`,
      HISTFILE: "/dev/null",
      // zsh takes its keys from the editor's name, and npx names vi.
      EDITOR: "emacs",
      VISUAL: "emacs",
      XDG_CONFIG_HOME: bin.path,
      XDG_DATA_HOME: bin.path,
    });
    // Not as it is echoed: as it is said.
    await terminal.type(`${setup}; printf 'set%s\\n' up\n`);
    await terminal.until(/setup\r?\n/);
    await terminal.until(/ready\$ /);

    const line = async (typed: string) => {
      await terminal.type(`${typed}\t\x0f`);
      const [, text] = await terminal.until(/<([^<>]*)>/);
      await terminal.type("\x15");
      return text.trimEnd();
    };
    assertEquals(await line("netplumb ec"), "netplumb echo");
    assertEquals(await line("netplumb echo --po"), "netplumb echo --port");
    assertEquals(
      await line("netplumb echo --family du"),
      "netplumb echo --family dual",
    );
    assertEquals(
      await line("netplumb send --interface wond"),
      "netplumb send --interface wonderful0",
    );
    assertEquals(
      await line("netplumb send --interface=wond"),
      "netplumb send --interface=wonderful0",
    );
    assertEquals(
      await line("netplumb echo --bind fd00:db"),
      "netplumb echo --bind fd00:db8::77",
    );
    assertEquals(
      await line("netplumb echo --bind=fd00:db"),
      "netplumb echo --bind=fd00:db8::77",
    );
    // What the shell makes of the line it was given: one word, nothing run.
    await terminal.type("netplumb send --interface \\$\t\x01printf '[%s]' \n");
    await terminal.until(/\[\$\(echo\$\{IFS\}x\)\]/);
  });
}

Deno.test("the completion scripts and their requests run through the command", async () => {
  for (const shell of SHELLS) {
    const { code, stdout } = await runNetplumb(undefined, "completions", shell);
    assertEquals(code, 0);
    assert(stdout.includes(`completions ${shell} -- `));
  }
  assertEquals(
    (await runNetplumb(undefined, "completions", "fish", "--", "echo", "--po"))
      .stdout,
    "--port\tPort; 0 lets the kernel choose.\n",
  );
});
