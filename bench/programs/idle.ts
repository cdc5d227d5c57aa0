// What Deno itself takes: a program that only waits.

console.log("listening to nobody");
setInterval(() => {}, 1e9);
