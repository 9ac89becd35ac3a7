import { InvalidArgumentError, Option } from "commander";
import type { Dashboard, DashboardOptions } from "../mr/dashboard/start-dashboard.ts";

/** What `--ui` asks for: true for the usual place. */
export type UiOption = true | DashboardOptions;

const ADDRESS = /^(?:(?<host>[^\s/]+):)?(?<port>[0-9]{1,5})$/;
const MAX_PORT = 65_535;

/** What `--ui` means, the same for every command that starts a job. */
export function uiOption(): Option {
  return new Option(
    "--ui [port]",
    "serve a page on which to watch the job, on this machine only unless given as ADDRESS:PORT (default: 8377)",
  ).argParser((text: string): DashboardOptions => {
    const { host, port } = ADDRESS.exec(text)?.groups ?? {};
    if (port === undefined || Number(port) > MAX_PORT) {
      throw new InvalidArgumentError(
        `It must be a port from 0 to ${MAX_PORT}, or such as 0.0.0.0:8377.`,
      );
    }
    return { host: host?.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
  });
}

/**
 * Serves the dashboard, and says where.
 *
 * @param program whose message that is
 * @throws MrError when the port is taken
 */
export async function openDashboard(program: string, ui: UiOption): Promise<Dashboard> {
  const { startDashboard } = await import("../mr/dashboard/start-dashboard.ts");
  const dashboard = await startDashboard(ui === true ? {} : ui);
  process.stderr.write(`${program}: Watch it at ${dashboard.url}\n`);
  return dashboard;
}
