// Loaded into Azurite before its own code. Azurite saves its state at the first signal to end, and a second one would end it
// meanwhile. The kernel sends one for each thread of a guard that is killed.
// Source: Linux, kernel/exit.c, forget_original_parent.
"use strict";

process.once("SIGTERM", () => {
  // Azurite does not listen yet, and has nothing to save.
  if (process.listenerCount("SIGTERM") === 0) process.exit(143);
  process.on("SIGTERM", () => {});
});
