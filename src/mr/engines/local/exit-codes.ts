/**
 * How a worker process ends when it is not dismissed: with codes that no app is likely to end it with.
 * {@link APP_NOT_LOADED}: its app cannot be loaded, of which it leaves saying why to its parent.
 */
export const APP_NOT_LOADED = 86;
/** The worker could not do its work, and has said why. */
export const WORKER_FAILED = 87;
