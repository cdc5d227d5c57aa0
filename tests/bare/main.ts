// README's commands in a new Debian root that has node, npm and git only:
//
//   deno task test:bare [DIRECTORY] [--tests]
//
// As root, with Debian's debootstrap. The root stays in DIRECTORY and is used
// again; without DIRECTORY it is temporary. `--tests` adds the command that runs
// all tests, which takes long. Packages come from the registries that this
// machine uses, with its certificates.

import { parseArgs } from "@std/cli/parse-args";
import manifest from "../../deno.json" with { type: "json" };
import { blocks } from "../docs/blocks.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const PACKAGE = `netplumb-${manifest.version}.tgz`;

/** The first lines of README's blocks of the language sh. */
const README = new Map(
  blocks(await Deno.readTextFile(`${ROOT}README.md`))
    .filter(({ language }) => language === "sh")
    .map(({ text }) => {
      const [line] = text.split("\n");
      return [line.split(" ").at(-1)!, line];
    }),
);

async function run(program: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args }).spawn().status;
  if (!success) throw new Error(`failed: ${program} ${args.join(" ")}`);
}

/** Debian's npm has circular dependencies, which only apt-get resolves. */
const MAKE = `
debootstrap --variant=minbase --include=ca-certificates bookworm "$1"
chroot "$1" apt-get -q update
chroot "$1" apt-get -q -y install --no-install-recommends nodejs npm git`;

/** Copies the checkout and the certificates into the root, and starts anew. */
const RESET = `
rm -rf "$1"/root/* "$1"/home/user/*
install -d -o 1000 -g 1000 "$1/home/user"
git clone -q "$3" "$1/root/netplumb"
cp /etc/resolv.conf "$1/etc/resolv.conf"
cp "$2" "$1$2"`;

/**
 * With its own mounts and processes; the network is this machine's. Not with
 * chroot, in which the kernel refuses user namespaces.
 */
const ENTER = `
mount --bind "$1" "$1"
for each in sys dev; do mount --rbind "/$each" "$1/$each"; done
mount -t proc proc "$1/proc"
cd "$1"
pivot_root . .
umount --lazy .
cd /
exec setpriv --reuid="$3" --regid="$3" --clear-groups env -i HOME="$4" \
  NO_COLOR=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  DENO_CERT="$2" NODE_EXTRA_CA_CERTS="$2" npm_config_cafile="$2" \
  bash -euxc "cd; $5"`;

const PROJECT = `mkdir "my project"; cd "my project"
npm install "../netplumb/dist/${PACKAGE}"
npx netplumb doctor
npx netplumb echo --port 9999 --count 1 >/dev/null &
until npx netplumb send 127.0.0.1 9999 hello --timeout 1s; do sleep 1; done
wait`;

const { _: [given], tests } = parseArgs(Deno.args, { boolean: ["tests"] });
const root = given === undefined
  ? await Deno.makeTempDir({ prefix: "netplumb-bare-" })
  : `${given}`;

async function enter(user: number, home: string, script: string) {
  const words = [root, CERTIFICATES, `${user}`, home, script];
  await run("unshare", [
    ...["--mount", "--pid", "--fork", "--kill-child"],
    ...["sh", "-euc", ENTER, "sh", ...words],
  ]);
}

try {
  if (!(await Deno.stat(`${root}/usr/bin/npm`).catch(() => undefined))) {
    await run("sh", ["-euxc", MAKE, "sh", root]);
  }
  await run("sh", ["-euxc", RESET, "sh", root, CERTIFICATES, ROOT]);
  await enter(0, "/root", `cd netplumb; ${README.get("echo")} --duration 1s`);
  await enter(0, "/root", `cd netplumb; ${README.get("npm")}`);
  const npx = `cd netplumb; npx --yes ./dist/${PACKAGE}`;
  await enter(0, "/root", `${npx} echo --duration 1s`);
  await enter(0, "/root", PROJECT);
  await enter(
    0,
    "/root",
    `npm install --global ./netplumb/dist/${PACKAGE}; netplumb --version
test -e /usr/local/share/man/man1/netplumb.1`,
  );
  await run("cp", ["-r", `${root}/root/netplumb`, `${root}/home/user/`]);
  await enter(1000, "/home/user", PROJECT);
  if (tests) await enter(0, "/root", `cd netplumb; ${README.get("test")}`);
  console.log("Every command succeeded.");
} finally {
  if (given === undefined) await Deno.remove(root, { recursive: true });
}
