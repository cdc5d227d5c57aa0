// Kernels and processors for the tests, besides those of the machine itself, all
// from Debian packages.

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
  /** The modules that mounting the root file system needs. */
  readonly modules: readonly string[];
  /** By how much time limits are longer there than on the machine itself. */
  readonly slowness: number;
  /** Files and folders of the tests that run there. */
  readonly tests: readonly string[];
  /** Those that CI runs: what its own kernel is likely to lack. */
  readonly ci?: readonly string[];
  /** Those of `tests` that do not run, and why. */
  readonly without: Readonly<Record<string, string>>;
}

const VIRTIO_9P = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/** Tests of behaviour that depends on the kernel. */
const KERNEL_FACING = [
  "tests/ffi/",
  "tests/lib/",
  "tests/cli/change/",
  "tests/cli/show/",
  "tests/cli/doctor_test.ts",
  "tests/cli/echo_test.ts",
  "tests/cli/ensure_test.ts",
  "tests/cli/ensure_faults_test.ts",
  "tests/cli/ip/",
  "tests/cli/link_test.ts",
  "tests/cli/monitor/",
  "tests/cli/netns_test.ts",
  "tests/cli/scenario_test.ts",
  "tests/cli/topology_test.ts",
  "tests/cli/tun_test.ts",
  "tests/docs/migration_test.ts",
  "tests/examples/leaf_spine_test.ts",
  "tests/examples/vlans_test.ts",
  "tests/soak/netem_test.ts",
];

/** Tests of link kinds and of VLAN filtering. */
const OF_KINDS = [
  "tests/cli/ensure_faults_test.ts",
  "tests/cli/ip/tunnel_test.ts",
  "tests/cli/show/bridge_test.ts",
  "tests/cli/show/kinds_test.ts",
  "tests/docs/migration_test.ts",
  "tests/examples/vlans_test.ts",
  "tests/lib/ensure/plan/",
  "tests/lib/ensure/reconcile/reconcile_test.ts",
  "tests/lib/rtnetlink/bridge_vlan_test.ts",
  "tests/lib/rtnetlink/kinds_test.ts",
  "tests/lib/rtnetlink/monitor/bridge_test.ts",
  "tests/lib/rtnetlink/monitor/silent_changes_test.ts",
];

/** Tests that user-mode Linux does not support, and likely differences. */
const ON_EMULATED = [
  "tests/cli/scenario_test.ts",
  "tests/cli/show/interrupted_test.ts",
  "tests/cli/show/kinds_test.ts",
  "tests/cli/show/link_test.ts",
  "tests/lib/netlink/",
  "tests/lib/tun/kernel_test.ts",
  "tests/lib/udp/kernel_facts_test.ts",
];

/**
 * What depends on the processor. No test that starts a command, which takes 50
 * times as long as without emulation.
 */
const ON_PROCESSOR = [
  "tests/ffi/cmsg_test.ts",
  "tests/ffi/errno_test.ts",
  "tests/ffi/struct_test.ts",
  "tests/lib/netlink/acknowledgement_test.ts",
  "tests/lib/packet/decode_test.ts",
];

const QEMU_USER =
  "qemu-user supports netlink requests for links, addresses and routes only";

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
    without: {
      "tests/ffi/uapi_test.ts": "compiles C for both processors anyway",
      "tests/cli/show/neighbour_test.ts": QEMU_USER,
      "tests/cli/show/rule_test.ts": QEMU_USER,
    },
  },
];
