// The kernels the tests are run on beside the machine's own, all of them
// Debian's packages.

/** How a kernel is run. */
export type Machine = "uml" | "qemu";

/** A kernel of the matrix. */
export interface Kernel {
  /** What `--kernel` calls it. */
  readonly name: string;
  readonly machine: Machine;
  /** A Debian package, or one that depends on it. */
  readonly package: string;
  /** The modules without which the root file system cannot be had. */
  readonly modules: readonly string[];
  /** How much slower things are there than on the machine itself. */
  readonly slowness: number;
  /** Files and folders of the tests that run there. */
  readonly tests: readonly string[];
  /** Those of them that do not, and what the machine lacks for them. */
  readonly without: Readonly<Record<string, string>>;
}

const VIRTIO_9P = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/** What asks the kernel, so that another one may answer differently. */
const KERNEL_FACING = [
  "tests/ffi/",
  "tests/lib/",
  "tests/cli/change/",
  "tests/cli/show/",
  "tests/cli/doctor_test.ts",
  "tests/cli/echo_test.ts",
  "tests/cli/ensure/",
  "tests/cli/link_test.ts",
  "tests/cli/monitor_test.ts",
  "tests/cli/netns_test.ts",
  "tests/cli/scenario_test.ts",
  "tests/cli/topology_test.ts",
  "tests/cli/tun_test.ts",
];

/** What user-mode Linux lacks, and what two versions are likely to differ in. */
const ON_EMULATED = [
  "tests/cli/scenario_test.ts",
  "tests/cli/show/interrupted_test.ts",
  "tests/cli/show/kinds_test.ts",
  "tests/cli/show/link_test.ts",
  "tests/lib/netlink/",
  "tests/lib/tun/kernel_test.ts",
  "tests/lib/udp/kernel_facts_test.ts",
];

/** User-mode Linux is nearly as fast as the machine; the others are emulated. */
export const kernels: readonly Kernel[] = [
  {
    name: "uml",
    machine: "uml",
    package: "user-mode-linux",
    modules: ["overlay"],
    slowness: 20,
    tests: KERNEL_FACING,
    without: {
      "tests/lib/packet/": "independent of the kernel",
      "tests/cli/scenario_test.ts": "no /proc/PID/syscall",
      "tests/cli/show/interrupted_test.ts": "one processor",
    },
  },
  {
    name: "6.1",
    machine: "qemu",
    package: "linux-image-amd64",
    modules: VIRTIO_9P,
    slowness: 50,
    tests: ON_EMULATED,
    without: {},
  },
  {
    name: "6.12",
    machine: "qemu",
    package: "linux-image-6.12-amd64",
    modules: VIRTIO_9P,
    slowness: 50,
    tests: ON_EMULATED,
    without: {},
  },
];
