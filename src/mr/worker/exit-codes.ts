/** The exit code of a worker process that could not load its app, which its parent can explain. */
export const APP_NOT_LOADED = 3;
