// A program that only waits: the memory of Deno.

console.log("listening");
setInterval(() => {}, 1e9);
