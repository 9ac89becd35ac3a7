import { expect, it } from "vitest";
import { newAppFolder } from "./app-folder.ts";

const folder = newAppFolder();

it("F47: an app that imports by a pattern has the files that are there when it is compiled again", async () => {
  folder.write("plugins/one/main.ts", "export const name = 1;");
  folder.write(
    "app.ts",
    `const all: string[] = [];
    for (const name of ["one", "other"]) {
      try {
        await import(\`./plugins/\${name}/main.ts\`);
        all.push(name);
      } catch {
        // It is not there.
      }
    }
    export const value = all;`,
  );
  expect(await folder.exported()).toEqual(["one"]);
  folder.write("plugins/other/main.ts", "export const name = 2;");
  expect(await folder.exported()).toEqual(["one", "other"]);
});
