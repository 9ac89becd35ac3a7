/** Unless told: 512 MiB for a worker process. */
export const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;

/**
 * What the engine, its code and its garbage take besides what is shared out among tables and buffers. It takes
 * 65 MiB before it does anything in Node 20, 85 in Node 24, and 30 more when the sources are run as they are.
 */
export const ENGINE_BYTES = 144 * 1024 * 1024;

/** The least that a worker process can keep to: 160 MiB. */
export const MIN_MEMORY_BYTES = ENGINE_BYTES + 16 * 1024 * 1024;
