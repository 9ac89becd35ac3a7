/** What there is to be done when this process ends, whatever ends it. */
const todo = new Set<() => void>();

/**
 * Has something done when this process ends. However much there is, the process has one listener for it: many
 * jobs at once are no leak, which Node would warn of.
 *
 * @returns to be called when it need not be done any more
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
      // Too late to tell anybody; what is left to do for other jobs must be done.
    }
  }
}
