// What the tests are run on beside the machine's own kernel and processor, all
// of it from Debian's packages.

/**
 * User-mode Linux, an emulated machine, or an emulated processor: qemu-user,
 * which passes system calls on to the machine's own kernel.
 */
export type Machine = "uml" | "qemu" | "processor";

/** A kernel of the matrix, or a processor. */
export interface Kernel {
  /** What the command line calls it. */
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
  /** Those that CI runs: what its own kernel is likely to lack. */
  readonly ci?: readonly string[];
  /** Those of `tests` that do not run, and what the machine lacks for them. */
  readonly without: Readonly<Record<string, string>>;
  /** By the name of a test that fails there: what the machine lacks. */
  readonly expected?: Readonly<Record<string, string>>;
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
  "tests/cli/ensure_test.ts",
  "tests/cli/ensure_faults_test.ts",
  "tests/cli/link_test.ts",
  "tests/cli/monitor/",
  "tests/cli/netns_test.ts",
  "tests/cli/scenario_test.ts",
  "tests/cli/topology_test.ts",
  "tests/cli/tun_test.ts",
];

/** What asks for kinds of links, and for VLAN filtering. */
const OF_KINDS = [
  "tests/cli/ensure_faults_test.ts",
  "tests/cli/show/kinds_test.ts",
  "tests/lib/ensure/plan/",
  "tests/lib/ensure/reconcile/reconcile_test.ts",
  "tests/lib/rtnetlink/changes/bridge_vlan_test.ts",
  "tests/lib/rtnetlink/kinds_test.ts",
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

/** What depends on the processor: layouts, calls, and a command of each kind. */
const ON_PROCESSOR = [
  "tests/cli/echo_test.ts",
  "tests/cli/monitor/json_test.ts",
  "tests/cli/show/command_test.ts",
  "tests/ffi/cmsg_test.ts",
  "tests/ffi/errno_test.ts",
  "tests/ffi/struct_test.ts",
  "tests/lib/netlink/connection_test.ts",
  "tests/lib/packet/ip_test.ts",
  "tests/lib/tun/open_test.ts",
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
    ci: OF_KINDS,
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
  {
    name: "aarch64",
    machine: "processor",
    package: "qemu-user-static",
    modules: [],
    slowness: 30,
    tests: KERNEL_FACING,
    ci: ON_PROCESSOR,
    without: {},
    expected: {},
  },
];
