import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Nothing but what this server serves, and nobody frames it: what an app or an input is called, and
 * what an error says, is shown, but could not do anything.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/**
 * Whether a request was meant for this server. Any site can give one of its names the address
 * 127.0.0.1 and read, as its own, what is there (DNS rebinding); but then the browser says that name.
 * An address is nobody's name, so every address is good.
 *
 * @param header the value of the request's `Host`
 * @param host what the server was told to listen on
 */
export function isOurHost(header: string | undefined, host: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]+)?$/.exec(header ?? "") ?? [];
  const name = (bracketed ?? plain ?? "").toLowerCase();
  if (name === "") return false;
  return (
    isIP(name) !== 0 || ["localhost", host.toLowerCase(), hostname().toLowerCase()].includes(name)
  );
}
