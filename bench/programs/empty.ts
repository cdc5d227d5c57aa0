// What Deno itself takes to start and to end.
