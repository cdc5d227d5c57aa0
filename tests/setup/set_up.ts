// Set-up of the machine for the tests: installs missing packages on Debian as
// root, and names what is missing elsewhere.

import {
  findProgram,
  type MissingPackage,
  missingPackages,
} from "./missing.ts";
import type { DebianPackage } from "./packages.ts";

/** The machine that is set up. */
export interface Machine {
  readonly packages: readonly DebianPackage[];
  /** The variable PATH. */
  readonly path: string;
  /** Whether this process may install packages. */
  readonly root: boolean;
  /** The content of /etc/os-release; undefined where there is none. */
  readonly osRelease: string | undefined;
  /** Prints a line, or lines, for the user. */
  readonly report: (text: string) => void;
}

/** dpkg refuses to run without these; `su` leaves them out of the PATH. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin";

/** Whether the machine has all that the tests need now. */
export async function setUp(machine: Machine): Promise<boolean> {
  const { packages, path, root, osRelease, report } = machine;
  const missing = await missingPackages(packages, path);
  if (missing.length === 0) return true;
  if (!root || !/^ID="?debian"?$/m.test(osRelease ?? "")) {
    report(
      `The tests need ${listed(missing)}, and \`deno task test\` installs ` +
        `missing packages only on Debian as root.`,
    );
    return false;
  }
  const names = missing.map((each) => each.package);
  report(`Installing Debian packages that the tests need: ${names.join(" ")}`);
  const failure = await install(names, path);
  if (failure !== undefined) {
    report(`${failure}\nThe tests need ${listed(missing)}.`);
    return false;
  }
  const still = await missingPackages(packages, path);
  if (still.length === 0) return true;
  report(
    `The tests need ${listed(still)}, not found after the installation; ` +
      `the PATH is ${path}.`,
  );
  return false;
}

/** What is missing, with the package of each part. */
function listed(missing: readonly MissingPackage[]): string {
  return missing.map(({ package: name, parts }) =>
    parts.length === 1 && parts[0] === name
      ? name
      : `${parts.join(", ")} (Debian package ${name})`
  ).join(", ");
}

/** Installs packages; gives what apt-get printed where it fails. */
async function install(
  names: readonly string[],
  path: string,
): Promise<string | undefined> {
  const words = ["install", "--yes", "--no-install-recommends", ...names];
  // The lists of packages may be absent, or older than what the mirror holds.
  if (await aptGet(words, path) === undefined) return undefined;
  const update = await aptGet(["update"], path);
  const failure = await aptGet(words, path);
  return failure && [update ?? "", failure].join("\n").trim();
}

/** Runs apt-get to its end; gives what it printed where it fails. */
async function aptGet(
  words: readonly string[],
  path: string,
): Promise<string | undefined> {
  const program = findProgram("apt-get", `${path}:${SYSTEM_PATH}`);
  if (program === undefined) return "apt-get: not found";
  const { success, stdout, stderr } = await new Deno.Command(program, {
    // Other programs, such as unattended-upgrades, hold the lock for a while.
    args: ["--quiet=2", "--option=DPkg::Lock::Timeout=300", ...words],
    env: {
      DEBIAN_FRONTEND: "noninteractive",
      LC_ALL: "C",
      PATH: `${path}:${SYSTEM_PATH}`,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return undefined;
  const text = new TextDecoder();
  return `${text.decode(stdout)}${text.decode(stderr)}`.trim() ||
    `apt-get ${words.join(" ")}: failed`;
}
