import { standBy } from "../mr/engines/local/standby-workers.ts";

// Before anything else is loaded, so that workers start meanwhile.
standBy(process.argv.slice(2));
await import("./tsmr-program.ts");
