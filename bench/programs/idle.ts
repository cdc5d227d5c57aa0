// A program that only waits: the memory of Deno.

console.log("listening to nobody");
setInterval(() => {}, 1e9);
