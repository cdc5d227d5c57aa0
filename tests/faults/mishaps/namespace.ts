// Ways into other network namespaces that do not lead back.

import { assertEquals, assertThrows } from "@std/assert";
import { ENOMEM, EPERM, SystemError } from "../../../ffi/errno.ts";
import {
  inNamespace,
  TemporaryNamespace,
} from "../../../lib/netns/namespace.ts";
import { NetlinkConnection } from "../../../lib/netlink/connection.ts";
import {
  addNamespace,
  namespaceNames,
} from "../../../lib/netns/named_namespace.ts";
import { Tun } from "../../../lib/tun/device.ts";
import { failing, Faults } from "../../support/faults.ts";
import { scriptLines } from "../../support/script.ts";
import type { FaultCase } from "../operation.ts";
import { elsewhere } from "../operations/namespace.ts";
import { stranded } from "./stranded.ts";

const LOST =
  "throws a SystemError with the namespace that the thread is in; opened descriptors are closed";
const BACK = "setns back to the first namespace: EPERM permanently";

export const namespaces: readonly FaultCase[] = [
  {
    operation: "TemporaryNamespace.create, Tun.open, UdpSocket.bind",
    fault:
      "in a user namespace that does not own the network namespace: returning to it is not permitted",
    outcome: "EPERM before the thread leaves its namespace",
    async run() {
      const lines = await scriptLines(
        `
        import { TemporaryNamespace } from "lib:netns/namespace.ts";
        import { namespaceId } from "lib:netns/namespace.ts";
        const home = namespaceId();
        try {
          TemporaryNamespace.create();
        } catch (error) {
          console.log(error.code, error.capability, namespaceId() === home);
        }`,
        { under: ["unshare", "--user", "--map-root-user"] },
      );
      assertEquals(lines, ["EPERM CAP_SYS_ADMIN true"]);
    },
  },
  {
    operation: "inNamespace",
    fault: "setns back to the first namespace: ENOMEM five times",
    outcome: "returns to its namespace",
    run() {
      const namespace = elsewhere();
      using faults = new Faults();
      faults.arm({ call: "setns", nth: 3, times: 5, fault: failing(ENOMEM) });
      assertEquals(inNamespace(namespace, () => "result"), "result");
      assertEquals(faults.happened, 5);
      return Promise.resolve();
    },
  },
  {
    operation: "inNamespace",
    fault: `${BACK}, after the body failed`,
    outcome: "the same, with the error of the body as the cause",
    async run() {
      let cause: unknown;
      await stranded((namespace) => {
        try {
          inNamespace(namespace, () => {
            throw new RangeError("body");
          });
        } catch (error) {
          cause = (error as Error).cause;
          throw error;
        }
      });
      assertEquals(`${cause}`, "RangeError: body");
    },
  },
  {
    operation: "Tun.open",
    fault: BACK,
    outcome: LOST,
    run: () => stranded((namespace) => Tun.open({ namespace })),
  },
  {
    operation: "NetlinkConnection.open, RouteSocket.open, Network.open",
    fault: BACK,
    outcome: LOST,
    run: () =>
      stranded((namespace) =>
        NetlinkConnection.open({ protocol: 0, namespace })
      ),
  },
  {
    operation: "TemporaryNamespace.create",
    fault: BACK,
    outcome: LOST,
    run: () => stranded(() => TemporaryNamespace.create(), 2),
  },
  {
    operation: "addNamespace",
    fault: BACK,
    outcome: "the same; no namespace of that name remains",
    async run() {
      const name = `npm${Deno.pid.toString(36)}`;
      await stranded(() => addNamespace(name), 2);
      assertEquals(namespaceNames().includes(name), false);
    },
  },
  {
    operation: "Tun.open with persist",
    fault: "ioctl TUNSETPERSIST: EPERM",
    outcome: "throws a SystemError; no device remains",
    run() {
      using faults = new Faults();
      faults.arm({ call: "ioctl TUNSETPERSIST", fault: failing(EPERM) });
      const open = () =>
        Tun.open({ name: "npf%d", persist: true, namespace: elsewhere() });
      assertThrows(open, SystemError);
      assertEquals(faults.happened, 1);
      const left = inNamespace(
        elsewhere(),
        () => Deno.readTextFileSync("/proc/thread-self/net/dev"),
      );
      assertEquals(/npf\d/.test(left), false, left);
      return Promise.resolve();
    },
  },
];
