// FRR's zebra and bgpd in a namespace, from Debian's packages, which are not
// installed: that would start its services.

import { type Package, unpack } from "./debian.ts";
import type { Netns } from "./netns.ts";
import { RunningProgram } from "./program.ts";

/** The package, and its libraries that are no part of a minimal system. */
const PACKAGES = ["frr", "libyang2", "libjson-c5", "libcap2", "libpcre2-8-0"];
/** The user and group that it insists on. */
const ID = 65533;
const USERS = {
  passwd: `root:x:0:0::/root:/bin/sh\nfrr:x:${ID}:${ID}::/:/bin/false\n`,
  group: `root:x:0:\nfrr:x:${ID}:\nfrrvty:x:${ID - 1}:frr\n`,
};
/** Runs a program with these users. */
const WITH_USERS = 'for file in passwd group; do mount --bind "$1/$file" ' +
  '"/etc/$file" || exit; done; shift; exec "$@"';

/** zebra and bgpd. */
export class Frr implements AsyncDisposable {
  readonly #programs: RunningProgram[] = [];

  private constructor() {}

  /**
   * @param folder For its configuration and its sockets.
   * @param bgp The configuration of bgpd.
   */
  static async start(
    netns: Netns,
    folder: string,
    bgp: string,
  ): Promise<Frr> {
    const packages = await Promise.all(PACKAGES.map(unpack));
    const [{ folder: programs }] = packages as [Package];
    const env = { LD_LIBRARY_PATH: libraryPath(packages) };
    const files = { ...USERS, "zebra.conf": "", "bgpd.conf": bgp };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await Deno.chown(folder, ID, ID);
    const frr = new Frr();
    for (const name of ["zebra", "bgpd"]) {
      frr.#programs.push(
        new RunningProgram(
          { netns, env },
          ...["sh", "-c", WITH_USERS, "sh", folder],
          `${programs}/usr/lib/frr/${name}`,
          ...["-f", `${folder}/${name}.conf`, "-i", `${folder}/${name}.pid`],
          ...["-z", `${folder}/zserv`, "--vty_socket", folder, "-P", "0"],
          ...["-u", "frr", "-g", "frr"],
        ),
      );
    }
    return frr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs.toReversed()) {
      await program[Symbol.asyncDispose]();
    }
  }
}

/** The folders of shared libraries in packages. */
function libraryPath(packages: readonly Package[]): string {
  const triplet = `${Deno.build.arch}-linux-gnu`;
  return packages.flatMap(({ folder }) =>
    ["lib", "usr/lib"].flatMap((part) => [
      `${folder}/${part}/${triplet}`,
      `${folder}/${part}/${triplet}/frr`,
    ])
  ).join(":");
}
