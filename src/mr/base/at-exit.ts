/** What to do when this process exits. */
const todo = new Set<() => void>();

/**
 * Calls a function when this process exits. However many there are, the process has one listener for them: Node
 * would take one a job for a leak.
 *
 * @returns a function that takes it back
 */
export function atExit(what: () => void): () => void {
  if (todo.size === 0) process.on("exit", doAll);
  todo.add(what);
  return () => {
    todo.delete(what);
    if (todo.size === 0) process.off("exit", doAll);
  };
}

function doAll(): void {
  for (const what of todo) {
    try {
      what();
    } catch {
      // It is too late to report it, and the others must be called.
    }
  }
}
