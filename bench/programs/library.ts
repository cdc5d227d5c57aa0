// The library under test: that of this checkout, or of the one in
// NETPLUMB_CHECKOUT. Types are those of this checkout.

const checkout = Deno.env.get("NETPLUMB_CHECKOUT");
const path = checkout === undefined
  ? new URL("../../mod.ts", import.meta.url).href
  : `file://${checkout}/mod.ts`;

export const library: typeof import("../../mod.ts") = await import(path);
