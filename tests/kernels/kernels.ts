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
}

const VIRTIO_9P = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/** User-mode Linux is nearly as fast as the machine; the others are emulated. */
export const kernels: readonly Kernel[] = [
  {
    name: "uml",
    machine: "uml",
    package: "user-mode-linux",
    modules: ["overlay"],
    slowness: 10,
  },
  {
    name: "6.1",
    machine: "qemu",
    package: "linux-image-amd64",
    modules: VIRTIO_9P,
    slowness: 50,
  },
  {
    name: "6.12",
    machine: "qemu",
    package: "linux-image-6.12-amd64",
    modules: VIRTIO_9P,
    slowness: 50,
  },
];
