// The checkout under test: this one, or another one named by --checkout, so that
// the same programs measure an earlier version. Children learn it from the
// environment.

const VARIABLE = "NETPLUMB_CHECKOUT";
const HERE = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Names the checkout under test; undefined leaves it. */
export function chooseCheckout(directory: string | undefined): void {
  if (directory === undefined) return;
  Deno.env.set(VARIABLE, Deno.realPathSync(directory));
}

/** The root of the checkout under test. */
export function checkout(): string {
  return Deno.env.get(VARIABLE) ?? HERE;
}

/** Whether it is this one. */
export function isHere(): boolean {
  return checkout() === HERE;
}
