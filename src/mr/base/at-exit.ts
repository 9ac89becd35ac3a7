/** Functions to call when this process exits. */
const todo = new Set<() => void>();

/**
 * Calls a function when this process exits. The process has one listener for all of them, because Node warns
 * of a leak when there are many.
 *
 * @returns a function that removes it again
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
