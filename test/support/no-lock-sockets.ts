import { Server } from "node:net";

/**
 * Makes this process fail to bind a lock to a socket file, with the error of FAT and of some network mounts.
 *
 * @returns a function that ends this
 */
export function refuseLockSockets(): () => void {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    const [options] = args;
    const path =
      typeof options === "object" && options !== null && "path" in options ? options.path : "";
    if (typeof path !== "string" || !path.includes(".mr-lock")) {
      return Reflect.apply(listen, this, args);
    }
    const error = Object.assign(new Error(`listen EPERM: ${path}`), { code: "EPERM" });
    process.nextTick(() => this.emit("error", error));
    return this;
  };
  return () => {
    Server.prototype.listen = listen;
  };
}
